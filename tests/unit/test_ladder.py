"""Who is reminded when: before, at and after the due time, each rung once and in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.core.clock import VIETNAM
from webapp.routing.deadlines import CLOCK, DAYS, HOURS
from webapp.supervision import ladder

OFFICE = ((time(7, 30), time(11, 30)), (time(13), time(17)))


@dataclass(frozen=True)
class Rung:
    code: str
    measure: str
    offset: int
    whom: str = "officer"
    channel: str = "email"


RUNGS = [Rung(f"d{o}", "days", o) for o in (-2, 0, 1, 3, 5)] + [Rung(f"h{o}", "hours", o) for o in (-1, 0, 1, 4, 8)]
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=VIETNAM)


def climb(now: datetime, written: tuple[str, ...] = (), ends: datetime | None = None, measure: str = DAYS) -> tuple:
    ends = ends or datetime(2026, 11, 20, 23, 59, 59, tzinfo=VIETNAM)  # Friday
    reached, following = ladder.climb(
        RUNGS, started=MONDAY, ends=ends, measure=measure, written=written, now=now, calendar={}, office=OFFICE
    )
    return [r.code for r in reached], following


def test_a_week_of_reminders_falls_on_working_mornings() -> None:
    assert climb(MONDAY) == ([], datetime(2026, 11, 18, 7, 30, tzinfo=VIETNAM))
    assert climb(datetime(2026, 11, 18, 7, 30, tzinfo=VIETNAM))[0] == ["d-2"]
    sunday = datetime(2026, 11, 22, 12, 0, tzinfo=VIETNAM)
    assert climb(sunday, ("d-2", "d0")) == ([], datetime(2026, 11, 23, 7, 30, tzinfo=VIETNAM))
    wednesday = datetime(2026, 11, 25, 8, 0, tzinfo=VIETNAM)
    assert climb(wednesday, ("d-2", "d0")) == (["d1", "d3"], datetime(2026, 11, 27, 7, 30, tzinfo=VIETNAM))
    assert climb(wednesday + timedelta(days=9))[0] == ["d-2", "d0", "d1", "d3", "d5"]
    assert climb(wednesday + timedelta(days=9), ("d-2", "d0", "d1", "d3", "d5")) == ([], None)


def test_urgent_steps_climb_around_the_clock_and_never_before_they_began() -> None:
    ends = MONDAY + timedelta(hours=1)
    assert climb(MONDAY, ends=ends, measure=CLOCK) == ([], ends), "an hour before is when it began"
    assert climb(ends + timedelta(hours=4), ends=ends, measure=CLOCK)[0] == ["h0", "h1", "h4"]


def test_a_term_in_office_hours_climbs_in_office_hours() -> None:
    ends = MONDAY.replace(hour=16, minute=30)
    _, following = climb(ends, ("h-1", "h0"), ends=ends, measure=HOURS)
    assert following == datetime(2026, 11, 17, 8, 0, tzinfo=VIETNAM)


@given(st.integers(0, 60 * 24 * 30), st.sampled_from([DAYS, HOURS, CLOCK]))
def test_what_is_reached_and_what_comes_next_never_overlap(after: int, measure: str) -> None:
    ends = datetime(2026, 11, 20, 15, 0, tzinfo=VIETNAM)
    now = MONDAY + timedelta(minutes=after)
    reached, following = climb(now, ends=ends, measure=measure)
    assert following is None or following > now
    again, _ = climb(now, tuple(reached), ends=ends, measure=measure)
    assert again == []
    if following is not None:
        assert climb(following, tuple(reached), ends=ends, measure=measure)[0]
