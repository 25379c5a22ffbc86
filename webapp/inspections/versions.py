"""Checklists over time: which version counts on a day, reading one as a table, writing the next one.

A version never changes and is never deleted: every save is a new one, used from a day on. So an inspection that was
begun with a version can always be handed in with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.text import clean, fold
from webapp.inspections.checklists import KINDS
from webapp.inspections.models import Checklist

STREAM = "reference"
ALL = "*"  # instead of a group: where no other fits
MOST_QUESTIONS = 60
LONGEST = {"name_vi": 120, "name_en": 120, "source": 500}
LONGEST_QUESTION = {"vi": 300, "en": 300, "unit": 20}
CERTAINTIES = ("confirmed", "secondary", "check", "provisional")
HEAD = ("checklist", "group", "name_vi", "name_en", "valid_from", "valid_to", "certainty", "source")
QUESTION = ("question", "kind", "required", "vi", "en", "unit", "legal")
COLUMNS = (*HEAD, *QUESTION)
RESERVED = frozenset({"new", "import", "export"})
CONTENT = ("group_code", "name", "questions", "valid_to", "certainty", "source")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadVersion(ValueError):
    """What is no checklist: {field: code of what is wrong}; fields of a question are `q<number>_<column>`."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Stale(ValueError):
    """Somebody else has written a version meanwhile."""


def in_force(versions: Iterable[Checklist], day: date) -> list[Checklist]:
    """Of each checklist the version that counts on a day: the newest that has begun, unless it has ended."""
    newest: dict[str, Checklist] = {}
    for one in versions:
        if one.valid_from <= day and (one.code not in newest or one.number > newest[one.code].number):
            newest[one.code] = one
    return [one for one in newest.values() if one.valid_to is None or one.valid_to >= day]


def latest() -> list[Checklist]:
    """The newest version of each checklist, whether it has begun or not, by code."""
    rows = db.session.scalars(select(Checklist).order_by(Checklist.code, Checklist.number))
    return list({one.code: one for one in rows}.values())


def of(code: str) -> list[Checklist]:
    """All versions of a checklist, the newest first."""
    query = select(Checklist).where(Checklist.code == code[:40])
    return list(db.session.scalars(query.order_by(Checklist.number.desc())))


def name_of(one: Checklist) -> str:
    """A version's name in a form: what an inspection was begun with."""
    return f"{one.code}.{one.number}"


def named(name: str) -> Checklist | None:
    """The version of that name, if it has begun."""
    code, _dot, number = name.partition(".")
    if not (_CODE.fullmatch(code) and number.isascii() and number.isdecimal() and len(number) < 7):
        return None
    found = db.session.get(Checklist, (code, int(number)))
    return found if found is not None and found.valid_from <= clock.today() else None


def parse(cells: Mapping[str, str | None], groups: Collection[str]) -> dict[str, Any]:
    """The head of a checklist (`HEAD`) out of text. Raises BadVersion."""
    text = {name: clean(cells.get(name)) for name in HEAD}
    text["certainty"] = text["certainty"] or "check"
    errors = {n: "missing" for n in ("checklist", "group", "name_vi", "source") if not text[n]}
    if text["checklist"] and (not _CODE.fullmatch(text["checklist"]) or text["checklist"] in RESERVED):
        errors["checklist"] = "bad_category"
    errors |= {name: "too_long" for name, most in LONGEST.items() if len(text[name]) > most}
    if text["group"] and text["group"] != ALL and text["group"] not in groups:
        errors["group"] = "not_a_choice"
    if text["certainty"] not in CERTAINTIES:
        errors["certainty"] = "not_a_choice"
    begins, ends = (_day(name, text[name], errors) for name in ("valid_from", "valid_to"))
    if begins and ends and ends < begins:
        errors["valid_to"] = "ends_early"
    if errors:
        raise BadVersion(errors)
    return {
        "code": text["checklist"],
        "group_code": text["group"],
        "name": {lang: text[f"name_{lang}"] for lang in ("vi", "en") if text[f"name_{lang}"]},
        "valid_from": begins,
        "valid_to": ends,
        "certainty": text["certainty"],
        "source": text["source"],
    }


def _day(name: str, typed: str, errors: dict[str, str]) -> date | None:
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", typed):
        typed = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        errors[name] = "not_a_day"
        return None


def parse_questions(rows: Iterable[Mapping[str, str | None]], laws: Collection[str]) -> list[dict[str, Any]]:
    """Questions out of rows of text (`QUESTION`) in the form in which they are kept; an empty row is none. One
    without a code gets one from its words. Raises BadVersion."""
    errors: dict[str, str] = {}
    found: dict[str, dict[str, Any]] = {}
    typed = [{name: clean(row.get(name)) for name in QUESTION} for row in rows]
    codes = {row["question"] for row in typed}
    for number, row in enumerate(typed):
        if not (row["vi"] or row["en"] or row["question"]):
            continue
        wrong = {"vi": "missing"} if not row["vi"] else {}
        wrong |= {name: "too_long" for name, most in LONGEST_QUESTION.items() if len(row[name]) > most}
        if row["kind"] not in KINDS:
            wrong["kind"] = "not_a_choice"
        if row["legal"] and row["legal"] not in laws:
            wrong["legal"] = "law_unknown"
        if row["required"] not in ("", "0", "1"):
            wrong["required"] = "not_a_switch"
        code = row["question"] or _code_from(row["vi"], codes | set(found))
        if not _CODE.fullmatch(code):
            wrong["question"] = "bad_category"
        elif code in found:
            wrong["question"] = "twice"
        errors |= {f"q{number}_{name}": what for name, what in wrong.items()}
        found[code] = {
            "code": code,
            "kind": row["kind"],
            "label": {lang: row[lang] for lang in ("vi", "en") if row[lang]},
            "required": row["required"] == "1",
            "unit": row["unit"],
            "legal": row["legal"],
        }
    if not errors and not found:
        errors["_form"] = "no_questions"
    if len(found) > MOST_QUESTIONS:
        errors["_form"] = "too_many_questions"
    if errors:
        raise BadVersion(errors)
    return list(found.values())


def _code_from(words: str, taken: Collection[str]) -> str:
    plain = "_".join(re.findall(r"[a-z0-9]+", fold(words))[:4])[:30].strip("_")
    base = plain if plain[:1].isalpha() else f"q_{plain}".strip("_")
    return next(c for c in (base, *(f"{base}_{n}" for n in range(2, 10_000))) if c not in taken)


def as_rows(one: Checklist) -> list[dict[str, str]]:
    """A version as text, a row for each question, the way `parse` and `parse_questions` read it."""
    head = {
        "checklist": one.code,
        "group": one.group_code,
        "name_vi": one.name.get("vi", ""),
        "name_en": one.name.get("en", ""),
        "valid_from": one.valid_from.isoformat(),
        "valid_to": one.valid_to.isoformat() if one.valid_to else "",
        "certainty": one.certainty,
        "source": one.source,
    }
    return [head | question_cells(question) for question in one.questions]


def question_cells(question: Mapping[str, Any]) -> dict[str, str]:
    """A question as text."""
    return {
        "question": question["code"],
        "kind": question["kind"],
        "required": "1" if question["required"] else "",
        "vi": question["label"].get("vi", ""),
        "en": question["label"].get("en", ""),
        "unit": question["unit"],
        "legal": question["legal"],
    }


def differs(one: Checklist | None, values: Mapping[str, Any]) -> bool:
    """Whether these values would make another version than this one. A day that is over is no wish for another."""
    if one is None or any(getattr(one, name) != values[name] for name in CONTENT):
        return True
    wished = values["valid_from"]
    return wished is not None and wished != one.valid_from and wished >= clock.today()


def following(newest: Checklist | None, values: Mapping[str, Any], *, own: bool) -> Checklist:
    """The next version, not written yet. It is used from its day on; from today, if that day is over, for what was
    asked until now was asked by the version before."""
    today = clock.today()
    begins = values["valid_from"] or today
    begins = begins if newest is None else max(begins, today)
    number = newest.number + 1 if newest else 1
    return Checklist(**{**values, "valid_from": begins}, number=number, own=own)


def save(values: Mapping[str, Any], actor: Actor, seen: int) -> Checklist | None:
    """Write the next version as the operator's own; None if nothing differs. `seen`: the number of the newest version
    that the writer knew, 0 for none. Raises Stale."""
    versions = of(values["code"])
    newest = versions[0] if versions else None
    if (newest.number if newest else 0) != seen:
        raise Stale
    if not differs(newest, values):
        return None
    one = following(newest, values, own=True)
    try:
        with db.session.begin_nested():
            db.session.add(one)
            db.session.flush()
    except IntegrityError:
        raise Stale from None
    events.append(
        STREAM,
        "checklist:saved",
        actor,
        what=name_of(one),
        valid_from=one.valid_from.isoformat(),
        valid_to=one.valid_to.isoformat() if one.valid_to else None,
        questions=len(one.questions),
        sha256=hashlib.sha256(orjson.dumps([one.group_code, one.name, one.questions])).hexdigest(),
    )
    return one
