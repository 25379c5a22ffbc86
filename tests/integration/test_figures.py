"""Figures for everybody: the sums are those counted by hand and by the score cards, and tell of no hidden case."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from tests import factories
from tests.integration.figures_world import COMMUNES, NOW, UNITS, everything, lived, stand, walk
from tests.integration.public_world import case, on_the_map
from webapp.core import clock
from webapp.core.db import db
from webapp.figures import queries
from webapp.figures.facts import FLOW, MEASURES
from webapp.figures.models import FigureDelta, FigureFact, FigureSum
from webapp.figures.queries import Asked, Scope
from webapp.mapping import fold
from webapp.reports import feedback, lifecycle
from webapp.reports import queries as reports
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import Verdict
from webapp.supervision import measures, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import StepClock

OF_THE_CARDS = set(measures.MEASURES) - {"in_time", "late"}  # those differ, and have other names


def months() -> list[tuple[int, Period]]:
    found = []
    for number in range(12):
        first = date(2026, number % 12 + 1, 1)
        last = date(2026 + (first.month == 12), first.month % 12 + 1, 1) - timedelta(days=1)
        found.append((first.year * 100 + first.month, Period(first, last)))
    return found


@pytest.fixture
def world(session: Any, monkeypatch: Any) -> list[Report]:
    factories.duyen_hai()
    return lived(monkeypatch)


def test_in_every_month_the_figures_are_those_of_the_score_cards(world: list[Report], session: Any) -> None:
    """Of what is public, counted by the other program."""
    on_the_map()
    seen: Counter[str] = Counter()
    for month, period in months():
        cards = scores.scores(UNITS, period, reports.countable(clock.now()))
        for unit in UNITS:
            found = queries.one(Scope("unit", (unit,)), Asked((), month, month))
            card = cards.get(unit, scores.Score())
            for name in OF_THE_CARDS:
                assert found[name] == card.numbers[name], (month, unit, name)
                seen[name] += found[name]
            assert found["answered"] == sum(card.days.values())
            assert found["answered"] == found["in_time"] + found["late"]
            assert (found.half, found.nine_tenths) == (card.percentile(0.5), card.percentile(0.9))
            seen["in_time"] += found["in_time"]
            seen["late"] += found["late"]
    assert {*OF_THE_CARDS, "in_time", "late"} == {name for name, number in seen.items() if number}, "the world has all"


def test_sums_follow_every_change(world: list[Report], session: Any, monkeypatch: Any) -> None:
    dice = random.Random(3)
    for round_ in range(3):
        stand(monkeypatch, NOW + timedelta(hours=round_ * 5))
        for report in dice.sample(world, 20):
            change = dice.randrange(6)
            if change == 0:
                report.category_code = dice.choice(("noise", "coal_ash"))
            elif change == 1:
                report.area_code = dice.choice(COMMUNES)
            elif change == 2:
                report.publish_at = dice.choice((None, clock.now(), clock.now() + timedelta(hours=7)))
            elif change == 3:
                report.status = dice.choice((report.status, lifecycle.REJECTED, lifecycle.DUPLICATE))
            elif report.status not in (lifecycle.REJECTED, lifecycle.DUPLICATE):
                walk(report, dice)
        session.flush()
        on_the_map()
        assert fold.first_wrong() == ""
    assert session.scalar(select(func.count()).select_from(FigureDelta)) == 0
    kept = everything()
    fold.begin_anew()
    on_the_map()
    assert everything() == kept
    in_year = sum(1 for report in world if reported_in(report, 2026))
    assert queries.one(queries.scope_of("", ""), Asked((), 202601, 202612))["reported"] == in_year > 0


def reported_in(report: Report, year: int) -> bool:
    """Counted by hand: public, no duplicate, sent in this year of Vietnam."""
    shown = report.publish_at is not None and report.publish_at <= clock.now()
    out = (*lifecycle.HIDDEN, lifecycle.DUPLICATE)
    return shown and report.status not in out and clock.local(report.created_at).year == year


def test_plain_counts_say_the_same(world: list[Report], session: Any) -> None:
    on_the_map()
    public = "publish_at <= :now AND status NOT IN ('rejected', 'withdrawn', 'duplicate')"
    asked = {"now": clock.now() if db.engine.dialect.name == "postgresql" else f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"}
    for commune in COMMUNES:
        by_hand = session.execute(
            text(f"SELECT category_code, count(*) FROM reports WHERE {public} AND area_code = '{commune}' GROUP BY 1"),
            asked,
        )
        found = queries.by_category(queries.scope_of("commune", commune), Asked())
        assert {code: figures["reported"] for code, figures in found.items()} == {
            code: number for code, number in by_hand
        }
    check, answer = aliased(StepClock), aliased(StepClock)
    ends = session.execute(
        select(answer.report_id, answer.unit_code, answer.ended_at)
        .join(check, (check.report_id == answer.report_id) & (check.started_at == answer.ended_at))
        .join(Report, Report.id == answer.report_id)
        .where(check.step == "verify", answer.step.in_(("answer", "handle")), reports.countable(clock.now()))
    )
    each_once = {(report, unit, clock.local(at).strftime("%Y%m")) for report, unit, at in ends}
    assert queries.one(queries.scope_of("", ""), Asked())["answered"] == len(each_once) > 0


def test_years_and_all_time_are_the_sum_of_their_months(world: list[Report], session: Any) -> None:
    on_the_map()
    scope = queries.scope_of("province", "86")
    by_month = queries.by_month(scope, Asked(), 99)
    for asked in (Asked((), 202601, 202612), Asked((), 202602, 202612), Asked((), 202512, 202612)):
        whole = queries.one(scope, asked)
        for name in FLOW:
            inside = [figures[name] for month, figures in by_month if asked.first <= month <= asked.last]  # type: ignore[operator]
            assert whole[name] == sum(inside), name
    everything_ = queries.one(scope, Asked())
    assert all(everything_[name] == sum(figures[name] for _month, figures in by_month) for name in FLOW)


def test_every_number_opens_its_cases(world: list[Report], session: Any) -> None:
    on_the_map()
    now = clock.now()
    for scope in (queries.scope_of("unit", UNITS[0]), queries.scope_of("commune", "29512"), queries.scope_of("", "")):
        for asked in (Asked((), 202608, 202608), Asked(("coal_ash",), 202601, 202612), Asked()):
            found = queries.one(scope, asked)
            for name in MEASURES:
                ids, after = [], None
                while True:
                    page = queries.cases(name, scope, asked, now, after)
                    ids += [row.id for row in page.rows]
                    after = page.older
                    if after is None:
                        break
                assert len(ids) == len(set(ids)) <= found[name], name
                assert bool(ids) == bool(found[name]), name
                if scope.dim == "unit" and asked.first == asked.last and asked.first:
                    assert len(ids) == found[name], name


def test_a_hidden_case_changes_no_figure(world: list[Report], session: Any, monkeypatch: Any) -> None:
    """Nor does anything that is done to it before its hour."""
    on_the_map()
    before = everything()
    waiting = case(publish_at=NOW + timedelta(hours=40), status=lifecycle.NEW, unit_code=UNITS[0])
    case(publish_at=None)
    case(status=lifecycle.REJECTED)
    case(status=lifecycle.DUPLICATE, duplicate_of_id=world[1].id)
    dice = random.Random(2)
    from tests.integration.figures_world import FRONT
    from webapp.reports import service

    service.move(waiting, lifecycle.RECEIVED, FRONT)
    service.move(waiting, lifecycle.ASSIGNED, FRONT)
    for _ in range(4):
        walk(waiting, dice)
    session.flush()
    on_the_map()
    assert everything() == before
    stand(monkeypatch, NOW + timedelta(hours=41))
    on_the_map()
    assert fold.first_wrong() == ""
    assert session.scalar(select(FigureFact.report_id).where(FigureFact.report_id == waiting.id).limit(1))


@pytest.mark.parametrize("what", ["verdict", "feedback", "clock"])
def test_no_code_can_change_what_counts_and_forget_the_figures(session: Any, what: str) -> None:
    """Rows written past all services are noticed."""
    report = case(status=lifecycle.VERIFIED, unit_code=UNITS[0])
    answer = Answer(report_id=report.id, unit_code=UNITS[0], text="Đã dọn", created_at=clock.now())
    session.add(answer)
    session.flush()
    on_the_map()
    given: dict[str, Any] = {"report_id": report.id, "unit_code": UNITS[0]}
    now = clock.now()
    made: Any = {
        "verdict": lambda: Verdict(**given, verdict="accepted", again=False, text="", created_at=now, public=False),
        "feedback": lambda: feedback.Feedback(report_id=report.id, answer_id=answer.id, verdict="yes", created_at=now),
        "clock": lambda: StepClock(
            **given,
            step="receive",
            measure="days",
            amount=1,
            started_at=now,
            first_due_at=now,
            due_at=now,
            pauses=[],
            extensions=0,
            ended_at=now,
            outcome="met",
            spent_days=0,
        ),
    }[what]()
    name = {"verdict": "accepted", "feedback": "solved", "clock": "received"}[what]
    session.add(made)
    session.flush()
    on_the_map()
    scope = queries.scope_of("unit", UNITS[0])
    assert queries.one(scope, Asked())[name] == 1
    session.delete(made)
    session.flush()
    on_the_map()
    assert queries.one(scope, Asked())[name] == 0
    assert fold.first_wrong() == ""


def test_a_wrong_sum_is_found_and_made_anew(world: list[Report], session: Any) -> None:
    on_the_map()
    right = everything()
    row = session.scalars(select(FigureSum).where(FigureSum.reported > 0).limit(1)).one()
    row.reported += 1
    session.flush()
    assert fold.first_wrong()
    fold.begin_anew()
    on_the_map()
    assert everything() == right


def test_cases_that_were_there_before_get_their_figures(world: list[Report], session: Any) -> None:
    """An installation that is upgraded: the migration has only emptied the mark up to which was looked."""
    on_the_map()
    right = everything()
    from webapp.figures import fold as figures

    figures.forget()
    session.execute(text("UPDATE map_state SET seen_at = NULL"))
    session.expire_all()
    on_the_map()
    assert everything() == right


def test_what_a_former_commune_counted_goes_to_the_one_of_today(world: list[Report], session: Any) -> None:
    from webapp.areas import succession

    on_the_map()
    scopes = queries.scopes_of("commune", COMMUNES)
    apart = queries.many(scopes, Asked())
    succession.record("area", "29413", "29512", date(2026, 5, 1), "thu", share=1, main=True)
    merged = queries.many(queries.scopes_of("commune", ["29512"]), Asked())
    assert merged["29512"]["reported"] == apart["29512"]["reported"] + apart["29413"]["reported"]
    assert queries.one(queries.scope_of("commune", "29512"), Asked()).numbers == merged["29512"].numbers
    assert queries.one(queries.scope_of("commune", "29413"), Asked()).numbers == merged["29512"].numbers
