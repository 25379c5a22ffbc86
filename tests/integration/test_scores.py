"""Score cards: the figures are those counted by hand, and each opens exactly the cases that it counts."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask_babel import force_locale
from openpyxl import load_workbook
from sqlalchemy import select

from tests.integration.public_world import case
from tests.integration.staff import field, people, sign_in
from webapp.areas import succession
from webapp.core import clock
from webapp.core.db import db
from webapp.reports import lifecycle
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import Verdict
from webapp.supervision import behind, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import LATE, MET, StepClock
from webapp.supervision.scores import Score
from webapp.supervision.words import DERIVED, MEASURES
from webapp.units.models import Unit

UNIT, OTHER = "ubnd-29512", "so-nnmt-86"


def stepped(
    report: Any, step: str, *, ago: float, took: float | None, unit: str = UNIT, late: bool = False
) -> StepClock:
    """A clock of a step that began `ago` days ago and, unless it runs, ended `took` days later."""
    began = clock.now() - timedelta(days=ago)
    due = began + timedelta(days=1 if late else 60)
    made = StepClock(
        report_id=report.id,
        step=step,
        unit_code=unit,
        measure="days",
        amount=10,
        started_at=began,
        first_due_at=due,
        due_at=due,
        pauses=[],
        extensions=0,
        ended_at=began + timedelta(days=took) if took is not None else None,
        outcome=(LATE if late else MET) if took is not None else None,
        spent_days=int(took) if took is not None else None,
    )
    db.session.add(made)
    db.session.flush()
    return made


def answered(report: Any, *, ago: float) -> Any:
    """The check begins with the answer; returns when that was."""
    return stepped(report, "verify", ago=ago, took=None, unit="mttq-29512").started_at


def last_days(number: int) -> Period:
    return Period(clock.today() - timedelta(days=number), clock.today())


def numbers(found: dict[str, Score], unit: str = UNIT) -> dict[str, int]:
    return {name: number for name, number in found.get(unit, Score()).numbers.items() if number}


def test_a_unit_that_did_all_there_is_to_do(session: Any) -> None:
    in_time, late, waiting, refused = (case(unit_code=UNIT, status=lifecycle.ASSIGNED) for _ in range(4))
    for report, slow in ((in_time, False), (late, True)):
        stepped(report, "receive", ago=30, took=1)
        stepped(report, "answer", ago=29, took=4)
        stepped(report, "handle", ago=29, took=10, late=slow).ended_at = answered(report, ago=19)
    stepped(waiting, "receive", ago=5, took=None, late=True)
    given_back = stepped(refused, "receive", ago=9, took=2)
    screen = stepped(refused, "screen", ago=7, took=None, unit="mttq-29512")
    screen.started_at = given_back.ended_at
    session.flush()
    found = scores.scores([UNIT, OTHER], last_days(60))
    assert numbers(found) == {"received": 4, "in_time": 2, "late": 1, "overdue": 1, "open": 1, "refused": 1}
    assert found[UNIT].days == {10: 2}
    assert OTHER not in found
    assert numbers(scores.scores([UNIT], last_days(6))) == {"received": 1, "overdue": 1, "open": 1}


def test_what_came_back_was_checked_and_was_judged_by_the_sender(session: Any) -> None:
    report = case(unit_code=UNIT, status=lifecycle.REWORK)
    stepped(report, "answer", ago=20, took=5)
    stepped(report, "verify", ago=15, took=3, unit="mttq-29512")
    stepped(report, "answer", ago=12, took=None)
    answer = Answer(report_id=report.id, unit_code=UNIT, text="Đã dọn", created_at=clock.now())
    session.add(answer)
    session.flush()
    for verdict, again in (("not", False), ("accepted", True)):
        session.add(
            Verdict(
                report_id=report.id,
                answer_id=answer.id,
                verdict=verdict,
                again=again,
                text="Chưa sạch",
                unit_code=UNIT,
                created_at=clock.now(),
                public=False,
            )
        )
    for word, mark in (("no", 2), ("yes", 5)):
        session.add(
            Feedback(report_id=report.id, answer_id=answer.id, verdict=word, rating=mark, created_at=clock.now())
        )
    session.flush()
    found = scores.scores([UNIT], last_days(30))
    assert numbers(found) == {
        "in_time": 1,
        "open": 1,
        "came_back": 1,
        "sent_back": 1,
        "solved": 1,
        "unsolved": 1,
    }
    assert found[UNIT].rating == 3.5


def test_only_what_was_answered_has_taken_its_days(session: Any) -> None:
    done, begun, handed_over = (case(unit_code=UNIT, status=lifecycle.IN_PROGRESS) for _ in range(3))
    stepped(done, "answer", ago=20, took=9).ended_at = answered(done, ago=11)
    stepped(begun, "answer", ago=20, took=1)
    stepped(begun, "handle", ago=20, took=None)
    stepped(handed_over, "answer", ago=20, took=2)
    stepped(handed_over, "receive", ago=18, took=None, unit=OTHER)
    session.flush()
    assert scores.scores([UNIT, OTHER], last_days(30))[UNIT].days == {9: 1}


def opened(name: str, codes: list[str], period: Period) -> list[behind.Counted]:
    """All pages of the list behind a figure."""
    seen: list[behind.Counted] = []
    after = None
    while True:
        page, after = behind.cases(name, codes, period, after=after)
        seen += page
        if after is None:
            return seen


def test_every_figure_opens_what_it_counts(session: Any) -> None:
    for n in range(70):
        report = case(unit_code=UNIT if n % 3 else OTHER, status=lifecycle.ASSIGNED)
        stepped(report, "receive", ago=n / 2, took=None if n % 4 else 1, unit=report.unit_code, late=n % 5 == 0)
        if n % 7 == 0:  # the other one has had it before
            stepped(report, "receive", ago=n / 2 + 1, took=1, unit=UNIT if report.unit_code == OTHER else OTHER)
    period = last_days(20)
    found = scores.scores([UNIT, OTHER], period)
    for unit, score in found.items():
        for name, number in score.numbers.items():
            seen = [one.report.id for one in opened(name, [unit], period)]
            assert len(seen) == len(set(seen)) == number, (unit, name)
    for name, number in scores.together(found.values()).numbers.items():
        pairs = [(one.report.id, one.unit_code) for one in opened(name, [UNIT, OTHER], period)]
        assert len(pairs) == len(set(pairs)) == number, f"a case of two units is counted for each: {name}"
    assert opened("received", [UNIT, OTHER], period) == sorted(
        opened("received", [UNIT, OTHER], period), key=lambda one: (-one.report.id, one.unit_code)
    )


def test_days_and_marks_open_the_cases_that_they_are_made_of(session: Any) -> None:
    for days in (2, 9, 4):
        report = case(unit_code=UNIT, status=lifecycle.ANSWERED)
        stepped(report, "answer", ago=20, took=days).ended_at = answered(report, ago=20 - days)
    marked(report, 4, 1)
    score = scores.scores([UNIT], last_days(30))[UNIT]
    took = opened(behind.TOOK, [UNIT], last_days(30))
    assert sorted(one.value for one in took if one.value is not None) == [2, 4, 9]
    assert (score.percentile(0.5), score.percentile(0.9)) == (4, 9)
    assert [(one.report.id, one.value) for one in opened(behind.RATED, [UNIT], last_days(30))] == [(report.id, 2.5)]
    assert score.rating == 2.5


def marked(report: Any, *marks: int) -> None:
    """The unit answered, and its sender gave these marks one after the other."""
    answer = Answer(report_id=report.id, unit_code=UNIT, text="Đã dọn", created_at=clock.now())
    db.session.add(answer)
    db.session.flush()
    for mark in marks:
        db.session.add(
            Feedback(report_id=report.id, answer_id=answer.id, verdict="yes", rating=mark, created_at=clock.now())
        )
    db.session.flush()


def test_what_goes_round_the_commune_is_in_no_figure_of_its_own_bodies(session: Any) -> None:
    """Neither in the counts, nor in what is made of them: the days, the marks, and the lists behind both."""
    seen, hidden = case(unit_code=UNIT), case(unit_code=UNIT, bypass_commune=True)
    for report, days, mark in ((seen, 3, 5), (hidden, 11, 1)):
        stepped(report, "receive", ago=20, took=0)
        stepped(report, "answer", ago=20, took=days).ended_at = answered(report, ago=20 - days)
        marked(report, mark)
    period, commune = last_days(30), Report.bypass_commune.is_(False)
    whole = scores.scores([UNIT], period)[UNIT]
    own = scores.scores([UNIT], period, commune)[UNIT]
    assert (whole.days, whole.rating, whole.numbers["received"]) == ({3: 1, 11: 1}, 3.0, 2)
    assert (own.days, own.rating, own.numbers["received"]) == ({3: 1}, 5.0, 1)
    for name in behind.FIGURES:
        assert hidden.id not in {one.report.id for one in behind.cases(name, [UNIT], period, commune)[0]}, name


def test_figures_are_read_by_unit_of_then_and_by_unit_of_today(client: Any, session: Any, two_units: Any) -> None:
    heir = session.scalars(select(Unit).where(Unit.code == "ubnd-29413")).one()
    yesterday = clock.today() - timedelta(days=1)
    succession.record(succession.UNIT, UNIT, heir.code, yesterday, "thu", share=None, main=True)
    session.commit()
    desk = sign_in(client, "province")

    def line(query: str, code: str) -> str | None:
        found = re.search(rf'/desk/scores/{code}/received\?[^"]*">([\d.]+)</a>', desk.get(f"/desk/scores{query}").text)
        return found[1] if found else None

    assert (line("", UNIT), line("", heir.code)) == ("2", None)
    assert (line("?by=now", UNIT), line("?by=now", heir.code)) == (None, "2")
    behind_it = desk.get(f"/desk/scores/{heir.code}/received?by=now").text
    assert behind_it.count('class="case"') == 2
    assert desk.get(f"/desk/scores/{UNIT}/received?by=now").status_code == 404


def test_the_sum_opens_too_and_every_period_may_be_asked_for(client: Any, session: Any, two_units: Any) -> None:
    other = case(unit_code=OTHER, status=lifecycle.ASSIGNED, area_code="29512", province_code="86")
    stepped(other, "receive", ago=3, took=None, unit=OTHER)
    session.commit()
    desk = sign_in(client, "province")
    page = desk.get("/desk/scores?from=2001-01-01&to=2026-12-31")
    assert page.status_code == 200
    links = re.findall(r'href="(/desk/scores/all/(\w+)[^"]*)">([\d.,]+)</a>', page.text)
    assert {name: number for _href, name, number in links}["received"] == "3"
    for href, _name, number in links:
        assert desk.get(href.replace("&amp;", "&")).text.count('class="case"') == int(number)
    chips = re.findall(r'class="chip"[^>]*href="([^"]+)"', page.text)
    assert len(chips) == 5
    assert {desk.get(href.replace("&amp;", "&")).status_code for href in chips} == {200}


def test_percentiles_are_values_that_occurred() -> None:
    score = Score(days={1: 5, 3: 4, 20: 1})
    assert (score.percentile(0.5), score.percentile(0.9), score.percentile(1)) == (1, 3, 20)
    assert Score().percentile(0.5) is None


@pytest.fixture
def two_units(session: Any) -> None:
    people()
    report = case(unit_code=UNIT, status=lifecycle.ASSIGNED, area_code="29512", province_code="86")
    stepped(report, "receive", ago=3, took=None)
    hidden = case(unit_code=UNIT, status=lifecycle.ASSIGNED, bypass_commune=True)
    stepped(hidden, "receive", ago=3, took=None)
    session.commit()


def test_the_front_of_the_province_sees_all_and_the_commune_not_what_goes_round_it(client: Any, two_units: Any) -> None:
    def received(who: str) -> int:
        page = sign_in(client, who).get("/desk/scores")
        assert page.status_code == 200
        found = re.search(rf'/desk/scores/{UNIT}/received\?[^"]*">([\d.]+)</a>', page.text)
        return int(found[1]) if found else 0

    assert received("province") == 2
    assert received("commune") == 1


def test_a_wrong_day_is_said_at_its_field(client: Any, two_units: Any) -> None:
    desk = sign_in(client, "province")
    for query in ("from=abc", "from=2026-05-01&to=2026-04-01", "from=0001-01-01"):
        answer = desk.get(f"/desk/scores?{query}")
        assert answer.status_code == 422, query
        assert 'aria-invalid="true"' in answer.text
    assert desk.get(f"/desk/scores/{UNIT}/nonsense").status_code == 404
    assert desk.get("/desk/scores/ubnd-99999/received").status_code == 404
    for odd in ("x", "1", "99999999999999999999-a", "-", "²-a", "1-%00", "1-ủy"):
        assert desk.get(f"/desk/scores/{UNIT}/received?after={odd}").status_code == 200


def test_files_say_what_was_asked_for_and_that_they_were_taken(client: Any, session: Any, two_units: Any) -> None:
    from webapp.core.events import history

    desk = sign_in(client, "province")
    token = field(desk.get("/desk/scores").text, "csrf_token")
    asked = {"from": "2026-01-01", "to": clock.today().isoformat(), "by": "head", "csrf_token": token}
    made = {form: desk.post("/desk/scores/export", data=asked | {"format": form}) for form in ("xlsx", "csv", "pdf")}
    assert [answer.status_code for answer in made.values()] == [200] * 3
    rows = list(csv.reader(io.StringIO(made["csv"].data.decode("utf-8-sig"))))
    assert "01/01/2026" in rows[1][0]
    assert any(row and row[1:2] == ["2"] for row in rows)
    book = load_workbook(io.BytesIO(made["xlsx"].data))
    sheet = book.worksheets[0]
    assert "01/01/2026" in sheet["A2"].value
    assert made["pdf"].data.startswith(b"%PDF-")
    assert made["pdf"].data.count(b"/Type /Page\n") >= 3, "the figures, the longest, the meanings"
    # with the cases that wait longest, and what each figure means
    waiting = {r.public_id for r in session.scalars(select(Report))}
    with force_locale("vi"):
        meanings = {str(label): str(meaning) for label, meaning in (*MEASURES.values(), *DERIVED)}
    for table in (
        rows,
        [[str(c or "") for c in row] for one in book.worksheets for row in one.iter_rows(values_only=True)],
    ):
        assert {row[0] for row in table if row} >= waiting
        assert {row[0]: row[1] for row in table if row and row[0] in meanings} == meanings
    assert len(book.worksheets) == 3
    assert [e.kind for e in history("audit")].count("scores:exported") == 3
    assert desk.post("/desk/scores/export", data=asked | {"format": "exe"}).status_code == 400


def test_what_a_spreadsheet_would_run_is_text() -> None:
    from webapp.pages.export import harmless

    assert harmless("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert harmless(-5) == -5
