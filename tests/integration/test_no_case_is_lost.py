"""Whatever anybody does in whatever order: no case is lost, no reason skipped, nobody acts outside the map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from webapp.accounts import permissions
from webapp.accounts.permissions import PERMISSIONS, Identity, may
from webapp.core import clock, events
from webapp.core.db import db
from webapp.pages.desk import case_page, steps
from webapp.reports import feedback, handovers, queue, service, unit_work, verdicts
from webapp.reports import lifecycle as life
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Report
from webapp.routing import assign
from webapp.routing import service as routing
from webapp.supervision import clocks, extensions, reminders
from webapp.supervision.models import StepClock
from webapp.units import queries as units
from webapp.units.models import Unit

# Rules are the same on both engines; each example writes hundreds of rows.
pytestmark = pytest.mark.only_engine("sqlite")

WHO = {
    "front": Identity(permissions.COMMUNE_FRONT, 1, "mttq-29512", "29512", "86"),
    "other front": Identity(permissions.COMMUNE_FRONT, 2, "mttq-29413", "29413", "86"),
    "province": Identity(permissions.PROVINCE_FRONT, 3, "mttq-86", None, "86"),
    "centre": Identity(permissions.CENTRAL_FRONT, 4, "mttq-tw"),
    "unit": Identity(permissions.UNIT_OFFICER, 5, "ubnd-29512", "29512", "86"),
    "other unit": Identity(permissions.UNIT_OFFICER, 6, "so-nnmt-86", None, "86"),
    "member": Identity(permissions.MEMBER_ORG, 7, "phunu-86", None, "86"),
    "admin": Identity(permissions.ADMIN, 8),
}
MOVES = (
    "take",
    "ask",
    "reject",
    "out_of_scope",
    "withdraw",
    "refuse",
    "accept",
    "start",
    "close",
    "reopen",
    "duplicate",
)
TO = {
    "take": life.SCREENING,
    "reject": life.REJECTED,
    "out_of_scope": life.OUT_OF_SCOPE,
    "accept": life.VERIFYING,
    "start": life.IN_PROGRESS,
    "refuse": life.SCREENING,
    "close": life.CLOSED,
}
DEEDS = (
    "assign",
    "answer",
    "verify",
    "rework",
    "partly",
    "supplement",
    "object",
    "uphold",
    "more_time",
    "extend",
    "pass_on",
    "hand_over",
    "take_away",
    "correct",
    "bypass",
    *MOVES,
)
TARGETS = TO | {
    "assign": life.ASSIGNED,
    "ask": life.NEEDS_INFO,
    "answer": life.ANSWERED,
    "verify": life.VERIFIED,
    "rework": life.REWORK,
    "partly": life.REWORK,
    "withdraw": life.WITHDRAWN,
    "duplicate": life.DUPLICATE,
    "hand_over": life.ASSIGNED,
    "take_away": life.ASSIGNED,
}
# Most walks shall come far: deeds that bring a case on, that lead anywhere from where it stands, or any at all.
ONWARD, HERE, ANY = "onward", "from here", "any"
ASIDE = {"withdraw", "duplicate", "reject", "out_of_scope", "supplement", "object", "uphold", "correct", "bypass"}
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1000),  # which of the deeds that can be tried
        st.sampled_from([ONWARD, ONWARD, ONWARD, HERE, ANY]),
        st.sampled_from(["có lý do", "có lý do", ""]),
        st.sampled_from([True, True, False]),  # with evidence
        st.sampled_from(["ubnd-29512", "so-nnmt-86"]),
        st.integers(0, 6),  # days that pass before
    ),
    min_size=10,
    max_size=30,
)
REFUSED = (
    life.NotAllowed,
    life.Missing,
    feedback.NotAsked,
    extensions.CannotExtend,
    assign.NoteMissing,
    service.BadDuplicate,
    handovers.NotOpen,
    unit_work.Unfit,
    routing.AlreadyBypassed,
)
_pictures = iter(range(10**9))


def picture() -> tuple[StoredPhoto, ...]:
    number = f"{next(_pictures):064x}"
    return (StoredPhoto(f"originals/x/{number}", number, 10, "image/jpeg"),)


def do(report: Report, other: Report, who: Identity, deed: str, reason: str, evidence: bool, unit: str) -> None:
    """One deed through the services that pages use, whether it is allowed or not."""
    actor = service.actor_of(who)
    photos = picture() if evidence else ()
    until = (clock.local(report.due_at or clock.now()) + timedelta(days=1)).date()
    deeds: dict[str, Callable[[], Any]] = {
        "assign": lambda: assign.assign(report, offered(report, unit), actor, reason),
        "ask": lambda: service.ask(report, actor, reason),
        "answer": lambda: service.answer(report, actor, reason, photos),
        "verify": lambda: verdicts.check(report, actor, verdicts.ACCEPTED, reason, photos=photos),
        "rework": lambda: verdicts.check(report, actor, verdicts.NOT, reason, photos=photos),
        "partly": lambda: verdicts.check(
            report, actor, verdicts.PARTLY, reason, rest_due=verdicts.rest_until(until + timedelta(days=3))
        ),
        "supplement": lambda: service.supplement(report, reason or "thêm", photos),
        "object": lambda: feedback.say(report, "no", None, reason, ()),
        "uphold": lambda: verdicts.uphold(report, actor, reason),
        "more_time": lambda: extensions.ask(report, actor, reason, until),
        "extend": lambda: extensions.grant(report, actor, until, reason),
        "pass_on": lambda: handovers.ask(report, actor, units.by_code(unit), reason),  # type: ignore[arg-type]
        "hand_over": lambda: _hand_over(report, actor),
        "take_away": lambda: handovers.take_away(report, actor, offered(report, unit), reason),
        "correct": lambda: routing.reroute(
            report, actor, commune_code="29413" if report.area_code == "29512" else "29512"
        ),
        "bypass": lambda: routing.bypass(report, actor, reason),
        "withdraw": lambda: service.move(report, life.WITHDRAWN, events.REPORTER),
        "duplicate": lambda: service.mark_duplicate(report, other, actor),
    }
    action = next((a for a in (*steps.FRONT_ACTIONS, *steps.UNIT_ACTIONS) if a.name == deed), None)
    if deed in ("correct", "bypass") and not (action and steps.possible(action, report)):
        raise life.NotAllowed(deed)
    if deed not in deeds:
        assert action
        to = steps.target(action, report.status)  # as pages do: the step must be the one that this deed means
        if to is None:
            raise life.NotAllowed(deed)
        service.move(report, to, actor, reason=reason)
        return
    deeds[deed]()


def offered(report: Report, code: str) -> Unit:
    """The unit, if the page offers it for this case."""
    unit = next((u for u in case_page.acting_units(report) if u.code == code), None)
    if unit is None:
        raise unit_work.Unfit(code)
    return unit


def _hand_over(report: Report, actor: Any) -> None:
    asked = handovers.pending(report)
    unit = units.by_code(asked.to_code) if asked else None
    if unit is None:
        raise handovers.NotOpen
    handovers.grant(report, actor, unit)


PERMISSION = {
    "take": "report:take",
    "assign": "report:assign",
    "ask": "report:ask",
    "reject": "report:reject",
    "out_of_scope": "report:reject",
    "duplicate": "report:mark_duplicate",
    "reopen": "report:reopen",
    "close": "report:close",
    "verify": "report:verify",
    "rework": "report:verify",
    "partly": "report:verify",
    "uphold": "report:verify",
    "extend": "extension:decide",
    "accept": "report:accept",
    "start": "report:start",
    "refuse": "report:refuse",
    "answer": "report:answer",
    "more_time": "extension:ask",
    "pass_on": "handover:ask",
    "hand_over": "report:hand_over",
    "take_away": "report:hand_over",
    "correct": "report:correct",
    "bypass": "report:bypass",
}
BY_THE_REPORTER = {"supplement", "object", "withdraw"}


def tries(report: Report, how: str) -> list[tuple[str, str]]:
    """(who, deed) that somebody with the permission may try now; without it, pages and jobs never get so far."""
    onward = life.next_steps(report.status)
    found = [
        (name, deed)
        for name, who in sorted(WHO.items())
        for deed in DEEDS
        if (deed in BY_THE_REPORTER or may(who, PERMISSION[deed], report))
        and (how == ANY or deed not in TARGETS or TARGETS[deed] in onward)
    ]
    return [one for one in found if how != ONWARD or one[1] not in ASIDE] or found


def check(report: Report, now: datetime) -> None:
    """What holds of every case at every moment."""
    waiting = {
        "the Front": report.status in (life.NEW, life.RECEIVED, life.SCREENING, life.ANSWERED, life.VERIFIED),
        "the unit": report.status in life.AT_UNIT,
        "the reporter": report.status == life.NEEDS_INFO,
        "nobody": report.status in life.ENDED,
    }
    assert sum(waiting.values()) == 1, report.status
    listed = {
        name
        for name, who in WHO.items()
        if who.role in permissions.FRONT | permissions.UNIT
        and any(r.id == report.id for r in queue.page(who, "now", queue.Filters(), now).rows)
    }
    for name in listed:
        assert permissions.in_scope(WHO[name], report), name
    fronts = {name for name, who in WHO.items() if who.role in permissions.FRONT and permissions.in_scope(who, report)}
    assert {"province", "centre"} <= fronts
    assert report.supervisor_code in {WHO[name].unit_code for name in fronts}, "whoever supervises sees the case"
    if waiting["the Front"]:
        assert fronts <= listed
    if waiting["the unit"]:
        holder = {"ubnd-29512": "unit", "so-nnmt-86": "other unit"}[report.unit_code or ""]
        assert listed & {"unit", "other unit"} == {holder}, "in exactly one unit's queue"
    else:
        assert not listed & {"unit", "other unit"}
    running = db.session.scalars(
        select(StepClock).where(StepClock.report_id == report.id, StepClock.ended_at.is_(None))
    ).all()
    assert len(running) == (report.status in life.CLOCK_RUNS or report.status == life.NEEDS_INFO)
    for one in running:
        assert one.due_at == report.due_at
        assert (one.paused_at is not None) == (report.status == life.NEEDS_INFO)
        assert one.paused_at is not None or one.step == life.STEP[report.status]
        assert one.unit_code == (report.unit_code if one.step in life.UNIT_STEPS else report.supervisor_code)
    if not running:
        assert report.due_at is None
    for one in clocks.history(report):
        assert one.outcome is None or (one.outcome == "late") == ((one.ended_at or now) > one.due_at)


def check_record(report: Report) -> None:
    """Every step that was taken is in the table, was its actor's to take, and has the reason that it needs."""
    entries = events.history(service.stream(report))
    assert events.first_broken(entries) is None
    status = life.NEW
    kinds = {"front": permissions.FRONT, "unit": permissions.UNIT, "reporter": {permissions.REPORTER}}
    for entry in (e for e in entries if e.kind == "report:moved"):
        assert entry.data["from"] == status
        transition = life.TRANSITIONS[status, entry.data["to"]]
        assert not transition.needs_reason or entry.data.get("reason"), entry.data
        assert PERMISSIONS[transition.permission] & kinds.get(entry.actor, {permissions.SYSTEM}), entry.data
        status = entry.data["to"]
    assert status == report.status
    answers = [e for e in entries if e.kind == "report:moved" and e.data["to"] == life.ANSWERED]
    for said, entry in zip(report.answers, answers, strict=True):
        assert said.text
        assert entry.data["answer"] == said.id
        assert said.photos, "no answer without evidence"


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink such a walk takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(walk=STEPS)
def test_any_sequence_by_anybody(session: Any, walk: list[Any]) -> None:
    real, at = clock.now, [datetime(2026, 2, 2, 2, 0, tzinfo=UTC)]
    clock.now = lambda: at[0]  # type: ignore[assignment]
    try:
        if not session.scalar(select(Report.id).limit(1)):
            factories.duyen_hai()
        report, other = (factories.report(category_code="waste_household") for _ in range(2))
        routing.route(report)
        routing.route(other)
        for number, how, reason, evidence, unit, days in walk:
            at[0] += timedelta(days=days, minutes=1)
            possible = tries(report, how)
            name, deed = possible[number % len(possible)]
            with session.begin_nested() as part:
                try:
                    do(report, other, WHO[name], deed, reason, evidence, unit)
                except REFUSED:
                    part.rollback()
            session.expire_all()
            reminders.sweep()
            check(report, at[0])
        check_record(report)
    finally:
        clock.now = real  # type: ignore[assignment]
        session.rollback()


def test_every_deed_of_the_map_is_tried() -> None:
    """A step that is added to the table is added here too, or this fails."""
    tried = set(PERMISSION.values()) | {"report:route", "report:supplement", "report:withdraw"}
    assert {t.permission for t in life.TRANSITIONS.values()} <= tried
