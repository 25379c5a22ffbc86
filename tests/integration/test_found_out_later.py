"""The wrong kind, the wrong place, a conflict of interest: found out when a unit has the case already."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, sinks
from tests.integration.staff import FRONT, SECRET, UNIT, act, case, people, sign_in
from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.reports import handovers, service
from webapp.reports import lifecycle as life
from webapp.reports.models import Category, Report
from webapp.routing import service as routing
from webapp.supervision import clocks, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import StepClock
from webapp.units import contacts
from webapp.units import queries as units

OFFICE, DEPARTMENT = "ubnd-29512", "so-nnmt-86"
LATER = (life.ASSIGNED, life.VERIFYING, life.ANSWERED, life.VERIFIED)


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "province", "unit", "unit2")


def correct(client: Any, report: Report, **changes: str) -> Any:
    given = {"category": report.category_code, "commune": report.area_code or "", "lat": "", "lon": ""}
    return act(client, report, "correct", **given | changes)


def last(report: Report, kind: str) -> Any:
    return next(e for e in reversed(events.history(service.stream(report))) if e.kind == kind)


def letters(session: Any) -> list[dict[str, Any]]:
    return [job.args for job in session.scalars(select(outbox.Job).where(outbox.Job.name == "notices.gone"))]


@pytest.mark.parametrize("status", LATER)
def test_another_kind_takes_the_case_back_and_names_who_it_is_for(client: Any, session: Any, status: str) -> None:
    report = case(status)
    sign_in(client, "commune")
    wordless = correct(client, report, category="coal_ash")
    assert wordless.status_code == 422
    assert 'id="error-correct_reason"' in wordless.text
    assert (report.status, report.category_code) == (status, "waste_household")
    done = correct(client, report, category="coal_ash", correct_reason="Là tro xỉ, không phải rác")
    assert done.status_code == 303
    assert (report.status, report.unit_code) == (life.RECEIVED, DEPARTMENT)
    html = client.get(f"/desk/cases/{report.public_id}").text
    for words in ("Lấy lại từ UBND phường Duyên Hải", "Là tro xỉ, không phải rác", "được báo là không còn thụ lý"):
        assert words in html, words
    assert [job["unit_code"] for job in letters(session)] == [OFFICE]
    assert sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").status_code == 404
    running = clocks.running(report)
    assert running is not None
    assert (running.step, running.unit_code, running.due_at) == (life.SCREEN, report.supervisor_code, report.due_at)
    # and on it goes
    sign_in(client, "commune")
    assert act(client, report, "assign", unit=DEPARTMENT).status_code == 303
    page = sign_in(client, "unit2").get(f"/unit/cases/{report.public_id}")
    assert page.status_code == 200
    assert "Là tro xỉ, không phải rác" not in page.text, "between officers of the Front"


def test_the_officer_may_leave_it_with_the_unit(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "commune")
    done = correct(client, report, category="coal_ash", correct_reason="Có cả tro xỉ", keep_unit="1")
    assert done.status_code == 303
    assert (report.status, report.unit_code, report.category_code) == (life.VERIFYING, OFFICE, "coal_ash")
    assert letters(session) == []
    assert sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").status_code == 200


def test_another_place_brings_it_to_the_desk_there(client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "commune")
    done = correct(client, report, commune="29413", correct_reason="Bên kia sông")
    assert done.headers["Location"] == "/desk", "another desk's case now"
    assert (report.status, report.unit_code, report.supervisor_code) == (life.RECEIVED, "ubnd-29413", "mttq-29413")
    assert report.public_id in sign_in(client, "other").get("/desk").text


def test_the_same_unit_keeps_it_and_is_not_late_for_what_it_could_not_know(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    found = clocks.running(report)
    assert found is not None
    found.started_at -= timedelta(days=60)
    found.due_at = found.first_due_at = report.due_at = clock.now() + timedelta(days=3)
    urgent = db.session.get(Category, "emergency")
    assert urgent is not None
    routing.reroute(report, FRONT, category=urgent, reason="Có hóa chất", keep_unit=True)
    assert report.status == life.VERIFYING
    assert report.due_at is not None
    assert clock.now() <= report.due_at <= clock.now() + timedelta(days=3)


@pytest.mark.parametrize("status", LATER)
def test_a_conflict_of_interest_takes_it_from_the_communes_unit(client: Any, session: Any, status: str) -> None:
    report = case(status)
    sign_in(client, "province")
    done = act(client, report, "bypass", bypass_reason="Chủ tịch xã là người nhà")
    assert done.status_code == 303
    assert (report.status, report.unit_code, report.supervisor_code) == (life.RECEIVED, None, "mttq-86")
    assert report.public_id in client.get("/desk").text
    assert [job["unit_code"] for job in letters(session)] == [OFFICE]
    for who, base in (("commune", "/desk"), ("unit", "/unit")):
        assert sign_in(client, who).get(f"{base}/cases/{report.public_id}").status_code == 404, who
    sign_in(client, "province")
    assert act(client, report, "assign", unit=DEPARTMENT).status_code == 303
    assert "người nhà" not in sign_in(client, "unit2").get(f"/unit/cases/{report.public_id}").text


def test_a_conflict_of_interest_leaves_it_with_a_unit_of_the_province(client: Any, session: Any) -> None:
    report = case(life.VERIFYING, category_code="coal_ash")
    assert report.unit_code == DEPARTMENT
    sign_in(client, "province")
    act(client, report, "bypass", bypass_reason="Liên quan cán bộ phường")
    assert (report.status, report.unit_code, report.supervisor_code) == (life.VERIFYING, DEPARTMENT, "mttq-86")
    assert letters(session) == []


def test_what_has_ended_is_reopened_first(client: Any) -> None:
    report = case(life.CLOSED)
    sign_in(client, "province")
    assert correct(client, report, category="coal_ash", correct_reason="x").status_code == 409
    assert act(client, report, "bypass", bypass_reason="x").status_code == 409
    with pytest.raises(life.NotAllowed):
        routing.bypass(report, FRONT, "x")


def test_the_senders_not_solved_is_settled_with_it(client: Any) -> None:
    from webapp.reports import feedback

    report = case(life.ANSWERED)
    feedback.say(report, feedback.NO, 1, "", ())
    routing.bypass(report, FRONT, "Liên quan")
    assert feedback.objected([report.id]) == set()


def numbers(unit: str) -> dict[str, int]:
    period = Period(clock.today() - timedelta(days=30), clock.today())
    found = scores.scores([unit], period).get(unit, scores.Score()).numbers
    return {name: number for name, number in found.items() if number}


def test_a_step_that_was_not_the_units_to_finish_is_neither_in_time_nor_late(session: Any) -> None:
    recalled, taken = case(life.ASSIGNED), case(life.ASSIGNED)
    routing.reroute(recalled, FRONT, category=db.session.get(Category, "coal_ash"), reason="Tro xỉ")
    handovers.take_away(taken, FRONT, units.by_code(DEPARTMENT), "Không phải việc của xã")  # type: ignore[arg-type]
    session.flush()
    assert numbers(OFFICE) == {"received": 2, "handed_on": 2}, "not refused either"
    ended = session.scalars(select(StepClock).where(StepClock.unit_code == OFFICE)).all()
    assert [(one.moved, one.outcome) for one in ended] == [(True, None)] * 2


def test_what_it_let_become_late_before_stays_late(session: Any) -> None:
    report = case(life.ASSIGNED)
    running = clocks.running(report)
    assert running is not None
    running.due_at = clock.now() - timedelta(days=2)
    handovers.take_away(report, FRONT, units.by_code(DEPARTMENT), "Chậm")  # type: ignore[arg-type]
    session.flush()
    assert numbers(OFFICE) == {"received": 1, "late": 1, "handed_on": 1}


def test_accepted_in_time_and_then_handed_over_counts_for_what_was_done(session: Any) -> None:
    report = case(life.VERIFYING)
    handovers.ask(report, UNIT, units.by_code(DEPARTMENT), "Cần máy đo")  # type: ignore[arg-type]
    handovers.grant(report, FRONT, units.by_code(DEPARTMENT))  # type: ignore[arg-type]
    session.flush()
    assert numbers(OFFICE) == {"received": 1, "in_time": 1, "handed_on": 1}


@pytest.fixture
def mail() -> Iterator[sinks.Sink]:
    with sinks.smtp() as sink:
        yield sink


@pytest.fixture
def settings(place: Any, mail: sinks.Sink) -> Any:
    from webapp.config import Settings

    return dataclasses.replace(
        Settings.from_env(place.environ), mail_url=f"smtp://127.0.0.1:{mail.port}", mail_from="bao@example.org"
    )


def test_the_unit_reads_a_number_and_nothing_else(session: Any, mail: sinks.Sink, run_jobs: Any) -> None:
    report = case(life.VERIFYING)
    routing.bypass(report, FRONT, "Chủ tịch xã là người nhà")
    session.commit()
    run_jobs()
    sent = [(to, letter["Subject"] + letter.get_content()) for to, letter in mail.mails]
    told = [(to, words) for to, words in sent if report.public_id in words]
    assert [to for to, _words in told] == ["ubnd@dgs.test"]
    for private in ("người nhà", "Duyên Hải", "Rác", SECRET):
        assert private not in told[0][1], private


def test_an_office_without_accounts_is_written_to(session: Any) -> None:
    report = case(life.ASSIGNED, category_code="coal_ash")
    report.unit_code = "kcn-86"
    contacts.put(units.by_code("kcn-86"), "kcn@example.org", FRONT)  # type: ignore[arg-type]
    routing.reroute(report, FRONT, category=db.session.get(Category, "waste_household"), reason="Rác")
    session.flush()
    assert letters(session) == [{"report_id": report.id, "unit_code": "kcn-86", "user_id": None}]
