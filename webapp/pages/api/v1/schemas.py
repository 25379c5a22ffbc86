"""JSON Schemas (2020-12) of what programs are answered."""

from __future__ import annotations

from typing import Any

from webapp.opendata import schema
from webapp.opendata.schema import json_schema
from webapp.reports.queries import GROUPS

TEXT, WHOLE, NUMBER, FLAG = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
MAYBE = {"type": ["string", "null"]}


def thing(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def rows(item: Any) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": item}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_PROPERTIES = {field.name: json_schema(field) for field in schema.FIELDS}
_POINT = thing({"type": {"const": "Point"}, "coordinates": {**rows(NUMBER), "minItems": 2, "maxItems": 2}})
_COUNTS = {"type": "object", "properties": dict.fromkeys(GROUPS, WHOLE), "additionalProperties": False}

SCHEMAS: dict[str, Any] = {
    "Report": thing(_PROPERTIES),
    "ReportPage": thing({"reports": rows(_ref("Report")), "next": MAYBE}),
    "Feature": thing(
        {
            "type": {"const": "Feature"},
            "id": TEXT,
            "geometry": {"oneOf": [_POINT, {"type": "null"}]},
            "properties": thing({n: s for n, s in _PROPERTIES.items() if n not in ("lon", "lat")}),
        }
    ),
    "FeatureCollection": thing(
        {"type": {"const": "FeatureCollection"}, "features": rows(_ref("Feature")), "next": MAYBE},
        optional=("next",),  # files have none
    ),
    "Problem": {
        "description": "RFC 9457",
        **thing(
            {
                "type": TEXT,
                "title": TEXT,
                "status": WHOLE,
                "detail": TEXT,
                "errors": rows(thing({"parameter": TEXT, "detail": TEXT})),
            },
            optional=("errors",),
        ),
    },
    "Refusal": thing({"error": TEXT, "problems": {"type": "object", "additionalProperties": TEXT}}),
    "Tile": thing(
        {
            "clusters": rows(
                thing(
                    {
                        "lon": NUMBER,
                        "lat": NUMBER,
                        "count": {"type": "integer", "minimum": 2},
                        "by": _COUNTS,
                        "overdue": WHOLE,
                        "same": FLAG,
                        "area": MAYBE,
                    },
                    optional=("same", "area"),
                )
            ),
            "reports": rows(
                thing(
                    {
                        "id": TEXT,
                        "lon": NUMBER,
                        "lat": NUMBER,
                        "category": TEXT,
                        "icon": TEXT,
                        "status": {"enum": list(schema.STATUSES)},
                        "overdue": FLAG,
                    }
                )
            ),
        }
    ),
    "Areas": thing(
        {
            "scale": WHOLE,
            "areas": rows(
                thing(
                    {
                        "code": TEXT,
                        "level": {"enum": ["province", "commune"]},
                        "name": TEXT,
                        "parent": MAYBE,
                        "label": rows(NUMBER),
                        "rings": rows(rows(WHOLE)),
                    }
                )
            ),
        }
    ),
    "Dictionary": thing(
        {
            **dict.fromkeys(("schema_version", "title", "title_vi", "description", "description_vi"), TEXT),
            "fields": rows(
                thing(
                    {
                        "name": TEXT,
                        "type": {"enum": list(schema.KINDS)},
                        "description": TEXT,
                        "description_vi": TEXT,
                        "constraints": {"type": "object"},
                    }
                )
            ),
        }
    ),
    "DataPackage": {
        "description": "A Frictionless Data Package",
        "type": "object",
        "properties": {"version": TEXT, "created": TEXT, "rows": WHOLE, "resources": rows({"type": "object"})},
        "required": ["name", "version", "created", "rows", "licenses", "resources"],
    },
}
