"""What can be reported: discovery, the list of services, and the attributes of each. A service is a category."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event
from webapp.core.instance import instance
from webapp.pages.api.open311.attributes import definition_of
from webapp.pages.api.open311.door import ENDING, PREFIX, address, kept, route
from webapp.pages.api.open311.formats import MIMETYPES, Problem, answer, wanted
from webapp.pages.i18n import in_language
from webapp.reports.models import Category, CategoryGroup

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
SHORT, LONG = 300, 3600  # seconds for which an answer may be kept


@route("/")
def root() -> Response:
    """The discovery document, for whoever tries the bare address."""
    return _discovery(wanted(request))


@route("/discovery" + ENDING)
def discovery(fmt: str) -> Response:
    """Where the service is, in which formats, whom to ask."""
    return _discovery(fmt)


def _discovery(fmt: str) -> Response:
    changeset = _changeset()
    document = {
        "changeset": changeset,
        "contact": _("The Fatherland Front that runs this service: %(url)s", url=address("/")),
        "key_service": _("Keys for sending reports are given by whoever runs this instance. Reading needs none."),
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": address(PREFIX),
                "changeset": changeset,
                "type": "test" if instance().settings.demo else "production",
                "formats": [kind.partition(";")[0] for kind in (MIMETYPES["xml"], MIMETYPES["json"])],
            }
        ],
    }
    return kept(answer(fmt, "discovery", document), LONG)


def _changeset() -> str:
    """When the services last changed: with the reference data, or in the browser."""
    changes = Event.kind.in_(("reference:loaded", "category:saved"))
    loaded = db.session.scalar(select(Event.at).where(changes).order_by(Event.id.desc()).limit(1))
    return clock.local(loaded or NEVER).isoformat(timespec="seconds")


@route("/services" + ENDING)
def services(fmt: str) -> Response:
    """Every category that may be reported now."""
    groups = {group.code: group for group in db.session.scalars(select(CategoryGroup))}
    listed = [_service(category, groups) for category in _categories()]
    return kept(answer(fmt, "services", listed), SHORT)


def _service(category: Category, groups: dict[str, CategoryGroup]) -> dict[str, Any]:
    group = groups[category.group_code]
    # The other languages' names help people to find it who do not use the one they are reading.
    names = [*dict.fromkeys([*group.name.values(), *category.name.values()])]
    return {
        "service_code": category.code,
        "service_name": in_language(category.name),
        "description": in_language(category.description) or None,
        "metadata": True,  # every service has attributes
        "type": "realtime",
        "keywords": ", ".join(name.replace(",", "") for name in names),
        "group": in_language(group.name),
    }


@route("/services/<code>" + ENDING)
def definition(code: str, fmt: str) -> Response:
    """The attributes of one service."""
    category = reportable(code)
    document = {"service_code": category.code, "attributes": definition_of(category)}
    return kept(answer(fmt, "service_definition", document), SHORT)


def reportable(code: str) -> Category:
    """The category that may be reported under a code. Raises Problem 404."""
    category = db.session.get(Category, code) if len(code) <= 40 and "\0" not in code else None
    if category is None or not category.reportable or category.retired:
        raise Problem(404, unknown_service(code))
    return category


def unknown_service(code: str) -> str:
    """What is said about a code that is no service's."""
    return _("service_code: %(code)s was not found; /services lists what there is.", code=code[:60])


def _categories() -> list[Category]:
    query = select(Category).where(Category.reportable, ~Category.retired)
    return list(db.session.scalars(query.order_by(Category.position, Category.code)))
