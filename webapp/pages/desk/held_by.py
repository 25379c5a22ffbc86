"""Whom a case is with, in words; of one that has ended, under the names of that day with today's beside them."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from webapp.core import clock
from webapp.pages.desk.timeline import Names
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.units import queries as units
from webapp.units.models import Unit

ROLES = ("unit_code", "supervisor_code", "lead_code")


def words(report: Report, names: Names) -> dict[str, str]:
    """For each of ROLES that is set: who that is, or was."""
    codes = {role: code for role in ROLES if (code := getattr(report, role))}
    if report.status not in lifecycle.ENDED:
        return {role: names.unit(code) for role, code in codes.items()}
    day, today = clock.local(report.closed_at or report.updated_at).date(), clock.today()
    # What has the same name since that day, and still is, costs no statement.
    changed = {c for c in codes.values() if (unit := names.row(c)) is None or not _same_all_along(unit, day, today)}
    then = units.by_codes(changed, day)
    heirs = units.currents_of(changed) if changed else {}
    now = units.by_codes({heir for heir in heirs.values() if heir})
    found = {}
    for role, code in codes.items():
        if code not in changed:
            found[role] = names.unit(code)
            continue
        was, heir = then.get(code), now.get(heirs.get(code) or "")
        said = was.name_vi if was is not None else code
        if heir is None:
            said = _("%(unit)s (no more today)", unit=said)
        elif heir.name_vi != said:
            said = _("%(unit)s (today: %(now)s)", unit=said, now=heir.name_vi)
        found[role] = said
    return found


def _same_all_along(unit: Unit, since: date, today: date) -> bool:
    return unit.valid_from <= since and (unit.valid_to is None or unit.valid_to >= today)
