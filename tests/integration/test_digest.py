"""The digest of a week: once to each office that has something to read, and the score cards' own figures."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, sinks
from tests.integration.staff import FRONT, SECRET, UNIT, case, people, sign_in
from webapp.core import clock, outbox
from webapp.core.clock import VIETNAM
from webapp.core.db import committing
from webapp.core.events import SYSTEM, Actor
from webapp.core.outbox import Job
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.reports.models import Report
from webapp.routing import assign
from webapp.supervision import scope, scores
from webapp.supervision.digest import DigestSent, Week
from webapp.units import contacts
from webapp.units import queries as units
from workers import schedule

TUESDAY = datetime(2026, 10, 6, 9, 0, tzinfo=VIETNAM)  # week 41; no day off for weeks
WEEK = "2026-W41"
At = Callable[..., None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    def put(days: float = 0, hours: float = 0) -> None:
        moment = (TUESDAY + timedelta(days=days, hours=hours)).astimezone(clock.UTC)
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
        Settings.from_env(place.environ), mail_url=f"smtp://127.0.0.1:{mail.port}", mail_from="ban-tin@example.org"
    )


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def told(run_jobs: Any) -> None:
    """What the schedule does on Monday."""
    with committing():
        outbox.enqueue("digests.plan")
    run_jobs()


def answered() -> Report:
    """Answered with signed minutes, which need no picture."""
    report = case(life.VERIFYING)
    service.answer(report, UNIT, "Đã dọn sạch", (), minutes=True)
    return report


def week_of_work(at: At) -> dict[str, Report]:
    """One answered, one that will be late, one that goes round the commune, one of the province's authority."""
    made = {"answered": answered(), "late": case(life.ASSIGNED, contact={"contact_phone": "0912345678"})}
    made["around"] = case(bypass_commune=True)
    committee = units.by_code("ubnd-86")
    assert committee is not None
    assign.assign(made["around"], committee, Actor("front", None, "mttq-86"))
    made["province"] = case(life.VERIFYING, category_code="coal_ash")
    at(days=6)
    return made


def letters(mail: sinks.Sink) -> dict[str, str]:
    return {to: letter["Subject"] + "\n" + letter.get_content() for to, letter in mail.mails}


def test_each_office_reads_of_its_own_once(session: Any, run_jobs: Any, at: At, mail: sinks.Sink) -> None:
    people("commune", "other", "province", "unit", "unit2", "admin")
    made = week_of_work(at)
    told(run_jobs)
    told(run_jobs)
    found = letters(mail)
    assert sorted(to for to, _ in mail.mails) == ["front.tinh@dgs.test", "front.xa@dgs.test", "so@dgs.test"]
    assert made["late"].public_id in found["front.xa@dgs.test"]
    assert made["around"].public_id not in found["front.xa@dgs.test"], "the commune must not see it"
    assert made["around"].public_id in found["front.tinh@dgs.test"]
    assert "2026-W41" in found["so@dgs.test"]
    assert f"/unit/cases/{made['province'].public_id}" in found["so@dgs.test"]
    assert made["late"].public_id not in found["so@dgs.test"]
    at(days=13)
    told(run_jobs)
    assert len(mail.mails) == 6, "and of the next week"


def test_the_letter_says_the_score_cards_numbers_and_leads_to_the_cases(
    client: Any, session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("commune")
    made = week_of_work(at)
    session.commit()
    told(run_jobs)
    text = letters(mail)["front.xa@dgs.test"]
    number = dict(re.findall(r"/desk/scores/(\S+/\w+)\?from=2026-10-05&to=2026-10-11", text) and _numbers(text))
    office = scope.office(units.by_code("mttq-29512"))
    assert office is not None
    visible = scope.visible(office)
    card = scores.scores(["ubnd-29512"], Week.parse(WEEK).period, visible)["ubnd-29512"]
    assert number == {name: n for name, n in card.numbers.items() if n}
    assert number == {"received": 2, "in_time": 1, "overdue": 1, "open": 1}
    assert "Quá hạn 3 ngày" in text
    assert "Bản tin tuần 41/2026: 1 việc quá hạn" in text
    desk = sign_in(client, "commune")
    for path in re.findall(r"http://127\.0\.0\.1:8000(/desk\S*)", text):
        assert desk.get(path).status_code == 200, path
    assert made["late"].public_id in desk.get("/desk/scores/ubnd-29512/overdue").text


def _numbers(text: str) -> list[tuple[str, int]]:
    return [(m[2], int(m[1])) for m in re.finditer(r": (\d+)\n  \S+/scores/[\w-]+/(\w+)\?", text)]


def test_nothing_of_a_report_stands_in_the_letter(session: Any, run_jobs: Any, at: At, mail: sinks.Sink) -> None:
    people("commune", "province")
    week_of_work(at)
    told(run_jobs)
    for text in letters(mail).values():
        for private in (SECRET, "0912345678", "Rác", "Tro", "coal", "waste", "/r/"):
            assert private not in text, private


def test_an_office_without_an_account_is_written_to_at_its_address(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    week_of_work(at)
    front = units.by_code("mttq-29512")
    assert front is not None
    contacts.put(front, "vanthu@mttq-duyenhai.example", SYSTEM)
    told(run_jobs)
    assert [to for to, _ in mail.mails] == ["vanthu@mttq-duyenhai.example"]


def test_who_has_nothing_to_read_gets_no_letter(session: Any, run_jobs: Any, at: At, mail: sinks.Sink) -> None:
    people()
    closed = answered()
    for to in (life.VERIFIED, life.CLOSED):
        service.move(closed, to, FRONT)
    at(days=14)
    told(run_jobs)
    assert mail.mails == [], "nothing in the week before, and nothing waits"
    with committing():
        service.move(session.get(Report, closed.id), life.REWORK, FRONT, reason="Rác lại đầy")
    told(run_jobs)
    assert {to for to, _ in mail.mails} == {"front.tinh@dgs.test", "front.xa@dgs.test"}


def test_monday_at_seven_and_not_again_that_week(session: Any, at: At) -> None:
    at(days=5, hours=21.9)  # Monday 06:54
    schedule.plan()
    session.expire_all()
    first = session.scalars(select(Job.id).where(Job.name == "digests.plan")).all()
    at(days=5, hours=22.1)
    assert "digests.plan" in schedule.plan()
    at(days=9)
    assert "digests.plan" not in schedule.plan()
    at(days=13)
    assert "digests.plan" in schedule.plan()
    session.expire_all()
    assert len(session.scalars(select(Job.id).where(Job.name == "digests.plan")).all()) == len(first) + 2


def test_the_page_shows_a_week_to_those_who_see_score_cards(client: Any, session: Any, run_jobs: Any, at: At) -> None:
    people()
    made = week_of_work(at)
    session.commit()
    desk = sign_in(client, "province")
    page = desk.get(f"/desk/digest?week={WEEK}")
    assert page.status_code == 200
    assert "/desk/scores/ubnd-29512/received?from=2026-10-05" in page.text
    assert made["around"].public_id in page.text
    assert f"/desk/digest?week={WEEK}" in desk.get("/desk/digest?week=2026-W42").text
    assert "/desk/digest" in desk.get("/desk/scores").text
    assert made["around"].public_id not in sign_in(client, "commune").get("/desk/digest").text
    unit = sign_in(client, "unit").get("/unit/digest")
    assert made["late"].public_id in unit.text
    assert sign_in(client, "central").get("/desk/digest?province=86").status_code == 200
    assert sign_in(client, "admin").get("/desk/digest").status_code == 403


@pytest.mark.parametrize("week", ["2026-W99", "abc", "2026-W53x", "2099-W01", "2027-W53", "0001-W01"])
def test_a_week_that_is_none_is_said_at_its_field(client: Any, session: Any, at: At, week: str) -> None:
    people("commune")
    session.commit()
    answer = sign_in(client, "commune").get(f"/desk/digest?week={week}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{week}"' in answer.text


def test_weeks_follow_each_other_over_the_turn_of_the_year() -> None:
    last = Week.of(date(2027, 1, 1))
    assert str(last) == "2026-W53"
    assert str(last.moved(1)) == "2027-W01"
    assert Week.parse("2026-W53").period.first == date(2026, 12, 28)


def test_the_sum_counts_each_unit_once_by_head_too(client: Any, session: Any, at: At) -> None:
    people("province")
    week_of_work(at)
    session.commit()
    desk = sign_in(client, "province")
    totals = [
        re.search(r'<tr role="row" class="total">.*?</tr>', desk.get(f"/desk/scores{query}").text)
        for query in ("", "?by=head")
    ]
    assert totals[0] and totals[1]
    assert [re.sub(r' href="[^"]*"', "", row[0]) for row in totals if row] == [
        re.sub(r' href="[^"]*"', "", totals[0][0])
    ] * 2


def test_who_was_told_is_kept_until_the_reader_can_be_reached(
    session: Any, run_jobs: Any, at: At, mail: sinks.Sink
) -> None:
    people("commune")
    week_of_work(at)
    mail.answer = 450
    with committing():
        outbox.enqueue("digests.plan")
    run_jobs(failing=True)
    assert mail.mails == []
    mail.answer = 250
    at(days=6, hours=1)
    run_jobs(failing=True)
    assert [to for to, _ in mail.mails] == ["front.xa@dgs.test"]
    assert [(row.week, row.unit_code) for row in session.scalars(select(DigestSent))] == [(WEEK, "mttq-29512")]
    at(days=6 + 7 * 6)
    told(run_jobs)
    session.expire_all()
    assert [row.week for row in session.scalars(select(DigestSent))] == ["2026-W47"], "old rows are forgotten"
