"""Versions of the rule set: a draft is edited, tried and published; a published one is never changed.

`routing_rules` holds the rows in force, `rule_versions` every set there ever was. The stream `rules` of the
record says who did what. At most one draft is open, so that two people see each other's work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.routing import rows
from webapp.routing.decide import Rule
from webapp.routing.models import RoutingRule, RuleVersion
from webapp.routing.router import in_force

STREAM = "rules"
DRAFT, PUBLISHED, DROPPED = "draft", "published", "dropped"
BROWSER, COMMAND, FILE = "browser", "command", "file"


class Refused(ValueError):
    """It cannot be done; `code` is one of stale, no_draft, draft_open, unchanged, not_tried, errors, unknown,
    code_taken, moved_on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def number() -> int:
    """The number of the version in force; 0 before the first."""
    return db.session.scalar(select(func.max(RuleVersion.number))) or 0


def version(wanted: int) -> RuleVersion | None:
    """A published version."""
    return db.session.scalars(select(RuleVersion).where(RuleVersion.number == wanted)).first()


def draft(*, lock: bool = False) -> RuleVersion | None:
    """The open draft."""
    query = select(RuleVersion).where(RuleVersion.state == DRAFT).order_by(RuleVersion.id)
    return db.session.scalars(query.with_for_update() if lock else query).first()


def rules_of(found: RuleVersion) -> list[Rule]:
    """The rules of a draft or a version."""
    return rows.unpack(found.rows)


def versions(before: int | None = None, limit: int = 50) -> list[RuleVersion]:
    """Published versions, newest first, from before a number on; one more than `limit` if there are more."""
    query = select(RuleVersion).where(RuleVersion.number.is_not(None))
    if before is not None:
        query = query.where(RuleVersion.number < before)
    return list(db.session.scalars(query.order_by(RuleVersion.number.desc()).limit(limit + 1)))


def start(actor: Actor, rules: Iterable[Rule] | None = None, restores: int | None = None) -> RuleVersion:
    """Open a draft, as the set in force is, or with these rules. Raises Refused if one is open."""
    if draft() is not None:
        raise Refused("draft_open")
    now = in_force()
    if now and not number():
        store(now, events.SYSTEM, "", FILE)  # rules from before there were versions
    fresh = _new(list(now if rules is None else rules), now, DRAFT, BROWSER, actor)
    events.append(STREAM, "rules:draft_opened", actor, base=fresh.base, restores=restores)
    return fresh


def put(found: RuleVersion, rule: Rule, actor: Actor, replaces: str | None = None) -> None:
    """Write a rule into the draft, in place of the one with the code `replaces`. Raises Refused."""
    by_code = {r.code: r for r in rules_of(found)}
    if replaces is not None and by_code.pop(replaces, None) is None:
        raise Refused("unknown")
    if rule.code in by_code:
        raise Refused("code_taken")
    by_code[rule.code] = rule
    _write(found, by_code.values())
    events.append(STREAM, "rules:draft_changed", actor, rule=rule.code)


def take_out(found: RuleVersion, code: str, actor: Actor) -> None:
    """Take a rule out of the draft. Raises Refused."""
    left = [r for r in rules_of(found) if r.code != code]
    if len(left) == len(found.rows):
        raise Refused("unknown")
    _write(found, left)
    events.append(STREAM, "rules:draft_changed", actor, removed=code)


def replace(found: RuleVersion, rules: Iterable[Rule], actor: Actor) -> None:
    """Put a whole table in place of the draft's rules."""
    _write(found, rules)
    events.append(STREAM, "rules:draft_imported", actor, rules=len(found.rows), changes=found.changes)


def drop(found: RuleVersion, actor: Actor) -> None:
    """Give the draft up; it is kept as it was left."""
    found.state = DROPPED
    events.append(STREAM, "rules:draft_dropped", actor, changes=found.changes)


def publish(found: RuleVersion, actor: Actor, note: str) -> RuleVersion:
    """Put the draft in force under the next number. Raises Refused.

    It must have been tried as it stands, and nobody may have published another set since it was opened.
    """
    if found.state != DRAFT:
        raise Refused("no_draft")
    if not any(found.changes):
        raise Refused("unchanged")
    if found.base != number():
        raise Refused("moved_on")
    if not tried(found):
        raise Refused("not_tried")
    if (found.trial or {}).get("errors"):
        raise Refused("errors")
    return _put_in_force(found, actor, note)


def tried(found: RuleVersion) -> bool:
    """Whether there is a result of a dry run of the draft exactly as it stands."""
    trial = found.trial or {}
    return trial.get("digest") == found.digest and "at" in trial


def rebase(found: RuleVersion, actor: Actor) -> None:
    """Bring the draft's own changes onto the version in force, after another was published meanwhile."""
    base = version(found.base)
    own = rows.compare(rules_of(base) if base else [], rules_of(found))
    by_code = {r.code: r for r in in_force()}
    for old, new in own:
        if new is not None:
            by_code[new.code] = new
        elif old is not None:
            by_code.pop(old.code, None)
    found.base = number()
    _write(found, by_code.values())
    events.append(STREAM, "rules:draft_rebased", actor, base=found.base)


def store(rules: Iterable[Rule], actor: Actor, note: str, origin: str) -> RuleVersion | None:
    """Put a whole set in force at once, from a file or a command; None if it is the one in force already.

    The caller has checked it.
    """
    rules = list(rules)
    now = in_force()
    if number() and not rows.compare(now, rules):
        return None
    if not number() and now and rows.compare(now, rules):
        # Rules from before there were versions: what they were is kept.
        _put_in_force(_new(now, [], DRAFT, FILE, actor), actor, "")
    return _put_in_force(_new(rules, in_force() if number() else [], DRAFT, origin, actor), actor, note)


def _new(rules: list[Rule], base: list[Rule], state: str, origin: str, actor: Actor) -> RuleVersion:
    packed = rows.pack(rules)
    fresh = RuleVersion(
        state=state,
        base=number(),
        origin=origin,
        rows=packed,
        digest=rows.digest(packed),
        changes=rows.counts(rows.compare(base, rules)),
        note="",
        created_at=clock.now(),
        created_by=actor.user_id,
    )
    db.session.add(fresh)
    db.session.flush()
    return fresh


def _write(found: RuleVersion, rules: Iterable[Rule]) -> None:
    rules = list(rules)
    found.rows = rows.pack(rules)
    found.digest = rows.digest(found.rows)
    found.changes = rows.counts(rows.compare(in_force(), rules))
    found.trial = None
    db.session.flush()


def _put_in_force(found: RuleVersion, actor: Actor, note: str) -> RuleVersion:
    rules = rules_of(found)
    there = {row.code: row for row in db.session.scalars(select(RoutingRule))}
    for rule in rules:
        row = there.pop(rule.code, None)
        if row is None:
            db.session.add(RoutingRule(**asdict(rule)))
            continue
        for name, value in asdict(rule).items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    for row in there.values():
        db.session.delete(row)
    found.number, found.state, found.note = number() + 1, PUBLISHED, note
    found.published_at, found.published_by = clock.now(), actor.user_id
    db.session.flush()
    events.append(
        STREAM, "rules:published", actor, number=found.number, origin=found.origin, changes=found.changes, note=note
    )
    return found


def keeps_own_rules() -> bool:
    """Whether the set in force was made here, so that files that come with the program must not replace it."""
    origin: Any = db.session.scalar(
        select(RuleVersion.origin).where(RuleVersion.number.is_not(None)).order_by(RuleVersion.number.desc()).limit(1)
    )
    return origin in (BROWSER, COMMAND)
