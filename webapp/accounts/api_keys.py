"""Keys of other people's programs: whoever sends reports through Open311 shows one.

A key is 192 random bits, shown once when it is made. What is kept is its hash, which for so many bits needs no salt
and no slow function, and its beginning, by which its holder and the administration can name it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import date, datetime

from sqlalchemy import Date, Integer, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.accounts import audit
from webapp.core import clock
from webapp.core.db import Base, UtcDateTime, db, rows_changed
from webapp.core.events import Actor

PAGE = 50
MOST = 1_000_000  # of either limit
MARK = "dgs_"  # so that a key is recognised in a file where it should not be
_SHOWN = len(MARK) + 6
_KEY = re.compile(rf"{MARK}[A-Za-z0-9_-]{{32}}")


class ApiKey(Base):
    """One program's right to send reports. 0 as a limit means none."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))  # the program and whose it is; no person's name
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    reports_per_hour: Mapped[int] = mapped_column(Integer)
    reads_per_minute: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_on: Mapped[date | None] = mapped_column(Date)  # the last day on which a report came with it
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Taken(ValueError):
    """Another key that holds has this name."""


class NotNow(ValueError):
    """The key has been revoked before."""


def issue(actor: Actor, name: str, *, reports_per_hour: int, reads_per_minute: int) -> tuple[ApiKey, str]:
    """Make a key for a program. Returns it and the text of the key, which nobody can see again. Raises Taken."""
    if db.session.scalar(select(ApiKey.id).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))) is not None:
        raise Taken
    shown = MARK + secrets.token_urlsafe(24)
    key = ApiKey(
        name=name,
        prefix=shown[:_SHOWN],
        key_hash=_hash(shown),
        reports_per_hour=reports_per_hour,
        reads_per_minute=reads_per_minute,
        created_at=clock.now(),
    )
    db.session.add(key)
    db.session.flush()
    limits = {"reports_per_hour": reports_per_hour, "reads_per_minute": reads_per_minute}
    audit.record("api_key:issued", actor, _what(key), name=name, prefix=key.prefix, **limits)
    return key, shown


def revoke(key: ApiKey, actor: Actor, reason: str) -> None:
    """Take a key back; from now on it opens nothing. What came with it stays. Raises NotNow."""
    if key.revoked_at is not None:
        raise NotNow
    key.revoked_at = clock.now()
    db.session.flush()
    audit.record("api_key:revoked", actor, _what(key), name=key.name, prefix=key.prefix, reason=reason)


def by_text(shown: str) -> ApiKey | None:
    """The key that a program shows, if it still holds. What cannot be one is refused without asking the database."""
    if not _KEY.fullmatch(shown):
        return None
    query = select(ApiKey).where(ApiKey.key_hash == _hash(shown), ApiKey.revoked_at.is_(None))
    return db.session.scalars(query).first()


def by_id(number: int) -> ApiKey | None:
    """The key of this number, held until the end of the transaction."""
    return db.session.get(ApiKey, number, with_for_update=True) if 0 < number < 1 << 31 else None


def page(before: int | None = None) -> tuple[list[ApiKey], int | None]:
    """A page of keys, newest first, and the number before which the next one begins."""
    query = select(ApiKey).order_by(ApiKey.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(ApiKey.id < before)
    found = list(db.session.scalars(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def used(key: ApiKey) -> None:
    """Note that a report came with the key: the day only, written once a day."""
    today = clock.today()
    if key.used_on != today:
        rows_changed(update(ApiKey).where(ApiKey.id == key.id).values(used_on=today))


def _what(key: ApiKey) -> str:
    return f"api_key:{key.id}"


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()
