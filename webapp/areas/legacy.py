"""Former wards, districts and provinces, as people still write them, and the communes they belong to today.

The package `vietnamadminunits` on PyPI (MIT licence) carries the 10,040 wards of 30 June 2025 and which of them
went into which commune; `approximate` reads the same files for shapes. Only its data are read.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Index, Integer, String, Text, delete, insert, literal, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.areas.approximate import CODES, data_folder
from webapp.areas.service import TWO_LEVELS_SINCE
from webapp.core import events
from webapp.core.db import Base, Json, db
from webapp.core.text import fold

WARD, DISTRICT, FORMER_PROVINCE = "ward", "district", "province"
SOURCE = "vietnamadminunits 1.0.4"
MAX_WORDS = 12

_SHORT = {
    "tp": "thanh pho",
    "tx": "thi xa",
    "tt": "thi tran",
    "h": "huyen",
    "q": "quan",
    "p": "phuong",
    "x": "xa",
    "t": "tinh",
    "hcm": "ho chi minh",
}
_KINDS = ("thanh pho", "thi xa", "thi tran", "dac khu", "phuong", "xa", "huyen", "quan", "tinh")
_KIND_WORDS = frozenset(word for kind in _KINDS for word in kind.split())
_GLUED = re.compile(r"^(tp|tx|tt|p|q|x|h)(\d+)$")


class LegacyPlace(Base):
    """A ward, district or province of before, and the codes of the communes it is part of, the main one first."""

    __tablename__ = "legacy_places"
    __table_args__ = (Index("ix_legacy_places_code", "level", "code"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    level: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(8))  # of the General Statistics Office, until then
    name: Mapped[str] = mapped_column(String(80))  # with its kind: "Xã Long Đức"
    within: Mapped[str] = mapped_column(String(120))  # "Thành phố Trà Vinh, Tỉnh Trà Vinh"
    bare: Mapped[str] = mapped_column(String(80))  # folded, without its kind, a blank at each end
    words: Mapped[str] = mapped_column(String(240))  # folded name and `within`, a blank at each end
    aliases: Mapped[str] = mapped_column(Text, default="")  # still older names as keys: " phuong6 phuong2 "
    today: Mapped[list[str]] = mapped_column(Json)  # codes of areas: communes, or the province of a province
    valid_to: Mapped[date] = mapped_column(Date)  # the last day of the old name
    source: Mapped[str] = mapped_column(String(120))

    @property
    def full_name(self) -> str:
        """The old name with what it lay in: "Xã Long Đức, Thành phố Trà Vinh, Tỉnh Trà Vinh"."""
        return f"{self.name}, {self.within}" if self.within else self.name


def load() -> int:
    """Store all former places; returns how many were written, 0 if the same are there already.

    Flushes, does not commit. Raises BoundaryError if the package is missing.
    """
    fresh = rows()
    known = {
        (*row[:-1], tuple(row.today))
        for row in db.session.execute(
            select(LegacyPlace.level, LegacyPlace.code, LegacyPlace.name, LegacyPlace.within, LegacyPlace.today)
        )
    }
    if known == {(r["level"], r["code"], r["name"], r["within"], tuple(r["today"])) for r in fresh}:
        return 0
    db.session.execute(delete(LegacyPlace))
    db.session.execute(insert(LegacyPlace), fresh, execution_options={"render_nulls": True})
    events.append("areas", "areas:legacy_loaded", events.SYSTEM, source=SOURCE, places=len(fresh))
    return len(fresh)


def rows() -> list[dict[str, Any]]:
    """What there was on the day before the two levels, provinces first. Nothing is written."""
    folder = data_folder()
    with closing(sqlite3.connect(f"{(folder / 'dataset.db').as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        today = {
            (province, ward): (CODES.get(code, code), province_code)
            for province, ward, code, province_code in connection.execute(
                "SELECT provinceKey, wardKey, wardCode, provinceCode FROM admin_units"
            )
        }
        wards = connection.execute(
            "SELECT provinceKey, districtKey, wardKey, ward, district, province, wardCode, districtCode,"
            " provinceCode, wardAlias FROM admin_units_legacy ORDER BY wardCode"
        ).fetchall()
    heirs = _heirs(json.loads((folder / "converter_2025.json").read_text("utf-8")))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for (
        province_key,
        district_key,
        ward_key,
        ward,
        district,
        province,
        code,
        district_code,
        province_code,
        aliases,
    ) in wards:
        into = [today[key] for key in heirs[f"{province_key}_{district_key}_{ward_key or ''}"]]
        communes = [commune for commune, _province in into]
        _add(found, (FORMER_PROVINCE, province_code), province, "", [p for _commune, p in into])
        _add(found, (DISTRICT, district_code), district, province, communes)
        if ward:
            _add(found, (WARD, code), ward, f"{district}, {province}", communes)
            found[WARD, code]["aliases"] = f" {' '.join(json.loads(aliases or '[]'))} "
    order = {FORMER_PROVINCE: 0, DISTRICT: 1, WARD: 2}
    return sorted(found.values(), key=lambda r: (order[r["level"]], r["code"]))


def _heirs(converter: dict[str, dict[str, dict[str, list[Any]]]]) -> dict[str, list[tuple[str, str]]]:
    """(province, commune) keys for the key of each former ward, the main one first."""
    heirs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for province, by_commune in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, parts in by_commune.items():
            for part in parts:
                heirs[part].append((province, commune))
    for province, by_ward in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for part, targets in by_ward.items():
            for target in sorted(targets, key=lambda t: not t["isDefaultNewWard"]):
                heirs[part].append((province, target["newWardKey"]))
    return heirs


def _add(
    found: dict[tuple[str, str], dict[str, Any]], place: tuple[str, str], name: str, within: str, today: list[str]
) -> None:
    row = found.get(place)
    if row is None:
        level, code = place
        own = normal(name)
        row = found[place] = {
            "level": level,
            "code": code,
            "name": name,
            "within": within,
            "bare": f" {_bare(own)} ",
            "words": f" {own} {normal(within)} " if within else f" {own} ",
            "aliases": " ",
            "today": [],
            "valid_to": TWO_LEVELS_SINCE - timedelta(days=1),
            "source": SOURCE,
        }
    row["today"] += [code for code in dict.fromkeys(today) if code not in row["today"]]


def search(text: str, limit: int = 12, within: set[str] | None = None) -> list[LegacyPlace]:
    """Former places that a text means, the best first; `within`: only those with one of these codes today.

    Takes what people write: with or without diacritics and kinds, "P. 6, TP Trà Vinh", "xa long duc tp tra vinh".
    """
    typed = normal(text[:160])
    words = typed.split()[:MAX_WORDS]
    proper = [w for w in words if w not in _KIND_WORDS]
    if not words:
        return []
    found = _having(words, proper)
    if not found and proper and len(proper) < len(words):
        found = _having(proper, proper)  # "phường" for what was a xã
    found = found or _under_alias(words)
    if within is not None:
        found = [place for place in found if within.intersection(place.today)]

    def rank(place: LegacyPlace) -> tuple[int, int, int, str]:
        bare, named = place.bare.strip(), place.words.strip()
        whole = f" {bare} " in f" {typed} "
        first = typed.startswith((bare, _with_kind(place)))
        return (
            (0 if typed == named else 1 if whole and first else 2 if whole else 3),
            len(bare),
            -len(named),
            place.code,
        )

    ranked = sorted(found, key=rank)
    best = rank(ranked[0])[0] if ranked else 0
    # What merely resembles helps only where nothing has the whole name.
    return [place for place in ranked if best > 2 or rank(place)[0] <= 2][:limit]


def _having(words: list[str], proper: list[str]) -> list[LegacyPlace]:
    query = select(LegacyPlace)
    for word in words:
        query = query.where(LegacyPlace.words.contains(_start(word), autoescape=True))
    named = [LegacyPlace.bare.contains(_start(word), autoescape=True) for word in proper]
    # Names such as "Phương Thạnh" hold no word that is not also a kind of area.
    query = query.where(or_(literal(f" {' '.join(words)} ").contains(LegacyPlace.bare), *named))
    return list(db.session.scalars(query.limit(400)))


def _under_alias(words: list[str]) -> list[LegacyPlace]:
    """Places by a name that they lost before 2025: "phuong 6" is kept as "phuong6", and stands first."""
    for length in range(min(6, len(words)), 0, -1):
        query = select(LegacyPlace).where(LegacyPlace.aliases.contains(f" {''.join(words[:length])} ", autoescape=True))
        for word in words[length:]:
            query = query.where(LegacyPlace.words.contains(_start(word), autoescape=True))
        if found := list(db.session.scalars(query.limit(100))):
            return found
    return []


def _start(word: str) -> str:
    """A word from its beginning on; a number as a whole: "Phường 1" is not "Phường 11"."""
    return f" {word} " if word.isdigit() else f" {word}"


@lru_cache(maxsize=1024)
def normal(text: str) -> str:
    """A text as it is compared: folded, no punctuation, short forms written out, numbers without leading zeros."""
    words: list[str] = []
    for token in re.sub(r"[^\w]+", " ", fold(text)).split():
        glued = _GLUED.match(token)
        for word in glued.groups() if glued else (token,):
            words.append(_SHORT.get(word, str(int(word)) if word.isdecimal() and len(word) < 9 else word))
    return " ".join(words)


def _bare(name: str) -> str:
    for kind in _KINDS:
        if name.startswith(kind + " "):
            return name[len(kind) + 1 :]
    return name


def _with_kind(place: LegacyPlace) -> str:
    return normal(place.name)
