"""The tables of the figures. They hold what is public already, and counts of it; see ADR 26.

`FigureFact` is what one case counts for under one unit in one month; `FigureDelta` is what the fold at hand adds and
takes away; `FigureSum` and `FigureDays` are how many there are.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base
from webapp.core.events import BigId


class Counted:
    """What is counted: each 1 or 0 for a case, a number in sums. The names are `facts.MEASURES`."""

    reported: Mapped[int] = mapped_column(Integer)
    received: Mapped[int] = mapped_column(Integer)
    taken_over: Mapped[int] = mapped_column(Integer)
    answered: Mapped[int] = mapped_column(Integer)
    in_time: Mapped[int] = mapped_column(Integer)
    late: Mapped[int] = mapped_column(Integer)
    extended: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    handed_on: Mapped[int] = mapped_column(Integer)
    came_back: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    sent_back: Mapped[int] = mapped_column(Integer)
    solved: Mapped[int] = mapped_column(Integer)
    partly: Mapped[int] = mapped_column(Integer)
    unsolved: Mapped[int] = mapped_column(Integer)
    waiting: Mapped[int] = mapped_column(Integer)
    open: Mapped[int] = mapped_column(Integer)
    overdue: Mapped[int] = mapped_column(Integer)


class Facts(Counted):
    """A case under one unit in one month, and where it belongs."""

    province: Mapped[str] = mapped_column(String(8))
    commune: Mapped[str] = mapped_column(String(8))
    category: Mapped[str] = mapped_column(String(40))
    days: Mapped[int | None] = mapped_column(SmallInteger)  # working days that the answer of this month took


class FigureFact(Facts, Base):
    """What a public case counts for."""

    __tablename__ = "figure_facts"
    __table_args__ = (
        Index("ix_figure_facts_unit", "unit", "month"),
        Index("ix_figure_facts_commune", "commune", "month"),
        Index("ix_figure_facts_province", "province", "month"),
        Index("ix_figure_facts_month", "month"),
    )

    report_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    unit: Mapped[str] = mapped_column(String(40), primary_key=True)  # "": no unit's
    month: Mapped[int] = mapped_column(Integer, primary_key=True)  # 202611; 0: what holds now


class FigureDelta(Facts, Base):
    """A fact that comes in (sign 1) or goes out (-1) in the fold at hand; empty between folds."""

    __tablename__ = "figure_deltas"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger)
    report_id: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(40))
    month: Mapped[int] = mapped_column(Integer)


class FigureSum(Counted, Base):
    """How many cases there are of a dim ("": the country, "p:86", "a:29512", "u:so-nnmt-86"), in a period (202611,
    2026, 0: all time, with what holds now) and of a category ("": all)."""

    __tablename__ = "figure_sums"

    dim: Mapped[str] = mapped_column(String(48), primary_key=True)
    period: Mapped[int] = mapped_column(Integer, primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)


class FigureDays(Base):
    """How many answers took so many working days: what medians are read from."""

    __tablename__ = "figure_days"

    dim: Mapped[str] = mapped_column(String(48), primary_key=True)
    period: Mapped[int] = mapped_column(Integer, primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    days: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)
