"""Inspections written down on the spot: handed in once, a draft until signed off, fixed from then on. Flushes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.inspections import checklists, versions
from webapp.inspections.models import Checklist, Sheet
from webapp.reports import codes
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Answer, Photo, Report
from webapp.reports.service import add_photos, stream, touch

MAX_FINDINGS = 5000
MAX_PHOTOS = 24
PURPOSE = "sheet"  # of its pictures


class Signed(ValueError):
    """The sheet is signed; nothing of it changes any more."""


class Unanswered(ValueError):
    """Required questions, or the findings, are missing; `codes` names them, "findings" among them."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.codes = missing


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written down: answers by question (no photos), position (WGS84 degrees, metres), times in UTC.
    `photos`: by question, originals that lie in storage already."""

    answers: dict[str, Any]
    findings: str = ""
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    photos: dict[str, tuple[StoredPhoto, ...]] = field(default_factory=dict)


def checklist_for(report: Report, begun_with: str = "") -> Checklist | None:
    """The checklist with which an inspection was begun (`versions.name_of`), if it is one; else the one that today
    fits the report's group, else the one for everything."""
    if begun_with and (begun := versions.named(begun_with)) is not None:
        return begun
    group = report.category.group_code
    codes = select(Checklist.code).where(Checklist.group_code.in_((group, versions.ALL)))
    every = db.session.scalars(select(Checklist).where(Checklist.code.in_(codes)))
    found = [one for one in versions.in_force(every, clock.today()) if one.group_code in (group, versions.ALL)]
    return max(found, key=lambda one: (one.group_code == group, one.valid_from, one.code), default=None)


def hand_in(
    report: Report,
    actor: Actor,
    client_id: str,
    filled: Filled,
    *,
    checklist_code: str,
    questions: list[dict[str, Any]],
) -> Sheet:
    """Take a sheet in as a draft. The same client id gives the same sheet, whatever else is in it."""
    key = codes.client_key(f"sheet:{actor.user_id}:{client_id}")
    known = _by_key(key)
    if known is not None:
        return known
    sheet = Sheet(
        public_id=codes.new_public_id(),
        client_key=key,
        report_id=report.id,
        unit_code=actor.unit_code or "",
        user_id=actor.user_id,
        checklist_code=checklist_code,
        questions=questions,
        answers={},
        findings="",
        created_at=clock.now(),
    )
    _fill(sheet, filled)
    try:
        with db.session.begin_nested():
            db.session.add(sheet)
            db.session.flush()
    except IntegrityError:
        known = _by_key(key)  # handed in twice at once
        if known is None:
            raise
        return known
    _add_photos(sheet, report, filled)
    touch(report)
    events.append(stream(report), "inspection:handed_in", actor, sheet=sheet.public_id)
    return sheet


def _by_key(key: str) -> Sheet | None:
    return db.session.scalars(select(Sheet).where(Sheet.client_key == key)).first()


def change(sheet: Sheet, filled: Filled) -> None:
    """Correct a draft; its pictures stay and new ones come to them. Raises Signed."""
    if sheet.signed_at is not None:
        raise Signed
    kept = {q["code"]: sheet.answers[q["code"]] for q in sheet.questions if _is_photo(q) and q["code"] in sheet.answers}
    _fill(sheet, filled)
    sheet.answers = sheet.answers | kept
    _add_photos(sheet, sheet.report, filled)
    db.session.flush()


def _fill(sheet: Sheet, filled: Filled) -> None:
    sheet.answers = dict(filled.answers)
    sheet.findings = filled.findings
    sheet.lon, sheet.lat, sheet.accuracy_m = filled.lon, filled.lat, filled.accuracy_m
    sheet.began_at, sheet.ended_at = filled.began_at, filled.ended_at


def _add_photos(sheet: Sheet, report: Report, filled: Filled) -> None:
    answers = dict(sheet.answers)
    for code, photos in filled.photos.items():
        add_photos(report, photos, purpose=PURPOSE)
        known = list(answers.get(code, []))
        answers[code] = known + [p.sha256 for p in photos if p.sha256 not in known]
    sheet.answers = {code: value for code, value in answers.items() if value not in ([], "")}


def _is_photo(question: dict[str, Any]) -> bool:
    return bool(question["kind"] == checklists.PHOTO)


def sign(sheet: Sheet, actor: Actor) -> None:
    """Sign the sheet off: its hash goes into the record, and nothing of it changes from now on.

    Raises Signed, or Unanswered with what is missing.
    """
    if sheet.signed_at is not None:
        raise Signed
    missing = checklists.missing(checklists.questions(sheet.questions), sheet.answers)
    if not sheet.findings:
        missing.append("findings")
    if missing:
        raise Unanswered(missing)
    sheet.signed_at, sheet.signed_by = clock.now(), actor.user_id
    sheet.sha256 = digest(sheet)
    db.session.flush()
    touch(sheet.report)
    events.append(stream(sheet.report), "inspection:signed", actor, sheet=sheet.public_id, sha256=sheet.sha256)


def digest(sheet: Sheet) -> str:
    """SHA-256, in hex, over all that was written down and who signed it when."""
    content = {
        "sheet": sheet.public_id,
        "report": sheet.report_id,
        "unit": sheet.unit_code,
        "user": sheet.user_id,
        "questions": sheet.questions,
        "answers": sheet.answers,
        "findings": sheet.findings,
        "position": [sheet.lon, sheet.lat, sheet.accuracy_m],
        "times": [_iso(t) for t in (sheet.began_at, sheet.ended_at, sheet.created_at, sheet.signed_at)],
        "signed_by": sheet.signed_by,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def is_intact(sheet: Sheet) -> bool:
    """Whether a signed sheet still is what was signed."""
    return sheet.signed_at is None or sheet.sha256 == digest(sheet)


def attach(sheets: list[Sheet], answer: Answer) -> None:
    """Put signed sheets of the same case to an answer as its evidence. Each goes with one answer."""
    for sheet in sheets:
        if sheet.signed_at is not None and sheet.report_id == answer.report_id and sheet.answer_id is None:
            sheet.answer_id = answer.id
    db.session.flush()


def of(report: Report) -> list[Sheet]:
    """The case's sheets, newest first."""
    return list(db.session.scalars(select(Sheet).where(Sheet.report_id == report.id).order_by(Sheet.id.desc())))


def by_public_id(public_id: str, *, lock: bool = False) -> Sheet | None:
    """A sheet under its random name."""
    if not (public_id.isascii() and public_id.isalnum()):
        return None
    query = select(Sheet).where(Sheet.public_id == public_id)
    return db.session.scalars(query.with_for_update(of=Sheet) if lock else query).first()


def photos_of(sheet: Sheet) -> dict[str, list[Photo]]:
    """The sheet's pictures by question."""
    query = select(Photo).where(Photo.report_id == sheet.report_id, Photo.purpose == PURPOSE).order_by(Photo.id)
    by_hash = {photo.sha256: photo for photo in db.session.scalars(query)}
    found = {}
    for question in sheet.questions:
        if _is_photo(question):
            hashes = sheet.answers.get(question["code"], [])
            found[question["code"]] = [by_hash[h] for h in hashes if h in by_hash]
    return found
