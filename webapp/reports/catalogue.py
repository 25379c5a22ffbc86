"""Categories and places by name, for everything that shows cases."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask import current_app
from sqlalchemy import select

from webapp.areas.models import Area
from webapp.core import clock
from webapp.core.db import db
from webapp.reports.models import Category, CategoryGroup

_CATALOGUE_FOR_S = 30.0
STILL_TAKEN = timedelta(days=30)  # after its end: a report may wait that long on a phone without a signal


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group of categories; `name` is {language: text}."""

    code: str
    icon: str
    name: dict[str, str]


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """A category; `name` is {language: text}."""

    code: str
    group: str
    icon: str
    name: dict[str, str]
    retired: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Groups and categories by code, in their order."""

    groups: dict[str, GroupInfo]
    categories: dict[str, CategoryInfo]
    reportable: frozenset[str]  # codes of what may be reported now
    taken: frozenset[str]  # and of what was offered a short while ago: forms on phones are older than that


def catalogue() -> Catalogue:
    """The categories, read again after half a minute at the latest, so that a tile needs one statement only."""
    known = current_app.extensions.get("public_catalogue")
    if known and known[1] > time.monotonic():
        found: Catalogue = known[0]
        return found
    return _read()


def reportable_codes(wanted: str) -> frozenset[str]:
    """Codes of the categories that may be reported now. Looks again at once where `wanted` is not among those
    that are remembered: it may have come a moment ago."""
    known = catalogue().reportable
    return known if wanted in known or not wanted else _read().reportable


def taken_codes(wanted: str) -> frozenset[str]:
    """The same, with those that were offered until a short while ago: nobody loses what waits on their phone."""
    known = catalogue().taken
    return known if wanted in known or not wanted else _read().taken


def forget() -> None:
    """Have the categories read again: something was changed. Other processes notice within half a minute."""
    current_app.extensions.pop("public_catalogue", None)


def _read() -> Catalogue:
    groups = db.session.execute(
        select(CategoryGroup.code, CategoryGroup.icon, CategoryGroup.name).order_by(CategoryGroup.position)
    )
    columns = (Category.code, Category.group_code, Category.icon, Category.name, Category.reportable)
    categories = db.session.execute(
        select(*columns, Category.ended_from).order_by(Category.position, Category.code)
    ).all()
    today = clock.today()
    open_until = {row.code: row.ended_from or date.max for row in categories}
    offered = {row.code for row in categories if row.reportable}
    found = Catalogue(
        {code: GroupInfo(code, icon, name) for code, icon, name in groups},
        {row[0]: CategoryInfo(*row[:4], open_until[row[0]] <= today) for row in categories},
        frozenset(code for code in offered if open_until[code] > today),
        frozenset(code for code in offered if open_until[code] > today - STILL_TAKEN),
    )
    current_app.extensions["public_catalogue"] = (found, time.monotonic() + _CATALOGUE_FOR_S)
    return found


def area_names(codes: Iterable[str | None], on: date | None = None) -> dict[str, str]:
    """Names of provinces and communes by code, in one statement, as they were on a day (default: as they are last);
    an area that was not there that day under its nearest name."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    query = select(Area.code, Area.name, Area.valid_from).where(Area.code.in_(wanted)).order_by(Area.valid_from)
    names: dict[str, str] = {}
    for code, name, since in db.session.execute(query):
        if code not in names or on is None or since <= on:
            names[code] = name
    return names
