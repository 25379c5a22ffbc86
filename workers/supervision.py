"""Jobs of supervision."""

from __future__ import annotations

from webapp.core import outbox
from webapp.supervision import reminders


def plan(after: int) -> None:
    """Find the next rung of each running clock anew, a thousand at a time."""
    last = reminders.plan_anew(after)
    if last is not None:
        outbox.enqueue("reminders.plan", after=last)


def climb() -> None:
    """Remind those whose time has come; where there are more than one sweep takes, go on at once."""
    if reminders.sweep() >= reminders.AT_ONCE:
        outbox.enqueue("reminders.climb")
