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
from webapp.reports import feedback, handovers, links, merges, queue, service, splits, unit_work, verdicts
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
    "keep",
    "delegate",
    "merge",
    "split",
    "link",
    "unlink",
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
ASIDE = {
    *("withdraw", "duplicate", "reject", "out_of_scope", "supplement", "object", "uphold", "correct", "bypass"),
    *("merge", "split", "link", "unlink"),
}
# Deeds that take no step of the case: pages offer them where `steps.possible` says so.
BESIDE = {"correct", "bypass", "keep", "delegate", "merge", "split", "link"}
TOUCHES_OTHERS = {"merge", "duplicate", "reopen", "split", "link", "unlink"}
OFFICERS = {5: "ubnd-29512", 6: "so-nnmt-86", 9: "ubnd-29512"}
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1000),  # which of the deeds that can be tried
        st.sampled_from([ONWARD, ONWARD, ONWARD, HERE, ANY]),
        st.sampled_from(["có lý do", "có lý do", ""]),
        st.sampled_from([True, True, False]),  # with evidence
        st.sampled_from(["ubnd-29512", "so-nnmt-86"]),
        st.integers(0, 6),  # days that pass before
        st.sampled_from([0, 0, 0, 0, 1, 2, 3]),  # with which of the cases
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
    merges.Changed,
    splits.CannotSplit,
    links.BadLink,
)
_pictures = iter(range(10**9))


def picture() -> tuple[StoredPhoto, ...]:
    number = f"{next(_pictures):064x}"
    return (StoredPhoto(f"originals/x/{number}", number, 10, "image/jpeg"),)


def do(cases: list[Report], at: int, who: Identity, deed: str, reason: str, evidence: bool, unit: str) -> None:
    """One deed with one of the cases through the services that pages use, whether it is allowed or not. What it
    splits off is added to the cases."""
    report, other = cases[at], cases[at - 1]
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
            report,
            actor,
            commune_code="29413" if report.area_code == "29512" else "29512",
            reason=reason,
            keep_unit=evidence,
        ),
        "bypass": lambda: routing.bypass(report, actor, reason),
        "keep": lambda: handovers.decline(report, actor, reason),
        "delegate": lambda: unit_work.delegate(report, actor, officer(unit, evidence) if reason else None),
        "merge": lambda: _merge(report, cases, who, keep=evidence),
        "split": lambda: _split(report, cases, actor, reason),
        "link": lambda: _link(report, other, who, reason, evidence),
        "unlink": lambda: _unlink(report, actor),
        "withdraw": lambda: service.move(report, life.WITHDRAWN, events.REPORTER),
        "duplicate": lambda: service.mark_duplicate(report, other, actor),
    }
    action = next((a for a in (*steps.FRONT_ACTIONS, *steps.UNIT_ACTIONS) if a.name == deed), None)
    if deed in BESIDE and not (action and steps.possible(action, report)):
        raise life.NotAllowed(deed)
    if deed not in deeds:
        assert action
        to = steps.target(action, report.status)  # as pages do: the step must be the one that this deed means
        if to is None:
            raise life.NotAllowed(deed)
        service.move(report, to, actor, reason=reason)
        return
    deeds[deed]()


def officer(unit: str, one: bool) -> int:
    """Somebody of the unit."""
    found = [number for number, code in OFFICERS.items() if code == unit]
    return found[0] if one else found[-1]


def _merge(report: Report, cases: list[Report], who: Identity, *, keep: bool) -> None:
    """All that this person may merge, into this case or into the one that the page proposes."""
    mine = [c for c in cases if may(who, "report:mark_duplicate", c)]
    original = report if keep else merges.likely_original(mine)
    merges.merge(merges.plan(mine, original), service.actor_of(who))


def _split(report: Report, cases: list[Report], actor: Any, reason: str) -> None:
    parts = [splits.Part("coal_ash", "Tro xỉ bay"), splits.Part("waste_household", "Rác", area_code="29413")]
    made = splits.split(report, parts[: 2 if reason else 1], actor)
    for part in made:
        routing.route(part)  # as its job does
    cases += made


def _link(report: Report, other: Report, who: Identity, reason: str, related: bool) -> None:
    if not may(who, "report:view", other):
        raise links.BadLink("unseen")
    kind = links.RELATED if related else links.RECURRENCE
    later = report.created_at >= other.created_at
    frm, to = (report, other) if related or later else (other, report)
    links.link(frm, to, kind, service.actor_of(who), reason)


def _unlink(report: Report, actor: Any) -> None:
    made = next((one for one in links.of_report(report.id) if one.link.kind in links.BY_HAND), None)
    if made is None:
        raise links.BadLink("none")
    frm, to = (report, made.other) if made.here == "from" else (made.other, report)
    links.unlink(made.link, frm, to, actor)


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
    "keep": "report:hand_over",
    "delegate": "report:delegate",
    "merge": "report:mark_duplicate",
    "split": "report:split",
    "link": "report:link",
    "unlink": "report:link",
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
    assert report.assignee_id is None or OFFICERS[report.assignee_id] == report.unit_code
    assert report.assignee_id is None or report.status not in life.TRIAGE
    for name in ("unit", "other unit") if report.assignee_id else ():
        mine = any(r.id == report.id for r in queue.page(WHO[name], "mine", queue.Filters(), now).rows)
        assert mine == (waiting["the unit"] and report.assignee_id == WHO[name].user_id)
    for one in clocks.history(report):
        assert one.outcome is None or (one.outcome == "late") == ((one.ended_at or now) > one.due_at)
        assert one.outcome or one.ended_at is None or one.moved, "done, or taken from its unit"
        assert not one.moved or one.step in life.UNIT_STEPS


def check_together(cases: list[Report]) -> None:
    """No case is lost; what is a duplicate leads to one that is none; links are seen from both sides."""
    assert set(db.session.scalars(select(Report.id))) == {c.id for c in cases}
    of = {c.id: c for c in cases}
    there = {c.id: {(one.link.id, one.other.id) for one in links.of_report(c.id)} for c in cases}
    for case in cases:
        assert all((link, case.id) in there[other] for link, other in there[case.id])
        assert (case.status == life.DUPLICATE) == (case.duplicate_of_id is not None)
        same = [one for one in links.of_report(case.id) if one.link.kind == links.MERGED and one.here == "from"]
        if case.duplicate_of_id is not None:
            assert of[case.duplicate_of_id].duplicate_of_id is None, "nobody is sent through a chain"
            assert case.duplicate_of_id in {one.other.id for one in same}
        else:
            assert not same
        numbers = [number for number, _part in links.parts_of(case.id)]
        assert numbers == list(range(2, len(numbers) + 2))
        whole = links.whole_of(case.id)
        assert whole is None or links.whole_of(whole.id) is None, "a part is not split again"


def check_rights(who: Identity, deed: str, report: Report, before: dict[int, tuple[int, str, bool]]) -> set[int]:
    """Only what somebody has in their charge is changed by them, and duplicates that follow it; which ones were."""
    changed = {c.id for c in db.session.scalars(select(Report)) if c.id not in before or c.version != before[c.id][0]}
    for number in changed & before.keys():
        _version, status, theirs = before[number]
        followed = status == life.DUPLICATE == db.session.get_one(Report, number).status
        assert theirs or followed or (deed in BY_THE_REPORTER and number == report.id), (deed, number)
    return changed


def check_record(report: Report) -> None:
    """Every step that was taken is in the table, was its actor's to take, and has the reason that it needs."""
    entries = events.history(service.stream(report))
    assert events.first_broken(entries) is None
    status = life.NEW
    kinds = {"front": permissions.FRONT, "unit": permissions.UNIT, "reporter": {permissions.REPORTER}}
    later = False
    for entry in entries:
        if entry.kind in ("report:corrected", "report:bypassed"):
            assert entry.data.get("reason") or (not later and status in life.TRIAGE), "found out later, so say why"
            later = False
        if entry.kind != "report:moved":
            continue
        assert entry.data["from"] == status
        later = later or (status != life.NEW and entry.data["to"] == life.RECEIVED)
        transition = life.TRANSITIONS[status, entry.data["to"]]
        assert not transition.needs_reason or entry.data.get("reason"), entry.data
        assert PERMISSIONS[transition.permission] & kinds.get(entry.actor, {permissions.SYSTEM}), entry.data
        status = entry.data["to"]
    assert status == report.status
    assert not later, "what is taken back says why"
    answers = [e for e in entries if e.kind == "report:moved" and e.data["to"] == life.ANSWERED]
    for said, entry in zip(report.answers, answers, strict=True):
        assert said.text
        assert entry.data["answer"] == said.id
        assert said.photos, "no answer without evidence"


def step(
    cases: list[Report], at: int, who: Identity, deed: str, reason: str, evidence: bool, unit: str, now: datetime
) -> bool:
    """Try one deed and look at all that it changed; whether it was done."""
    session, report, known, did = db.session, cases[at], len(cases), True
    session.flush()
    before = {c.id: (c.version, c.status, may(who, PERMISSION.get(deed, ""), c)) for c in cases}
    with session.begin_nested() as part:
        try:
            do(cases, at, who, deed, reason, evidence, unit)
        except REFUSED:
            part.rollback()
            del cases[known:]
            did = False
    session.expire_all()
    changed = check_rights(who, deed, report, before)
    reminders.sweep()
    for case in cases:
        if case is report or case.id in changed:
            check(case, now)
    if did and deed in TOUCHES_OTHERS:
        check_together(cases)
    return did


def officers() -> None:
    """The people of the two units, under the numbers of WHO."""
    for number, code in OFFICERS.items():
        factories.user(f"can-bo-{number}@dgs.test", "unit", code).id = number
    db.session.flush()


@settings(
    max_examples=10,
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
            officers()
        cases = [factories.report(category_code="waste_household") for _ in range(2)]
        for case in cases:
            routing.route(case)
        for number, how, reason, evidence, unit, days, which in walk:
            at[0] += timedelta(days=days, minutes=1)
            one = which % len(cases)
            possible = tries(cases[one], how)
            name, deed = possible[number % len(possible)]
            step(cases, one, WHO[name], deed, reason, evidence, unit, at[0])
        check_together(cases)
        for case in cases:
            check(case, at[0])
            check_record(case)
    finally:
        clock.now = real  # type: ignore[assignment]
        session.rollback()


def test_every_deed_of_the_map_is_tried() -> None:
    """A step that is added to the table is added here too, or this fails."""
    tried = set(PERMISSION.values()) | {"report:route", "report:supplement", "report:withdraw"}
    assert {t.permission for t in life.TRANSITIONS.values()} <= tried


# Each of them is done once for certain, by whoever may, with everything looked at in between.
TOGETHER = (
    (0, "front", "link"),
    (0, "front", "unlink"),
    (0, "front", "link"),
    (0, "front", "split"),  # two parts, 2 and 3
    (3, "other front", "take"),
    (0, "front", "merge"),  # all that this Front has: 1 and 2 into 0
    (1, "province", "reopen"),
    (2, "front", "reopen"),
    (2, "front", "duplicate"),  # of 1
    (1, "front", "duplicate"),  # of 0, and 2 follows
    (1, "front", "reopen"),  # and 2 goes back with it
    (0, "front", "assign"),
    (0, "unit", "delegate"),
    (0, "unit", "accept"),
    (0, "unit", "delegate"),
    (0, "unit", "pass_on"),
    (0, "front", "keep"),
    (0, "unit", "answer"),
    (0, "front", "verify"),
    (0, "front", "close"),
    (0, "front", "reopen"),
)


def test_merged_split_linked_and_given_to_officers(session: Any) -> None:
    factories.duyen_hai()
    officers()
    cases = [factories.report(category_code="waste_household") for _ in range(2)]
    for case in cases:
        routing.route(case)
    status = []
    for at, name, deed in TOGETHER:
        report, who = cases[at], WHO[name]
        assert may(who, PERMISSION[deed], report), (name, deed)
        unit = "so-nnmt-86" if deed == "pass_on" else "ubnd-29512"
        assert step(cases, at, who, deed, "có lý do", True, unit, clock.now()), (at, name, deed)
        status.append([c.status for c in cases])
    assert cases[2].duplicate_of_id == cases[1].id
    assert [c.status for c in cases] == [life.REWORK, life.SCREENING, life.DUPLICATE, life.SCREENING]
    for case in cases:
        check_record(case)


WAYS = {
    life.SCREENING: ("take",),
    life.NEEDS_INFO: ("ask",),
    life.ASSIGNED: ("assign",),
    life.VERIFYING: ("assign", "accept"),
    life.IN_PROGRESS: ("assign", "accept", "start"),
    life.ANSWERED: ("assign", "accept", "answer"),
    life.VERIFIED: ("assign", "accept", "answer", "verify"),
    life.REWORK: ("assign", "accept", "answer", "rework"),
}


@pytest.mark.parametrize("deed", ["correct", "bypass"])
@pytest.mark.parametrize("holder", ["unit", "other unit"])
@pytest.mark.parametrize("keep", [True, False])
def test_what_is_found_out_later_loses_no_case(session: Any, deed: str, holder: str, keep: bool) -> None:
    """At every step, with a unit of the commune and one of the province."""
    factories.duyen_hai()
    officers()
    code = WHO[holder].unit_code or ""
    for status, way in WAYS.items():
        report = factories.report(category_code="waste_household")
        routing.route(report)
        for name in way:
            who = WHO[holder if name in ("accept", "start", "answer") else "province"]
            assert step([report], 0, who, name, "có lý do", True, code, clock.now()), (status, name)
        assert report.status == status
        if status not in life.TRIAGE:
            assert not step([report], 0, WHO["province"], deed, "", keep, code, clock.now()), "not without a reason"
            assert (report.status, report.unit_code, report.bypass_commune) == (status, code, False)
        assert step([report], 0, WHO["province"], deed, "mới biết", keep, code, clock.now()), status
        stays = status in life.TRIAGE or (keep if deed == "correct" else holder == "other unit")
        assert report.status == (status if stays else life.RECEIVED), status
        assert (report.supervisor_code == "mttq-86") == (deed == "bypass")
        check_record(report)
