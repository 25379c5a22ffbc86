"""What documents there are, and what each office writes above and below them: `webapp/data/documents.toml`. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import normalize

from webapp.reports import placeholders

FILE = Path(__file__).parents[1] / "data" / "documents.toml"
FRONT, UNIT = "front", "unit"
PARTS = ("facts", "steps", "answers", "outcomes", "sender")
NAMES = (*placeholders.NAMES, "noi_dung", "tinh_trang", "qua_han")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document. A công văn has no name and no abbreviation of its own. `to`: unit, front or none."""

    code: str
    audience: str  # who draws it up: front or unit
    abbreviation: str
    name: str
    subject: str
    to: str
    body: tuple[str, ...]
    parts: tuple[str, ...]
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issuer:
    """What stands in the documents of one kind of office."""

    abbreviation: str
    desk: str
    parent: bool
    signer: tuple[str, ...]


@cache
def _read() -> tuple[dict[str, Kind], dict[str, Issuer]]:
    data = tomllib.loads(normalize("NFC", FILE.read_text("utf-8")))
    kinds = {
        k["code"]: Kind(
            k["code"],
            k["for"],
            k["abbreviation"],
            k["name"],
            k["subject"],
            k["to"],
            tuple(k["body"]),
            tuple(k["parts"]),
            tuple(k["receivers"]),
        )
        for k in data["kind"]
    }
    issuers = {
        i["unit_kind"]: Issuer(i["abbreviation"], i["desk"], i["parent"], tuple(i["signer"])) for i in data["issuer"]
    }
    return kinds, issuers


def of(audience: str) -> list[Kind]:
    """The kinds that an audience (front, unit) draws up."""
    return [kind for kind in _read()[0].values() if kind.audience == audience]


def kind(code: str, audience: str) -> Kind | None:
    """The kind under its code, if this audience draws it up."""
    found = _read()[0].get(code)
    return found if found is not None and found.audience == audience else None


def issuer(unit_kind: str) -> Issuer:
    """How an office of this kind writes; offices that the file does not know write as any other."""
    issuers = _read()[1]
    return issuers.get(unit_kind) or issuers["*"]


def symbol(what: Kind, by: Issuer) -> str:
    """The sign after the number: PC-MTTQ for a named kind, MTTQ-BTT for a công văn."""
    return f"{what.abbreviation}-{by.abbreviation}" if what.abbreviation else f"{by.abbreviation}-{by.desk}"
