"""What was reported up: late steps of those below, for the Front and for the unit above. Numbers, no reports."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.pages import labels
from webapp.pages.access import require
from webapp.pages.desk import back, time_words
from webapp.pages.desk.views import bp
from webapp.pages.public.views import category_icon, category_name
from webapp.reports import desk_queries
from webapp.supervision import reminders
from webapp.units import queries as units


@bp.get("/escalated")
def escalated() -> str:
    """Late steps that were reported to this Front."""
    return page(require("case:escalated"), "/desk")


def page(identity: Identity, base: str) -> str:
    """The list for `identity`. A unit above others does not see their cases, so its rows lead nowhere."""
    raw = request.args.get("after", "")
    after = int(raw) if raw.isdecimal() and len(raw) < 18 else None
    rows, following = reminders.escalated(identity.unit_code, after)
    names = units.by_codes({row.unit_code for row in rows if row.unit_code})
    places = desk_queries.area_names([row.area_code for row in rows])
    now, way = clock.now(), back.way(f"/escalated?after={after}" if after else "/escalated")

    def shown(row: reminders.Escalated) -> dict[str, Any]:
        unit = names.get(row.unit_code or "")
        return {
            "number": row.public_id,
            "url": f"/desk/cases/{row.public_id}{way}" if base == "/desk" else None,
            "category": category_name(row.category_code),
            "icon": category_icon(row.category_code),
            "place": places.get(row.area_code or "", _("Place unknown")),
            "step": time_words.STEP[row.step],
            "unit": (unit.short_name_vi or unit.name_vi) if unit else row.unit_code,
            "late": labels.overdue_words(row.due_at, now),
            "due": labels.moment(row.due_at),
            "told": labels.day(row.reminded_at),
        }

    return render_template(
        "desk/escalated.html",
        base=base,
        rows=[shown(row) for row in rows],
        more=f"{base}/escalated?after={following}" if following else None,
        first=f"{base}/escalated" if after else None,
    )
