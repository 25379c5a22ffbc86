"""Score cards: how the units of one's area did in a period. Each number opens the cases behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, render_template, request
from flask_babel import gettext as _

from webapp.accounts import audit
from webapp.accounts.permissions import CENTRAL_FRONT, Identity, may
from webapp.areas import queries as areas
from webapp.core import clock
from webapp.pages import export, labels
from webapp.pages.access import require
from webapp.pages.desk import listing, time_words
from webapp.pages.desk.views import bp
from webapp.pages.public.views import category_name
from webapp.reports import desk_queries
from webapp.reports.models import Report
from webapp.reports.service import actor_of
from webapp.supervision import scope, scores
from webapp.supervision.scores import Period, Score
from webapp.supervision.words import DERIVED, MEASURES
from webapp.units import queries as units
from webapp.units.models import Unit

USUAL_DAYS, LONGEST_DAYS = 90, 5 * 366


@dataclass(frozen=True, slots=True)
class Asked:
    """What a score card is asked for, and what was wrong with it."""

    period: Period
    province: str
    by_head: bool
    errors: dict[str, str]

    @property
    def query(self) -> dict[str, str]:
        """As parameters of an address."""
        given = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        given |= {"by": "head"} if self.by_head else {}
        return given | ({"province": self.province} if self.province else {})


@bp.get("/scores")
def score_cards() -> Response:
    """The score cards of the units in one's area."""
    return page(require("score:view"), "/desk")


@bp.post("/scores/export")
def score_export() -> Response:
    """The same as a file."""
    return file(require("score:view"), "/desk")


@bp.get("/scores/<unit_code>/<measure>")
def score_cases(unit_code: str, measure: str) -> str:
    """The cases behind a number."""
    return behind(require("score:view"), "/desk", unit_code, measure)


def page(identity: Identity, base: str) -> Response:
    """The page, for the Front or, with its own unit and those below, for a unit."""
    asked = read(identity, request.args)
    below = scope.units_of(identity, asked.province)
    own = figures(identity, below, asked)
    found = by_head(own, below) if asked.by_head else own
    shown = sorted(found, key=lambda code: (-found[code].numbers["overdue"], -found[code].numbers["received"], code))
    names = {unit.code: unit.name_vi for unit in below}
    late = scores.longest([unit.code for unit in below], scope.visible(identity))
    return Response(
        render_template(
            "desk/scores.html",
            base=base,
            asked=asked,
            errors=asked.errors,
            measures=[(name, *MEASURES[name]) for name in scores.MEASURES],
            derived=DERIVED,
            rows=[figures_row(code, names[code], found[code], base, asked) for code in shown],
            total=total(own, base, asked) if len(own) > 1 else None,
            longest=[waiting_row(report, running, identity, base, names) for report, running in late],
            provinces=_provinces(identity),
            address=f"{base}/scores",
        ),
        422 if asked.errors else 200,
    )


def behind(identity: Identity, base: str, unit_code: str, measure: str) -> str:
    """The list behind one number; 404 for a unit that is not one's business."""
    asked = read(identity, request.args)
    below = {unit.code: unit for unit in scope.units_of(identity, asked.province)}
    if unit_code not in below or measure not in scores.MEASURES:
        abort(404)
    codes = {unit.code for unit in units.below(unit_code)} & set(below) if asked.by_head else {unit_code}
    raw = request.args.get("after", "")
    after = int(raw) if raw.isdecimal() and len(raw) < 18 else None
    found, more = scores.cases(measure, codes, asked.period, scope.visible(identity), after)
    names = desk_queries.area_names([report.area_code for report in found])
    here = f"{base}/scores/{unit_code}/{measure}"
    return render_template(
        "desk/score_cases.html",
        base=base,
        back=f"{base}/scores?{urlencode(asked.query)}",
        title=MEASURES[measure][0],
        meaning=MEASURES[measure][1],
        unit=below[unit_code].name_vi,
        period=None if measure in scores.NOW else asked.period,
        rows=[_case(report, identity, base, names) for report in found],
        more=f"{here}?{urlencode({**asked.query, 'after': more})}" if more else None,
    )


def file(identity: Identity, base: str) -> Response:
    """The score cards as a file. That somebody took them out is written down."""
    asked = read(identity, request.form)
    form = request.form.get("format", "")
    if asked.errors or form not in export.FORMATS:
        abort(400)
    below = scope.units_of(identity, asked.province)
    found = figures(identity, below, asked)
    if asked.by_head:
        found = by_head(found, below)
    names = {unit.code: unit.name_vi for unit in below}
    audit.record("scores:exported", actor_of(identity), "scores", format=form, rows=len(found), filters=asked.query)
    table = export.Table(
        title=_("Score cards of units"),
        notes=_notes(asked),
        headings=[_("Unit"), *(str(words[0]) for words in MEASURES.values()), *(str(words[0]) for words in DERIVED)],
        rows=[
            [names[code], *found[code].numbers.values(), *_derived(found[code])]
            for code in sorted(found, key=names.__getitem__)
        ],
    )
    name = f"bang-diem-{asked.period.first.isoformat()}-{asked.period.last.isoformat()}"
    return export.response(table, name, form)


def read(identity: Identity, given: Any) -> Asked:
    """The period and grouping out of a query or form; the last 90 days where nothing is said."""
    errors: dict[str, str] = {}
    today = clock.today()
    first = _day(given.get("from", ""), today - timedelta(days=USUAL_DAYS - 1), "from", errors)
    last = _day(given.get("to", ""), today, "to", errors)
    if not errors and first > last:
        errors["from"] = _("The first day lies after the last.")
    elif not errors and (last - first).days > LONGEST_DAYS:
        errors["from"] = _("At most five years at once.")
    if errors:
        first, last = today - timedelta(days=USUAL_DAYS - 1), today
    province = identity.province_code or ""
    if identity.role == CENTRAL_FRONT:
        known = {code for code, _name in _provinces(identity)}
        province = given.get("province", "") if given.get("province", "") in known else min(known, default="")
    return Asked(Period(first, last), province, given.get("by") == "head", errors)


def figures(identity: Identity, below: list[Unit], asked: Asked) -> dict[str, Score]:
    """The figures by unit code, those with none left out."""
    own = scores.scores([unit.code for unit in below], asked.period, scope.visible(identity))
    return {code: score for code, score in own.items() if score.anything}


def by_head(own: dict[str, Score], below: list[Unit]) -> dict[str, Score]:
    """The same by head of unit: those of all units under each are added to its own."""
    parents = {unit.code: unit.parent_code for unit in below}
    found: dict[str, Score] = {}
    for code, score in own.items():
        seen: set[str] = set()
        at: str | None = code
        while at in parents and at not in seen:
            seen.add(at)
            found.setdefault(at, Score()).add(score)
            at = parents[at]
    return found


def _day(raw: str, usual: date, name: str, errors: dict[str, str]) -> date:
    if not raw.strip():
        return usual
    try:
        found = date.fromisoformat(raw.strip())
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2100:
        errors[name] = _("Enter a day.")
        return usual
    return found


def _provinces(identity: Identity) -> list[tuple[str, str]]:
    if identity.role != CENTRAL_FRONT:
        return []
    return [(area.code, area.name) for area in areas.provinces()]


def _derived(score: Score) -> list[int | float | None]:
    rating = score.rating
    return [score.percentile(0.5), score.percentile(0.9), round(rating, 1) if rating is not None else None]


def figures_row(code: str, name: str, score: Score, base: str, asked: Asked) -> dict[str, Any]:
    """A line of the table; a number opens its cases where `code` names a unit."""
    query = urlencode(asked.query)
    return {
        "name": name,
        "cells": [
            (number, f"{base}/scores/{code}/{measure}?{query}" if code and number else None)
            for measure, number in score.numbers.items()
        ],
        "derived": ["–" if value is None else str(value).replace(".", ",") for value in _derived(score)],
    }


def _case(report: Report, identity: Identity, base: str, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": report.public_id,
        # A unit does not open what is another's by now.
        "url": f"{base}/cases/{report.public_id}" if may(identity, "report:view", report) else None,
        "category": category_name(report.category_code),
        "place": listing.place_words(report, names),
        "at": labels.day(report.created_at),
        "status": report.status,
    }


def total(own: dict[str, Score], base: str, asked: Asked) -> dict[str, Any]:
    """The line under the table: each unit once, whatever the lines above it are grouped by."""
    return figures_row("", _("All together"), scores.together(own.values()), base, asked)


def waiting_row(report: Report, running: Any, identity: Identity, base: str, names: dict[str, str]) -> dict[str, Any]:
    """A case that waits; `names` are those of the units."""
    now = clock.now()
    return _case(report, identity, base, desk_queries.area_names([report.area_code])) | {
        "unit": names.get(running.unit_code, running.unit_code),
        "step": time_words.STEP[running.step],
        "due": labels.day(running.due_at),
        "late": labels.overdue_words(running.due_at, now) if running.due_at < now else None,
    }


def _notes(asked: Asked) -> list[str]:
    first, last = labels.day(asked.period.first), labels.day(asked.period.last)
    notes = [_("From %(first)s to %(last)s.", first=first, last=last)]
    if asked.province:
        notes.append(desk_queries.area_names([asked.province]).get(asked.province, asked.province))
    if asked.by_head:
        notes.append(_("By head of unit: the units below are counted with the unit above them."))
    notes.append(_("Made on %(at)s.", at=labels.moment(clock.now())))
    return notes
