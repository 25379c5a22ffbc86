"""Who else has a case open; for both desks."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from webapp.accounts.permissions import FRONT, Identity
from webapp.pages.access import identity
from webapp.pages.desk import names
from webapp.reports import presence
from webapp.reports.models import Report


def sign(report: Report) -> Response:
    """The page of the case is open (or, with `gone`, has been closed); answers who else has it open."""
    who = identity()
    if request.form.get("gone") == "1":
        presence.gone(report.id, who.user_id or 0)
        return jsonify(others=[])
    presence.here(report.id, who.user_id or 0)
    return jsonify(others=others(report, who))


def others(report: Report, who: Identity) -> list[str]:
    """Those who have it open: colleagues by their post, the other side only by its office."""
    found: list[tuple[str, Any]] = presence.others(report.id, who.user_id)
    offices = names.of_units({unit for _post, unit in found})
    said = []
    for post, unit in found:
        office = offices.get(unit or "", "")
        same_side = unit == who.unit_code or (who.role in FRONT and (unit or "").startswith("mttq-"))
        said.append(f"{post} ({office})" if same_side and office else office or post)
    return list(dict.fromkeys(said))
