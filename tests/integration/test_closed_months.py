"""Months that are over are added up once, and no figure of a score card says another number for it."""

from __future__ import annotations

import random
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.integration.public_world import case
from tests.integration.staff import people, sign_in
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.reports import lifecycle as life
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import Verdict
from webapp.supervision import behind, clocks, closed_months, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import LATE, MET, StepClock
from workers.run import drain

UNITS = ("ubnd-29512", "so-nnmt-86", "ubnd-29413")
TODAY = date(2026, 9, 17)
FIRST = date(2026, 1, 5)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, TODAY)


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.combine(day, time(9), clock.VIETNAM))


def close_all() -> list[int]:
    found = []
    while (month := closed_months.close_next()) is not None:
        found.append(month)
    return found


class World:
    """Cases that went round between units for months, each with whatever happens to a case, and some of it often."""

    def __init__(self, seed: int, size: int) -> None:
        self.dice = random.Random(seed)
        for _ in range(size):
            self.live()
        db.session.flush()

    def live(self) -> None:
        dice = self.dice
        moment = datetime.combine(FIRST, time(8), clock.VIETNAM) + timedelta(days=dice.randrange(200))
        report = case(status=life.IN_PROGRESS, bypass_commune=dice.random() < 0.3, created_at=moment)
        while moment.date() < TODAY and dice.random() < 0.9:
            unit = dice.choice(UNITS)
            moment = self.clock(report, life.RECEIVE, unit, moment)
            if dice.random() < 0.2:
                moment = self.clock(report, life.SCREEN, "mttq-29512", moment)
                continue
            moment = self.clock(report, life.ANSWER, unit, moment)
            if dice.random() < 0.7:
                self.judge(report, unit, moment)
                moment = self.clock(report, life.VERIFY, "mttq-29512", moment)
        if dice.random() < 0.3 and moment.date() < TODAY:
            self.clock(report, life.RECEIVE, dice.choice(UNITS), moment, ends=False)

    def clock(self, report: Report, step: str, unit: str, began: datetime, *, ends: bool = True) -> datetime:
        dice = self.dice
        ended = began + timedelta(days=dice.choice((0, 1, 3, 20, 45)), hours=dice.randrange(1, 20))
        moved = ends and step == life.ANSWER and dice.random() < 0.2
        db.session.add(
            StepClock(
                report_id=report.id,
                step=step,
                unit_code=unit,
                measure="days",
                amount=10,
                started_at=began - timedelta(days=40) if dice.random() < 0.2 and step == life.ANSWER else began,
                made_at=began,
                first_due_at=began,
                due_at=began + timedelta(days=10),
                pauses=[],
                extensions=0,
                ended_at=ended if ends else None,
                outcome=None if moved or not ends else dice.choice((MET, MET, LATE)),
                moved=moved,
                spent_days=(ended - began).days if ends else None,
            )
        )
        db.session.flush()
        return ended

    def judge(self, report: Report, unit: str, moment: datetime) -> None:
        dice = self.dice
        answer = Answer(report_id=report.id, unit_code=unit, text="Đã dọn", created_at=moment)
        db.session.add(answer)
        db.session.flush()
        for _ in range(dice.randrange(3)):
            moment += timedelta(days=dice.randrange(20))
            word = {"answer_id": answer.id, "report_id": report.id, "created_at": moment}
            rating = dice.choice((None, 1, 4, 5))
            db.session.add(Feedback(**word, verdict=dice.choice(("yes", "partly", "no")), rating=rating))
            verdict = dice.choice(("accepted", "partly", "not"))
            given = {"again": dice.random() < 0.2, "text": "Lý do", "unit_code": unit, "public": False}
            db.session.add(Verdict(**word, verdict=verdict, **given))


def some_period(dice: random.Random) -> Period:
    """Any run of days, often of whole months."""
    first = FIRST + timedelta(days=dice.randrange(-40, 260))
    last = first + timedelta(days=dice.choice((0, 6, 30, 90, 200, 365)))
    if dice.random() < 0.5:
        first = first.replace(day=1)
    if dice.random() < 0.5:
        last = last.replace(day=1) - timedelta(days=1)
    return Period(min(first, last), max(first, last))


@pytest.mark.parametrize("seed", range(3))
def test_over_any_days_the_figures_are_those_of_the_cases_themselves(session: Any, today: None, seed: int) -> None:
    World(seed, 60)
    dice = random.Random(seed)
    periods = [Period(date(2026, 1, 1), date(2026, 8, 31)), *(some_period(dice) for _ in range(40))]
    commune = Report.bypass_commune.is_(False)
    counted = [(scores.scores(UNITS, period), scores.scores(UNITS, period, commune)) for period in periods]
    assert close_all() == [202600 + month for month in range(1, 9)]
    for period, (whole, narrowed) in zip(periods, counted, strict=True):
        assert scores.scores(UNITS, period) == whole, period
        assert scores.scores(UNITS, period, commune) == narrowed, period
    everything = scores.together(counted[0][0].values())
    assert all(everything.numbers[name] for name in everything.numbers), "all that is counted happened"
    run = closed_months.within(periods[0])
    assert run is not None
    assert any(n for *_, n in closed_months.counts(UNITS, run))


def test_a_figure_opens_as_many_cases_as_it_says(session: Any, today: None) -> None:
    World(9, 25)
    close_all()
    period = Period(date(2026, 1, 12), date(2026, 9, 10))
    for unit, score in scores.scores(UNITS, period).items():
        for name, number in score.numbers.items():
            opened, after = behind.cases(name, [unit], period)
            assert after is None
            assert len(opened) == number, (unit, name)


def test_a_month_is_added_up_on_its_second_day_after_and_once(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, date(2026, 3, 1))
    World(4, 12)
    assert close_all() == [202601]
    assert close_all() == []
    on(monkeypatch, date(2026, 3, 2))
    assert close_all() == [202602]
    closed_months.forget()
    assert closed_months.within(Period(date(2026, 1, 1), date(2026, 2, 28))) is None
    assert close_all() == [202601, 202602]


def test_the_operator_compares_and_makes_anew(app: Any, session: Any, today: None) -> None:
    World(6, 12)
    session.commit()
    run = app.test_cli_runner().invoke
    assert run(args=["scores", "rebuild"]).output.split() == [f"2026-0{month}" for month in range(1, 9)]
    assert run(args=["scores", "check"]).output == "all sums are right\n"
    some = session.scalars(select(closed_months.ScoreSum).where(closed_months.ScoreSum.month == 202603)).first()
    some.n += 1
    session.commit()
    said = run(args=["scores", "check"])
    assert said.exit_code == 1
    assert "wrong: 202603" in said.output
    run(args=["scores", "rebuild"])
    assert run(args=["scores", "check"]).exit_code == 0


def test_the_night_adds_up_what_is_over(app: Any, session: Any, today: None) -> None:
    World(7, 12)
    outbox.enqueue("scores.close")
    session.commit()
    drain(app)
    run = closed_months.within(Period(date(2026, 1, 1), TODAY))
    assert run is not None
    assert (run.first, run.last) == (202601, 202608)


def test_only_whole_months_that_are_over_are_read_from_sums(session: Any, today: None) -> None:
    World(5, 12)
    assert closed_months.within(Period(date(2026, 1, 1), date(2026, 6, 30))) is None, "nothing is added up yet"
    close_all()

    def months(first: date, last: date) -> tuple[int, int] | None:
        run = closed_months.within(Period(first, last))
        return (run.first, run.last) if run else None

    assert months(date(2026, 1, 1), date(2026, 6, 30)) == (202601, 202606)
    assert months(date(2026, 1, 2), date(2026, 6, 29)) == (202602, 202605)
    assert months(date(2025, 1, 1), date(2027, 6, 29)) == (202601, 202608)
    assert months(date(2026, 2, 2), date(2026, 3, 30)) is None
    assert months(date(2026, 9, 1), date(2026, 9, 30)) is None
    run = closed_months.within(Period(date(2026, 2, 1), date(2026, 2, 28)))
    assert run is not None
    assert run.days == Period(date(2026, 2, 1), date(2026, 2, 28))


def test_a_case_is_received_when_the_unit_gets_it_not_when_its_term_began(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reorganisation hands a case over with its term; what was added up for the month before stays true."""
    before, heir = UNITS[0], UNITS[2]
    on(monkeypatch, date(2026, 6, 10))
    report = case(unit_code=before, status=life.ASSIGNED)
    clocks.start(report, life.RECEIVE, clock.now())
    on(monkeypatch, date(2026, 7, 14))
    report.unit_code = heir
    clocks.hand_over(report)
    assert clocks.history(report)[1].started_at == clocks.history(report)[0].started_at
    for month, counts in ((6, {before: 1}), (7, {heir: 1})):
        period = Period(date(2026, month, 1), date(2026, month, 30))
        found = scores.scores([before, heir], period)
        assert {unit: score.numbers["received"] for unit, score in found.items() if score.numbers["received"]} == counts


def test_those_who_must_not_see_a_case_never_read_a_sum(client: Any, session: Any, today: None) -> None:
    people()
    for hidden in (False, True):
        report = case(unit_code=UNITS[0], status=life.ASSIGNED, bypass_commune=hidden, area_code="29512")
        began = datetime(2026, 5, 4, 9, tzinfo=clock.VIETNAM)
        report.created_at = began
        World.clock(World(1, 0), report, life.RECEIVE, UNITS[0], began)
    assert close_all()
    session.commit()
    address = "/desk/scores?from=2026-05-01&to=2026-05-31"
    received = re.compile(rf'/desk/scores/{UNITS[0]}/received\?[^"]*">([\d.]+)</a>')
    said = {who: received.findall(sign_in(client, who).get(address).text) for who in ("province", "commune")}
    assert said == {"province": ["2"], "commune": ["1"]}
