"""Holding a value against a JSON Schema: the keywords that our own description uses, and no others.

A keyword that is not known here fails, so that nothing in the description goes unchecked.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
WORDS = {"description", "default"}
KEYWORDS = {
    *("type", "enum", "const", "format", "pattern", "minimum", "maximum", "oneOf", "$ref"),
    *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What is wrong with the value, each with its place; empty if it is as the schema says."""
    unknown = schema.keys() - KEYWORDS - WORDS
    assert not unknown, f"teach this checker {unknown}"
    if "$ref" in schema:
        target: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return faults(value, target, root, at)
    found = []
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, kind) for kind in wanted):
            return [f"{at}: {value!r} is no {wanted}"]
    if "oneOf" in schema and sum(not faults(value, one, root, at) for one in schema["oneOf"]) != 1:
        found.append(f"{at}: {value!r} fits not exactly one")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value is not None and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str):
        found += _text(value, schema, at)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        found += [] if low <= value <= high else [f"{at}: {value} is not within {low} and {high}"]
    if isinstance(value, list):
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        found += [] if low <= len(value) <= high else [f"{at}: {len(value)} items"]
        for number, item in enumerate(value):
            found += faults(item, schema.get("items", {}), root, f"{at}[{number}]")
    if isinstance(value, dict):
        found += _object(value, schema, root, at)
    return found


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))


def _text(value: str, schema: dict[str, Any], at: str) -> list[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{at}: {value!r} is not like {schema['pattern']}"]
    form = schema.get("format")
    if form in ("date-time", "date"):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return [f"{at}: {value!r} is no {form}"]
        return [f"{at}: {value!r} has no offset"] if form == "date-time" and moment.tzinfo is None else []
    if form == "uri":
        return [] if re.match(r"https?://[^/]+/", value) else [f"{at}: {value!r} is no address"]
    assert form is None, f"teach this checker the format {form}"
    return []


def _object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    more = schema.get("additionalProperties", True)
    for name, inner in value.items():
        if name in known:
            found += faults(inner, known[name], root, f"{at}.{name}")
        elif more is False:
            found.append(f"{at}: {name} is not described")
        elif isinstance(more, dict):
            found += faults(inner, more, root, f"{at}.{name}")
    return found
