"""The only builder of what the public sees of a report. What is not taken here stays inside.

Never taken: the exact position, the sender's words and pictures before an officer let them out, contact,
channel, language, talk with the Front, reasons between offices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from webapp.reports import lifecycle


@dataclass(frozen=True, slots=True)
class PublicPhoto:
    """A clean copy that an officer has let out."""

    public_id: str
    width: int | None
    height: int | None
    version: int = 0  # of what is hidden in it


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A document that an officer has let out. `size` in bytes; the file's own name stays inside."""

    public_id: str
    size: int


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """A unit's answer that the Front has let out."""

    unit_code: str
    text: str
    at: datetime
    photos: tuple[PublicPhoto, ...]
    files: tuple[PublicFile, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicVerdict:
    """What the Front found when it checked an answer; its words and pictures once they are let out."""

    verdict: str  # accepted, partly, not
    again: bool
    unit_code: str | None  # the Front that checked
    at: datetime
    rest_due: datetime | None  # until when the rest is owed, where the answer was sufficient in part
    text: str
    photos: tuple[PublicPhoto, ...]


@dataclass(frozen=True, slots=True)
class PublicCase:
    """All that the public may know of one case. Positions are blurred already (WGS84 degrees)."""

    id: str
    category_code: str
    status: str
    lon: float | None
    lat: float | None
    blurred_to_commune: bool
    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    reported_at: datetime
    updated_at: datetime
    due_at: datetime | None
    overdue: bool
    text: str
    photos: tuple[PublicPhoto, ...]
    answers: tuple[PublicAnswer, ...]
    duplicate_of: str | None
    came_back: int = 0  # how often it came back after it had been dealt with, both cases of each time being public
    verdicts: tuple[PublicVerdict, ...] = ()


def is_public(report: Any, now: datetime) -> bool:
    """Whether the case may be shown at all by now. `reports.queries.is_public` says the same in SQL."""
    if report.status in lifecycle.HIDDEN:
        return False
    return report.publish_at is not None and report.publish_at <= now


def is_overdue(report: Any, now: datetime) -> bool:
    """Whether the public is told that the answer is late: from the full hour after its time on. Some terms are hours
    counted from the minute of the report, and whoever watches for the change would learn that minute."""
    return is_late(report, to_the_hour(now))


def is_late(report: Any, now: datetime) -> bool:
    """Whether the answer is late, to the second: for the offices."""
    return report.due_at is not None and report.due_at < now and report.status in lifecycle.CLOCK_RUNS


def appears_at(created_at: datetime, delay_hours: int) -> datetime:
    """When the public first sees a report whose kind waits so many hours. What waits comes out on a full hour, as
    else the moment of its coming out, less the delay, would be the moment at which it was sent."""
    if not delay_hours:
        return created_at
    return to_the_hour(created_at) + timedelta(hours=delay_hours + 1)


def changed_at(report: Any) -> datetime:
    """The hour in which what the public sees of a public report last changed; to come out is a change."""
    return to_the_hour(max(report.updated_at, report.publish_at))


def public_case(report: Any, now: datetime, verdicts: Iterable[Any] = (), came_back: int = 0) -> PublicCase | None:
    """The public side of a report, with the Front's `verdicts` on it, or None if there is none (yet). `came_back`:
    see `links.came_back`, of public cases only."""
    if not is_public(report, now):
        return None
    original = report.duplicate_of
    return PublicCase(
        id=report.public_id,
        category_code=report.category_code,
        status=report.status,
        lon=report.public_lon,
        lat=report.public_lat,
        blurred_to_commune=report.category.public_blur_m is None,
        area_code=report.area_code,
        province_code=report.province_code,
        unit_code=report.unit_code if report.decided else None,
        supervisor_code=report.supervisor_code,
        reported_at=to_the_hour(report.created_at),
        updated_at=changed_at(report),
        due_at=to_the_hour(report.due_at) if report.due_at else None,
        overdue=is_overdue(report, now),
        text=report.public_text,
        photos=tuple(public_photo(p) for p in report.photos if p.purpose == "report" and shows(p)),
        answers=tuple(
            PublicAnswer(
                a.unit_code,
                a.text,
                a.created_at,
                tuple(public_photo(p) for p in a.photos if shows(p)),
                tuple(PublicFile(f.public_id, f.size) for f in a.files if shows_file(f)),
            )
            for a in report.answers
            if a.public
        ),
        duplicate_of=original.public_id if original is not None and is_public(original, now) else None,
        came_back=came_back,
        verdicts=tuple(
            PublicVerdict(
                v.verdict,
                v.again,
                v.front_code,
                to_the_hour(v.created_at),
                v.rest_due_at,
                v.text if v.public else "",
                tuple(public_photo(p) for p in v.photos if shows(p)) if v.public else (),
            )
            for v in verdicts
        ),
    )


def to_the_hour(moment: datetime) -> datetime:
    """The hour a moment lies in: the minute would tell who was seen with a phone in their hand."""
    return moment.replace(minute=0, second=0, microsecond=0)


def shows(photo: Any) -> bool:
    """Whether a picture may be seen by everybody: cleaned without fault, let out by an officer, and the copy
    for everybody hides what was marked last."""
    return photo.state == "clean" and photo.public and photo.public_version == photo.marks_version


def shows_file(file: Any) -> bool:
    """Whether a document may be read by everybody: found harmless and let out by an officer."""
    return file.state == "clean" and bool(file.public)


def public_photo(photo: Any) -> PublicPhoto:
    """What is known of a picture outside: never its original's hash, size or name."""
    return PublicPhoto(photo.public_id, photo.width, photo.height, photo.public_version or 0)


# Steps of the record that the public may read, and what of their data.
_PUBLIC_STEPS = {"report:submitted": (), "report:moved": ("to", "verdict"), "outcome:published": ("outcome",)} | {
    "report:objected": ("word",),
    "report:rated": ("word",),
    "report:upheld": (),
    "extension:granted": ("due",),
}


def public_steps(entries: list[Any]) -> list[tuple[datetime, str, dict[str, Any]]]:
    """(when, kind, data) of the record's entries that are public, with nothing but their public data."""
    return [
        (
            to_the_hour(entry.at),
            entry.kind,
            {key: entry.data[key] for key in _PUBLIC_STEPS[entry.kind] if key in entry.data},
        )
        for entry in entries
        if entry.public and entry.kind in _PUBLIC_STEPS
    ]


@dataclass(frozen=True, slots=True)
class PublicRow:
    """What open data says of one case: the fields of `PublicCase` that fit into a row."""

    id: str
    category_code: str
    status: str
    lon: float | None
    lat: float | None
    precision_m: int | None  # how far the place may be off, 0 for not at all; None: the commune as a whole
    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    reported_at: datetime
    updated_at: datetime
    due_at: datetime | None
    overdue: bool
    text: str


def public_row(row: Any, now: datetime) -> PublicRow:
    """The row of a case that is public by `now`. `row` has the columns of `Report` named here, `public_blur_m` of
    its category, and `placed`: whether it came with a position."""
    return PublicRow(
        id=row.public_id,
        category_code=row.category_code,
        status=row.status,
        lon=row.public_lon,
        lat=row.public_lat,
        precision_m=row.public_blur_m if row.placed else None,
        area_code=row.area_code,
        province_code=row.province_code,
        unit_code=row.unit_code if row.status in lifecycle.PASSED_ON else None,
        supervisor_code=row.supervisor_code,
        reported_at=to_the_hour(row.created_at),
        updated_at=changed_at(row),
        due_at=to_the_hour(row.due_at) if row.due_at else None,
        overdue=is_overdue(row, now),
        text=row.public_text,
    )


@dataclass(frozen=True, slots=True)
class ThreeWords:
    """Who says what of the last answer, side by side: none outweighs another on the page."""

    unit_at: datetime  # when the unit said that it had dealt with it
    reporter: str  # yes, partly, no; empty: nothing said (yet)
    front: str  # verified, partly, rework; empty: not checked (yet)
    checked_again: bool  # the Front looked once more after the reporter's no


def three_words(steps: list[tuple[datetime, str, dict[str, Any]]]) -> ThreeWords | None:
    """The three, out of the public steps; None while no unit has answered."""
    found: ThreeWords | None = None
    for at, kind, data in steps:
        if kind == "report:moved" and data.get("to") == lifecycle.ANSWERED:
            found = ThreeWords(at, "", "", checked_again=False)
        elif found is None:
            continue
        elif kind in ("report:objected", "report:rated"):
            found = replace(found, reporter=str(data.get("word", "")), checked_again=False)
        elif kind == "report:upheld":
            found = replace(found, front=lifecycle.VERIFIED, checked_again=True)
        elif kind == "report:moved" and data.get("to") in (lifecycle.VERIFIED, lifecycle.REWORK):
            front = "partly" if data.get("verdict") == "partly" else data["to"]
            found = replace(found, front=front, checked_again=found.reporter == "no")
    return found
