"""Reading the cases' files: what was sent and, step by step, what became of it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

MARK = "(minh họa)"
PROVINCES = ("86", "75", "31", "11")
VERBS = frozenset(
    {"take", "assign", "ask", "reply", "say", "accept", "refuse", "start", "answer", "outcome", "verify", "rework"}
    | {"close", "reopen", "reject", "out_of_scope", "duplicate", "withdraw", "feedback", "request"}
)
_SENT = re.compile(r"(\d+) (\d\d):(\d\d)")
_STEP = re.compile(r"\+(\d+) (\d\d):(\d\d) (\w+)(?: ([^:]+))?(?:: (.+))?")
_DAY = re.compile(r"\{([cs])([+-]\d+)?\}")


class BadScript(ValueError):
    """A case's file says something that cannot be played; the message names the case."""


@dataclass(frozen=True, slots=True)
class When:
    """A Vietnamese wall-clock time, `days` before the loading (of a case) or after the sending (of a step)."""

    days: int
    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `verb` of VERBS with its arguments and its text."""

    when: When
    verb: str
    args: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it is written down. `at` is (lon, lat) in WGS84 degrees."""

    key: str
    province: str
    sent: When
    category: str
    text: str
    commune: str | None
    at: tuple[float, float] | None
    place: str
    public: str
    pictures: tuple[str, ...]
    channel: str
    lang: str
    contact: str
    hold: bool
    bypass: bool
    steps: tuple[Step, ...]


def load_cases() -> list[Case]:
    """All cases, the oldest first. Raises BadScript."""
    cases = []
    for province in PROVINCES:
        raw = tomllib.loads((files("webapp.demo") / "cases" / f"{province}.toml").read_text("utf-8"))
        cases += [_case(item, raw["province"]) for item in raw["case"]]
    if len({case.key for case in cases}) != len(cases):
        raise BadScript("two cases have the same key")
    return sorted(cases, key=lambda c: (-c.sent.days, c.sent.hour, c.sent.minute, c.key))


def marked(text: str) -> str:
    """`text` composed (NFC) and marked as an illustration; nothing stays nothing."""
    text = unicodedata.normalize("NFC", text)
    return f"{text} {MARK}" if text else ""


def dated(text: str, sent: date, step: date) -> str:
    """`text` with {c+N} and {s-N} filled in as Vietnamese dates, none before the sending."""

    def fill(match: re.Match[str]) -> str:
        start = sent if match[1] == "c" else step
        day = max(sent, start + timedelta(days=int(match[2] or 0)))
        return day.strftime("%d/%m/%Y")

    return _DAY.sub(fill, text)


def _case(raw: dict[str, Any], province: str) -> Case:
    key = raw["key"]
    sent = _SENT.fullmatch(raw["sent"])
    if sent is None:
        raise BadScript(f"{key}: sent must look like '12 08:30'")
    at = raw.get("at")
    return Case(
        key=key,
        province=province,
        sent=When(*(int(part) for part in sent.groups())),
        category=raw["category"],
        text=raw["text"],
        commune=raw.get("commune"),
        at=(at[0], at[1]) if at else None,
        place=raw.get("place", ""),
        public=raw.get("public", ""),
        pictures=tuple(raw.get("pictures", ())),
        channel=raw.get("channel", "web"),
        lang=raw.get("lang", "vi"),
        contact=raw.get("contact", ""),
        hold=raw.get("hold", False),
        bypass=raw.get("bypass", False),
        steps=tuple(_step(key, line) for line in raw.get("steps", ())),
    )


def _step(key: str, line: str) -> Step:
    found = _STEP.fullmatch(line)
    if found is None or found[4] not in VERBS:
        raise BadScript(f"{key}: cannot read the step {line!r}")
    days, hour, minute = (int(found[i]) for i in (1, 2, 3))
    args = tuple((found[5] or "").replace(",", " ").split())
    return Step(When(days, hour, minute), found[4], args, found[6] or "")
