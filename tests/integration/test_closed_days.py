"""Days that are over are added up once, and no figure of a score card says another number for it."""

from __future__ import annotations

import random
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.public_world import case
from tests.integration.staff import people, sign_in
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.reports import lifecycle as life
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import Verdict
from webapp.supervision import behind, clocks, closed_days, scores
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


def close_all() -> list[Period]:
    found = []
    while (period := closed_days.close_next()) is not None:
        found.append(period)
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


@pytest.mark.parametrize("seed", range(2))
def test_over_any_days_the_figures_are_those_of_the_cases_themselves(session: Any, today: None, seed: int) -> None:
    World(seed, 60)
    dice = random.Random(seed)
    periods = [Period(date(2026, 1, 1), date(2026, 8, 31)), *(some_period(dice) for _ in range(20))]
    commune = Report.bypass_commune.is_(False)
    counted = [(scores.scores(UNITS, period), scores.scores(UNITS, period, commune)) for period in periods]
    assert [period.last.month for period in close_all()] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    for period, (whole, narrowed) in zip(periods, counted, strict=True):
        assert scores.scores(UNITS, period) == whole, period
        assert scores.scores(UNITS, period, commune) == narrowed, period
    everything = scores.together(counted[0][0].values())
    assert all(everything.numbers[name] for name in everything.numbers), "all that is counted happened"
    run = closed_days.within(periods[0])
    assert run is not None
    assert any(n for *_, n in closed_days.counts(UNITS, run))
    assert closed_days.first_wrong() is None


def test_days_long_past_are_forgotten_and_their_months_are_not(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of many nights are those of one night that adds all of it up."""
    monkeypatch.setattr(closed_days, "KEPT_MONTHS", 2)
    World(8, 30)
    for n in (*range(0, 250, 11), (TODAY - FIRST).days):
        on(monkeypatch, FIRST + timedelta(days=n))
        close_all()
    dice = random.Random(8)
    periods = [some_period(dice) for _ in range(20)]
    nightly = [scores.scores(UNITS, period) for period in periods]
    spans = list(session.scalars(select(closed_days.ScoreSpan.span).order_by(closed_days.ScoreSpan.span)))
    assert [span for span in spans if span < 999912] == [202600 + month for month in range(1, 9)]
    days = [span for span in spans if span > 999912]
    assert (days[0], days[-1], len(days)) == (20260701, 20260915, 31 + 31 + 15), "two months, and this one"
    assert closed_days.first_wrong() is None
    closed_days.forget()
    assert [scores.scores(UNITS, period) for period in periods] == nightly
    close_all()
    assert [scores.scores(UNITS, period) for period in periods] == nightly


def test_a_figure_opens_as_many_cases_as_it_says(session: Any, today: None) -> None:
    World(9, 25)
    close_all()
    period = Period(date(2026, 1, 12), date(2026, 9, 10))
    for unit, score in scores.scores(UNITS, period).items():
        for name, number in score.numbers.items():
            opened, after = behind.cases(name, [unit], period)
            assert after is None
            assert len(opened) == number, (unit, name)


def test_a_day_is_added_up_when_the_next_one_is_over_and_once(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, date(2026, 3, 1))
    World(4, 12)
    january, february = (Period(date(2026, 1, 1), date(2026, 1, 31)), Period(date(2026, 2, 1), date(2026, 2, 27)))
    assert close_all() == [january, february]
    assert close_all() == []
    on(monkeypatch, date(2026, 3, 2))
    assert close_all() == [Period(date(2026, 2, 28), date(2026, 2, 28))]
    on(monkeypatch, date(2026, 3, 3))
    assert close_all() == [Period(date(2026, 3, 1), date(2026, 3, 1))]
    closed_days.forget()
    assert closed_days.within(january) is None
    assert [period.last for period in close_all()] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 1)]


def test_the_operator_compares_and_makes_anew(app: Any, session: Any, today: None) -> None:
    World(6, 12)
    session.commit()
    run = app.test_cli_runner().invoke
    said = run(args=["scores", "rebuild"]).output.splitlines()
    assert (said[0], said[-1]) == ("2026-01-01 – 2026-01-31", "2026-09-01 – 2026-09-15")
    assert run(args=["scores", "check"]).output == "all sums are right\n"
    sums = closed_days.ScoreSum
    for span in (202603, session.scalar(select(func.min(sums.span)).where(sums.span > 20260500))):
        session.scalars(select(sums).where(sums.span == span)).first().n += 1
        session.commit()
        said = run(args=["scores", "check"])
        assert said.exit_code == 1
        assert f"wrong: {span};" in said.output
        run(args=["scores", "rebuild"])
        assert run(args=["scores", "check"]).exit_code == 0


def test_the_night_adds_up_what_is_over(app: Any, session: Any, today: None) -> None:
    World(7, 12)
    outbox.enqueue("scores.close")
    session.commit()
    drain(app)
    run = closed_days.within(Period(date(2026, 1, 1), TODAY))
    assert run is not None
    assert run.days == Period(date(2026, 1, 1), date(2026, 9, 15))


def test_what_is_read_from_sums(session: Any, today: None, monkeypatch: pytest.MonkeyPatch) -> None:
    World(5, 12)
    assert closed_days.within(Period(date(2026, 1, 1), date(2026, 6, 30))) is None, "nothing is added up yet"
    monkeypatch.setattr(closed_days, "KEPT_MONTHS", 3)  # June, July, August, and what there is of September
    close_all()

    def read(first: tuple[int, int], last: tuple[int, int], year: int = 2026) -> Any:
        run = closed_days.within(Period(date(year, *first), date(2026, *last)))
        return run and (run.days.first, run.days.last, sorted(run.spans))

    def told(first: tuple[int, int], last: tuple[int, int], *spans: tuple[int, int]) -> Any:
        return date(2026, *first), date(2026, *last), sorted(spans)

    assert read((1, 1), (6, 30)) == told((1, 1), (6, 30), (202601, 202606))
    assert read((1, 2), (4, 29)) == told((2, 1), (3, 31), (202602, 202603))
    assert read((2, 2), (3, 30)) is None, "no whole month, and days no longer kept"
    assert read((2, 2), (6, 3)) == told((3, 1), (6, 3), (202603, 202605), (20260601, 20260603))
    assert read((6, 9), (8, 3)) == told((6, 9), (8, 3), (20260609, 20260630), (202607, 202607), (20260801, 20260803))
    assert read((6, 9), (7, 3)) == told((6, 9), (7, 3), (20260609, 20260703))
    assert read((6, 9), (6, 9)) == told((6, 9), (6, 9), (20260609, 20260609))
    assert read((9, 1), (9, 30)) == told((9, 1), (9, 15), (20260901, 20260915))
    assert read((9, 16), (9, 17)) is None, "not over yet"
    assert read((1, 1), (9, 17), year=2025) == told((1, 1), (9, 15), (202601, 202608), (20260901, 20260915))


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
