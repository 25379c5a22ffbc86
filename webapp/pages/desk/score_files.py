"""The score cards as a file, with what was asked for, the cases that wait longest and what each figure means."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request
from flask_babel import gettext as _

from webapp.accounts import audit
from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.pages import export, labels
from webapp.pages.access import require
from webapp.pages.desk import scores as cards
from webapp.pages.desk.views import bp
from webapp.reports import desk_queries
from webapp.reports.service import actor_of
from webapp.supervision import scope, scores
from webapp.supervision.words import DERIVED, MEASURES


@bp.post("/scores/export")
def score_export() -> Response:
    """The same as a file."""
    return file(require("score:view"), "/desk")


def file(identity: Identity, base: str) -> Response:
    """The score cards as a file. That somebody took them out is written down."""
    asked = cards.read(identity, request.form)
    form = request.form.get("format", "")
    if asked.errors or form not in export.FORMATS:
        abort(400)
    below = scope.units_of(identity, asked.province)
    found = cards.grouped(cards.figures(identity, below, asked), scope.groups(below, asked.by))
    names = cards.names_of(below, found)
    late = cards.waiting_rows(scores.longest([u.code for u in below], scope.visible(identity)), identity, base, names)
    audit.record("scores:exported", actor_of(identity), "scores", format=form, rows=len(found), filters=asked.query)
    table = export.Table(
        title=_("Score cards of units"),
        notes=_notes(asked),
        headings=[_("Unit"), *(str(words[0]) for words in MEASURES.values()), *(str(words[0]) for words in DERIVED)],
        rows=[
            [names[code], *found[code].numbers.values(), *cards.derived(found[code])]
            for code in sorted(found, key=names.__getitem__)
        ],
        also=(_longest_table(late), _meanings_table()),
    )
    name = f"bang-diem-{asked.period.first.isoformat()}-{asked.period.last.isoformat()}"
    return export.response(table, name, form)


def _longest_table(late: list[dict[str, Any]]) -> export.Table:
    """The cases that wait longest, as of now."""
    return export.Table(
        title=_("Waiting longest"),
        notes=[_("As of %(at)s, at most %(count)s cases.", at=labels.moment(clock.now()), count=scores.LONGEST)],
        headings=[
            _("Case number"),
            _("Category"),
            _("Place"),
            _("Unit"),
            _("Step"),
            _("Received"),
            _("Due"),
            _("Overdue"),
        ],
        rows=[
            [str(r[name] or "") for name in ("number", "category", "place", "unit", "step", "at", "due", "late")]
            for r in late
        ],
        widths=(2, 3, 3, 3, 2, 2, 2, 2),
    )


def _meanings_table() -> export.Table:
    """What stands on the page under the figures."""
    return export.Table(
        title=_("What the figures mean"),
        notes=[
            _("What happened counts for the unit that was responsible then. A case may stand in several columns."),
            _("A case that went through several units counts for each of them."),
        ],
        headings=[_("Figure"), _("Meaning")],
        rows=[[str(label), str(meaning)] for label, meaning in (*MEASURES.values(), *DERIVED)],
        widths=(2, 8),
    )


def _notes(asked: cards.Asked) -> list[str]:
    first, last = labels.day(asked.period.first), labels.day(asked.period.last)
    notes = [_("From %(first)s to %(last)s.", first=first, last=last)]
    if asked.province:
        notes.append(desk_queries.area_names([asked.province]).get(asked.province, asked.province))
    if asked.by == scope.NOW:
        notes.append(_("By unit of today: what the units before it did is counted with it."))
    if asked.by == scope.HEAD:
        notes.append(_("By head of unit: the units below are counted with the unit above them."))
    notes.append(_("Made on %(at)s.", at=labels.moment(clock.now())))
    return notes
