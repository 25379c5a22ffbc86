"""Letters to staff, sent by the notifier, which alone holds the account of the mail server."""

from __future__ import annotations

from webapp.accounts import people
from webapp.accounts.models import Invitation, User
from webapp.core import clock
from webapp.core.db import db
from webapp.notifications import channels, words
from webapp.notifications.models import EMAIL


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
