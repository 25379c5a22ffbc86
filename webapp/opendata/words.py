"""What the fields of open data mean, in words: the data dictionary."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

TITLE: LazyString = _("Public reports of environmental violations")
DESCRIPTION: LazyString = _(
    "Every case that the public may see, one row each. A case that its sender withdraws, that is rejected, or that "
    "turns out to be the duplicate of another is missing from the next version on. Sensitive kinds come later, and "
    "their places are displaced or given as the commune only. All times are full hours."
)

FIELD: dict[str, LazyString] = {
    "id": _("Random name of the case; it says nothing about order or time."),
    "url": _("Address of the case's page."),
    "category": _("Code of the kind of violation."),
    "category_name": _("Its name in Vietnamese."),
    "group": _("Code of the group of kinds."),
    "status": _("Where the case stands."),
    "stage": _("The same in five steps, as on the map."),
    "overdue": _("Whether the answer is late."),
    "reported_at": _("The hour in which the report came in."),
    "updated_at": _("The hour of the last change, or of the first publication if that was later."),
    "due_at": _("The hour by which the present step is due."),
    "province": _("Code of the province or city (General Statistics Office)."),
    "province_name": _("Its name."),
    "commune": _("Code of the commune or ward (General Statistics Office)."),
    "commune_name": _("Its name."),
    "lon": _("Longitude of the public place, WGS 84 degrees."),
    "lat": _("Latitude of the public place, WGS 84 degrees."),
    "precision_m": _(
        "By how many metres the public place may be off: 0 where it was not displaced; empty where the place stands "
        "for the commune as a whole."
    ),
    "unit": _("Code of the responsible unit, once the Front has passed the case on."),
    "unit_name": _("Its name in Vietnamese."),
    "supervisor": _("Code of the Front body that supervises the case."),
    "supervisor_name": _("Its name in Vietnamese."),
    "text": _("What happened, in words that an officer let out; often empty."),
}

KIND: dict[str, LazyString] = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("true or false"),
    "datetime": _("date and time"),
}
