"""Score cards: how the units of one's area did in a period. Each figure opens the cases behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request
from flask_babel import gettext as _

from webapp.accounts.permissions import CENTRAL_FRONT, Identity, may
from webapp.areas import queries as areas
from webapp.core import clock
from webapp.pages import labels
from webapp.pages.access import require
from webapp.pages.desk import back, listing, time_words
from webapp.pages.desk.views import bp
from webapp.pages.public.views import category_name
from webapp.reports import desk_queries
from webapp.reports.models import Report
from webapp.supervision import behind as listed
from webapp.supervision import scope, scores
from webapp.supervision.measures import Period
from webapp.supervision.scores import Score
from webapp.supervision.words import DERIVED, MEASURES
from webapp.units import queries as units
from webapp.units.models import Unit

USUAL_DAYS = 90
EVERY = "all"  # in the place of a unit's code: all units together


@dataclass(frozen=True, slots=True)
class Asked:
    """What a score card is asked for, and what was wrong with it."""

    period: Period
    province: str
    by: str  # one of `scope.WAYS`
    errors: dict[str, str]

    @property
    def query(self) -> dict[str, str]:
        """As parameters of an address."""
        given = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        given |= {"by": self.by} if self.by else {}
        return given | ({"province": self.province} if self.province else {})


@bp.get("/scores")
def score_cards() -> Response:
    """The score cards of the units in one's area."""
    return page(require("score:view"), "/desk")


def page(identity: Identity, base: str) -> Response:
    """The page, for the Front or, with its own unit and those below, for a unit."""
    asked = read(identity, request.args)
    below = scope.units_of(identity, asked.province)
    own = figures(identity, below, asked)
    groups = scope.groups(below, asked.by)
    found = grouped(own, groups)
    shown = sorted(found, key=lambda code: (-found[code].numbers["overdue"], -found[code].numbers["received"], code))
    names = names_of(below, found)
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
            longest=waiting_rows(late, identity, base, names),
            provinces=_provinces(identity),
            periods=_periods(f"{base}/scores", asked),
            address=f"{base}/scores",
        ),
        422 if asked.errors else 200,
    )


def read(identity: Identity, given: Any) -> Asked:
    """The period and grouping out of a query or form; the last 90 days where nothing is said."""
    errors: dict[str, str] = {}
    today = clock.today()
    first = _day(given.get("from", ""), today - timedelta(days=USUAL_DAYS - 1), "from", errors)
    last = _day(given.get("to", ""), today, "to", errors)
    if not errors and first > last:
        errors["from"] = _("The first day lies after the last.")
    if errors:
        first, last = today - timedelta(days=USUAL_DAYS - 1), today
    province = identity.province_code or ""
    if identity.role == CENTRAL_FRONT:
        known = {code for code, _name in _provinces(identity)}
        province = given.get("province", "") if given.get("province", "") in known else min(known, default="")
    return Asked(
        Period(first, last), province, given.get("by") if given.get("by") in scope.WAYS else scope.UNIT, errors
    )


def figures(identity: Identity, below: list[Unit], asked: Asked) -> dict[str, Score]:
    """The figures by unit code, those with none left out."""
    own = scores.scores([unit.code for unit in below], asked.period, scope.visible(identity))
    return {code: score for code, score in own.items() if score.anything}


def grouped(own: dict[str, Score], groups: dict[str, set[str]]) -> dict[str, Score]:
    """The figures of the units that stand in one line put together; lines with none left out."""
    lines = {line: [own[code] for code in sorted(codes) if code in own] for line, codes in groups.items()}
    return {line: scores.together(some) for line, some in lines.items() if some}


def names_of(below: list[Unit], lines: Collection[str]) -> dict[str, str]:
    """Names by code: of the units, and of those lines that are named after one that came after them."""
    names = {unit.code: unit.name_vi for unit in below}
    heirs = units.by_codes({code for code in lines if code not in names})
    return names | {code: unit.name_vi for code, unit in heirs.items()}


def _periods(address: str, asked: Asked) -> list[tuple[str, str, bool]]:
    """The periods that are asked for most: label, address, whether it is this one."""
    today = clock.today()
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before = month - timedelta(days=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    found = [
        (_("This month"), Period(month, today)),
        (_("Last month"), Period(before.replace(day=1), before)),
        (_("This quarter"), Period(quarter, today)),
        (_("This year"), Period(year, today)),
        (_("Last year"), Period(year.replace(year=year.year - 1), year - timedelta(days=1))),
    ]
    return [
        (label, f"{address}?{urlencode(Asked(period, asked.province, asked.by, {}).query)}", period == asked.period)
        for label, period in found
    ]


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


def derived(score: Score) -> list[int | float | None]:
    rating = score.rating
    return [score.percentile(0.5), score.percentile(0.9), round(rating, 1) if rating is not None else None]


def figures_row(code: str, name: str, score: Score, base: str, asked: Asked) -> dict[str, Any]:
    """A line of the table; each figure opens the cases behind it."""
    query = urlencode(asked.query)
    made_of = (listed.TOOK, listed.TOOK, listed.RATED)
    return {
        "name": name,
        "cells": [
            (number, f"{base}/scores/{code}/{measure}?{query}" if number else None)
            for measure, number in score.numbers.items()
        ],
        "derived": [
            ("–", None) if value is None else (decimal(value), f"{base}/scores/{code}/{measure}?{query}")
            for measure, value in zip(made_of, derived(score), strict=True)
        ],
    }


def decimal(value: float) -> str:
    """A number as it is written in Vietnamese."""
    return str(value).replace(".", ",")


def case_row(report: Report, identity: Identity, base: str, names: dict[str, str]) -> dict[str, Any]:
    """A case in the list of this page; `names` are those of the communes."""
    return {
        "number": report.public_id,
        # A unit does not open what is another's by now.
        "url": f"{base}/cases/{report.public_id}{_way(base)}" if may(identity, "report:view", report) else None,
        "category": category_name(report.category_code),
        "place": listing.place_words(report, names),
        "at": labels.day(report.created_at),
        "status": report.status,
    }


def _way(base: str) -> str:
    """Back to the list that this page is."""
    query = request.query_string.decode("ascii", "replace")
    return back.way(request.path.removeprefix(base) + (f"?{query}" if query else ""))


def total(own: dict[str, Score], base: str, asked: Asked) -> dict[str, Any]:
    """The line under the table: each unit once, whatever the lines above it are grouped by."""
    return figures_row(EVERY, _("All together"), scores.together(own.values()), base, asked)


def waiting_rows(
    found: list[tuple[Report, Any]], identity: Identity, base: str, names: dict[str, str]
) -> list[dict[str, Any]]:
    """Cases that wait, each with the clock that runs; `names` are those of the units."""
    now = clock.now()
    areas_of = desk_queries.area_names([report.area_code for report, _running in found])
    return [
        case_row(report, identity, base, areas_of)
        | {
            "unit": names.get(running.unit_code, running.unit_code),
            "step": time_words.STEP[running.step],
            "due": labels.day(running.due_at),
            "late": labels.overdue_words(running.due_at, now) if running.due_at < now else None,
        }
        for report, running in found
    ]
