"""Where somebody is signed in: one row for each place, so that each can be ended. Flushes; the edge commits.

The cookie holds the key, the row its hash. A session is pending until the second factor was given, and then lives
for `staff_session_hours`; that it was left idle is read off the cookie itself (`signin`), for reading a page must
not write.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from webapp.accounts.models import StaffSession, User
from webapp.core import clock
from webapp.core.db import UtcDateTime, db, rows_changed
from webapp.core.instance import instance

PENDING = timedelta(minutes=10)
# Coarse on purpose: enough to know one's own devices again, too little to know a person by.
MACHINES = ("computer", "phone", "tablet")
PROGRAMS = ("coc_coc", "edge", "firefox", "chrome", "safari", "other")


def begin(user: User, user_agent: str, *, confirmed: bool) -> tuple[StaffSession, str]:
    """A new session and the key for its cookie. `confirmed`: no second factor is to be asked."""
    now, key = clock.now(), secrets.token_urlsafe(32)
    machine, program = _device(user_agent)
    row = StaffSession(
        user_id=user.id,
        key_hash=_hash(key),
        machine=machine,
        program=program,
        created_at=now,
        expires_at=now + (_lifetime() if confirmed else PENDING),
        confirmed_at=now if confirmed else None,
    )
    db.session.add(row)
    if confirmed:
        user.signed_in_on = clock.today()
    db.session.flush()
    return row, key


def find(key: str) -> tuple[StaffSession, User] | None:
    """The session of a cookie's key with its account; None if it has ended or the account is switched off."""
    found = db.session.execute(_FOUND, {"key_hash": _hash(key), "now": clock.now()}).first()
    return (found[0], found[1]) if found else None


_FOUND = (
    select(StaffSession, User)
    .join(User, User.id == StaffSession.user_id)
    .where(
        StaffSession.key_hash == bindparam("key_hash"),
        StaffSession.expires_at > bindparam("now", type_=UtcDateTime),
        User.active,
    )
)


def confirm(row: StaffSession) -> None:
    """The second factor was given."""
    row.confirmed_at = clock.now()
    row.expires_at = clock.now() + _lifetime()
    row.challenge = None
    signed_in = update(User).where(User.id == row.user_id).values(signed_in_on=clock.today())
    db.session.execute(signed_in)


def of(user: User) -> list[StaffSession]:
    """Where somebody is signed in now, newest first."""
    query = select(StaffSession).where(
        StaffSession.user_id == user.id,
        StaffSession.expires_at > clock.now(),
        StaffSession.confirmed_at.is_not(None),
    )
    return list(db.session.scalars(query.order_by(StaffSession.id.desc()).limit(100)))


def end(user: User, session_id: int) -> bool:
    """End one session of this account; whether there was one."""
    mine = (StaffSession.user_id == user.id) & (StaffSession.id == session_id)
    return bool(rows_changed(delete(StaffSession).where(mine)))


def end_all(user: User, but: int | None = None) -> int:
    """End all sessions of an account, except `but`; how many there were."""
    mine = StaffSession.user_id == user.id
    if but is not None:
        mine &= StaffSession.id != but
    return rows_changed(delete(StaffSession).where(mine))


def prune() -> int:
    """Delete the rows of sessions that are over."""
    return rows_changed(delete(StaffSession).where(StaffSession.expires_at <= clock.now()))


def _lifetime() -> timedelta:
    return timedelta(hours=instance().settings.staff_session_hours)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _device(user_agent: str) -> tuple[str, str]:
    """(machine, program) from a User-Agent header, of which nothing else is kept."""
    said = user_agent.lower()
    if "ipad" in said or "tablet" in said or ("android" in said and "mobile" not in said):
        machine = "tablet"
    else:
        machine = "phone" if "mobile" in said or "iphone" in said else "computer"
    marks = (
        ("coc_coc", "coc_coc"),
        ("edg", "edge"),
        ("firefox", "firefox"),
        ("chrom", "chrome"),
        ("crios", "chrome"),
        ("safari", "safari"),
    )
    return machine, next((program for mark, program in marks if mark in said), "other")
