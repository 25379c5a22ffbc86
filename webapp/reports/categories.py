"""Categories as an operator edits them: what a row may hold, and writing it.

A category that was written here is the operator's own (`own`): loading the program's files leaves it alone. None is
ever deleted, and a code is never given to something else: it is ended on a day, cases keep it, forms offer it no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError

from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.text import clean
from webapp.reports import catalogue
from webapp.reports.models import Category, CategoryGroup, LegalReference, Report

STREAM = "reference"
LANGUAGES = ("vi", "en", "km")
TEXTS = ("name", "description", "evidence", "warning")
LONGEST = {"name": 40, "description": 300, "evidence": 120, "warning": 400}  # of evidence: a line
MOST_LINES = 6
SWITCHES = ("sensitive", "urgent", "reportable")
BLURS = {"0": 0, "100": 100, "250": 250, "commune": None}
LONGEST_DELAY = 8760  # a year, in hours
# Where reprisal is plausible, the public never sees more than the commune, and nothing of the first two days.
SENSITIVE_DELAY = 48
COLUMNS = (
    "code",
    "group",
    "position",
    "icon",
    *(f"{name}_{lang}" for name in TEXTS for lang in LANGUAGES),
    *SWITCHES,
    "public_blur_m",
    "publish_delay_hours",
    "legal",
    "ended_from",
)
NEEDED = ("code", "group", "icon", "name_vi", "description_vi")
RESERVED = frozenset({"new", "import", "export"})  # addresses of pages
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class BadCategory(ValueError):
    """A row that is no category: {column: code of what is wrong}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Known:
    """What a category may name: codes of groups and laws, pictograms."""

    groups: Collection[str]
    laws: Collection[str]
    icons: Collection[str]


def known(icons: Collection[str]) -> Known:
    """What a category may name today; the pictograms are the caller's."""
    groups = frozenset(db.session.scalars(select(CategoryGroup.code)))
    return Known(groups, frozenset(db.session.scalars(select(LegalReference.code))), icons)


def parse(cells: Mapping[str, str | None], known: Known) -> dict[str, Any]:
    """The values of a category out of a row of text. Raises BadCategory with a code for each wrong cell."""
    lines = {f"evidence_{lang}" for lang in LANGUAGES}
    text = {name: clean(cells.get(name), multiline=name in lines) for name in COLUMNS}
    errors = {name: "missing" for name in NEEDED if not text[name]}
    if text["code"] and (not _CODE.fullmatch(text["code"]) or text["code"] in RESERVED):
        errors["code"] = "bad_category"
    for name, choices in (("group", known.groups), ("icon", known.icons), ("public_blur_m", BLURS)):
        if text[name] and text[name] not in choices:
            errors[name] = "not_a_choice"
    texts = {name: _texts(name, text, errors) for name in TEXTS}
    if any(texts["warning"].values()) and not texts["warning"].get("vi"):
        errors.setdefault("warning_vi", "missing")
    legal = text["legal"].replace(",", " ").split()
    if set(legal) - set(known.laws):
        errors["legal"] = "law_unknown"
    delay = _number("publish_delay_hours", text, LONGEST_DELAY, errors)
    position = _number("position", text, 9999, errors)
    ended = _day(text["ended_from"], errors)
    switches = {name: _switch(name, text, errors) for name in SWITCHES}
    if switches["sensitive"] and (BLURS.get(text["public_blur_m"], 0) is not None or delay < SENSITIVE_DELAY):
        errors.setdefault("sensitive", "too_exact")
    if errors:
        raise BadCategory(errors)
    return {
        "code": text["code"],
        "group_code": text["group"],
        "position": position,
        "icon": text["icon"],
        **texts,
        **switches,
        "public_blur_m": BLURS[text["public_blur_m"] or "0"],
        "publish_delay_hours": delay,
        "legal": list(dict.fromkeys(legal)),
        "ended_from": ended,
    }


def _texts(name: str, text: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    """{language: text} of what is there, evidence as lines."""
    found: dict[str, Any] = {}
    for lang in LANGUAGES:
        column = f"{name}_{lang}"
        said = [" ".join(line.split()) for line in text[column].split("\n") if line.strip()]
        if any(len(line) > LONGEST[name] for line in said) or len(said) > MOST_LINES:
            errors[column] = "too_long"
        if said:
            found[lang] = said if name == "evidence" else said[0]
    return found


def _number(name: str, text: dict[str, str], most: int, errors: dict[str, str]) -> int:
    typed = text[name] or "0"
    if typed.isascii() and typed.isdecimal() and len(typed) < 6 and int(typed) <= most:
        return int(typed)
    errors[name] = "not_a_number_from_0"
    return 0


def _switch(name: str, text: dict[str, str], errors: dict[str, str]) -> bool:
    if text[name] not in ("", "0", "1"):
        errors[name] = "not_a_switch"
    return text[name] == "1"


def _day(typed: str, errors: dict[str, str]) -> date | None:
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", typed):
        typed = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        errors["ended_from"] = "not_a_day"
        return None


def as_cells(one: Category) -> dict[str, str]:
    """A category as text, the way `parse` reads it."""
    texts = {}
    for name in TEXTS:
        for lang in LANGUAGES:
            said = getattr(one, name).get(lang) or ""
            texts[f"{name}_{lang}"] = said if isinstance(said, str) else "\n".join(said)
    return {
        "code": one.code,
        "group": one.group_code,
        "position": str(one.position),
        "icon": one.icon,
        **texts,
        **{name: "1" if getattr(one, name) else "" for name in SWITCHES},
        "public_blur_m": "commune" if one.public_blur_m is None else str(one.public_blur_m),
        "publish_delay_hours": str(one.publish_delay_hours),
        "legal": " ".join(one.legal),
        "ended_from": one.ended_from.isoformat() if one.ended_from else "",
    }


def every() -> list[Category]:
    """All categories in their order, ended ones included."""
    query = select(Category).join(CategoryGroup, CategoryGroup.code == Category.group_code)
    return list(db.session.scalars(query.order_by(CategoryGroup.position, Category.position, Category.code)))


def by_code(code: str, *, hold: bool = False) -> Category | None:
    """One category; `hold`: until the transaction ends."""
    query = select(Category).where(Category.code == code[:40])
    return db.session.scalars(query.with_for_update() if hold else query).first()


def next_position() -> int:
    """Where a new category goes if nobody says: behind all others."""
    return (db.session.scalar(select(func.max(Category.position))) or 0) + 1


def has_cases(code: str) -> bool:
    """Whether anything was ever reported under it."""
    return bool(db.session.scalar(select(exists().where(Report.category_code == code))))


def check_change(one: Category, values: dict[str, Any]) -> None:
    """Raise BadCategory for a change that would break what was promised to those who have sent something: how exact
    their place may be shown stays."""
    if values["public_blur_m"] != one.public_blur_m and has_cases(one.code):
        raise BadCategory({"public_blur_m": "in_use"})


def save(one: Category | None, values: dict[str, Any], actor: Actor) -> bool:
    """Write a category as the operator's own, a new one where `one` is None; False if nothing differs. The values
    were read by `parse`. Raises BadCategory."""
    before = as_cells(one) if one is not None else None
    if one is None:
        one = Category(**values, own=True)
        try:
            with db.session.begin_nested():
                db.session.add(one)
                db.session.flush()
        except IntegrityError:
            raise BadCategory({"code": "taken"}) from None
    else:
        check_change(one, values)
        for name, value in values.items():
            if getattr(one, name) != value:
                setattr(one, name, value)
    after = as_cells(one)
    if before == after:
        return False
    if before is not None:
        one.own, one.version = True, one.version + 1
    db.session.flush()
    catalogue.forget()
    events.append(STREAM, "category:saved", actor, what=one.code, before=before, after=after)
    return True
