"""Jobs of the notifier. It alone opens addresses, and only for as long as a message takes to leave."""

from __future__ import annotations

from webapp.core.db import db
from webapp.core.instance import instance
from webapp.notifications import channels, service, words
from webapp.notifications.models import EMAIL
from webapp.notifications.service import Letter
from webapp.reports import unit_links
from webapp.supervision import ladder, reminders


def confirm(subscription_id: int) -> None:
    """Ask an address whether it wants notices."""
    letter = service.question(subscription_id)
    if letter is not None:
        _send(letter)


def report(report_id: int, event_id: int) -> None:
    """Something happened to a report: plan a notice for each that follows it."""
    service.plan_for_report(report_id, event_id)


def areas() -> None:
    """Plan notices for those who follow a place where something became public."""
    service.plan_for_areas()


def send(notice_id: int) -> None:
    """Send one notice. A notifier that is killed between sending and committing sends it once more, with the same
    Message-ID: a notice twice is better than none."""
    letter = service.letter_of(notice_id)
    if letter is not None and _send(letter):
        service.mark_sent(notice_id)


def remind(reminder_id: int, user_id: int) -> None:
    """Remind one member of staff of a step that is due or late, if it still is."""
    said = reminders.letter(reminder_id, user_id)
    if said is None:
        return
    base = instance().settings.public_url
    link = f"{base}/{said.room}/cases/{said.public_id}" if said.room != "escalated" else f"{base}/unit/escalated"
    message = words.reminder(
        said.public_id,
        link,
        "vi",
        service.message_key(said.key),
        late=said.days_late,
        to_those_above=said.whom in (ladder.UNIT_ABOVE, ladder.FRONT_ABOVE),
    )
    db.session.rollback()  # as below
    try:
        channels.send(EMAIL, said.address, message)
    except channels.AddressGone:
        return  # an operator corrects the account; the desk shows the reminder in any case


def remind_unit(reminder_id: int, link_id: int) -> None:
    """Remind a unit without accounts at its office address, if the step is still open; the token as in `unit_link`."""
    due = reminders.due_still(reminder_id)
    found = unit_links.address_and_token(link_id) if due is not None else None
    if due is None or found is None:
        return
    (number, late), (address, token) = due, found
    db.session.commit()
    message = words.reminder_for_unit(instance().settings.public_url, token, f"u{link_id}", number, late=late)
    try:
        channels.send(EMAIL, address, message)
    except channels.AddressGone:
        return  # the Front sees that no link has gone out, and the next rung speaks to those above
    unit_links.mark_sent(link_id)


def unit_link(link_id: int) -> None:
    """Write to a unit that has no account. Its token is committed before it leaves, so that no link is sent that
    nobody knows; one that is sent twice is another one, and the newest counts."""
    found = unit_links.address_and_token(link_id)
    if found is None:
        return
    address, token = found
    db.session.commit()
    settings = instance().settings
    channels.send(EMAIL, address, words.case_for_unit(settings.public_url, token, f"u{link_id}"))
    unit_links.mark_sent(link_id)


def prune() -> int:
    """Forget what nobody confirmed and what ended long ago."""
    return service.prune()


def _send(letter: Letter) -> bool:
    db.session.rollback()  # a mail server may take long; hold no lock meanwhile
    try:
        channels.send(letter.channel, letter.address, letter.message)
    except channels.AddressGone:
        service.forget(letter.subscription_id)
        return False
    return True
