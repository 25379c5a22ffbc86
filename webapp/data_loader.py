"""Reference data from `webapp/data/` (or an operator's folder) into the database: `flask data load`.

Files are read and checked whole before anything is written. Loading again changes only what differs; what
is no longer in a file is ended or removed where nothing can refer to it. What somebody has written in the browser is
the operator's own and stays; how many rows of the files that concerns is said.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any
from unicodedata import normalize

import click
from flask.cli import AppGroup
from sqlalchemy import inspect, select

from webapp.core import clock, events
from webapp.core.db import Base, committing, db
from webapp.inspections import checklists, versions
from webapp.reports import catalogue as catalogue_cache
from webapp.reports import placeholders
from webapp.reports.models import Category, CategoryGroup, LegalReference
from webapp.reports.replies import ACTIONS, ANY, LONGEST, ReplyTemplate
from webapp.routing import rows as rule_rows
from webapp.routing import rulesets, terms
from webapp.routing.decide import Rule
from webapp.routing.models import CalendarDay, DeadlineRule, OfficeHours
from webapp.supervision import ladder
from webapp.supervision.models import ReminderRule
from webapp.units.models import Unit

DATA = Path(__file__).parent / "data"
data_cli = AppGroup("data", help="Categories, units, rules, deadlines, days off.")


class DataError(ValueError):
    """A file cannot be loaded; the message names file, line and field."""


@dataclass
class Loaded:
    """How many rows a file added, changed, left alone and retired; `own` of those left alone say something else,
    because somebody has written them in the browser."""

    added: int = 0
    changed: int = 0
    same: int = 0
    retired: int = 0
    own: int = 0


def load(folder: Path = DATA) -> dict[str, Loaded]:
    """Load every file of `folder`; returns the counts per file. Raises DataError and writes nothing then."""
    catalogue = _toml(folder / "categories.toml")
    groups = [_group(row) for row in catalogue["group"]]
    categories = [_category(row) for row in catalogue["category"]]
    legal = _rows(folder / "legal_references.csv", LegalReference)
    units = _rows(folder / "units.csv", Unit)
    rules = _rules(folder / "routing_rules.csv")
    deadlines = _rows(folder / "deadlines.csv", DeadlineRule)
    days = _rows(folder / "holidays.csv", CalendarDay, {"date": "day"})
    offered = {c["code"] for c in categories} | set(db.session.scalars(select(Category.code).where(Category.own)))
    replies = _replies(folder / "reply_templates.toml", offered)
    hours = _rows(folder / "office_hours.csv", OfficeHours)
    reminders = _rows(folder / "reminders.csv", ReminderRule)
    lists = _checklists(folder / "checklists.toml", {g["code"] for g in groups}, {row["code"] for row in legal})
    _check(categories, legal)
    _check_rules(rules, deadlines, offered, units)
    _check_time(deadlines, hours, reminders)
    result = {
        "groups": _sync(CategoryGroup, ("code",), groups, _forget_unused),
        "categories": _sync(Category, ("code",), categories, _end),
        "legal_references": _sync(LegalReference, ("code",), legal, _forget),
        "units": _sync(Unit, ("code", "valid_from"), units, _keep),
        "routing_rules": _publish(rules, folder),
        "deadlines": _sync(DeadlineRule, ("code",), deadlines, _forget),
        "holidays": _sync(CalendarDay, ("day",), days, _keep),
        "reply_templates": _sync(ReplyTemplate, ("code",), replies, _retire_shipped),
        "office_hours": _sync(OfficeHours, ("code",), hours, _forget),
        "reminders": _sync(ReminderRule, ("code",), reminders, _forget),
        "checklists": _versions(lists),
    }
    terms.forget()
    catalogue_cache.forget()
    if any(c.added or c.changed or c.retired for c in result.values()):
        counts = {name: [c.added, c.changed, c.retired] for name, c in result.items()}
        events.append("reference", "reference:loaded", events.SYSTEM, counts=counts)
    return result


def _rules(path: Path) -> list[Rule]:
    """The rules of a CSV file, each checked."""
    found: dict[str, Rule] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, raw in enumerate(csv.DictReader(file), start=2):
                try:
                    rule = rule_rows.parse(raw)
                except rule_rows.Wrong as wrong:
                    raise DataError(f"{path.name}, line {number}: {wrong}") from wrong
                if rule.code in found:
                    raise DataError(f"{path.name}, line {number}: {rule.code} is there already")
                found[rule.code] = rule
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: {error}") from error
    return list(found.values())


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
        "ended_from": row.get("ended_from"),
    }


def _replies(path: Path, categories: set[str]) -> list[dict[str, Any]]:
    """The reply templates of a file; an operator's older folder may have none."""
    if not path.exists():
        path = DATA / path.name
    rows = []
    for row in _toml(path).get("template", []):
        where = f"{path.name}, {row.get('code', '?')}"
        try:
            made = {
                "code": row["code"],
                "action": row["action"],
                "category_code": row["category"],
                "position": row["order"],
                "title": row["title"],
                "text": row["text"].strip(),
                "retired": False,
            }
        except KeyError as error:
            raise DataError(f"{where}: no {error}") from error
        if made["action"] not in ACTIONS:
            raise DataError(f"{where}: unknown action {made['action']}")
        if made["category_code"] not in categories | {ANY}:
            raise DataError(f"{where}: unknown category {made['category_code']}")
        if strange := placeholders.unknown(made["text"]):
            raise DataError(f"{where}: unknown placeholder {', '.join(strange)}")
        if made["code"].startswith("own-") or not made["text"] or len(made["text"]) > LONGEST:
            raise DataError(f"{where}: code or text cannot be used")
        rows.append(made)
    return rows


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


def _check(categories: list[dict[str, Any]], legal: list[dict[str, Any]]) -> None:
    """What categories name must be there. Raises DataError."""
    laws = {row["code"] for row in legal}
    for category in categories:
        if unknown := set(category["legal"]) - laws:
            raise DataError(f"categories.toml, {category['code']}: unknown legal reference {unknown}")


def _check_rules(
    rules: list[Rule], deadlines: list[dict[str, Any]], codes: set[str], units: list[dict[str, Any]]
) -> None:
    """What rules and deadlines name must be there; `codes`: all categories. Raises DataError."""
    kinds = {row["kind"] for row in units}
    unit_codes = {row["code"] for row in units}
    for row in deadlines:
        if row["category_code"] != "*" and row["category_code"] not in codes:
            raise DataError(f"deadlines.csv, {row['code']}: unknown category {row['category_code']}")
    for rule in rules:
        where = f"routing_rules.csv, {rule.code}"
        if rule.category_code != "*" and rule.category_code not in codes:
            raise DataError(f"{where}: unknown category {rule.category_code}")
        if rule.target_kind and rule.target_kind not in kinds:
            raise DataError(f"{where}: no unit is a {rule.target_kind}")
        if rule.target_unit_code and rule.target_unit_code not in unit_codes:
            raise DataError(f"{where}: unknown unit {rule.target_unit_code}")


def _publish(parsed: list[Rule], folder: Path) -> Loaded:
    """Put the rules in force as a new version, unless they are the same. What was published in the browser or by
    a command outlives an upgrade: only files of the operator's own replace it."""
    counts = Loaded()
    if folder == DATA and rulesets.keeps_own_rules():
        counts.same = len(parsed)
        return counts
    made = rulesets.store(parsed, events.SYSTEM, "flask data load", rulesets.FILE)
    if made is not None:
        counts.added, counts.changed, counts.retired = made.changes
    counts.same = len(parsed) - counts.added - counts.changed
    return counts


def _check_time(deadlines: list[dict[str, Any]], hours: list[dict[str, Any]], reminders: list[dict[str, Any]]) -> None:
    """What clocks and reminders are counted by must be readable. Raises DataError."""
    for row in deadlines:
        if sum(row[name] is not None for name in ("working_days", "working_hours", "hours_around_clock")) != 1:
            raise DataError(f"deadlines.csv, {row['code']}: needs one of days, office hours, hours around the clock")
    for row in hours:
        try:
            opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
        except ValueError as error:
            raise DataError(f"office_hours.csv, {row['code']}: {error}") from error
        if opens >= closes:
            raise DataError(f"office_hours.csv, {row['code']}: closes before it opens")
    for row in reminders:
        if (
            row["measure"] not in ("days", "hours")
            or row["whom"] not in ladder.WHOM
            or row["channel"] not in ladder.CHANNELS
        ):
            raise DataError(f"reminders.csv, {row['code']}: unknown measure, addressee or channel")


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
        if differing and getattr(known, "own", False):  # the operator's word stands
            counts.own += 1
            differing = {}
        if model is Unit and row["valid_to"] is None:
            # A reorganisation has ended it since: the file that came with the program does not bring it back.
            differing.pop("valid_to", None)
        for name, value in differing.items():
            setattr(known, name, value)
        if differing and isinstance(known, Category):
            known.version += 1  # whoever has its form open is told
        counts.changed += bool(differing)
        counts.same += not differing
    counts.retired = sum(absent(row) for row in there.values())
    db.session.flush()
    return counts


def _forget(row: Any) -> bool:
    if getattr(row, "own", False):
        return False
    db.session.delete(row)
    return True


def _versions(rows: Iterable[dict[str, Any]]) -> Loaded:
    """A new version of each checklist whose file says something else. What was written in the browser stands."""
    counts = Loaded()
    for row in rows:
        known = versions.of(row["code"])
        newest = known[0] if known else None
        if not versions.differs(newest, row):
            counts.same += 1
        elif any(one.own for one in known):
            counts.same += 1
            counts.own += 1
        else:
            db.session.add(versions.following(newest, row, own=False))
            counts.added += newest is None
            counts.changed += newest is not None
    db.session.flush()
    return counts


def _forget_unused(group: Any) -> bool:
    """A group goes with its last category; ended ones are in it as well."""
    used = db.session.scalar(select(Category.code).where(Category.group_code == group.code).limit(1))
    return False if used else _forget(group)


def _end(row: Any) -> bool:
    """A category that a file has no more is not offered from today on, unless it was written in the browser."""
    if row.own or row.retired:
        return False
    row.ended_from = clock.today()
    return True


def _retire(row: Any) -> bool:
    was, row.retired = row.retired, True
    return not was


def _retire_shipped(row: Any) -> bool:
    """What a Front wrote itself is not in the file and stays as it is."""
    return _retire(row) if row.unit_code is None else False


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
        own = f" {c.own:5} kept as entered in the browser" if c.own else ""
        click.echo(f"{name:18} {c.added:5} added {c.changed:5} changed {c.same:5} same {c.retired:5} retired{own}")
