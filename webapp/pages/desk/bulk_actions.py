"""What can be done with many cases at once, and what it would do with each, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.accounts.permissions import Identity, allowed
from webapp.core import clock
from webapp.core.db import db
from webapp.core.text import looks_private
from webapp.pages import labels
from webapp.pages.desk import steps
from webapp.reports import desk_queries, lifecycle, unit_work
from webapp.reports.models import Answer, Report
from webapp.units import queries as units
from webapp.units.models import FRONT_KINDS, Unit

MOST = 200
FRONT_NAMES = ("take", "assign", "ask", "duplicate", "out_of_scope", "publish", "close")
UNIT_NAMES = ("accept", "delegate")
NAMES = {"/desk": FRONT_NAMES, "/unit": UNIT_NAMES}
_EVERY = {a.name: a for a in (*steps.FRONT_ACTIONS, *steps.UNIT_ACTIONS)}
ACTIONS = {base: {name: _EVERY[name] for name in names} for base, names in NAMES.items()}
# Of a case, only what an office wrote is let out unseen: no picture, and no word of the sender.
LABELS: dict[str, LazyString] = {"publish": _l("Publish the units’ answers")}


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
    """What will happen to one case (`to`, the status it gets, or `will` in words), or in `problem` why nothing does.
    `unit`: to which unit it goes."""

    chosen: Chosen
    report: Report | None
    problem: str = ""
    to: str | None = None
    will: str = ""
    unit: Unit | None = None


def label(action: steps.Action) -> LazyString:
    """What the action is called where it is done with many cases."""
    return LABELS.get(action.name, action.label)


def choices(identity: Identity, base: str) -> list[tuple[str, LazyString]]:
    """The actions that this identity's role can do with many cases: name and label."""
    return [(name, label(a)) for name, a in ACTIONS[base].items() if allowed(identity.role, a.permission)]


def read(values: Iterable[str]) -> list[Chosen]:
    """What a list sends for its ticked rows; each case once, what makes no sense left out."""
    found: dict[str, Chosen] = {}
    for value in values:
        public_id, _colon, version = value.partition(":")
        if public_id.isalnum() and public_id.isascii() and len(public_id) <= 16 and version.isdecimal():
            found.setdefault(public_id, Chosen(public_id, version))
    return list(found.values())


def cases(chosen: list[Chosen], identity: Identity) -> dict[str, Report]:
    """Those of the chosen cases that are the identity's business, by number. Two statements."""
    wanted = [c.public_id for c in chosen]
    query = select(Report).where(Report.public_id.in_(wanted), desk_queries.in_scope(identity))
    return {r.public_id: r for r in db.session.scalars(query.options(selectinload(Report.answers)))}


@dataclass(frozen=True, slots=True)
class Proposals:
    """To which units cases would go: by code those that the rules name, and by the number of the case what was
    proposed by the unit that gave it back (None: nobody)."""

    units: dict[str, Unit]
    given_back: dict[int, Unit | None]


def proposed(reports: Iterable[Report]) -> Proposals:
    """What is proposed for these cases, in few statements."""
    reports = list(reports)
    return Proposals(units.by_codes({r.unit_code for r in reports if r.unit_code}), unit_work.given_back(reports))


def line(
    action: steps.Action,
    chosen: Chosen,
    report: Report | None,
    unit: Unit | None = None,
    known: Proposals | None = None,
) -> Line:
    """What the action does with this case. `unit`: to which it is passed, if one was chosen for all; `known`:
    `proposed` of many cases at once."""
    if report is None:
        return Line(chosen, None, _("Not on your desk (any more)."))
    if str(report.version) != chosen.version:
        now = labels.STATUS[report.status]
        return Line(chosen, report, _("Somebody has changed it since the list was shown. Now: %(status)s.", status=now))
    if not steps.possible(action, report):
        return Line(chosen, report, _("Not possible now, only %(when)s.", when=action.when))
    found = Line(chosen, report, to=steps.target(action, report.status))
    if action.name == "assign":
        found.unit, found.problem = _goes_to(report, unit, known)
    elif action.name == "publish":
        found.will, found.problem = _lets_out(report)
    return found


def _goes_to(report: Report, chosen: Unit | None, known: Proposals | None) -> tuple[Unit | None, str]:
    if chosen is not None:
        return (chosen, "") if acts_in(chosen, report) else (None, _("This unit does not act in this place."))
    if not report.unit_code:
        return None, _("No unit is proposed: choose one for all, or open the case.")
    known = proposed([report]) if known is None else known
    if report.id in known.given_back:
        unit = known.given_back[report.id]
        return unit, "" if unit else _("Its unit has given it back and proposed nobody: open the case.")
    unit = known.units.get(report.unit_code)
    if unit is None or (unit.valid_to is not None and unit.valid_to < clock.today()):
        return None, _("The proposed unit is no more: choose one for all.")
    return unit, ""


def acts_in(unit: Unit, report: Report) -> bool:
    """Whether a unit of `acting_units` acts where this case lies, and may see it."""
    if report.bypass_commune and unit.level == "commune":
        return False
    return unit.level == "central" or unit.area_code in {report.area_code, report.province_code} - {None}


def acting_units(reports: Iterable[Report]) -> list[Unit]:
    """The units that can act today in at least one of these cases, by level and name."""
    reports = list(reports)
    served = {code for r in reports for code in (r.area_code, r.province_code) if code}
    query = select(Unit).where(
        Unit.area_code.in_(served) | (Unit.level == "central"),
        Unit.kind.not_in(FRONT_KINDS),
        Unit.kind.not_like("org\\_%", escape="\\"),
        units.valid_on(clock.today()),
    )
    found = db.session.scalars(query.order_by(Unit.level, Unit.name_vi, Unit.code))
    return [unit for unit in found if any(acts_in(unit, r) for r in reports)]


def unpublished(report: Report) -> list[Answer]:
    """Answers that the public does not see yet."""
    return [answer for answer in report.answers if not answer.public]


def _lets_out(report: Report) -> tuple[str, str]:
    waiting = unpublished(report)
    if report.status in lifecycle.HIDDEN:
        return "", _("The public sees nothing of this case.")
    if not waiting:
        return "", _("There is no answer that is not public yet.")
    if any(looks_private(answer.text) for answer in waiting):
        return "", _("An answer holds what looks like a phone number, an address or a plate: open the case and check.")
    return ngettext("%(num)d answer becomes public", "%(num)d answers become public", len(waiting)), ""
