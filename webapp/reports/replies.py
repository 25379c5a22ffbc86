"""Reply templates: what comes with the program (`webapp/data/reply_templates.toml`) and a Front's own. Flushes only."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor, BigId
from webapp.reports import placeholders
from webapp.reports.models import Report

# The field of the case page that a template fills, by the action it belongs to
FIELDS = {
    "ask": "ask_reason",
    "reject": "reject_reason",
    "out_of_scope": "out_of_scope_reason",
    "rework": "rework_reason",
    "uphold": "uphold_reason",
    "reopen": "reopen_reason",
    "assign": "assign_note",
}
ACTIONS = tuple(FIELDS)
ANY = "*"
LONGEST = 1900  # the fields take 2000
MOST_OWN = 200


class ReplyTemplate(Base):
    """One text for one action, for a category or for all (`*`). `unit_code`: whose own it is; None came with us."""

    __tablename__ = "reply_templates"
    __table_args__ = (Index("ix_reply_templates_unit", "unit_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    unit_code: Mapped[str | None] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(16))
    category_code: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    retired: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BadTemplate(ValueError):
    """Fields of a template that are wrong: field -> code, and what the code speaks of."""

    def __init__(self, **errors: tuple[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


def for_case(report: Report, unit_code: str | None) -> list[ReplyTemplate]:
    """What fits this case, for every action: the unit's own first, the category's before the general ones."""
    query = select(ReplyTemplate).where(
        or_(ReplyTemplate.unit_code.is_(None), ReplyTemplate.unit_code == (unit_code or "")),
        ReplyTemplate.category_code.in_((ANY, report.category_code)),
        ReplyTemplate.retired.is_(False),
    )
    found = db.session.scalars(query.limit(MOST_OWN)).all()
    return sorted(found, key=lambda t: (t.unit_code is None, t.category_code == ANY, t.position, t.id))


def all_for(unit_code: str | None) -> list[ReplyTemplate]:
    """What a unit's people can use: those that came with the program, and their own, retired ones included."""
    query = select(ReplyTemplate).where(
        or_(
            ReplyTemplate.unit_code.is_(None) & ReplyTemplate.retired.is_(False),
            ReplyTemplate.unit_code == (unit_code or ""),
        )
    )
    order = {name: number for number, name in enumerate(ACTIONS)}
    found = db.session.scalars(query.limit(2 * MOST_OWN)).all()
    return sorted(found, key=lambda t: (order.get(t.action, 99), t.unit_code is None, t.position, t.id))


def by_code(code: str, unit_code: str | None) -> ReplyTemplate | None:
    """A template that this unit may see."""
    found = db.session.scalars(select(ReplyTemplate).where(ReplyTemplate.code == code)).first()
    return found if found is not None and found.unit_code in (None, unit_code) else None


def check(action: str, category: str, title: str, text: str, categories: set[str]) -> None:
    """Raise BadTemplate for what is missing, too long, or not known."""
    errors: dict[str, tuple[str, str]] = {}
    if action not in ACTIONS:
        errors["action"] = ("missing", "")
    if category not in categories | {ANY}:
        errors["category"] = ("missing", "")
    if not title:
        errors["title"] = ("missing", "")
    elif len(title) > 120:
        errors["title"] = ("long", "120")
    strange = placeholders.unknown(text)
    if not text:
        errors["text"] = ("missing", "")
    elif len(text) > LONGEST:
        errors["text"] = ("long", str(LONGEST))
    elif strange:
        errors["text"] = (
            "placeholder",
            ", ".join("{{" + name + "}}" if "{" not in name and "}" not in name else name for name in strange),
        )
    if errors:
        raise BadTemplate(**errors)


def save(
    known: ReplyTemplate | None,
    actor: Actor,
    *,
    action: str,
    category: str,
    title: str,
    text: str,
    retired: bool,
    unit_code: str | None = None,
) -> ReplyTemplate:
    """Write a unit's own template, a new one where `known` is None: the actor's unit's, or of `unit_code` where the
    operator writes. Checked before (`check`)."""
    own = known or ReplyTemplate(
        code=f"own-{secrets.token_hex(8)}", unit_code=unit_code or actor.unit_code, position=0, version=0
    )
    own.action, own.category_code, own.title, own.text = action, category, title, text
    own.retired, own.version, own.updated_at = retired, own.version + 1, clock.now()
    db.session.add(own)
    db.session.flush()
    events.append(
        "reply_templates", "reply:saved", actor, template=own.code, action=action, category=category, retired=retired
    )
    return own
