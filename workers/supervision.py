"""Jobs of supervision."""

from __future__ import annotations

from webapp.core import clock, outbox
from webapp.core.instance import instance
from webapp.notifications import channels
from webapp.notifications.models import EMAIL
from webapp.supervision import closed_days, digest, reminders, scope
from webapp.supervision.digest import Week
from webapp.units import contacts
from webapp.units import queries as units


def plan(after: int) -> None:
    """Find the next rung of each running clock anew, a thousand at a time."""
    last = reminders.plan_anew(after)
    if last is not None:
        outbox.enqueue("reminders.plan", after=last)


def climb() -> None:
    """Remind those whose time has come; where there are more than one sweep takes, go on at once."""
    if reminders.sweep() >= reminders.AT_ONCE:
        outbox.enqueue("reminders.climb")


def close_days() -> None:
    """Add up the days that are over for the score cards, a month of them at a time."""
    if closed_days.close_next() is not None:
        outbox.enqueue("scores.close")


def plan_digests() -> None:
    """Have the week that is over told to all that may have something to read in it."""
    if EMAIL not in channels.offered(instance().settings):
        return
    week = Week.of(clock.today()).moved(-1)
    digest.forget(week.moved(-4))
    for unit_code in digest.addressees(week):
        outbox.enqueue("digests.tell", week=str(week), unit_code=unit_code)


def tell(week: str, unit_code: str) -> None:
    """Queue a letter to each account of an office, or to its address where it has none; once a week, and only if
    there is something to tell."""
    told, unit = Week.parse(week), units.by_code(unit_code)
    identity = scope.office(unit) if unit is not None else None
    readers: list[int | None] = [*reminders.recipients(unit_code)]
    if not readers and contacts.of(unit_code) is not None:
        readers = [None]
    if identity is None or not readers:
        return
    if digest.compose(identity, identity.province_code or "", told).anything and digest.take(told, unit_code):
        for user_id in readers:
            outbox.enqueue("notices.digest", week=week, unit_code=unit_code, user_id=user_id)
