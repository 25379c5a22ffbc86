"""The clocks of cases in the years to come, with pauses and more time, against counting from day to day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from tests import factories
from tests.integration.staff import FRONT, UNIT
from tests.unit.test_deadlines import FIRST, LAST, TEN_YEARS, works
from webapp.core import clock
from webapp.core.clock import VIETNAM
from webapp.core.db import db
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.routing import assign, terms
from webapp.routing import service as routing
from webapp.routing.models import CalendarDay, DeadlineRule
from webapp.supervision import clocks, extensions
from webapp.units import queries as units

# Counting is the same on both engines; each example walks a case through its life.
pytestmark = pytest.mark.only_engine("sqlite")

BEGIN = st.datetimes(datetime.combine(max(FIRST, date(2025, 7, 1)), time()), datetime.combine(LAST, time())).map(
    lambda m: m.replace(second=0, microsecond=0, tzinfo=VIETNAM)
)
HOURS = st.integers(0, 9 * 24)  # that pass before a step


@pytest.fixture
def ten_years(session: Any) -> Iterator[None]:
    """The calendar of the unit tests, and rules that held in all those years."""
    factories.duyen_hai()
    session.execute(delete(CalendarDay))
    for day, kind in TEN_YEARS.items():
        session.add(CalendarDay(day=day, kind=kind, name_vi="Thử", certainty="check", source="minh họa"))
    for rule in session.query(DeadlineRule):
        rule.valid_from = date(2022, 1, 1)
    session.commit()
    terms.forget()
    yield
    terms.forget()


def after(day: date, number: int) -> date:
    """The day so many working days after another, on one's fingers."""
    while number:
        day += timedelta(days=1)
        number -= works(day)
    return day


def between(day: date, until: date) -> int:
    """Working days after one day up to another."""
    return sum(works(day + timedelta(days=n)) for n in range(1, (until - day).days + 1))


def owed(report: Any) -> date:
    """The last day of the step that runs; a term in days ends with its day."""
    local = clock.local(report.due_at)
    assert local.time() == time(23, 59, 59)
    return local.date()


@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(begin=BEGIN, passed=st.lists(HOURS, min_size=8, max_size=8), more=st.integers(1, 5), starts=st.booleans())
def test_every_due_day_of_a_case_is_the_one_counted_by_hand(
    session: Any, ten_years: None, begin: datetime, passed: list[int], more: int, starts: bool
) -> None:
    real, at = clock.now, [begin]
    clock.now = lambda: at[0].astimezone(clock.UTC)  # type: ignore[assignment]
    try:
        report = factories.report(category_code="waste_household")
        routing.route(report)
        due = after(begin.date(), 2)  # to screen
        assert owed(report) == due
        for asked, answered in (passed[0:2], passed[2:4]):
            at[0] += timedelta(hours=asked)
            stopped = at[0].date()
            service.ask(report, FRONT, "Ở chỗ nào?")
            at[0] += timedelta(hours=answered)
            service.supplement(report, "Sau chợ", ())
            due = after(due, between(stopped, at[0].date()))
            assert owed(report) == due
        at[0] += timedelta(hours=passed[4])
        unit = units.by_code("ubnd-29512")
        assert unit is not None
        assign.assign(report, unit, FRONT, "Thử")
        assert owed(report) == after(at[0].date(), 1)
        at[0] += timedelta(hours=passed[5])
        accepted = at[0].date()
        service.move(report, life.VERIFYING, UNIT)
        due = after(accepted, 10)
        assert owed(report) == due
        at[0] += timedelta(hours=passed[6])
        running = clocks.running(report)
        assert running is not None
        base = max(due, at[0].date())
        assert extensions.latest(running) == after(base, 5)
        with pytest.raises(extensions.CannotExtend):
            extensions.grant(report, FRONT, after(base, 6), "Chờ mẫu")
        due = after(base, more)
        extensions.grant(report, FRONT, due, "Chờ mẫu")
        assert owed(report) == due
        if starts:
            at[0] += timedelta(hours=passed[7])
            service.move(report, life.IN_PROGRESS, UNIT)
            due = max(due, after(accepted, 15))
            assert owed(report) == due, "to begin takes away nothing that was granted"
        last = datetime.combine(due, time(23, 59), VIETNAM) + timedelta(minutes=passed[7] % 2 * 2)
        at[0] = max(at[0], last)
        late = at[0].date() > due
        service.answer(report, UNIT, "Đã dọn sạch", (), minutes=True)
        done = clocks.history(report)[-2]
        assert done.outcome == ("late" if late else "met")
        assert done.spent_days == between(accepted, at[0].date())
    finally:
        clock.now = real  # type: ignore[assignment]
        db.session.rollback()
        terms.forget()
