"""The tables of the map. They hold nothing but what is public already; see ADR 22.

`MapPoint` is one public case as the map counts it. `MapCell` is how many there are in a square. `MapChange` is a
case that may count otherwise since it was last looked at; a trigger on `reports` writes it, so that no code
can change a case and forget the map. `MapDelta` is what the fold at hand adds and takes away, `MapState` its place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, UtcDateTime
from webapp.core.events import BigId


class Fact:
    """What the map counts of a case. `cell`, `x` and `y` are those of `geo.cells` at zoom 24; days are Vietnam's."""

    cell: Mapped[int] = mapped_column(BigInteger)
    x: Mapped[int] = mapped_column(Integer)
    y: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))  # the status, with LATE behind it where the answer is late
    category: Mapped[str] = mapped_column(String(40))
    unit: Mapped[str] = mapped_column(String(40))  # "" while it is only the machine's proposal
    province: Mapped[str] = mapped_column(String(8))
    commune: Mapped[str] = mapped_column(String(8))
    month: Mapped[int] = mapped_column(Integer)  # 202611
    day: Mapped[int] = mapped_column(Integer)  # 20261121


LATE = "!"


_SUMMED = ["state", "x", "y", "report_id"]


class MapPoint(Fact, Base):
    """A public case at its public place."""

    __tablename__ = "map_points"
    __table_args__ = (
        # What is counted from points is counted in the index alone, where the database can: cases that lie side by
        # side were not reported one after the other, so that in the table each is a page of its own.
        Index("ix_map_points_cell", "cell", postgresql_include=[*_SUMMED, "day", "category", "unit"]),
        Index("ix_map_points_day", "day", "cell", postgresql_include=[*_SUMMED, "province", "commune"]),
        Index("ix_map_points_category", "category", "day", "cell", postgresql_include=_SUMMED),
        Index("ix_map_points_unit", "unit", "cell", postgresql_include=[*_SUMMED, "day", "category"]),
        Index("ix_map_points_commune", "commune", "day", postgresql_include=_SUMMED),
    )

    report_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    public_id: Mapped[str] = mapped_column(String(16))
    lon: Mapped[float] = mapped_column(Float)
    lat: Mapped[float] = mapped_column(Float)


class MapDelta(Fact, Base):
    """A case that comes in (sign 1) or goes out (-1) in the fold at hand; empty between folds."""

    __tablename__ = "map_deltas"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger)
    report_id: Mapped[int] = mapped_column(BigInteger)


class MapCell(Base):
    """Sums over the cases in one square of zoom `level`, of one `dim` (see cubes.py), period and state.

    All sums can be taken apart again, so a case that leaves is subtracted. `sum_id` is the case's own id where
    there is one; `squares` says whether n cases lie at one point (see `queries.at_one_point`).
    """

    __tablename__ = "map_cells"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dim: Mapped[str] = mapped_column(String(48), primary_key=True)
    period: Mapped[int] = mapped_column(Integer, primary_key=True)  # 0: all time, 2026, 202611 or 20261121
    cell: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    state: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int] = mapped_column(Integer)
    sum_x: Mapped[int] = mapped_column(BigInteger)
    sum_y: Mapped[int] = mapped_column(BigInteger)
    squares: Mapped[int] = mapped_column(BigInteger)
    sum_id: Mapped[int] = mapped_column(BigInteger)


class MapChange(Base):
    """A case to look at again."""

    __tablename__ = "map_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger)


class MapState(Base):
    """One row: up to when publishing and lateness have been looked at. It is also what folds take turns by."""

    __tablename__ = "map_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=0)  # one more with each fold that changed something
