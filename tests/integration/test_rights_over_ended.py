"""Whoever holds a role over an area or a unit of today also holds it over what that stands in for (ADR 28)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from tests import factories
from tests.integration import staff
from tests.integration.test_reorganisations import LAT, LON, LONG_HOA, done, merger, split_commune, splitting, today
from webapp.accounts import permissions as p
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity, in_scope, may
from webapp.areas.models import Area
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reorganisations import service as reorganisations
from webapp.reorganisations.plan import Plan, Step
from webapp.reports import desk_queries, feedback, queue, replies, saved, service
from webapp.reports import lifecycle as life
from webapp.reports.models import HEIRS, Report
from webapp.reports.unit_links import UnitLink
from webapp.routing import service as routing
from webapp.supervision import scope
from webapp.units import queries as units
from webapp.units.contacts import UnitContact
from webapp.units.models import Unit
from webapp.units.predecessors import with_former

FRONT = Identity(p.COMMUNE_FRONT, 1, "mttq-29512", "29512", "86")
COMMITTEE = Identity(p.UNIT_OFFICER, 2, "ubnd-29512", "29512", "86")
ELSEWHERE = ("phuoc.long@dgs.test", "front", "mttq-29020")


@pytest.fixture(autouse=True)
def places(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.duyen_hai()
    monkeypatch.setitem(staff.PEOPLE, "elsewhere", ELSEWHERE)


def held(identity: Identity) -> set[int]:
    """The cases that are this identity's business today: by the rule, by the statement and on the desk, which must
    agree."""
    who = with_former(identity)
    every = db.session.scalars(select(Report)).all()
    by_rule = {report.id for report in every if in_scope(who, report)}
    assert set(db.session.scalars(select(Report.id).where(desk_queries.in_scope(who)))) == by_rule
    now = clock.now()
    totals = queue.counts(who, now)
    shown = set()
    for tab in queue.tabs_of(who):
        rows = [row.id for row in queue.page(who, tab, queue.Filters(), now).rows]
        assert len(rows) == len(set(rows)) == totals[tab], tab
        shown |= set(rows)
    assert shown == by_rule
    return by_rule


def front(code: str) -> Identity:
    return Identity(p.COMMUNE_FRONT, 1, f"mttq-{code}", code, "86")


def committee(code: str) -> Identity:
    return Identity(p.UNIT_OFFICER, 1, f"ubnd-{code}", code, "86")


def at(lon: float, lat: float = LAT, status: str = life.CLOSED, **changes: Any) -> Report:
    return staff.case(status, lon=lon, lat=lat, **changes)


# -- merging ----------------------------------------------------------------------------------------------------


def test_todays_front_opens_lists_and_reopens_what_the_merged_commune_has_closed(
    client: Any, session: Any, run_jobs: Any
) -> None:
    staff.people("commune", "elsewhere", "unit")
    closed = at(*LONG_HOA)
    hidden = at(*LONG_HOA, status=life.RECEIVED, bypass_commune=True)
    service.move(hidden, life.REJECTED, staff.FRONT, reason="thử")
    done(merger(), run_jobs, session)
    assert closed.area_code == "29413", "history keeps the old name"
    page = f"/desk/cases/{closed.public_id}"
    staff.sign_in(client, "elsewhere")
    assert client.get(page).status_code == 404
    staff.sign_in(client, "commune")
    assert client.get(f"/desk/cases/{hidden.public_id}").status_code == 404, "what the commune must not see it does not"
    assert client.get(page).status_code == 200
    for tab in ("ended", "all"):
        assert closed.public_id in client.get(f"/desk?tab={tab}").text
    staff.sign_in(client, "unit")
    assert client.get(f"/unit/cases/{closed.public_id}").status_code == 200
    assert closed.public_id in client.get("/unit?tab=ended").text
    staff.sign_in(client, "commune")
    assert staff.act(client, closed, "reopen", reopen_reason="Rác lại đầy").status_code == 303
    session.expire_all()
    assert (closed.area_code, closed.unit_code, closed.supervisor_code) == ("29512", "ubnd-29512", "mttq-29512")
    assert held(FRONT) >= {closed.id}


def test_rule_statement_and_desk_agree_after_a_merger(session: Any, run_jobs: Any) -> None:
    mine = [staff.case(life.CLOSED), staff.case(life.ASSIGNED), at(*LONG_HOA), at(*LONG_HOA, status=life.ASSIGNED)]
    done(merger(), run_jobs, session)
    assert held(FRONT) == {case.id for case in mine}
    assert held(COMMITTEE) == {case.id for case in mine}
    assert held(front("29413")) == {mine[2].id}, "an account that stayed behind gains nothing"
    assert held(front("29020")) == set()


def test_one_that_is_not_solved_waits_for_todays_front(session: Any, run_jobs: Any) -> None:
    closed = at(*LONG_HOA)
    done(merger(), run_jobs, session)
    feedback.say(closed, feedback.NO, None, "Vẫn còn rác", ())
    assert [row.id for row in queue.page(with_former(FRONT), "now", queue.Filters(), clock.now()).rows] == [closed.id]
    assert held(FRONT) == {closed.id}


def test_pages_go_on_from_the_commune_of_today_to_that_of_then(
    session: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [at(*LONG_HOA) if number % 2 else staff.case(life.CLOSED) for number in range(7)]
    done(merger(), run_jobs, session)
    for case in cases[:5]:
        feedback.say(case, feedback.NO, None, "", ())
    db.session.flush()
    monkeypatch.setattr(queue, "PAGE", 2)
    for identity, tab, expected in ((FRONT, "now", 5), (FRONT, "ended", 7), (COMMITTEE, "ended", 7)):
        who, seen, after = with_former(identity), [], ""
        for _ in range(5):
            page = queue.page(who, tab, queue.Filters(), clock.now(), after)
            seen += [row.id for row in page.rows]
            after = page.after
            if not after:
                break
        assert len(seen) == len(set(seen)) == expected, (identity.role, tab)


def test_a_desk_asks_for_what_it_stands_for_once_in_a_while(client: Any, session: Any, run_jobs: Any) -> None:
    staff.people("commune")
    at(*LONG_HOA)
    done(merger(), run_jobs, session)
    staff.sign_in(client, "commune")
    client.get("/desk")
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        client.get("/desk")
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert not [statement for statement in statements if "successions" in statement]


def test_what_belongs_to_an_office_follows_it(client: Any, session: Any, run_jobs: Any) -> None:
    staff.people("commune", "province")
    values = {"action": "reject", "category": "*", "title": "Của Long Hòa", "text": "Không thuộc địa bàn"}
    made = replies.save(None, Actor("front", None, "mttq-29413"), retired=False, **values)
    at(*LONG_HOA)
    province = session.scalar(select(User.id).where(User.email == staff.PEOPLE["province"][0]))
    saved.save(province, "Long Hòa", {"tab": "ended", "commune": "29413"})
    done(merger(), run_jobs, session)
    assert made in replies.all_for("mttq-29512")
    below = {unit.code for unit in scope.units_of(COMMITTEE, "86")}
    assert {"ubnd-29512", "ubnd-29413"} <= below, "the unit's own score card counts what it stands in for"
    staff.sign_in(client, "province")
    closed = session.scalars(select(Report)).one()
    for code in ("29413", "29512"):
        page = client.get(f"/desk?tab=ended&commune={code}").text
        assert closed.public_id in page
        assert 'value="29512" selected' in page


# -- dividing ---------------------------------------------------------------------------------------------------


def divided(session: Any, run_jobs: Any) -> tuple[Report, Report, Report]:
    """Closed cases of Duyên Hải in the west, in the east and without a place, once the commune has been divided."""
    cases = at(LON - 0.02), at(LON + 0.02), at(LON - 0.02)
    cases[2].location = None
    session.commit()
    split_commune(session, today())
    done(splitting(today()), run_jobs, session)
    assert {case.area_code for case in cases} == {"29512"}
    return cases


def test_of_a_divided_commune_each_part_has_what_lies_in_it(session: Any, run_jobs: Any) -> None:
    west, east, placeless = divided(session, run_jobs)
    for identity in (front("29998"), committee("29998")):
        assert held(identity) == {west.id, placeless.id}, "the main one has what nobody can place"
    for identity in (front("29999"), committee("29999")):
        assert held(identity) == {east.id}
    heirs = east.heirs
    assert reorganisations.again() == 0
    run_jobs(failing=True)
    session.expire_all()
    assert east.heirs == heirs


def test_what_comes_back_goes_where_it_lies_and_is_asked_no_more(session: Any, run_jobs: Any) -> None:
    _west, east, _placeless = divided(session, run_jobs)
    service.move(east, life.REWORK, Actor("front", None, "mttq-29999"), reason="Rác lại đầy")
    assert (east.area_code, east.unit_code, HEIRS in east.routing) == ("29999", "ubnd-29999", False)
    assert held(committee("29999")) == {east.id}


def test_what_was_divided_once_is_followed_further(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    west, east, placeless = divided(session, run_jobs)
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=2))
    steps = [Step("merge", "area", "29999", "29413")]
    steps += [Step("merge", "unit", f"{kind}-29999", f"{kind}-29413") for kind in ("ubnd", "mttq", "ca")]
    done(Plan("nhap", "Nhập (minh họa)", today(), "minh họa", steps=tuple(steps)), run_jobs, session)
    assert held(front("29413")) == held(committee("29413")) == {east.id}
    assert held(front("29998")) == {west.id, placeless.id}
    service.move(east, life.REWORK, Actor("front", None, "mttq-29413"), reason="Rác lại đầy")
    assert (east.area_code, east.unit_code) == ("29413", "ubnd-29413"), "through both plans"


def test_a_desk_with_a_case_that_a_person_must_look_at_says_so(client: Any, session: Any, run_jobs: Any) -> None:
    staff.people("province")
    doubtful = at(LON - 0.02, status=life.ASSIGNED)
    doubtful.location = None
    session.commit()
    split_commune(session, today())
    done(splitting(today()), run_jobs, session)
    assert doubtful.routing["check"] == "tach"
    staff.sign_in(client, "province")
    page = client.get("/desk?tab=units")
    assert page.status_code == 200
    assert "Kiểm tra lại đơn vị sau sắp xếp" in page.text


def test_an_office_without_accounts_is_written_to_and_nobody_elsewhere_has_it_in_hand(
    session: Any, run_jobs: Any
) -> None:
    staff.people("unit")
    east = at(LON + 0.02, status=life.ASSIGNED)
    east.assignee_id = session.scalar(select(User.id).where(User.unit_code == "ubnd-29512"))
    session.commit()
    split_commune(session, today())
    session.add(UnitContact(unit_code="ubnd-29999", email="van-thu@example.vn", updated_at=clock.now()))
    done(splitting(today()), run_jobs, session)
    assert (east.unit_code, east.assignee_id) == ("ubnd-29999", None)
    link = session.scalars(select(UnitLink)).one()
    assert (link.report_id, link.unit_code) == (east.id, "ubnd-29999")


# -- provinces --------------------------------------------------------------------------------------------------


def province(code: str) -> Identity:
    return Identity(p.PROVINCE_FRONT, 1, f"mttq-{code}", None, code)


def test_a_province_that_took_another_in_has_its_cases(session: Any, run_jobs: Any) -> None:
    factories.square("87", "Tỉnh Đồng Tháp", parent=None, lon=LON - 1.5, lat=LAT, half=0.5)
    mine, theirs = staff.case(life.CLOSED), at(*LONG_HOA)
    left = [u.code for u in session.scalars(select(Unit).where(Unit.province_code == "86", Unit.level == "province"))]
    steps = [Step("merge", "area", "86", "87")]
    for code in left:
        heir = code.removesuffix("86") + "87"
        known = session.scalar(select(Unit.id).where(Unit.code == heir).limit(1))
        steps.append(Step("merge", "unit", code, heir, "" if known else f"Đơn vị {heir}", area_code="87"))
    done(Plan("hai-tinh", "Nhập tỉnh (minh họa)", today(), steps=tuple(steps)), run_jobs, session)
    assert {mine.province_code, theirs.province_code} == {"86"}
    assert held(province("87")) == {mine.id, theirs.id}
    assert held(Identity(p.COMMUNE_FRONT, 1, "mttq-29512", "29512", "87")) == {mine.id}
    assert may(with_former(province("87")), "report:reopen", mine)


def test_a_commune_that_changes_its_province_takes_its_past_along(session: Any, run_jobs: Any) -> None:
    factories.square("87", "Tỉnh Đồng Tháp", parent=None, lon=LON + 0.5, lat=LAT, half=0.5)
    stays, goes = staff.case(life.CLOSED), at(*LONG_HOA)
    step = Step("rename", "area", "29413", parent_code="87")
    done(Plan("chuyen", "Chuyển tỉnh (minh họa)", today(), steps=(step,)), run_jobs, session)
    assert goes.province_code == "86"
    assert held(province("87")) == {goes.id}
    committee_of_today = units.by_code("ubnd-29413")
    assert committee_of_today is not None and committee_of_today.province_code == "87"
    assert held(province("86")) == {stays.id, goes.id}, "what it has closed it may still read"


# -- in general -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "identity",
    [
        Identity(p.COMMUNE_FRONT, 1, "mttq-a", "00001", "01", former=frozenset({"00002", "mttq-b"})),
        Identity(p.COMMUNE_FRONT, 1, "mttq-a", "00001", "01", former=frozenset({"00002"}), parts=frozenset({"00003"})),
        Identity(p.PROVINCE_FRONT, 1, "mttq-1", None, "01", former=frozenset({"02", "04"})),
        Identity(p.PROVINCE_FRONT, 1, "mttq-1", None, "01", parts=frozenset({"03", "00003"}),
                 communes=frozenset({"00002", "00001"})),
        Identity(p.UNIT_OFFICER, 1, "mttq-a", None, "01", former=frozenset({"mttq-b"}), parts=frozenset({"mttq-c"})),
        Identity(p.UNIT_OFFICER, 1, "mttq-a", "00001", "01", parts=frozenset({"mttq-c"})),
    ],
    ids=lambda identity: identity.role,
)  # fmt: skip
def test_whatever_a_case_names_rule_statement_and_desk_agree(session: Any, identity: Identity) -> None:
    codes = {
        "area": ("00001", "00002", "00003"),
        "province": ("01", "02", "03"),
        "unit": ("mttq-a", "mttq-b", "mttq-c"),
    }
    heirs: tuple[dict[str, str], ...] = (
        {},
        {"area": "00001", "province": "01", "unit": "mttq-a", "supervisor": "mttq-a"},
        {"area": "00002", "province": "02", "unit": "mttq-b", "supervisor": "mttq-b"},
        {"area": "00009", "province": "09", "unit": "mttq-z", "supervisor": "mttq-z"},
    )
    combined = itertools.product(*codes.values(), heirs, (life.CLOSED, life.ASSIGNED))
    for number, (area, home, unit, went, status) in enumerate(combined):
        report = factories.report()
        report.area_code, report.province_code, report.unit_code = area, home, unit
        report.supervisor_code = codes["unit"][number % 3]
        report.bypass_commune = number % 7 == 0
        report.status = status
        report.routing = {HEIRS: went} if went and status == life.CLOSED else {}
    session.flush()
    now, size = clock.now(), 500
    every = session.scalars(select(Report)).all()
    expected = {report.id for report in every if in_scope(identity, report)}
    assert expected and len(expected) < len(every)
    assert set(session.scalars(select(Report.id).where(desk_queries.in_scope(identity)))) == expected
    totals = queue.counts(identity, now)
    shown: set[int] = set()
    for tab in queue.tabs_of(identity):
        rows = [row.id for row in queue.page(identity, tab, queue.Filters(), now, size=size).rows]
        assert len(rows) == len(set(rows)) == totals[tab], tab
        shown |= set(rows)
    assert shown == expected


# -- correcting afterwards --------------------------------------------------------------------------------------


def test_what_is_corrected_after_a_merger_stays_with_those_of_today(session: Any, run_jobs: Any) -> None:
    case = at(*LONG_HOA, status=life.RECEIVED)
    case.created_at -= timedelta(days=3)
    late = factories.report(lon=LONG_HOA[0], lat=LONG_HOA[1], category_code="waste_household")
    late.created_at -= timedelta(days=3)
    done(merger(), run_jobs, session)
    category = session.get_one(type(case.category), "waste_market")
    routing.reroute(case, staff.FRONT, category=category)
    assert (case.area_code, case.supervisor_code) == ("29512", "mttq-29512")
    assert held(FRONT) >= {case.id, late.id}, "and so does what was routed only afterwards"


def test_what_was_routed_in_the_moment_of_a_merger_is_not_left_behind(session: Any, run_jobs: Any) -> None:
    late, other = staff.case(life.ASSIGNED), staff.case(life.ASSIGNED)
    done(merger(), run_jobs, session)
    late.area_code, late.unit_code, late.supervisor_code = "29413", "ubnd-29413", "mttq-29413"
    session.flush()
    version = other.version
    assert [reorganisations.look_behind(), reorganisations.look_behind()] == [1, 0]
    assert (late.area_code, late.unit_code, late.supervisor_code) == ("29512", "ubnd-29512", "mttq-29512")
    assert other.version == version


def test_a_corrected_case_goes_to_a_commune_that_came_later(session: Any, run_jobs: Any) -> None:
    case = at(LON - 0.02, status=life.RECEIVED)
    case.created_at -= timedelta(days=3)
    session.commit()
    split_commune(session, today())
    done(splitting(today()), run_jobs, session)
    routing.reroute(case, staff.FRONT, commune_code="29999")
    assert (case.area_code, case.unit_code, case.supervisor_code) == ("29999", "ubnd-29999", "mttq-29999")


def test_an_area_that_was_given_an_old_code_anew_is_nobody_elses(session: Any, run_jobs: Any) -> None:
    done(merger(), run_jobs, session)
    session.execute(update(Area).where(Area.code == "29413").values(valid_to=None))
    assert "29413" not in with_former(FRONT).former
