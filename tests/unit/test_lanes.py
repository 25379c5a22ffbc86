"""Lanes: every waiting status has one, and each way of coming back its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from webapp.reports import lanes, lifecycle

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_whatever_is_open_waits_in_a_lane_and_what_has_ended_does_not() -> None:
    assert all(lanes.lane_of(status) for status in lifecycle.OPEN)
    assert not any(lanes.lane_of(status) for status in lifecycle.ENDED)


@pytest.mark.parametrize(("before", "status"), lifecycle.TRANSITIONS)
def test_a_step_leads_to_a_lane_of_its_status(before: str, status: str) -> None:
    number = lanes.after(before, status)
    assert (number is None) == (status in lifecycle.ENDED)
    assert number is None or lanes.LANES[number].status == status


def test_the_way_back_decides_the_lane() -> None:
    def why(before: str | None, status: str) -> str:
        return lanes.LANES[lanes.after(before, status) or 0].why

    assert why(lifecycle.ASSIGNED, lifecycle.SCREENING) == "refused"
    assert why(lifecycle.NEEDS_INFO, lifecycle.SCREENING) == "supplemented"
    assert why(lifecycle.REJECTED, lifecycle.SCREENING) == "reopened"
    assert why(lifecycle.CLOSED, lifecycle.REWORK) == "reopened"
    assert why(lifecycle.ANSWERED, lifecycle.REWORK) == "rework"
    assert why(lifecycle.RECEIVED, lifecycle.SCREENING) == "screening"


def test_a_clock_makes_urgent_and_its_absence_does_not() -> None:
    received, answered = lanes.lane_of(lifecycle.RECEIVED), lanes.lane_of(lifecycle.ANSWERED)
    assert received is not None
    assert answered is not None
    late, tomorrow, later = NOW - timedelta(hours=1), NOW + timedelta(days=1), NOW + timedelta(days=9)
    assert [lanes.rank(received, at, NOW) for at in (late, tomorrow, later)] == [lanes.OVERDUE, lanes.SOON, received]
    assert lanes.rank(answered, late, NOW) == answered
    assert lanes.sorted_at(received, None, NOW) == lanes.NO_CLOCK
    assert lanes.sorted_at(answered, late, NOW) == NOW


def test_lanes_ask_for_attention_in_the_order_of_the_desk() -> None:
    order = [lane.why for lane in lanes.LANES.values()]
    first = [order.index(why) for why in ("new", "refused", "reopened", "objected", "answered", "verified")]
    assert first == sorted(first)
    assert list(lanes.LANES) == sorted(lanes.LANES)
