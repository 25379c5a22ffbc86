"""The clock of each step: it follows the case, stands still while the sender is asked, and leaves its trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import FRONT, UNIT, act, case, people, sign_in
from webapp.core import clock, events
from webapp.core.clock import VIETNAM
from webapp.reports import lifecycle as life
from webapp.reports import service, verdicts
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Category, Report
from webapp.routing import assign
from webapp.routing import service as routing
from webapp.supervision import clocks
from webapp.supervision.models import Extension
from webapp.units import queries as units

MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=VIETNAM)  # no day off for weeks
At = Callable[..., datetime]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Put the clock to so many days and hours after Monday, 5 October 2026, nine o'clock."""

    def put(days: float = 0, hours: float = 0) -> datetime:
        moment = MONDAY + timedelta(days=days, hours=hours)
        monkeypatch.setattr(clock, "now", lambda: moment.astimezone(clock.UTC))
        return moment

    put()
    return put


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "province", "unit", "unit2")


def end_of(days: int) -> datetime:
    return (MONDAY + timedelta(days=days)).replace(hour=23, minute=59, second=59)


def steps(report: Report) -> list[tuple[str, str | None]]:
    return [(c.step, c.outcome) for c in clocks.history(report)]


def answer(report: Report, number: str = "1") -> None:
    picture = StoredPhoto(f"originals/x/{number}", number * 64, 10, "image/jpeg")
    service.answer(report, UNIT, "Đã dọn sạch", (picture,))


def test_each_step_has_its_own_clock_and_who_owes_it(at: At) -> None:
    report = case()
    assert clock.local(report.due_at or MONDAY) == end_of(2), "the Front screens within two working days"
    at(hours=2)
    assign.assign(report, units.by_code("ubnd-29512"), FRONT)  # type: ignore[arg-type]
    assert clock.local(report.due_at or MONDAY) == end_of(1)
    at(days=1)
    service.move(report, life.VERIFYING, UNIT)
    assert clock.local(report.due_at or MONDAY) == end_of(15), "ten working days from Tuesday"
    at(days=10)
    answer(report)
    at(days=11)
    verdicts.check(report, FRONT, verdicts.ACCEPTED, "")
    found = clocks.history(report)
    assert [(c.step, c.unit_code, c.outcome) for c in found] == [
        (life.SCREEN, "mttq-29512", "met"),
        (life.RECEIVE, "ubnd-29512", "met"),
        (life.ANSWER, "ubnd-29512", "met"),
        (life.VERIFY, "mttq-29512", "met"),
    ]
    assert [c.spent_days for c in found] == [0, 1, 7, 1]
    assert report.due_at is None, "nobody owes anything now"


def test_a_step_done_late_is_late_for_ever(at: At) -> None:
    report = case(life.ASSIGNED)
    at(days=2)
    service.move(report, life.VERIFYING, UNIT)
    assert steps(report)[-2:] == [(life.RECEIVE, "late"), (life.ANSWER, None)]


def test_saying_that_one_has_begun_buys_no_fresh_time(at: At) -> None:
    report = case(life.VERIFYING)
    at(days=4)
    service.move(report, life.IN_PROGRESS, UNIT)
    running = clocks.running(report)
    assert running is not None
    assert (running.step, running.started_at) == (life.HANDLE, MONDAY)
    assert clock.local(running.due_at) == end_of(21), "fifteen working days from when the case was accepted"


@pytest.mark.parametrize(("away", "due"), [(0.1, 2), (1, 3), (4.9, 8)])
def test_no_clock_runs_while_the_sender_is_asked(at: At, away: float, due: int) -> None:
    report = case()
    service.ask(report, FRONT, "Anh chị thấy lúc mấy giờ?")
    at(days=away)
    service.supplement(report, "Lúc bảy giờ", ())
    assert clock.local(report.due_at or MONDAY) == end_of(due)
    assert steps(report) == [(life.SCREEN, None)]
    at(days=20)
    service.move(report, life.REJECTED, FRONT, reason="Thử")
    assert steps(report) == [(life.SCREEN, "late")]


def test_an_urgent_case_runs_through_the_night_and_a_question_stops_it_to_the_minute(at: At) -> None:
    report = case(category_code="wastewater")
    assert report.due_at == MONDAY + timedelta(hours=4)
    at(hours=1)
    service.ask(report, FRONT, "Ở đoạn nào của kênh?")
    at(hours=31)
    service.supplement(report, "Gần cống", ())
    assert report.due_at == MONDAY + timedelta(hours=34)


def test_a_correction_recounts_the_clock_from_when_it_began(session: Any, at: At) -> None:
    report = case()
    at(hours=1)
    routing.reroute(report, FRONT, category=session.get(Category, "wastewater"))
    assert report.due_at == MONDAY + timedelta(hours=4)
    assert len(clocks.history(report)) == 1


def test_not_sufficient_starts_a_new_clock_and_a_refusal_gives_the_front_one(at: At) -> None:
    report = case(life.ANSWERED)
    at(days=1)
    verdicts.check(report, FRONT, verdicts.NOT, "Ảnh chụp từ năm trước")
    assert clock.local(report.due_at or MONDAY) == end_of(15)
    assert steps(report)[-2:] == [(life.VERIFY, "met"), (life.ANSWER, None)]
    other = case(life.ASSIGNED)
    service.move(other, life.SCREENING, UNIT, reason="Không thuộc địa bàn")
    assert steps(other) == [(life.SCREEN, "met"), (life.RECEIVE, "met"), (life.SCREEN, None)]


def test_a_case_handed_over_keeps_its_time_unless_the_front_says_otherwise(at: At) -> None:
    report = case(life.VERIFYING)
    due = report.due_at
    at(days=3)
    report.unit_code = "so-nnmt-86"
    clocks.hand_over(report)
    assert report.due_at == due
    assert [(c.unit_code, c.outcome) for c in clocks.history(report)][-2:] == [
        ("ubnd-29512", None),  # not done, and not due yet
        ("so-nnmt-86", None),
    ]
    report.unit_code = "ubnd-29512"
    clocks.hand_over(report, restart=True)
    assert clock.local(report.due_at or MONDAY) == end_of(17)


def test_after_a_hand_over_the_answer_is_not_given_its_time_again_unless_the_front_says_so(at: At) -> None:
    for anew, due in ((False, 14), (True, 18)):
        at()
        report = case(life.VERIFYING)
        at(days=3)
        report.unit_code = "so-nnmt-86"
        clocks.follow(report, life.VERIFYING, life.ASSIGNED, FRONT)  # what the move of a hand-over brings about
        if anew:
            assign.restart_clock(report, FRONT)
        at(days=4)
        clocks.follow(report, life.ASSIGNED, life.VERIFYING, UNIT)
        assert clock.local(report.due_at or MONDAY) == end_of(due)


# -- more time ---------------------------------------------------------------------------------------------------


def test_the_unit_asks_for_time_and_the_front_grants_it(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    due = clock.local(report.due_at or MONDAY).date()
    wanted = next(due + timedelta(days=n) for n in range(1, 9) if (due + timedelta(days=n)).weekday() < 5)
    sign_in(client, "unit")
    for wrong in ({"more_time_day": wanted.isoformat()}, {"more_time_reason": "Chờ kết quả mẫu"}):
        assert act(client, report, "more_time", "/unit", **wrong).status_code == 422, wrong
    asked = act(client, report, "more_time", "/unit", more_time_day=wanted.isoformat(), more_time_reason="Chờ mẫu nước")
    assert asked.status_code == 303
    assert clock.local(report.due_at or MONDAY).date() == due, "asking changes nothing"
    assert act(client, report, "more_time", "/unit", more_time_day="x", more_time_reason="x").status_code == 409
    assert act(client, report, "extend", "/unit").status_code == 404
    sign_in(client, "commune")
    page = client.get(f"/desk/cases/{report.public_id}").text
    assert "Chờ mẫu nước" in page
    assert act(client, report, "extend", decision="refuse").status_code == 422, "a refusal needs its reason"
    assert act(client, report, "extend", decision="grant", extend_day=wanted.isoformat()).status_code == 303
    session.refresh(report)
    assert clock.local(report.due_at or MONDAY).date() == wanted
    assert clocks.history(report)[-1].extensions == 1
    assert [e.data["reason"] for e in events.history(service.stream(report)) if e.kind == "extension:granted"] == [
        "Chờ mẫu nước"
    ]
    again = act(client, report, "extend", extend_day=wanted.isoformat(), extend_reason="Thêm nữa")
    assert again.status_code == 409, "once is what the rule allows"


def test_a_refused_extension_leaves_the_clock_alone(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    due = report.due_at
    wanted = next(d for n in range(1, 9) if (d := clock.local(due or MONDAY).date() + timedelta(days=n)).weekday() < 5)
    sign_in(client, "unit")
    act(client, report, "more_time", "/unit", more_time_day=wanted.isoformat(), more_time_reason="Bận việc khác")
    sign_in(client, "commune")
    done = act(client, report, "extend", decision="refuse", extend_reason="Việc này cần làm ngay")
    assert done.status_code == 303
    assert report.due_at == due
    session.expire_all()
    html = sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").text
    assert "Việc này cần làm ngay" in html


def test_more_time_has_bounds(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    due = clock.local(report.due_at or MONDAY).date()
    sunday = due + timedelta(days=6 - due.weekday() or 7)
    sign_in(client, "commune")
    for wrong in (due, sunday, due + timedelta(days=60), due - timedelta(days=3)):
        response = act(client, report, "extend", extend_day=wrong.isoformat(), extend_reason="Lý do")
        assert response.status_code == 422, wrong
        assert 'id="error-extend_day"' in response.text
        assert "Lý do" in response.text
    assert not session.scalars(select(Extension)).all()
    receive = case(life.ASSIGNED)
    assert act(client, receive, "extend", extend_day="2030-01-01", extend_reason="x").status_code == 409


def test_what_was_asked_lapses_with_the_step(session: Any, at: At) -> None:
    from webapp.supervision import extensions

    report = case(life.VERIFYING)
    asked = extensions.ask(report, UNIT, "Chờ mẫu", (MONDAY + timedelta(days=15)).date())
    answer(report)
    assert asked.state == "lapsed"


def test_the_sender_and_the_public_see_the_new_day_and_only_the_sender_the_reason(client: Any, at: At) -> None:
    from webapp.reports import codes
    from webapp.supervision import extensions

    client_id = codes.new_client_id()
    report = case(life.VERIFYING, client_id=client_id)
    report.publish_at = MONDAY - timedelta(days=1)
    wanted = (MONDAY + timedelta(days=15)).date()
    extensions.grant(report, FRONT, wanted, "Chờ kết quả mẫu nước")
    code = codes.code_for(client_id, client.application.extensions["dgs"].settings.code_key)
    mine, everybody = client.get(f"/r/{code}").text, client.get(f"/cases/{report.public_id}").text
    for page in (mine, everybody):
        assert f"{wanted:%d/%m/%Y}" in page
    assert "Chờ kết quả mẫu nước" in mine
    assert "Chờ kết quả mẫu nước" not in everybody


def test_overdue_is_said_in_working_days(client: Any, at: At) -> None:
    report = case(life.ASSIGNED)
    report.publish_at = MONDAY - timedelta(days=1)
    assert clock.local(report.due_at or MONDAY) == end_of(1)
    at(days=7)  # Monday: Wednesday, Thursday, Friday and Monday have passed, the week-end does not count
    assert "Quá hạn 4 ngày" in client.get(f"/cases/{report.public_id}").text
    page = sign_in(client, "commune").get("/desk").text
    assert "Quá hạn 4 ngày" in page
