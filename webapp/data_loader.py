"""Reference data from `webapp/data/` (or an operator's folder) into the database: `flask data load`.

Files are read and checked whole before anything is written. Loading again changes only what differs; what
is no longer in a file is marked retired or removed where nothing can refer to it.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import click
from flask.cli import AppGroup
from sqlalchemy import inspect, select

from webapp.core import events
from webapp.core.db import Base, committing, db
from webapp.inspections import checklists
from webapp.inspections.models import Checklist
from webapp.reports.models import Category, CategoryGroup, LegalReference
from webapp.routing.models import CalendarDay, DeadlineRule, RoutingRule
from webapp.units.models import Unit

DATA = Path(__file__).parent / "data"
data_cli = AppGroup("data", help="Categories, units, rules, deadlines, days off.")


class DataError(ValueError):
    """A file cannot be loaded; the message names file, line and field."""


@dataclass
class Loaded:
    """How many rows a file added, changed, left alone and retired."""

    added: int = 0
    changed: int = 0
    same: int = 0
    retired: int = 0


def load(folder: Path = DATA) -> dict[str, Loaded]:
    """Load every file of `folder`; returns the counts per file. Raises DataError and writes nothing then."""
    catalogue = _toml(folder / "categories.toml")
    groups = [_group(row) for row in catalogue["group"]]
    categories = [_category(row) for row in catalogue["category"]]
    legal = _rows(folder / "legal_references.csv", LegalReference)
    units = _rows(folder / "units.csv", Unit)
    rules = _rows(folder / "routing_rules.csv", RoutingRule)
    deadlines = _rows(folder / "deadlines.csv", DeadlineRule)
    days = _rows(folder / "holidays.csv", CalendarDay, {"date": "day"})
    lists = _checklists(folder / "checklists.toml", {g["code"] for g in groups}, {row["code"] for row in legal})
    _check(categories, legal, units, rules, deadlines)
    result = {
        "groups": _sync(CategoryGroup, ("code",), groups, _forget),
        "categories": _sync(Category, ("code",), categories, _retire),
        "legal_references": _sync(LegalReference, ("code",), legal, _forget),
        "units": _sync(Unit, ("code", "valid_from"), units, _keep),
        "routing_rules": _sync(RoutingRule, ("code",), rules, _forget),
        "deadlines": _sync(DeadlineRule, ("code",), deadlines, _forget),
        "holidays": _sync(CalendarDay, ("day",), days, _keep),
        "checklists": _sync(Checklist, ("code",), lists, _keep),
    }
    if any(c.added or c.changed or c.retired for c in result.values()):
        counts = {name: [c.added, c.changed, c.retired] for name, c in result.items()}
        events.append("reference", "reference:loaded", events.SYSTEM, counts=counts)
    return result


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(normalize("NFC", path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path.name}: {error}") from error


def _rows(path: Path, model: type[Base], renamed: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of a CSV file with the model's columns, converted to their types."""
    columns = {c.key: c for c in inspect(model).columns if c.key != "id"}
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, raw in enumerate(csv.DictReader(file), start=2):
                row = {}
                for header, text in raw.items():
                    name = (renamed or {}).get(header, header)
                    if name in columns:
                        where = f"{path.name}, line {number}, {header}"
                        row[name] = _value(columns[name], normalize("NFC", (text or "").strip()), where)
                missing = [n for n, c in columns.items() if n not in row and not c.nullable and c.default is None]
                if missing:
                    raise DataError(f"{path.name}: no column {', '.join(missing)}")
                rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: {error}") from error
    return rows


def _value(column: Any, text: str, where: str) -> Any:
    kind = column.type.python_type
    if not text:
        if column.nullable:
            return None
        if kind is str:
            return ""
        raise DataError(f"{where}: must not be empty")
    try:
        if kind is date:
            return date.fromisoformat(text)
        return kind(text)
    except ValueError as error:
        raise DataError(f"{where}: {text!r} is not a {kind.__name__}") from error


def _group(row: dict[str, Any]) -> dict[str, Any]:
    return {"code": row["code"], "position": row["order"], "icon": row["icon"], "name": row["name"]}


def _category(row: dict[str, Any]) -> dict[str, Any]:
    blur = row.get("public_blur_m", 0)
    return {
        "code": row["code"],
        "group_code": row["group"],
        "position": row["order"],
        "icon": row["icon"],
        "name": row["name"],
        "description": row.get("description", {}),
        "evidence": row.get("evidence", {}),
        "warning": row.get("warning", {}),
        "sensitive": row.get("sensitive", False),
        "urgent": row.get("urgent", False),
        "reportable": not row.get("campaign_only", False),
        "public_blur_m": None if blur == "commune" else int(blur),
        "publish_delay_hours": row.get("publish_delay_hours", 0),
        "legal": row.get("legal", []),
        "retired": False,
    }


def _checklists(path: Path, groups: set[str], laws: set[str]) -> list[dict[str, Any]]:
    """The checklists of inspections; a folder from before there were any leaves the table as it is."""
    if not path.exists():
        return []
    rows = []
    for raw in _toml(path).get("checklist", []):
        where = f"{path.name}, {raw.get('code', '?')}"
        if raw.get("group") != "*" and raw.get("group") not in groups:
            raise DataError(f"{where}: unknown group {raw.get('group')}")
        try:
            rows.append(
                {
                    "code": raw["code"],
                    "group_code": raw["group"],
                    "name": raw["name"],
                    "questions": checklists.check(raw.get("question"), laws),
                    "valid_from": raw["valid_from"],
                    "valid_to": raw.get("valid_to"),
                    "certainty": raw["certainty"],
                    "source": raw["source"],
                }
            )
        except (KeyError, checklists.BadChecklist) as error:
            raise DataError(f"{where}: {error}") from error
    return rows


def _check(
    categories: list[dict[str, Any]],
    legal: list[dict[str, Any]],
    units: list[dict[str, Any]],
    rules: list[dict[str, Any]],
    deadlines: list[dict[str, Any]],
) -> None:
    """What refers to something must find it. Raises DataError."""
    codes = {c["code"] for c in categories}
    laws = {row["code"] for row in legal}
    kinds = {row["kind"] for row in units}
    unit_codes = {row["code"] for row in units}
    for category in categories:
        if unknown := set(category["legal"]) - laws:
            raise DataError(f"categories.toml, {category['code']}: unknown legal reference {unknown}")
    for name, rows in (("routing_rules.csv", rules), ("deadlines.csv", deadlines)):
        for row in rows:
            if row["category_code"] != "*" and row["category_code"] not in codes:
                raise DataError(f"{name}, {row['code']}: unknown category {row['category_code']}")
    for row in rules:
        if bool(row["target_kind"]) == bool(row["target_unit_code"]):
            raise DataError(f"routing_rules.csv, {row['code']}: needs either target_kind or target_unit_code")
        if row["target_kind"] and row["target_kind"] not in kinds:
            raise DataError(f"routing_rules.csv, {row['code']}: no unit is a {row['target_kind']}")
        if row["target_unit_code"] and row["target_unit_code"] not in unit_codes:
            raise DataError(f"routing_rules.csv, {row['code']}: unknown unit {row['target_unit_code']}")


def _sync(
    model: type[Base],
    key: tuple[str, ...],
    rows: Iterable[dict[str, Any]],
    absent: Callable[[Any], bool],
) -> Loaded:
    """Make the table say what the rows say; `absent` deals with what is in the table only."""
    counts = Loaded()
    there: dict[tuple[Any, ...], Any] = {
        tuple(getattr(row, k) for k in key): row for row in db.session.scalars(select(model))
    }
    for row in rows:
        known = there.pop(tuple(row[k] for k in key), None)
        if known is None:
            db.session.add(model(**row))
            counts.added += 1
            continue
        differing = {name: value for name, value in row.items() if getattr(known, name) != value}
        for name, value in differing.items():
            setattr(known, name, value)
        counts.changed += bool(differing)
        counts.same += not differing
    counts.retired = sum(absent(row) for row in there.values())
    db.session.flush()
    return counts


def _forget(row: Any) -> bool:
    db.session.delete(row)
    return True


def _retire(row: Any) -> bool:
    was, row.retired = row.retired, True
    return not was


def _keep(_row: Any) -> bool:
    """History: a unit of then, a holiday of last year."""
    return False


@data_cli.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DATA)
def load_command(folder: Path) -> None:
    """Load reference data from FOLDER (default: what comes with the program)."""
    try:
        with committing():
            result = load(folder)
    except DataError as error:
        raise click.ClickException(str(error)) from error
    for name, c in result.items():
        click.echo(f"{name:18} {c.added:5} added {c.changed:5} changed {c.same:5} same {c.retired:5} retired")
