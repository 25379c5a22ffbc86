"""A rule as a row of a table: text in cells as people and files have it, checked and turned into a `Rule`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

import orjson

from webapp.core.text import clean
from webapp.routing.decide import OFF, WORKING, Rule

COLUMNS = tuple(field.name for field in fields(Rule))
LENGTHS = {
    "code": 60,
    "category_code": 40,
    "area_code": 8,
    "target_kind": 32,
    "target_unit_code": 40,
    "lead_organisation_kind": 32,
    "note_vi": 1000,
    "source": 1000,
}
NEEDED = ("code", "priority", "category_code", "supervisor_level", "valid_from", "source")
CHOICES = {
    "days": (WORKING, OFF),
    "supervisor_level": ("commune", "province"),
    "certainty": ("confirmed", "secondary", "check"),
}
MAX_PRIORITY = 100_000
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


class Wrong(ValueError):
    """A row that is no rule: {column: code of what is wrong}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


def parse(cells: Mapping[str, str | None]) -> Rule:
    """The rule that a row of text means. Raises Wrong with a code for each wrong cell."""
    text = {name: clean(cells.get(name)) for name in COLUMNS}
    text["certainty"] = text["certainty"] or "check"
    if text["area_code"].isdecimal() and len(text["area_code"]) in (3, 4):
        text["area_code"] = text["area_code"].zfill(5)  # a spreadsheet took the commune's code for a number
    errors: dict[str, str] = {}
    for name in NEEDED:
        if not text[name]:
            errors[name] = "missing"
    for name, longest in LENGTHS.items():
        if len(text[name]) > longest:
            errors[name] = "too_long"
    for name, choices in CHOICES.items():
        if text[name] and text[name] not in choices:
            errors[name] = "not_a_choice"
    if text["code"] and not _CODE.match(text["code"]):
        errors["code"] = "bad_code"
    if bool(text["target_kind"]) == bool(text["target_unit_code"]):
        errors["target_unit_code"] = "one_target"
    times = [name for name in ("time_from", "time_to") if text[name]]
    for name in times:
        text[name] = text[name].zfill(5)
        if not _TIME.match(text[name]):
            errors[name] = "not_a_time"
    if len(times) == 1:
        errors[times[0]] = "half_a_window"
    elif times and text["time_from"] == text["time_to"]:
        errors["time_to"] = "empty_window"
    priority = _number(text["priority"], errors)
    start, end = (read_day(name, text[name], errors) for name in ("valid_from", "valid_to"))
    if start and end and end < start:
        errors["valid_to"] = "ends_early"
    if errors:
        raise Wrong(errors)
    values: dict[str, Any] = {name: text[name] or None for name in COLUMNS}
    values |= {name: text[name] for name in ("note_vi", "source")}
    return Rule(**values | {"priority": priority, "valid_from": start, "valid_to": end})


def _number(text: str, errors: dict[str, str]) -> int:
    if text.isdecimal() and 0 < len(text) < 7 and 0 < int(text) <= MAX_PRIORITY:
        return int(text)
    errors.setdefault("priority", "not_a_number")
    return 0


def read_day(name: str, text: str, errors: dict[str, str]) -> date | None:
    """A day as files have it (2026-12-31) or as it is written in Vietnam (31/12/2026)."""
    if not text:
        return None
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        text = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return date.fromisoformat(text[:10] if text[10:] in ("", " 00:00:00") else text)
    except ValueError:
        errors[name] = "not_a_day"
        return None


def as_cells(rule: Rule) -> dict[str, str]:
    """The rule as text, the way `parse` reads it."""
    return {name: "" if value is None else str(value) for name, value in asdict(rule).items()}


def pack(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Rules as JSON keeps them, in the order of their codes."""
    packed = []
    for rule in sorted(rules, key=lambda r: r.code):
        row = asdict(rule)
        row["valid_from"] = rule.valid_from.isoformat()
        row["valid_to"] = rule.valid_to.isoformat() if rule.valid_to else None
        packed.append(row)
    return packed


def unpack(rows: Iterable[dict[str, Any]]) -> list[Rule]:
    """The rules that `pack` packed."""
    return [
        Rule(
            **row
            | {
                "valid_from": date.fromisoformat(row["valid_from"]),
                "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            }
        )
        for row in rows
    ]


def digest(packed: list[dict[str, Any]]) -> str:
    """SHA-256, in hex, over packed rules."""
    return hashlib.sha256(orjson.dumps(packed, option=orjson.OPT_SORT_KEYS)).hexdigest()


def compare(before: Iterable[Rule], after: Iterable[Rule]) -> list[tuple[Rule | None, Rule | None]]:
    """(old, new) of every rule that differs, by code; None where there is none."""
    old, new = {r.code: r for r in before}, {r.code: r for r in after}
    return [
        (old.get(code), new.get(code)) for code in sorted(old.keys() | new.keys()) if old.get(code) != new.get(code)
    ]


def counts(changes: Iterable[tuple[Rule | None, Rule | None]]) -> list[int]:
    """[added, changed, removed] of what `compare` found."""
    found = [0, 0, 0]
    for old, new in changes:
        found[0 if old is None else 2 if new is None else 1] += 1
    return found
