"""What can be done with many cases at once, and what it would do with each, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.permissions import Identity, allowed
from webapp.core.db import db
from webapp.pages import labels
from webapp.pages.desk import steps
from webapp.reports import desk_queries
from webapp.reports.models import Report

MOST = 200
NAMES = ("take", "assign", "ask", "duplicate", "out_of_scope", "close")
ACTIONS = {a.name: a for a in steps.FRONT_ACTIONS if a.name in NAMES}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A case as it was chosen from a list: its number and the version that the list showed."""

    public_id: str
    version: str

    @property
    def value(self) -> str:
        return f"{self.public_id}:{self.version}"


@dataclass(slots=True)
class Line:
    """What will happen to one case, or in `problem` why nothing does."""

    chosen: Chosen
    report: Report | None
    problem: str = ""
    to: str | None = None


def choices(identity: Identity) -> list[tuple[str, LazyString]]:
    """The actions that this identity's role can do with many cases: name and label."""
    return [(name, ACTIONS[name].label) for name in NAMES if allowed(identity.role, ACTIONS[name].permission)]


def read(values: Iterable[str]) -> list[Chosen]:
    """What a list sends for its ticked rows; each case once, what makes no sense left out."""
    found: dict[str, Chosen] = {}
    for value in values:
        public_id, _colon, version = value.partition(":")
        if public_id.isalnum() and public_id.isascii() and len(public_id) <= 16 and version.isdecimal():
            found.setdefault(public_id, Chosen(public_id, version))
    return list(found.values())


def preview(action: steps.Action, chosen: list[Chosen], identity: Identity) -> list[Line]:
    """A line for each chosen case, in the order in which they were chosen. Two statements."""
    scope = desk_queries.in_scope(identity)
    wanted = [c.public_id for c in chosen]
    reports = {r.public_id: r for r in db.session.scalars(select(Report).where(Report.public_id.in_(wanted), scope))}
    return [line(action, c, reports.get(c.public_id)) for c in chosen]


def line(action: steps.Action, chosen: Chosen, report: Report | None) -> Line:
    """What the action does with this case."""
    if report is None:
        return Line(chosen, None, _("Not on your desk (any more)."))
    if str(report.version) != chosen.version:
        now = labels.STATUS[report.status]
        return Line(chosen, report, _("Somebody has changed it since the list was shown. Now: %(status)s.", status=now))
    to = steps.target(action, report.status)
    if to is None:
        return Line(chosen, report, _("Not possible now, only %(when)s.", when=action.when))
    if action.name == "assign" and not report.unit_code:
        return Line(chosen, report, _("No unit is proposed: choose one on the page of the case."))
    return Line(chosen, report, to=to)
