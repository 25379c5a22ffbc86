"""What the map's scripts are told by the page: addresses, signs, and all words in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core import clock
from webapp.core.instance import instance
from webapp.mapping import shades
from webapp.pages import labels
from webapp.pages.i18n import in_language
from webapp.pages.public import outlines
from webapp.pages.web import asset
from webapp.reports import queries

# group of statuses -> (tone, shape in ui.svg): what legend, markers and figures have in common
SIGNS = {
    "waiting": ("attention", "st-received"),
    "working": ("progress", "st-in_progress"),
    "answered": ("info", "st-answered"),
    "done": ("good", "st-verified"),
    "ended": ("neutral", "st-out_of_scope"),
    "overdue": ("bad", "st-overdue"),
}
# ways to look at the map besides case by case; the addresses carry their codes
VIEWS: dict[str, LazyString] = {
    "heat": _l("Density"),
    "count": _l("Number by area"),
    "ontime": _l("In time by area"),
}
MODULES = ("base", "cases", "heat", "places", "picture", "shades", "sheet", "time")


def states() -> list[tuple[str, str, str, str]]:
    """(code, name, tone, shape) of what the status filter offers."""
    names = {**labels.STATUS_GROUP, "overdue": labels.OVERDUE}
    return [(code, str(names[code]), *SIGNS[code]) for code in SIGNS]


def config(view: list[float] | None, area: str | None) -> dict[str, Any]:
    """For map.js. `view` is the box to open on, `area` the code of the place that was asked for."""
    settings = instance().settings
    return {
        "view": view,
        "area": area,
        "today": clock.today().isoformat(),
        "areas": outlines.version(),
        "provinces": outlines.province_boxes(),
        "archipelagos": outlines.ARCHIPELAGOS,
        "tiles": {"url": settings.tile_url, "attribution": settings.tile_attribution} if settings.tile_url else None,
        "sprite": asset("icons/ui.svg"),
        "modules": {name: asset(f"js/map-{name}.js") for name in MODULES},
        "order": list(SIGNS),  # of the signs: JSON objects have none
        "signs": SIGNS,
        "categories": {c.code: in_language(c.name) for c in queries.catalogue().categories.values()},
        "statuses": queries.GROUP_OF,
        "words": _words(settings.public_url),
    }


def _words(address: str) -> dict[str, str]:
    return {
        **{code: name for code, name, _tone, _shape in states()},
        "cluster": _("%(count)s cases: %(split)s. Zoom in.", count="{count}", split="{split}"),
        "inView": _("%(count)s cases in this part of the map", count="{count}"),
        "none": _("No cases in this part of the map. Zoom out, or change the filters."),
        "failed": _("The map data could not be loaded. Check the connection."),
        "located": _("The map shows where you are."),
        "notLocated": _("Your position is not available. Choose the province and commune instead."),
        "case": _("Case"),
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "here": _("You are about here"),
        "at": _("Cases shown at this point"),
        "sea": "Biển Đông",
        "remove": _("Remove: %(what)s", what="{what}"),
        "from": _("From %(day)s", day="{day}"),
        "to": _("To %(day)s", day="{day}"),
        "noPlace": _("No place has this name. Try the name of the commune, ward or province, old or new."),
        "formerly": _("formerly %(name)s", name="{name}"),
        "choices": _("%(count)s places found", count="{count}"),
        "month": _("%(month)s: %(count)s cases", month="{month}", count="{count}"),
        "allMonths": _("All months"),
        "showMore": _("Show more"),
        "newest": _("Newest first"),
        "urgent": _("Most urgent first"),
        "few": _("Fewer than %(number)s: too few to say", number=shades.LEAST),
        "noCases": _("No cases"),
        "share": _("%(share)s in time (%(n)s of %(all)s awaited)", share="{share}", n="{n}", all="{all}"),
        "count": _("%(count)s cases", count="{count}"),
        "countHead": _("Cases by area"),
        "ontimeHead": _("Share in time by area"),
        "ontimeWhat": _("Of the cases in which somebody owes the next step: those whose time has not run out."),
        "zoomTo": _("Show the cases of %(place)s", place="{place}"),
        "copied": _("The link to this view has been copied."),
        "notCopied": _("Copy the address of this page to share it."),
        "title": _("Map of cases"),
        "vietnam": _("Vietnam"),
        "source": _("Source: Dân Giám Sát, %(address)s", address=address),
        "made": _("As of %(day)s", day=labels.day(clock.now())),
        "least": _("less"),
        "most": _("more"),
    }
