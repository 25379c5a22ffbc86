"""The unit's own work with a case: giving it back with a proposal, and who of the unit has it in hand. Flushes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from webapp.accounts.models import UNIT, User
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor, Event
from webapp.reports import lifecycle, service
from webapp.reports.models import Report
from webapp.units import queries as units
from webapp.units.models import Unit

# Why a unit gives a case back; the first two must say who should act instead.
REFUSALS = ("other_area", "other_matter", "handled_already", "too_little", "other")
NEEDS_PROPOSAL = ("other_area", "other_matter")


class Unfit(ValueError):
    """The named unit cannot act in this case, or the named person is not of the unit."""


def refuse(report: Report, actor: Actor, why: str, reason: str, proposed: Unit | None = None) -> None:
    """Give the case back to the Front. `proposed` is who should act instead.

    Raises ValueError for an unknown `why`, Unfit, or a lifecycle error; nothing has changed then.
    """
    if why not in REFUSALS:
        raise ValueError(f"unknown refusal {why!r}")
    if proposed is None:
        if why in NEEDS_PROPOSAL:
            raise lifecycle.Missing("unit")
    elif not fits(report, proposed):
        raise Unfit(proposed.code)
    more: dict[str, Any] = {"proposed": proposed.code} if proposed is not None else {}
    service.move(report, lifecycle.SCREENING, actor, reason=reason, why=why, **more)


def fits(report: Report, unit: Unit) -> bool:
    """Whether a unit other than the present one may be proposed for this case: one that acts today, of the same
    province or the centre, and none of the commune where the sender fears their commune."""
    if unit.is_front or unit.is_member or unit.code == report.unit_code:
        return False
    if report.bypass_commune and unit.level == "commune":
        return False
    today = clock.today()
    if unit.valid_from > today or (unit.valid_to is not None and unit.valid_to < today):
        return False
    return unit.level == "central" or not report.province_code or unit.province_code == report.province_code


def last_refusal(entries: list[Event]) -> Event | None:
    """The entry by which a unit gave the case back, while it is with the Front for that; None else."""
    for entry in reversed(entries):
        if entry.kind != "report:moved":
            continue
        if entry.data.get("to") == lifecycle.SCREENING and entry.data.get("from") == lifecycle.ASSIGNED:
            return entry
        if entry.data.get("to") not in lifecycle.TRIAGE:
            return None
    return None


def given_back(reports: Iterable[Report]) -> dict[int, Unit | None]:
    """Which of these cases lie with the Front because the unit that is named in them gave them back, and whom it
    proposed instead, if that one still fits. At most two statements."""
    known = {service.stream(r): r for r in reports if r.refusals and r.status in lifecycle.TRIAGE}
    if not known:
        return {}
    entries: dict[str, list[Event]] = {}
    moves = select(Event).where(Event.stream.in_(known), Event.kind == "report:moved").order_by(Event.stream, Event.seq)
    for entry in db.session.scalars(moves):
        entries.setdefault(entry.stream, []).append(entry)
    last = {name: last_refusal(found) for name, found in entries.items()}
    # Where a correction has named another unit meanwhile, nobody has given it back yet.
    back = {name: entry for name, entry in last.items() if entry and entry.data.get("unit") == known[name].unit_code}
    named = units.by_codes({code for entry in back.values() if (code := entry.data.get("proposed"))})
    found: dict[int, Unit | None] = {}
    for name, entry in back.items():
        report, unit = known[name], named.get(entry.data.get("proposed", ""))
        found[report.id] = unit if unit is not None and fits(report, unit) else None
    return found


def expected(report: Report) -> str | None:
    """The unit to which the case goes without a further word: the one that the rules name, or once that one has
    given it back the one that it proposed. None where somebody has to decide."""
    back = given_back([report])
    if report.id in back:
        unit = back[report.id]
        return unit.code if unit is not None else None
    return report.unit_code


def colleagues(unit_code: str | None) -> list[User]:
    """Who of the unit can be given a case: its active accounts, by post."""
    query = select(User).where(User.role == UNIT, User.unit_code == unit_code, User.active.is_(True))
    return list(db.session.scalars(query.order_by(User.name, User.id)))


def delegate(report: Report, actor: Actor, user_id: int | None) -> None:
    """Put the case into the hands of one officer of its unit, or of nobody. Raises Unfit."""
    if user_id is not None and user_id not in {u.id for u in colleagues(report.unit_code)}:
        raise Unfit(str(user_id))
    if report.assignee_id == user_id:
        return
    report.assignee_id = user_id
    service.touch(report)
    # The post is looked up by the number when it is shown; the record holds no name.
    events.append(service.stream(report), "report:delegated", actor, officer=user_id)


def after_move(report: Report, frm: str, to: str) -> None:
    """What a step of the case means for the unit's own work with it."""
    from webapp.reports import handovers

    if (frm, to) == (lifecycle.ASSIGNED, lifecycle.SCREENING):
        report.refusals = (report.refusals or 0) + 1
    if to in (*lifecycle.TRIAGE, lifecycle.ASSIGNED):
        report.assignee_id = None
    elif frm in lifecycle.ENDED and report.assignee_id not in {u.id for u in colleagues(report.unit_code)}:
        report.assignee_id = None  # whoever had it in hand has left meanwhile
    if to != lifecycle.IN_PROGRESS:
        handovers.drop(report)
