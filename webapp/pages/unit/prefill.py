"""The outcome's form, filled in from a signed inspection sheet."""

from __future__ import annotations

from typing import Any

from flask import Request

from webapp.core import clock
from webapp.inspections import sheets
from webapp.reports.models import Report


def outcome_form(request: Request, report: Report) -> dict[str, Any]:
    """Further arguments of the case page for `?sheet=<id>`; nothing for a sheet that is not of this case."""
    sheet = sheets.by_public_id(request.args.get("sheet", "")[:16])
    if sheet is None or sheet.report_id != report.id or sheet.signed_at is None:
        return {}
    day = clock.local(sheet.ended_at or sheet.created_at).date()
    return {"opened": "outcome", "values": {"inspected_on": day.isoformat(), "summary": sheet.findings}}
