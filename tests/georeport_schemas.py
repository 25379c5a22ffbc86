"""The fields of GeoReport v2 as JSON Schema, written from the tables of the specification, and a small validator.

Stricter than the specification where that helps a program: every field is always there (null where nothing is
known), and codes are strings. `from_xml` reads the XML back by the same schemas, so that both formats can be compared
field by field.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

Schema = dict[str, Any]

STRING: Schema = {"type": "string", "minLength": 1}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
BOOLEAN: Schema = {"type": "boolean"}


def nullable(schema: Schema) -> Schema:
    return schema | {"nullable": True}


def thing(**properties: Schema) -> Schema:
    """An object with exactly these fields."""
    return {"type": "object", "properties": properties}


def things(items: Schema, name: str) -> Schema:
    """A list; in XML each of its elements is called `name`."""
    return {"type": "array", "items": items, "element": name}


DISCOVERY = thing(
    changeset=MOMENT,
    contact=STRING,
    key_service=STRING,
    endpoints=things(
        thing(
            specification=ADDRESS,
            url=ADDRESS,
            changeset=MOMENT,
            type={"type": "string", "enum": ["production", "test", "dev"]},
            formats=things(STRING, "format"),
        ),
        "endpoint",
    ),
)
SERVICES = things(
    thing(
        service_code=STRING,
        service_name=STRING,
        description=nullable(STRING),
        metadata=BOOLEAN,
        type={"type": "string", "enum": ["realtime", "batch", "blackbox"]},
        keywords=nullable(STRING),
        group=nullable(STRING),
    ),
    "service",
)
DATATYPES = ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
DEFINITION = thing(
    service_code=STRING,
    attributes=things(
        thing(
            variable=BOOLEAN,
            code=STRING,
            datatype={"type": "string", "enum": DATATYPES},
            required=BOOLEAN,
            datatype_description=nullable(STRING),
            order={"type": "integer", "minimum": 1},
            description=nullable(STRING),
            values=things(thing(key=STRING, name=STRING), "value"),
        ),
        "attribute",
    ),
)
REQUESTS = things(
    thing(
        service_request_id=STRING,
        status={"type": "string", "enum": ["open", "closed"]},
        status_notes=nullable(STRING),
        service_name=nullable(STRING),
        service_code=STRING,
        description=nullable({"type": "string", "minLength": 1, "maxLength": 4000}),
        agency_responsible=nullable(STRING),
        service_notice=nullable(STRING),
        requested_datetime=MOMENT,
        updated_datetime=nullable(MOMENT),
        expected_datetime=nullable(MOMENT),
        address=nullable(STRING),
        address_id=nullable(STRING),
        zipcode=nullable(STRING),
        lat=nullable({"type": "number", "minimum": -90, "maximum": 90}),
        long=nullable({"type": "number", "minimum": -180, "maximum": 180}),
        media_url=nullable(ADDRESS),
    ),
    "request",
)
CREATED = things(
    thing(service_request_id=STRING, service_notice=nullable(STRING), account_id=nullable(STRING)), "request"
)
TOKEN = things(thing(service_request_id=STRING, token=STRING), "request")
UPDATES = things(
    thing(
        update_id=STRING,
        service_request_id=STRING,
        status={"type": "string", "enum": ["open", "closed"]},
        description=STRING,
        updated_datetime=MOMENT,
        media_url=nullable(ADDRESS),
    ),
    "request_update",
)
ERRORS = things(thing(code={"type": "integer", "minimum": 400, "maximum": 599}, description=STRING), "error")
# What the root of the XML is called.
ROOTS = {
    "discovery": DISCOVERY,
    "services": SERVICES,
    "service_definition": DEFINITION,
    "service_requests": REQUESTS,
    "service_requests_updates": UPDATES,
    "errors": ERRORS,
}

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}
_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"),
    "uri": re.compile(r"https?://[^\s<>]+"),
}


def problems(value: Any, schema: Schema, where: str = "") -> list[str]:
    """What is wrong with a value; empty if it is as the schema says."""
    if value is None:
        return [] if schema.get("nullable") else [f"{where}: null"]
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{where}: {type(value).__name__} is no {kind}"]
    if kind == "array":
        return [p for n, inner in enumerate(value) for p in problems(inner, schema["items"], f"{where}[{n}]")]
    if kind == "object":
        fields = schema["properties"]
        wrong = [f"{where}: fields {sorted(set(value) ^ set(fields))}"] if set(value) != set(fields) else []
        return wrong + [p for n in fields if n in value for p in problems(value[n], fields[n], f"{where}.{n}")]
    return [f"{where}: {value!r} is not {rule}" for rule, holds in _rules(value, schema) if not holds]


def _rules(value: Any, schema: Schema) -> list[tuple[str, bool]]:
    rules = []
    for name, limit in schema.items():
        if name == "enum":
            rules.append((f"one of {limit}", value in limit))
        elif name == "format":
            rules.append((limit, bool(_FORMATS[limit].fullmatch(value))))
        elif name in {"minLength", "maxLength"}:
            rules.append((f"{name} {limit}", len(value) >= limit if name == "minLength" else len(value) <= limit))
        elif name in {"minimum", "maximum"}:
            rules.append((f"{name} {limit}", value >= limit if name == "minimum" else value <= limit))
    return rules


def read_xml(data: bytes, schema: Schema) -> Any:
    """An XML answer as the JSON that it stands for. Refuses documents with entities or a DTD."""
    assert data.startswith(b'<?xml version="1.0" encoding="utf-8"?>'), data[:60]
    root = ElementTree.fromstring(data, forbid_dtd=True)
    assert ROOTS[root.tag] == schema or root.tag == "service_requests", root.tag
    return _read(root, schema)


def _read(element: Element, schema: Schema) -> Any:
    assert not element.attrib, element.tag
    kind = schema["type"]
    if kind == "array":
        assert {child.tag for child in element} <= {schema["element"]}
        return [_read(child, schema["items"]) for child in element]
    if kind == "object":
        assert len({child.tag for child in element}) == len(element), "a field stands twice"
        return {child.tag: _read(child, schema["properties"][child.tag]) for child in element}
    text = element.text
    if text is None:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    return {"integer": int, "number": float, "string": str}[kind](text)
