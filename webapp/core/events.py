"""The record: what happened, when, by whom. Appended, never changed, each entry chained to the one before.

A chain runs per stream (one report is one stream), so that two cases never wait for each other. The
database refuses UPDATE and DELETE on this table (see the first migration). Payloads hold ids, codes and
words of officers, never a reporter's identity: what is in the record cannot be taken out again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Index, Integer, String, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock
from webapp.core.db import Base, Json, Prepared, UtcDateTime, db, named, row_of, table_of

BigId = BigInteger().with_variant(Integer, "sqlite")


class Event(Base):
    """One entry of the record."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("stream", "seq", name="uq_events_stream_seq"),
        Index("ix_events_kind_at", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    stream: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(Integer)
    unit_code: Mapped[str | None] = mapped_column(String(40))
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


COLUMNS = ("stream", "seq", "kind", "at", "actor", "user_id", "unit_code", "public", "data", "prev_hash", "hash")
_BEGIN = Prepared(lambda _dialect: insert(table_of(Event)).values(named(table_of(Event), *COLUMNS)))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `kind` is system, reporter, program, front, unit or admin; the rest where there is a person."""

    kind: str
    user_id: int | None = None
    unit_code: str | None = None


SYSTEM = Actor("system")
REPORTER = Actor("reporter")
PROGRAM = Actor("program")


def append(stream: str, kind: str, actor: Actor, *, public: bool = False, **data: Any) -> Event:
    """Add an entry to `stream` in the open transaction and return it.

    `kind` is `resource:action`; `data` must be JSON. Two writers of one stream collide on the unique
    (stream, seq), and the later transaction fails whole.
    """
    last = db.session.execute(
        select(Event.seq, Event.hash).where(Event.stream == stream).order_by(Event.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    entry = Event(**_entry(stream, seq, previous, kind, actor, public=public, data=data))
    db.session.add(entry)
    db.session.flush()
    return entry


def begin(stream: str, kind: str, actor: Actor, *, public: bool = False, **data: Any) -> None:
    """Write the first entry of a stream that has come to be in this transaction: as `append`, without looking
    for an entry before it. A stream that has one already is refused by its unique (stream, seq)."""
    entry = _entry(stream, 1, "", kind, actor, public=public, data=data)
    _BEGIN.run(row_of(table_of(Event), entry))


def unnumbered(prefix: str, kind: str, actor: Actor, *, public: bool = False, **data: Any) -> dict[str, Any]:
    """The row of the first entry of the stream `prefix` + number, for a statement in which only the database knows
    the number. In place of `stream` and `hash` it has `prefix`, `head` and `tail`: the hash is SHA-256 over head,
    number, tail.
    """
    hole = "\N{REPLACEMENT CHARACTER}"
    entry = _entry(prefix + hole, 1, "", kind, actor, public=public, data=data)
    del entry["stream"], entry["hash"]
    content = _content(entry | {"stream": prefix + hole}).decode()
    head, tail = content.rsplit(hole, 1)
    return entry | {"prefix": prefix, "head": head, "tail": tail}


def _entry(stream: str, seq: int, previous: str, kind: str, actor: Actor, **rest: Any) -> dict[str, Any]:
    entry = {
        "stream": stream,
        "seq": seq,
        "kind": kind,
        "at": clock.now(),
        "actor": actor.kind,
        "user_id": actor.user_id,
        "unit_code": actor.unit_code,
        "prev_hash": previous,
        **rest,  # public, data
    }
    return entry | {"hash": _digest(entry)}


def digest(entry: Event) -> str:
    """SHA-256, in hex, over the entry's content and the hash of the entry before it."""
    return _digest({column.key: getattr(entry, column.key) for column in Event.__table__.columns})


def _digest(entry: dict[str, Any]) -> str:
    return hashlib.sha256(_content(entry)).hexdigest()


def _content(entry: dict[str, Any]) -> bytes:
    """What is hashed of an entry."""
    content = {
        "stream": entry["stream"],
        "seq": entry["seq"],
        "kind": entry["kind"],
        "at": entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry["actor"],
        "user_id": entry["user_id"],
        "unit_code": entry["unit_code"],
        "public": entry["public"],
        "data": entry["data"],
        "prev": entry["prev_hash"],
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def history(stream: str) -> list[Event]:
    """All entries of a stream, oldest first."""
    return list(db.session.scalars(select(Event).where(Event.stream == stream).order_by(Event.seq)))


def first_broken(entries: list[Event]) -> Event | None:
    """The first entry of a whole stream that does not follow from the one before it; None if all do."""
    previous = ""
    for seq, entry in enumerate(entries, start=1):
        if entry.prev_hash != previous or entry.seq != seq or entry.hash != digest(entry):
            return entry
        previous = entry.hash
    return None
