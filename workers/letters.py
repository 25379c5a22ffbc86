"""Letters to staff, sent by the notifier, which alone holds the account of the mail server."""

from __future__ import annotations

from webapp.accounts import people
from webapp.accounts.models import Invitation, User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.notifications import channels, service, words
from webapp.notifications.models import EMAIL
from webapp.reports import gone as left
from webapp.supervision import digest as digests
from webapp.supervision import digest_letter, scope
from webapp.supervision.digest import Week
from webapp.units import contacts
from webapp.units import queries as units


def invitation(invitation_id: int) -> None:
    """Send a link to choose a password, while it is good. Sent twice, it is the same letter."""
    made = db.session.get(Invitation, invitation_id)
    if made is None or made.used_at is not None or made.expires_at <= clock.now():
        return
    user = db.session.get(User, made.user_id)
    if user is None or not user.active:
        return
    address, message = user.email, words.invitation(people.link_of(made), "vi", f"invitation-{made.id}-{made.nonce}")
    db.session.rollback()  # a mail server may take long; hold no lock meanwhile
    try:
        channels.send(EMAIL, address, message)
    except channels.AddressGone:
        return


def digest(week: str, unit_code: str, user_id: int | None) -> None:
    """Send the digest of a week to one account of an office, or to the office's own address. Sent twice, it has the
    same Message-ID."""
    unit, address = units.by_code(unit_code), _address(unit_code, user_id)
    identity = scope.office(unit) if unit is not None else None
    if identity is None or address is None:
        return
    told = digests.compose(identity, identity.province_code or "", Week.parse(week))
    key = service.message_key(f"digest-{week}-{unit_code}-{user_id or 0}")
    message = digest_letter.letter(told, identity, instance().settings.public_url, key)
    db.session.rollback()  # as above
    try:
        channels.send(EMAIL, address, message)
    except channels.AddressGone:
        return


def gone(report_id: int, unit_code: str, user_id: int | None) -> None:
    """Tell one account of a unit, or its office, that a case is no longer with it. Sent twice, it is the same."""
    number, address = left.number_of(report_id, unit_code), _address(unit_code, user_id)
    if number is None or address is None:
        return
    key = service.message_key(f"gone-{report_id}-{unit_code}-{user_id or 0}")
    link = instance().settings.public_url + ("/unit" if user_id is not None else "")
    message = words.case_gone(number, link, "vi", key)
    db.session.rollback()  # as above
    try:
        channels.send(EMAIL, address, message)
    except channels.AddressGone:
        return


def _address(unit_code: str, user_id: int | None) -> str | None:
    if user_id is None:
        office = contacts.of(unit_code)
        return office.email if office is not None else None
    user = db.session.get(User, user_id)
    return user.email if user is not None and user.active and user.unit_code == unit_code else None
