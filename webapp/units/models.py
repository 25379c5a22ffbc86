"""Units with validity dates. A renamed unit keeps its code; each name has its own row and days."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Date, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base
from webapp.core.stamps import watch

FRONT_KINDS = ("front_commune", "front_province", "front_central")


@watch
class Unit(Base):
    """One organisation as it was from `valid_from` up to and including `valid_to`."""

    __tablename__ = "units"
    __table_args__ = (
        UniqueConstraint("code", "valid_from", name="uq_units_code_from"),
        Index("ix_units_kind_area", "kind", "area_code"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(32))
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160))
    short_name_vi: Mapped[str] = mapped_column(String(80))
    level: Mapped[str] = mapped_column(String(10))  # commune, province, central
    area_code: Mapped[str | None] = mapped_column(String(8))
    parent_code: Mapped[str | None] = mapped_column(String(40))
    province_code: Mapped[str | None] = mapped_column(String(8))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12), default="confirmed")
    source: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # written here: loading files leaves it alone

    @property
    def is_front(self) -> bool:
        return self.kind in FRONT_KINDS

    @property
    def is_member(self) -> bool:
        """Whether it is a member organisation of the Front: it passes on and supervises, it answers no case."""
        return self.kind.startswith("org_")
