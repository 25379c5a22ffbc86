"""No sequence of steps loses a case, skips a required reason, or goes where the table does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts.permissions import PERMISSIONS
from webapp.reports import lifecycle as life

STEPS = st.lists(
    st.tuples(st.sampled_from(life.STATUSES), st.sampled_from(["", "vì sao"]), st.booleans(), st.booleans()),
    max_size=40,
)


@given(STEPS)
def test_any_sequence_keeps_to_the_table(steps: list[tuple[str, str, bool, bool]]) -> None:
    status = life.NEW
    for to, reason, evidence, unit in steps:
        expected = life.TRANSITIONS.get((status, to))
        try:
            found = life.check(status, to, reason=reason, evidence=evidence, unit=unit)
        except life.NotAllowed:
            assert expected is None
            continue
        except life.Missing as missing:
            assert expected is not None
            wanted = {"reason": not reason, "evidence": not evidence, "unit": not unit}
            assert wanted[missing.what]
            assert getattr(expected, f"needs_{missing.what}")
            continue
        assert found is expected
        assert reason or not found.needs_reason
        assert evidence or not found.needs_evidence
        assert unit or not found.needs_unit
        status = to
        assert status in life.STATUSES
        assert life.next_steps(status), "a case that cannot go on is lost"


def reachable(start: str) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        for to in life.next_steps(todo.pop()):
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return seen


@pytest.mark.parametrize("status", life.STATUSES)
def test_every_status_can_be_reached_and_from_each_a_case_can_be_closed(status: str) -> None:
    assert status in reachable(life.NEW)
    assert life.CLOSED in reachable(status)


def test_a_case_ends_badly_only_with_a_reason_or_another_case() -> None:
    for (_frm, to), transition in life.TRANSITIONS.items():
        if to in (life.REJECTED, life.OUT_OF_SCOPE, life.NEEDS_INFO):
            assert transition.needs_reason, to
        if to == life.ANSWERED:
            assert transition.needs_evidence


def test_going_back_needs_a_reason() -> None:
    back = {(life.ASSIGNED, life.SCREENING), (life.ANSWERED, life.REWORK)}
    back |= {pair for pair in life.TRANSITIONS if pair[0] in life.ENDED}
    for pair in back:
        assert life.TRANSITIONS[pair].needs_reason, pair


def test_every_step_asks_for_a_permission_that_somebody_has() -> None:
    for pair, transition in life.TRANSITIONS.items():
        assert PERMISSIONS.get(transition.permission), pair


def test_every_status_is_somebodys_move_or_an_end() -> None:
    groups = (life.TRIAGE, life.AT_UNIT, (life.ANSWERED, life.VERIFIED), life.ENDED)
    assert sorted(s for group in groups for s in group) == sorted(life.STATUSES)
