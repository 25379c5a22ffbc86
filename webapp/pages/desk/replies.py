"""Reply templates on the case page: which there are, filled from the case, and putting one into a field."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.pages import labels
from webapp.pages.access import identity
from webapp.pages.desk.timeline import Names
from webapp.pages.i18n import in_language
from webapp.reports import placeholders
from webapp.reports import replies as templates
from webapp.reports.models import Report

MEANING: dict[str, LazyString] = {
    "so": _l("the case’s number"),
    "ngay": _l("the day on which it was sent"),
    "loai": _l("the category"),
    "dia_ban": _l("commune and province"),
    "don_vi": _l("the responsible unit"),
    "mat_tran": _l("the Front that supervises"),
    "han": _l("the day on which the answer is due"),
    "hom_nay": _l("today"),
    "dong_chinh": _l("the number of the case of which it is a duplicate"),
}
SAMPLE = {
    "so": "7k2m9x4q1w",
    "ngay": "05/10/2026",
    "loai": "Rác thải sinh hoạt",
    "dia_ban": "Phường Duyên Hải, Tỉnh Vĩnh Long",
    "don_vi": "UBND phường Duyên Hải",
    "mat_tran": "Mặt trận phường Duyên Hải",
    "han": "20/10/2026",
    "hom_nay": "12/10/2026",
    "dong_chinh": "3f8a6b2c0d",
}


def values_of(report: Report, names: Names) -> dict[str, str]:
    """What the places of a template become for this case."""
    place = [names.areas[code] for code in (report.area_code, report.province_code) if code in names.areas]
    return {
        "so": report.public_id,
        "ngay": labels.day(report.created_at),
        "loai": in_language(report.category.name),
        "dia_ban": ", ".join(place),
        "don_vi": names.unit(report.unit_code) if report.unit_code else "",
        "mat_tran": names.unit(report.supervisor_code) if report.supervisor_code else "",
        "han": labels.day(report.due_at) if report.due_at else "",
        "hom_nay": labels.day(clock.now()),
        "dong_chinh": report.duplicate_of.public_id if report.duplicate_of else "",
    }


def choices(report: Report, who: Identity, names: Names) -> dict[str, list[tuple[str, str, str]]]:
    """action -> (code, title, filled text) of the templates that fit the case."""
    values = values_of(report, names)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in templates.for_case(report, who.unit_code):
        filled = placeholders.fill(one.text, values)
        found.setdefault(one.action, []).append((one.code, one.title, filled))
    return found


def inserted(report: Report, action: str, typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with the chosen template put below it in the action's field. For browsers without a script."""
    from webapp.pages.desk.case_page import names_for

    field = templates.FIELDS.get(action)
    chosen = templates.by_code(request.form.get("template", "")[:60], identity().unit_code)
    if field is None or chosen is None or chosen.action != action:
        return typed
    filled = placeholders.fill(chosen.text, values_of(report, names_for(report, set(), set())))
    return typed | {field: "\n".join(part for part in (typed.get(field) or "", filled) if part)}
