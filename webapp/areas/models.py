"""Administrative areas with validity dates. A change of shape or name closes one row and opens another."""

from __future__ import annotations

from datetime import date, datetime

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean, Date, Float, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from webapp.core.db import Base, GeoColumn, UtcDateTime

PROVINCE, COMMUNE = "province", "commune"


class Area(Base):
    """One area as it was from `valid_from` up to and including `valid_to` (None: still so)."""

    __tablename__ = "areas"
    __table_args__ = (
        UniqueConstraint("code", "level", "valid_from", name="uq_areas_code_level_from"),
        Index("ix_areas_parent", "parent_code"),
        Index("ix_areas_bbox", "level", "min_lon", "max_lon", "min_lat", "max_lat"),
        Index("ix_areas_boundary", "boundary", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(8))  # of the General Statistics Office: "86", "29512"
    level: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(40))  # Phường, Xã, Đặc khu, Tỉnh, Thành phố trực thuộc trung ương
    name: Mapped[str] = mapped_column(String(80))  # with its kind: "Phường Duyên Hải"
    name_en: Mapped[str] = mapped_column(String(80))
    folded: Mapped[str] = mapped_column(String(80))  # core.text.fold(name), for searching
    parent_code: Mapped[str | None] = mapped_column(String(8))  # the province of a commune
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    approximate: Mapped[bool] = mapped_column(Boolean, default=False)
    source: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over names, kind, parent and boundary
    min_lon: Mapped[float] = mapped_column(Float)
    min_lat: Mapped[float] = mapped_column(Float)
    max_lon: Mapped[float] = mapped_column(Float)
    max_lat: Mapped[float] = mapped_column(Float)
    point_lon: Mapped[float] = mapped_column(Float)  # a point inside, for labels and commune-level positions
    point_lat: Mapped[float] = mapped_column(Float)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    boundary: Mapped[BaseGeometry] = deferred(mapped_column(GeoColumn("MULTIPOLYGON"), nullable=False))
    # A lighter outline for maps, simplified together with its neighbours so that no gaps open.
    outline: Mapped[BaseGeometry | None] = deferred(mapped_column(GeoColumn("MULTIPOLYGON")))
