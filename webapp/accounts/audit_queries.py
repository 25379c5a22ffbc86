"""Reading the audit trail: its own stream, and what cases and other parts record about looking and changing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from webapp.accounts.audit import STREAM
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.events import Event

PAGE = 50
# Kinds that are recorded in other streams, because they belong to a case, a job or the reference data.
ELSEWHERE = (
    "contact:opened",
    "data:answered",
    "job:retried",
    "reference:loaded",
    "reference:edited",
    "category:saved",
    "checklist:saved",
    "unit:saved",
    "areas:imported",
    "rules:published",
    "unit:contact_set",
    "unit:contact_removed",
    "reorganisation:approved",
    "reorganisation:withdrawn",
    "reorganisation:applied",
)
# What a reader asks for -> the beginnings or ends of kinds.
IDENTITIES, EXPORTS, ACCOUNTS, RULES = "identities", "exports", "accounts", "rules"
GROUPS: dict[str, tuple[str, ...]] = {
    IDENTITIES: ("contact:%", "data:%"),
    EXPORTS: ("%:exported",),
    ACCOUNTS: ("user:%", "api_key:%"),
    RULES: (
        "rule%",
        "deadline%",
        "calendar:%",
        "setting%",
        "unit%",
        "area%",
        "reference:%",
        "category:%",
        "checklist:%",
        "reorganisation:%",
        "template%",
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: a group, whose, from and until which moment, and before which number."""

    group: str = ""
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def page(wanted: Wanted, size: int = PAGE) -> tuple[list[Event], int | None]:
    """Entries, newest first, and the number before which the next page begins."""
    own = select(Event).where(Event.stream == STREAM, *_conditions(wanted)).order_by(Event.seq.desc())
    other = select(Event).where(Event.kind.in_(ELSEWHERE), *_conditions(wanted)).order_by(Event.id.desc())
    found = {e.id: e for query in (own, other) for e in db.session.scalars(query.limit(size + 1))}
    newest = sorted(found.values(), key=lambda e: e.id, reverse=True)
    return newest[:size], newest[size - 1].id if len(newest) > size else None


def everything(wanted: Wanted, most: int) -> Iterator[Event]:
    """All entries that are wanted, newest first, at most so many."""
    before, left = wanted.before, most
    while left > 0:
        part = Wanted(wanted.group, wanted.user_id, wanted.since, wanted.until, before)
        entries, before = page(part, min(500, left))
        yield from entries
        left -= len(entries)
        if before is None:
            return


def makers() -> dict[int, Event]:
    """How each account came to be, by its number: the entry of its invitation."""
    query = select(Event).where(Event.stream == STREAM, Event.kind.in_(("user:invited", "user:added")))
    return {number: entry for entry in db.session.scalars(query) if (number := account_in(entry)) is not None}


def names(entries: list[Event]) -> dict[int, User]:
    """The accounts behind entries, by number: who did it, and to whose account."""
    ids = {e.user_id for e in entries if e.user_id} | {n for e in entries if (n := account_in(e)) is not None}
    return {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))} if ids else {}


def account_in(entry: Event) -> int | None:
    """The number of the account that an entry is about, if it is about one."""
    about = str(entry.data.get("what", ""))
    number = about.removeprefix("user:")
    return int(number) if number != about and number.isdigit() else None


def details(entry: Event) -> dict[str, Any]:
    """What else an entry says; of a row that was edited, only the cells that changed."""
    said = {name: value for name, value in entry.data.items() if name not in {"what", "reason"} and value is not None}
    before, after = said.get("before"), said.get("after")
    if isinstance(after, dict) and (before is None or isinstance(before, dict)):
        old = before or {}
        changed = {name: f"{old.get(name, '')} → {new}" for name, new in after.items() if old.get(name, "") != new}
        said = {name: value for name, value in said.items() if name not in {"before", "after"}} | changed
    return said


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.group:
        conditions.append(or_(*(Event.kind.like(pattern) for pattern in GROUPS[wanted.group])))
    if wanted.user_id is not None:
        conditions.append(Event.user_id == wanted.user_id)
    if wanted.since is not None:
        conditions.append(Event.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Event.at < wanted.until)
    if wanted.before is not None:
        conditions.append(Event.id < wanted.before)
    return conditions
