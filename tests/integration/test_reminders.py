"""Reminders that climb: each rung once, to the right desk, with nothing of the report in the mail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories, sinks
from tests.integration.staff import FRONT, SECRET, UNIT, case, people, sign_in
from webapp.core import clock, events, outbox
from webapp.core.clock import VIETNAM
from webapp.core.db import committing
from webapp.reports import lifecycle as life
from webapp.reports import service, unit_work
from webapp.reports.models import Report
from webapp.supervision import clocks, extensions, reminders
from webapp.supervision.models import Reminder, StepClock
from webapp.units import contacts
from webapp.units import queries as units

MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=VIETNAM)  # no day off for weeks
At = Callable[..., None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    def put(days: float = 0, hours: float = 0) -> None:
        moment = (MONDAY + timedelta(days=days, hours=hours)).astimezone(clock.UTC)
        monkeypatch.setattr(clock, "now", lambda: moment)

    put()
    return put


@pytest.fixture
def mail() -> Iterator[sinks.Sink]:
    with sinks.smtp() as sink:
        yield sink


@pytest.fixture
def settings(place: Any, mail: sinks.Sink) -> Any:
    from webapp.config import Settings

    return dataclasses.replace(
        Settings.from_env(place.environ),
        mail_url=f"smtp://127.0.0.1:{mail.port}",
        mail_from="nhac-han@example.org",
    )


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def climbed(run_jobs: Any) -> None:
    """What the schedule does every ten minutes."""
    with committing():
        outbox.enqueue("reminders.climb")
    run_jobs()


def said(session: Any) -> list[tuple[str, str | None, int]]:
    session.expire_all()
    return [(r.whom, r.unit_code, r.days_late) for r in session.scalars(select(Reminder).order_by(Reminder.id))]


def test_a_step_left_alone_climbs_from_the_officer_to_the_front_above(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("commune", "province", "unit")
    report = case(life.VERIFYING)  # due on Monday in two weeks
    at(days=9)
    climbed(run_jobs)
    assert said(session) == [], "nobody is disturbed three working days before"
    expected = []
    for days, rung in (
        (10, ("officer", "ubnd-29512", 0)),
        (14, ("officer", "ubnd-29512", 0)),
        (15, ("head_of_unit", "ubnd-29512", 1)),
        (17, ("unit_above", "ubnd-86", 3)),
        (21, ("front_above", "mttq-86", 5)),
    ):
        at(days=days)
        climbed(run_jobs)
        climbed(run_jobs)
        expected.append(rung)
        assert said(session) == expected
    at(days=40)
    climbed(run_jobs)
    assert said(session) == expected
    kinds = [e for e in events.history(service.stream(report)) if e.kind == "report:reminded"]
    assert [e.data["number"] for e in kinds] == [1, 2, 3, 4, 5]
    assert not any(e.public for e in kinds)
    assert [to for to, _ in mail.mails] == ["ubnd@dgs.test"] * 3 + ["front.tinh@dgs.test"]


def test_the_mail_says_a_number_a_link_and_days_and_nothing_of_the_report(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("commune", "unit")
    report = case(life.VERIFYING, contact={"contact_phone": "0912345678"}, place_text="Cạnh cầu sắt")
    at(days=15)
    climbed(run_jobs)
    text = mail.mails[-1][1].get_content() + mail.mails[-1][1]["Subject"]
    assert report.public_id in text
    assert f"/unit/cases/{report.public_id}" in text
    assert "1 ngày làm việc" in text
    for private in (SECRET, "0912345678", "Cạnh cầu sắt", "Duyên Hải", "Rác"):
        assert private not in text, private
    assert "List-Unsubscribe" not in mail.mails[-1][1]


def test_whoever_has_acted_meanwhile_is_left_in_peace(session: Any, run_jobs: Any, at: At, mail: sinks.Sink) -> None:
    people("commune", "unit")
    report = case(life.ASSIGNED)
    at(days=2)
    with committing():
        reminders.sweep()
        service.move(session.get(Report, report.id), life.VERIFYING, UNIT)
    run_jobs()
    assert mail.mails == []
    at(days=3)
    climbed(run_jobs)
    assert [whom for whom, *_ in said(session)] == ["officer", "head_of_unit"], "of the step that was late, no more"


def test_more_time_begins_the_ladder_anew_and_a_question_stops_it(session: Any, run_jobs: Any, at: At) -> None:
    report = case(life.VERIFYING)
    at(days=14)
    climbed(run_jobs)
    with committing():
        extensions.grant(session.get(Report, report.id), FRONT, (MONDAY + timedelta(days=21)).date(), "Chờ mẫu")
    at(days=16)
    climbed(run_jobs)
    assert len(said(session)) == 2
    at(days=21)
    climbed(run_jobs)
    assert len(said(session)) == 4, "two days before, and on the new day"
    other = case()
    with committing():
        service.ask(session.get(Report, other.id), FRONT, "Lúc nào?")
    at(days=60)
    climbed(run_jobs)
    assert not session.scalar(select(func.count()).select_from(Reminder).where(Reminder.report_id == other.id))


def test_the_desks_show_it_and_those_above_have_a_list(client: Any, session: Any, run_jobs: Any, at: At) -> None:
    people("commune", "other", "province", "unit", "unit2")
    report = case(life.VERIFYING)
    for days in (10, 14, 15, 17, 21):
        at(days=days)
        climbed(run_jobs)
    assert "Đã nhắc 5 lần" in sign_in(client, "unit").get("/unit").text
    page = client.get(f"/unit/cases/{report.public_id}").text
    assert "Mặt trận cấp trên" in page
    above = sign_in(client, "province").get("/desk/escalated").text
    assert report.public_id in above
    assert "Quá hạn 5 ngày" in above
    assert report.public_id not in sign_in(client, "other").get("/desk/escalated").text
    assert report.public_id not in sign_in(client, "unit2").get("/unit/escalated").text
    assert client.get("/unit/escalated?after=x").status_code == 200
    with committing():
        one = session.get(Report, report.id)
        service.move(one, life.IN_PROGRESS, UNIT)
    assert report.public_id not in sign_in(client, "province").get("/desk/escalated").text


def test_the_sweep_asks_an_index_and_not_the_history(session: Any, run_jobs: Any, at: At, engine: str) -> None:
    from sqlalchemy import event as sa_event

    from webapp.core.db import db

    for _ in range(5):
        case(life.CLOSED)
    late = case(life.VERIFYING)
    session.commit()
    at(days=15)
    asked: list[str] = []
    listener = lambda _c, _cur, statement, *_: asked.append(statement)  # noqa: E731
    sa_event.listen(db.engine, "before_cursor_execute", listener)
    assert reminders.sweep() == 3
    sa_event.remove(db.engine, "before_cursor_execute", listener)
    waiting = session.scalars(select(StepClock.report_id).where(StepClock.next_rung_at.is_not(None))).all()
    assert waiting == [late.id], "clocks that have ended wait for nothing"
    if engine == "sqlite":
        plan = session.execute(
            db.text(
                "EXPLAIN QUERY PLAN SELECT id FROM step_clocks WHERE next_rung_at <= '2030-01-01' ORDER BY next_rung_at"
            )
        ).all()
        assert "ix_step_clocks_next_rung" in str(plan)
    assert clocks.running(late) is not None


def addressed(mail: sinks.Sink) -> list[str]:
    return sorted(to for to, _ in mail.mails)


def test_the_officer_who_has_it_in_hand_is_written_to_and_then_the_head(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("unit")
    officer = factories.user("can.bo@dgs.test", "unit", "ubnd-29512")
    head = factories.user("truong@dgs.test", "unit", "ubnd-29512")
    head.head = True
    report, other = case(life.VERIFYING), case(life.VERIFYING)
    unit_work.delegate(report, UNIT, officer.id)
    at(days=10)
    climbed(run_jobs)
    everybody = ["can.bo@dgs.test", "truong@dgs.test", "ubnd@dgs.test"]
    assert addressed(mail) == sorted([*everybody, "can.bo@dgs.test"]), "all of them where nobody has it in hand"
    at(days=14)
    climbed(run_jobs)
    mail.mails.clear()
    at(days=15)
    climbed(run_jobs)
    assert addressed(mail) == ["truong@dgs.test"] * 2
    assert {other.public_id, report.public_id} == {
        number for number in (report.public_id, other.public_id) if any(number in m["Subject"] for _, m in mail.mails)
    }


def test_an_officer_switched_off_meanwhile_is_not_the_only_one_written_to(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("unit")
    officer = factories.user("can.bo@dgs.test", "unit", "ubnd-29512")
    report = case(life.VERIFYING)
    unit_work.delegate(report, UNIT, officer.id)
    officer.active = False
    at(days=10)
    climbed(run_jobs)
    assert addressed(mail) == ["ubnd@dgs.test"]


def test_a_unit_without_accounts_is_reminded_at_its_office_with_a_link_that_opens_the_case(
    client: Any, session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("commune")
    unit = units.by_code("ubnd-29512")
    assert unit is not None
    contacts.put(unit, "ubnd.duyenhai@example.org", events.SYSTEM)
    report = case(life.VERIFYING)
    run_jobs()
    mail.mails.clear()
    at(days=10)
    climbed(run_jobs)
    at(days=15)
    climbed(run_jobs)
    assert addressed(mail) == ["ubnd.duyenhai@example.org"] * 3, "as officer twice, as head of the unit once"
    letter = mail.mails[-1][1].get_content()
    assert "quá hạn 1 ngày làm việc" in letter
    assert SECRET not in letter
    link = next(word for word in letter.split() if "/unit-link/" in word).partition("8000")[2]
    page = client.get(link).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    opened = client.post(link, data={"csrf_token": token})
    assert opened.status_code == 303
    assert report.public_id in client.get(opened.headers["Location"]).text
    kinds = [e.kind for e in events.history(service.stream(report))]
    assert kinds.count("unit:written_to") == 4


def test_no_link_goes_out_once_the_unit_has_answered_or_has_accounts(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    unit = units.by_code("ubnd-29512")
    assert unit is not None
    contacts.put(unit, "ubnd.duyenhai@example.org", events.SYSTEM)
    done, joined = case(life.VERIFYING), case(life.VERIFYING)
    run_jobs()
    mail.mails.clear()
    at(days=10)
    with committing():
        assert reminders.sweep() == 2
        service.move(session.get(Report, done.id), life.IN_PROGRESS, UNIT)
    people("unit")
    run_jobs()
    assert mail.mails == [], joined.public_id
