"""What happens to reports. Everything here flushes and leaves the commit to the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from shapely.geometry import Point
from sqlalchemy import select

from webapp.accounts.permissions import Identity
from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.reports import answer_files, arrival, codes, lifecycle, recordings
from webapp.reports import search as _search  # noqa: F401 - search follows what is written here
from webapp.reports.intake import StoredDocument, StoredPhoto, StoredRecording, Submission
from webapp.reports.models import Answer, Contact, Message, Photo, Report

# Who keeps the clocks of the steps: (report, from, to, actor, chosen due time). Rules about time stand on a floor
# above this one, so the app connects them.
Timekeeper = Callable[[Report, str, str, Actor, datetime | None], None]
_timekeeper: Timekeeper | None = None


def set_timekeeper(keeper: Timekeeper) -> None:
    """Say who is told of every step that a case takes."""
    global _timekeeper
    _timekeeper = keeper


# Who sends a case that comes back after it had ended on to those who stand there today; connected likewise.
Usher = Callable[[Report, Actor], None]
_usher: Usher | None = None


def set_usher(usher: Usher) -> None:
    """Say who is told of a case before it is reopened."""
    global _usher
    _usher = usher


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission; `created` is False if it had arrived before."""

    report_id: int
    code: str
    created: bool

    @property
    def report(self) -> Report:
        """The report itself, read when somebody wants it."""
        return db.session.get_one(Report, self.report_id)


def stream(report: Report) -> str:
    """The name of the report's stream in the record."""
    return f"{arrival.STREAM}{report.id}"


def submit(submission: Submission, actor: Actor | None = None) -> Submitted:
    """Store a report, its photos, its sealed contact, its first event and its job.

    The same client id gives the same report and code again, whatever else is in it: an answer lost on the
    way must not make a second report. `actor` is the officer who entered it for somebody.
    """
    settings = instance().settings
    key = codes.client_key(submission.client_id)
    code = codes.code_for(submission.client_id, settings.code_key)
    moment = clock.now()
    row = {
        "public_id": codes.new_public_id(),
        "client_key": key,
        "code_hash": codes.code_hash(code, settings.code_key),
        "version": 1,
        "category_code": submission.category_code,
        "description": submission.description,
        "observed_at": submission.observed_at,
        "lang": submission.lang,
        "channel": submission.channel,
        "source": submission.source,
        "received_at": submission.received_at,
        "entered_by_unit": submission.entered_by_unit,
        "location": Point(submission.lon, submission.lat) if submission.lon is not None else None,
        "accuracy_m": submission.accuracy_m,
        "place_source": submission.place_source,
        "place_text": submission.place_text,
        "area_code": submission.area_code,
        "province_code": submission.province_code,
        "bypass_commune": submission.bypass_commune,
        "created_at": moment,
        "updated_at": moment,
        "status": lifecycle.NEW,
    }
    by = actor or (events.PROGRAM if submission.channel == "open311" else events.REPORTER)
    said = {"category": submission.category_code, "channel": submission.channel, "photos": len(submission.photos)}
    report_id = arrival.write(row, by, said)
    if report_id is None:
        known = db.session.scalars(select(Report.id).where(Report.client_key == key)).one()
        return Submitted(known, code, created=False)
    submitted = Submitted(report_id, code, created=True)
    if submission.photos or submission.recordings or submission.contact:
        _keep_with(submitted.report, submission)
    return submitted


def _keep_with(report: Report, submission: Submission) -> None:
    add_photos(report, submission.photos, purpose="report")
    recordings.attach(report, submission.recordings, purpose="report")
    if submission.contact:
        keep_contact(report, submission.contact, submission.consent)


def by_client_key(key: str) -> Report | None:
    """The report that was sent under this client key."""
    return db.session.scalars(select(Report).where(Report.client_key == key)).first()


def by_code(code: str) -> Report | None:
    """The report under a tracking code (16 digits)."""
    hashed = codes.code_hash(code, instance().settings.code_key)
    return db.session.scalars(select(Report).where(Report.code_hash == hashed)).first()


def add_photos(
    report: Report, photos: tuple[StoredPhoto, ...], *, purpose: str, answer: Answer | None = None
) -> list[Photo]:
    """Attach originals that are already in storage and queue their cleaning. The same file twice is one."""
    added = []
    known = set(db.session.scalars(select(Photo.sha256).where(Photo.report_id == report.id, Photo.purpose == purpose)))
    for stored in photos:
        if stored.sha256 in known:
            continue
        known.add(stored.sha256)
        photo = Photo(
            public_id=codes.new_public_id() + codes.new_public_id(),
            report_id=report.id,
            answer_id=answer.id if answer else None,
            purpose=purpose,
            original=stored.name,
            sha256=stored.sha256,
            size=stored.size,
            mime=stored.mime,
            state="waiting",
            created_at=clock.now(),
        )
        db.session.add(photo)
        db.session.flush()
        outbox.enqueue("photos.clean", photo_id=photo.id)
        added.append(photo)
    return added


def keep_contact(report: Report, contact: dict[str, str], consent: str | None) -> None:
    """Seal a contact and keep it with the report; this process cannot read it back without the private key."""
    sealed = instance().identity.close(orjson.dumps(contact))
    db.session.add(Contact(report_id=report.id, sealed=sealed, consent=consent, created_at=clock.now()))
    db.session.flush()


def move(
    report: Report,
    to: str,
    actor: Actor,
    *,
    reason: str = "",
    evidence: bool = False,
    due: datetime | None = None,
    **data: Any,
) -> None:
    """Take one step of the lifecycle, write it into the record and let the clocks follow.

    `due` is the due time of the step that begins, where somebody has chosen it instead of the rules. Raises
    lifecycle.NotAllowed or lifecycle.Missing, and nothing has changed then. Whether the actor may is the caller's
    question to `accounts.permissions`, with the permission that the transition names.
    """
    lifecycle.check(report.status, to, reason=reason, evidence=evidence, unit=bool(report.unit_code))
    if report.status in lifecycle.ENDED and _usher is not None:
        _usher(report, actor)
    frm, report.status = report.status, to
    touch(report)
    from webapp.reports import feedback, unit_links, unit_work

    unit_work.after_move(report, frm, to)
    if to in (lifecycle.VERIFIED, lifecycle.REWORK) or (to == lifecycle.RECEIVED and frm in lifecycle.CLAIMED):
        feedback.settle(report)  # the Front's own verdict answers the reporter's "not solved"
    if to in lifecycle.ENDED:
        report.closed_at = clock.now()
    elif frm in lifecycle.ENDED:
        report.closed_at = None
        if frm == lifecycle.DUPLICATE:
            from webapp.reports import links

            report.duplicate_of_id = None
            links.reopened(report, actor)
    if reason:
        data["reason"] = reason
    data |= {"from": frm, "to": to, "unit": report.unit_code}
    entry = events.append(stream(report), "report:moved", actor, public=True, **data)
    if to in lifecycle.TOLD:
        outbox.enqueue("notices.report", report_id=report.id, event_id=entry.id)
    if _timekeeper is not None:
        _timekeeper(report, frm, to, actor, due)
    if to in (lifecycle.ASSIGNED, lifecycle.REWORK):
        unit_links.write_to_unit(report)


def touch(report: Report) -> None:
    """Mark the report as changed now."""
    report.updated_at = clock.now()


def supplement(
    report: Report, text: str, photos: tuple[StoredPhoto, ...], media: tuple[StoredRecording, ...] = ()
) -> None:
    """The reporter adds words, pictures or recordings under the code; a case that waited for them goes on."""
    if text:
        add_message(report, "reporter", text)
    added = add_photos(report, photos, purpose="message")
    data: dict[str, Any] = {"photos": len(added), "text": bool(text)}
    if found := recordings.attach(report, media, purpose="message"):
        data["recordings"] = len(found)
    events.append(stream(report), "report:supplemented", events.REPORTER, **data)
    touch(report)
    if report.status == lifecycle.NEEDS_INFO:
        move(report, lifecycle.SCREENING, events.REPORTER)


def add_message(report: Report, sender: str, text: str, user_id: int | None = None) -> Message:
    """Add to the talk between the Front and the reporter; `sender` is front or reporter."""
    message = Message(report_id=report.id, sender=sender, user_id=user_id, text=text, created_at=clock.now())
    db.session.add(message)
    db.session.flush()
    return message


def ask(report: Report, actor: Actor, question: str) -> None:
    """The Front asks the reporter for more; the question stands on the reporter's own page."""
    move(report, lifecycle.NEEDS_INFO, actor, reason=question)
    add_message(report, "front", question, actor.user_id)


class BadDuplicate(ValueError):
    """The named case cannot be the original: it is the report itself, its own duplicate, or out of sight."""


def mark_duplicate(report: Report, original: Report, actor: Actor) -> None:
    """End the report as a duplicate of `original`. Raises BadDuplicate or a lifecycle error."""
    if original.id == report.id or original.duplicate_of_id is not None:
        raise BadDuplicate
    from webapp.reports import feedback, links

    lifecycle.check(report.status, lifecycle.DUPLICATE)
    report.duplicate_of_id = original.id
    # Its own duplicates follow it to the original, so that nobody is sent through a chain.
    for other in db.session.scalars(select(Report).where(Report.duplicate_of_id == report.id)).all():
        links.follow(other, report, original, actor)
    links.link(report, original, links.MERGED, actor)
    move(report, lifecycle.DUPLICATE, actor, original=original.public_id)
    if feedback.witnesses(original.id) > 1:
        outbox.enqueue("witnesses.tell_apart", report_id=original.id)


def answer(
    report: Report,
    actor: Actor,
    text: str,
    photos: tuple[StoredPhoto, ...],
    files: tuple[StoredDocument, ...] = (),
    *,
    minutes: bool = False,
) -> Answer:
    """The unit answers with words and evidence; an earlier answer stays beside it.

    Evidence is a picture, a document (`files`), or signed minutes of an inspection that the caller attaches.
    """
    if not text:
        raise lifecycle.Missing("text")
    lifecycle.check(report.status, lifecycle.ANSWERED, evidence=bool(photos or files or minutes))
    given = Answer(
        report_id=report.id,
        unit_code=actor.unit_code or "",
        user_id=actor.user_id,
        text=text,
        created_at=clock.now(),
    )
    db.session.add(given)
    db.session.flush()
    added = add_photos(report, photos, purpose="answer", answer=given)
    if not (answer_files.attach(given, files) or added or minutes):
        raise lifecycle.Missing("evidence")  # only what an earlier answer has shown already
    move(report, lifecycle.ANSWERED, actor, evidence=True, answer=given.id)
    return given


def publish(
    report: Report,
    actor: Actor,
    *,
    text: str,
    photo_ids: set[int],
    answer_ids: set[int],
    file_ids: frozenset[int] = frozenset(),
) -> None:
    """Let out exactly these: a text fit for the public, photos that were cleaned, answers, their documents; the
    rest is in."""
    report.public_text = text
    for photo in report.photos:
        photo.public = photo.id in photo_ids and photo.state == "clean"
    for given in report.answers:
        given.public = given.id in answer_ids
        for one in given.files:
            one.public = one.id in file_ids and one.state == "clean"
    touch(report)
    events.append(
        stream(report),
        "report:published",
        actor,
        text=bool(text),
        photos=sorted(p.id for p in report.photos if p.public),
        answers=sorted(a.id for a in report.answers if a.public),
        files=sorted(f.id for a in report.answers for f in a.files if f.public),
    )


def actor_of(identity: Identity) -> Actor:
    """The record's name for a member of staff."""
    kind = {"unit_officer": "unit", "admin": "admin", "member": "member"}.get(identity.role, "front")
    return Actor(kind, identity.user_id, identity.unit_code)
