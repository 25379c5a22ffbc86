"""A document as it stands on paper, whatever draws it: HTML to print, or PDF. Pure; texts are Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from webapp.documents import kinds
from webapp.reports.placeholders import fill

DOTS = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """A headed part of the body: lines of (label, words) or, without labels, of words."""

    heading: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed. `number` is None on a draft; `name` is empty on a công văn."""

    parent: str
    org: str
    symbol: str
    place: str
    day: str  # ISO
    name: str
    subject: str
    to: tuple[str, ...]
    body: tuple[str, ...]
    parts: tuple[Part, ...]
    signer: tuple[str, ...]
    receivers: tuple[str, ...]
    number: int | None = None

    @property
    def number_line(self) -> str:
        """Số và ký hiệu; numbers below 10 are written with a zero, as the decree has it."""
        return f"Số: {DOTS if self.number is None else f'{self.number:02d}'}/{self.symbol}"

    @property
    def date_line(self) -> str:
        """Địa danh và thời gian: days below 10 and the months 1 and 2 with a zero."""
        day = date.fromisoformat(self.day)
        month = f"{day.month:02d}" if day.month < 3 else str(day.month)
        return f"{self.place}, ngày {day.day:02d} tháng {month} năm {day.year}"

    def as_json(self) -> dict[str, Any]:
        """For keeping an issued document as it was."""
        return asdict(self)


def from_json(data: Mapping[str, Any]) -> Paper:
    """The paper that `as_json` gave."""
    parts = tuple(Part(p["heading"], tuple((a, b) for a, b in p["lines"])) for p in data["parts"])
    lists = {name: tuple(data[name]) for name in ("to", "body", "signer", "receivers")}
    return Paper(**(dict(data) | lists | {"parts": parts}))


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of the case: `values` for the places in the text, and parts by their code (see kinds.PARTS)."""

    values: Mapping[str, str]
    parts: Mapping[str, Part] = field(default_factory=dict)


def build(
    what: kinds.Kind,
    by: kinds.Issuer,
    *,
    parent: str,
    org: str,
    place: str,
    day: date,
    to: Sequence[str],
    content: Content,
) -> Paper:
    """Put a document together. Only the parts that its kind names are in it, whatever else is known."""
    values = content.values
    return Paper(
        parent=parent.upper() if by.parent else "",
        org=org.upper(),
        symbol=kinds.symbol(what, by),
        place=place,
        day=day.isoformat(),
        name=what.name,
        subject=fill(what.subject, values, kinds.NAMES),
        to=tuple(to),
        body=tuple(fill(paragraph, values, kinds.NAMES) for paragraph in what.body),
        parts=tuple(content.parts[name] for name in what.parts if name in content.parts and content.parts[name].lines),
        signer=by.signer,
        receivers=what.receivers,
    )
