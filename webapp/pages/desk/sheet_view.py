"""An inspection sheet in words, for the unit that wrote it and for the Front."""

from __future__ import annotations

from typing import Any

from webapp.inspections import checklists, sheets
from webapp.inspections.models import Sheet
from webapp.pages import labels
from webapp.pages.desk.unit_words import SEEN
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries
from webapp.units import queries as units


def context(sheet: Sheet, base: str) -> dict[str, Any]:
    """What the sheet's page shows. `base`: the desk whose page it is."""
    photos = sheets.photos_of(sheet)
    posts = desk_queries.posts([sheet.user_id, sheet.signed_by])
    unit = units.by_code(sheet.unit_code)
    answered = []
    for one in checklists.questions(sheet.questions):
        value = sheet.answers.get(one.code)
        answered.append(
            {
                "label": in_language(one.label),
                "kind": one.kind,
                "value": _words(one, value),
                "photos": photos.get(one.code, []),
                "missing": one.required and not value,
            }
        )
    return {
        "base": base,
        "sheet": sheet,
        "report": sheet.report,
        "category": in_language(sheet.report.category.name),
        "answered": answered,
        "unit_name": unit.name_vi if unit is not None else sheet.unit_code,
        "writer": posts.get(sheet.user_id or 0, ""),
        "signer": posts.get(sheet.signed_by or 0, ""),
        "intact": sheets.is_intact(sheet),
        "began": labels.moment(sheet.began_at),
        "ended": labels.moment(sheet.ended_at),
        "came_in": labels.moment(sheet.created_at),
        "signed": labels.moment(sheet.signed_at),
        "position": f"{sheet.lat:.6f}, {sheet.lon:.6f}" if sheet.lat is not None and sheet.lon is not None else "",
        "accuracy": round(sheet.accuracy_m) if sheet.accuracy_m else None,
    }


def _words(question: checklists.Question, value: Any) -> str:
    if value in (None, "") or question.kind == checklists.PHOTO:
        return ""
    if question.kind == checklists.YES_NO:
        return str(SEEN.get(value, ""))
    if question.kind == checklists.NUMBER:
        return f"{value:g} {question.unit}".replace(".", ",").strip()
    return str(value)
