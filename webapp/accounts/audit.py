"""The audit trail: who saw, changed or took out what, besides what happened in a case itself.

    audit.record("rules:exported", actor, "routing_rules", rows=812, filters={"province": "86"})

An entry is an event of the stream `audit`, so it is chained and cannot be changed or deleted. Because a GET never
writes, whatever is to be recorded, an export for one, is asked for with POST.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor, Event

STREAM = "audit"
_LOCK = 0x41554449  # "AUDI"


def record(kind: str, actor: Actor, what: str, **data: Any) -> Event:
    """Note in the open transaction that `actor` did `kind` (`resource:action`) to `what` (`user:12`, the name of a
    table, of a setting or of an export). `data` is JSON and names no reporter and no person; what was filtered, how
    many rows, what was before and after."""
    if db.session.get_bind().dialect.name == "postgresql":
        # One chain for the whole house: writers queue up, for otherwise the later one would fail.
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    return events.append(STREAM, kind, actor, what=what, **data)
