"""Documents that were given a number. Never deleted: a number that is gone could be given again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Json, UtcDateTime
from webapp.core.events import BigId


class Document(Base):
    """One line of a unit's register of one year, with the paper as it was issued. Nothing of the sender is in it."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("unit_code", "year", "number", name="uq_documents_register"),
        Index("ix_documents_report", "report_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    unit_code: Mapped[str] = mapped_column(String(40))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    paper: Mapped[dict[str, Any]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(Integer)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
