"""What came after an area or a unit. Codes of then stay in history; here they lead to those of today.

One table for both, so that both are followed in one way. `units.queries` has the names by which statistics ask.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import Any, Literal, TypeVar

from flask import current_app
from sqlalchemy import Boolean, Date, Float, Index, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.areas import lineage
from webapp.core import clock
from webapp.core.db import Base, db

AREA: Literal["area"] = "area"
UNIT: Literal["unit"] = "unit"
What = Literal["area", "unit"]
T = TypeVar("T")

_NOTHING, _NOTHING_FOR_S = "successions_none", 30.0
_KEPT, _KEPT_FOR_S, _KEPT_MOST = "successions_kept", 30.0, 2_000


class Succession(Base):
    """From the day `on`, `to_code` stands in for `from_code`. `to_code` None: it ended, and nothing came after."""

    __tablename__ = "successions"
    __table_args__ = (
        UniqueConstraint("what", "from_code", "to_code", "on", name="uq_successions_step"),
        Index("ix_successions_to", "what", "to_code"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    what: Mapped[str] = mapped_column(String(4))
    from_code: Mapped[str] = mapped_column(String(40))
    to_code: Mapped[str | None] = mapped_column(String(40))
    on: Mapped[date] = mapped_column(Date)
    share: Mapped[float | None] = mapped_column(Float)  # of the old one, 0 to 1; None: not known
    main: Mapped[bool] = mapped_column(Boolean)
    plan_code: Mapped[str] = mapped_column(String(60))  # the reorganisation that it comes from


def record(
    what: What, from_code: str, to_code: str | None, on: date, plan_code: str, *, share: float | None, main: bool
) -> bool:
    """Write down one step, unless it is there already; whether it is new. Flushes."""
    known = select(Succession.id).where(
        Succession.what == what,
        Succession.from_code == from_code,
        Succession.to_code.is_(None) if to_code is None else Succession.to_code == to_code,
        Succession.on == on,
    )
    if db.session.scalar(known.limit(1)) is not None:
        return False
    db.session.add(
        Succession(what=what, from_code=from_code, to_code=to_code, on=on, share=share, main=main, plan_code=plan_code)
    )
    db.session.flush()
    current_app.extensions.pop(_NOTHING, None)
    current_app.extensions.pop(_KEPT, None)
    return True


def currents_of(
    what: What, codes: Iterable[str], on: date | None = None, *, since: date = date.min
) -> dict[str, tuple[str, ...]]:
    """For each code those that stand in its place on a day (default: today), the main one first; () for none.

    `since`: the day on which the codes held; one that was given anew that day is not what it was before.
    """
    return lineage.ends_of(
        codes, lambda some: (step for step in _leaving(what, some) if step.on > since), on or clock.today()
    )


def current_of(what: What, code: str, on: date | None = None) -> str | None:
    """The one code that stands in the place of `code` on a day (default: today); None if nothing does."""
    found = currents_of(what, {code}, on)[code]
    return found[0] if found else None


def family_of(what: What, code: str, on: date | None = None) -> frozenset[str]:
    """All codes of then and now whose cases belong to `code`: itself, what stands in its place on the day, and
    what these stand in for. Of an old one that went to several, only its main successor takes the past along,
    so that each case is counted once. Kept for half a minute."""
    if _nothing_yet():
        return frozenset({code})
    day = on or clock.today()
    return kept(("family", what, code, day), lambda: _family(what, code, day))


def _family(what: What, code: str, on: date) -> frozenset[str]:
    now = currents_of(what, {code}, on)[code]
    heads = {code} if code in now else {code, *now}  # one that stays stands for itself, though a part of it went
    family, todo = set(heads), set(heads)
    while todo:
        former = set(
            db.session.scalars(
                select(Succession.from_code).where(
                    Succession.what == what, Succession.main, Succession.to_code.in_(todo)
                )
            )
        )
        todo = former - family
        family |= todo
    if len(family) > len(heads):
        ends = currents_of(what, family, on)
        family = {c for c in family if c in heads or (ends[c] and ends[c][0] in heads)}
    return frozenset(family)


def former_of(what: What, codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each code, all that went to it, wholly or in part, at any time; itself included."""
    wanted = set(codes)
    found = {code: {code} for code in wanted}
    todo = {code: {code} for code in wanted}  # former code -> those it leads to
    while todo:
        rows = db.session.execute(
            select(Succession.from_code, Succession.to_code).where(
                Succession.what == what, Succession.to_code.in_(todo)
            )
        ).all()
        fresh: dict[str, set[str]] = {}
        for former, code in rows:
            for head in todo[code or ""]:
                if former not in found[head]:
                    found[head].add(former)
                    fresh.setdefault(former, set()).add(head)
        todo = fresh
    return {code: frozenset(former) for code, former in found.items()}


def last_day() -> date | None:
    """The last day, today at the latest, on which anything came after anything. Known for half a minute."""
    today = clock.today()
    latest = select(func.max(Succession.on)).where(Succession.on <= today)
    return kept(("last day", today), lambda: db.session.scalar(latest))


def kept(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` makes of successions, kept for half a minute and until this process writes one down."""
    known: dict[Hashable, tuple[Any, float]] = current_app.extensions.setdefault(_KEPT, {})
    found = known.get(key)
    if found is None or found[1] < time.monotonic():
        if len(known) >= _KEPT_MOST:
            known.clear()
        found = known[key] = (read(), time.monotonic() + _KEPT_FOR_S)
    value: T = found[0]
    return value


def _nothing_yet() -> bool:
    """Whether nothing has ever come after anything, so that map tiles need no statement to ask; known for half a
    minute."""
    known = current_app.extensions.get(_NOTHING)
    if known and known[1] > time.monotonic():
        return bool(known[0])
    nothing = db.session.scalar(select(Succession.id).limit(1)) is None
    current_app.extensions[_NOTHING] = (nothing, time.monotonic() + _NOTHING_FOR_S)
    return nothing


def _leaving(what: What, codes: Iterable[str]) -> list[lineage.Step]:
    rows = db.session.execute(
        select(Succession.from_code, Succession.to_code, Succession.on, Succession.main).where(
            Succession.what == what, Succession.from_code.in_(list(codes))
        )
    )
    return [lineage.Step(*row) for row in rows]
