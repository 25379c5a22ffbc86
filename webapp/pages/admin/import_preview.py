"""A file is looked at before it is taken: what it would change, row by row, and the same rows once more to confirm.

The rows travel with the page, not in the database: a preview that nobody confirms leaves nothing behind. They are read
and checked anew when they come back, and refused if what they would change was changed meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson
from flask import render_template, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core import sheets
from webapp.pages import routing_words

NEW, CHANGED, SAME, THERE, WRONG = "new", "changed", "same", "there", "wrong"
STATE: dict[str, LazyString] = {
    NEW: _l("new"),
    CHANGED: _l("changed"),
    SAME: _l("the same"),
    THERE: _l("there already"),
    WRONG: _l("wrong"),
}
SHOWN = 300
_UNPACKED = 16 * 1024 * 1024
Rows = list[tuple[int, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of a row: its number in the file, what it is about, a state, and what is to be said of it."""

    number: int
    about: str
    state: str
    said: Sequence[str] = ()


@dataclass(slots=True)
class Plan:
    """What a file would do. `before`: what stands there now, so that a change meanwhile is noticed."""

    lines: list[Line] = field(default_factory=list)
    before: list[Any] = field(default_factory=list)

    @property
    def wrong(self) -> list[Line]:
        """The rows that cannot be taken; with one of them, none is."""
        return [line for line in self.lines if line.state == WRONG]

    @property
    def stamp(self) -> str:
        """A mark of what stands there now."""
        return mark(self.before)

    def counts(self) -> list[tuple[str, int]]:
        """(state, how many rows), those that there are."""
        found = [(state, sum(line.state == state for line in self.lines)) for state in STATE]
        return [(state, number) for state, number in found if number]


def mark(what: Any) -> str:
    """A short mark of some cells, by which a form notices that they were changed meanwhile."""
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Given:
    """What was posted: the rows of a file, or those of a preview with its stamp."""

    rows: Rows
    stamp: str = ""


def given(needed: Iterable[str], most: int) -> Given:
    """The rows that this request brings. Raises BadSheet."""
    if packed := request.form.get("rows"):
        return Given(_unpacked(packed), request.form.get("stamp", ""))
    upload = request.files.get("file")
    return Given(from_file(upload.stream.read(sheets.MAX_BYTES + 1) if upload else b"", needed, most))


def from_file(data: bytes, needed: Iterable[str], most: int) -> Rows:
    """The rows of a file that has the needed columns. Raises BadSheet."""
    if not data:
        raise sheets.BadSheet("none")
    found = sheets.read(data)
    if not found or not set(needed) <= found[0][1].keys():
        raise sheets.BadSheet("columns")
    if len(found) > most:
        raise sheets.BadSheet("rows_here")
    return found


def _unpacked(packed: str) -> Rows:
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(base64.b64decode(packed, validate=True), _UNPACKED)
        if not inflate.eof:
            raise ValueError
        found = orjson.loads(text)
        return [(int(number), {str(k): str(v) for k, v in cells.items()}) for number, cells in found]
    except (ValueError, TypeError, AttributeError, zlib.error, binascii.Error) as error:
        raise sheets.BadSheet("none") from error


def page(base: str, title: str, plan: Plan, asked: Given, *, confirm: str = "") -> tuple[str, int]:
    """The preview, with the button that takes the rows, unless one of them is wrong. `base`: where the table is;
    `confirm`: what the button says."""
    stale = bool(asked.stamp) and asked.stamp != plan.stamp and not plan.wrong
    told = [line for line in plan.lines if line.state != SAME]
    packed = zlib.compress(orjson.dumps(asked.rows), 9)
    html = render_template(
        "admin/import.html",
        base=base,
        title=title,
        lines=sorted(told, key=lambda line: (line.state != WRONG, line.number))[:SHOWN],
        total=len(told),
        counts=plan.counts(),
        states=STATE,
        wrong=len(plan.wrong),
        changes=any(line.state in (NEW, CHANGED) for line in plan.lines),
        stale=stale,
        rows=base64.b64encode(packed).decode(),
        stamp=plan.stamp,
        confirm=confirm or _("Take these rows"),
    )
    return html, 422 if plan.wrong else 409 if stale else 200


def confirmed(plan: Plan, asked: Given) -> bool:
    """Whether somebody has looked at exactly this plan and wants it."""
    return not plan.wrong and asked.stamp == plan.stamp


def difference(before: Mapping[str, str] | None, after: Mapping[str, str], labels: Mapping[str, Any]) -> list[str]:
    """What would change, a line for each column; of something new, nothing."""
    if before is None:
        return []
    changed = [name for name in after if before.get(name, "") != after[name]]
    return [f"{labels[name]}: {_short(before.get(name, ''))} → {_short(after[name])}" for name in changed]


def _short(text: str) -> str:
    line = " / ".join(text.split("\n"))
    return f"{line[:77]}…" if len(line) > 78 else line or "–"


# -- the same for commands ---------------------------------------------------------------------------------------


def form_of(file: Path) -> str:
    """The form that a file's name asks for. Raises UsageError."""
    form = file.suffix.lower().lstrip(".")
    if form not in sheets.MIMETYPES:
        raise click.UsageError("FILE must end in .csv or .xlsx")
    return form


def rows_of(file: Path, needed: Iterable[str], most: int) -> Rows:
    """The rows of a file. Raises ClickException."""
    try:
        return from_file(file.read_bytes(), needed, most)
    except sheets.BadSheet as bad:
        raise click.ClickException(routing_words.sheet_error(bad.code, most)) from bad


def tell(plan: Plan) -> None:
    """Print what a file would do. Raises ClickException if any of its rows is wrong."""
    if plan.wrong:
        wrong = [f"line {line.number}: {line.about}: {'; '.join(line.said)}" for line in plan.wrong[:50]]
        raise click.ClickException("\n".join(["nothing was taken:", *wrong]))
    for line in plan.lines:
        if line.state != SAME:
            click.echo(f"{line.state:8} {line.about}  {'; '.join(line.said)}".rstrip())
