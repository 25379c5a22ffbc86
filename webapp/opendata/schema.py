"""The one schema of open data: files, bulk API, OpenAPI description and data dictionary are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.reports import lifecycle
from webapp.reports.queries import GROUPS

# Another number when a field changes its meaning or goes away. New fields at the end do not count.
VERSION = "1.0"

STRING, INTEGER, NUMBER, BOOLEAN, DATETIME = KINDS = ("string", "integer", "number", "boolean", "datetime")
STATUSES = tuple(s for s in lifecycle.STATUSES if s not in (*lifecycle.HIDDEN, lifecycle.DUPLICATE))


@dataclass(frozen=True, slots=True)
class Field:
    """A column. What it means stands in words.py under its name."""

    name: str
    kind: str = STRING
    required: bool = False  # else it may be empty
    one_of: tuple[str, ...] = ()


FIELDS: tuple[Field, ...] = (
    Field("id", required=True),
    Field("url", required=True),
    Field("category", required=True),
    Field("category_name", required=True),
    Field("group", required=True),
    Field("status", required=True, one_of=STATUSES),
    Field("stage", required=True, one_of=tuple(GROUPS)),
    Field("overdue", BOOLEAN, required=True),
    Field("reported_at", DATETIME, required=True),
    Field("updated_at", DATETIME, required=True),
    Field("due_at", DATETIME),
    Field("province"),
    Field("province_name"),
    Field("commune"),
    Field("commune_name"),
    Field("lon", NUMBER),
    Field("lat", NUMBER),
    Field("precision_m", INTEGER),
    Field("unit"),
    Field("unit_name"),
    Field("supervisor"),
    Field("supervisor_name"),
    Field("text"),
)
NAMES = tuple(field.name for field in FIELDS)

_JSON_TYPES: dict[str, dict[str, Any]] = {
    STRING: {"type": "string"},
    INTEGER: {"type": "integer"},
    NUMBER: {"type": "number"},
    BOOLEAN: {"type": "boolean"},
    DATETIME: {"type": "string", "format": "date-time"},
}


def json_schema(field: Field) -> dict[str, Any]:
    """JSON Schema (2020-12) of the field's value."""
    found = dict(_JSON_TYPES[field.kind])
    if field.name == "url":
        found["format"] = "uri"
    if field.one_of:
        found["enum"] = list(field.one_of)
    if not field.required:
        found["type"] = [found["type"], "null"]
    return found
