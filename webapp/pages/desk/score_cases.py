"""The list behind a figure of a score card: what it counts, with what each case brings to it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.accounts.permissions import Identity
from webapp.pages.access import require
from webapp.pages.desk import scores as cards
from webapp.pages.desk.views import bp
from webapp.reports import desk_queries
from webapp.supervision import behind, measures, scope
from webapp.supervision.behind import Counted
from webapp.supervision.words import DERIVED, MEASURES


@bp.get("/scores/<unit_code>/<measure>")
def score_cases(unit_code: str, measure: str) -> str:
    """The cases behind a number."""
    return page(require("score:view"), "/desk", unit_code, measure)


def page(identity: Identity, base: str, unit_code: str, measure: str) -> str:
    """The list behind one figure; 404 for a unit that is not one's business."""
    asked = cards.read(identity, request.args)
    below = scope.units_of(identity, asked.province)
    groups = scope.groups(below, asked.by) | {cards.EVERY: {unit.code for unit in below}}
    codes = groups.get(unit_code)
    if codes is None or measure not in behind.FIGURES:
        abort(404)
    found, more = behind.cases(measure, codes, asked.period, scope.visible(identity), _after())
    areas_of = desk_queries.area_names([one.report.area_code for one in found])
    names = cards.names_of(below, {unit_code} - {cards.EVERY})
    title, meaning = _figure_words(measure)
    here = f"{base}/scores/{unit_code}/{measure}"
    return render_template(
        "desk/score_cases.html",
        base=base,
        back=f"{base}/scores?{urlencode(asked.query)}",
        title=title,
        meaning=meaning,
        unit=names.get(unit_code) or _("All together"),
        several=len(codes) > 1,
        period=None if measure in measures.NOW else asked.period,
        rows=[
            cards.case_row(one.report, identity, base, areas_of)
            | {"unit": names.get(one.unit_code) if len(codes) > 1 else None, "value": _value(measure, one)}
            for one in found
        ],
        more=f"{here}?{urlencode({**asked.query, 'after': f'{more[0]}-{more[1]}'})}" if more else None,
    )


def _after() -> behind.After | None:
    """Where the page goes on: number of the case, code of the unit."""
    found = re.fullmatch(r"(\d{1,17})-([\w-]{1,40})", request.args.get("after", ""), re.ASCII)
    return (int(found[1]), found[2]) if found else None


def _figure_words(measure: str) -> tuple[Any, Any]:
    if measure in MEASURES:
        return MEASURES[measure]
    return DERIVED[-1] if measure == behind.RATED else (_("Working days taken"), DERIVED[0][1])


def _value(measure: str, one: Counted) -> str:
    """What the case brings to the figure, in words."""
    if one.value is None:
        return ""
    if measure == behind.TOOK:
        return ngettext("%(num)d working day", "%(num)d working days", int(one.value))
    return _("Mark %(mark)s", mark=cards.decimal(round(float(one.value), 1)))
