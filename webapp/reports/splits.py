"""One report that tells of several things becomes several cases. Flushes only.

A part has its own number, clock and unit. Who sent it stays with the original: the contact, and the code that
opens all parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry import Point

from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.reports import codes, lifecycle, links
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Photo, Report
from webapp.reports.service import add_photos, stream, touch

SPLITTABLE = (lifecycle.RECEIVED, lifecycle.SCREENING, lifecycle.NEEDS_INFO)
MOST_PARTS = 4  # made at once
MOST_IN_ALL = 20


@dataclass(frozen=True, slots=True)
class Part:
    """What an officer makes a case of its own: `words` are the officer's, about this part alone.

    Without a position (lon, lat) or a commune of its own it is where the original is.
    """

    category_code: str
    words: str
    photos: Sequence[Photo] = ()
    area_code: str | None = None
    position: tuple[float, float] | None = None


class CannotSplit(ValueError):
    """The report has been passed on or has ended, is a part itself, or has parts enough."""


def split(report: Report, parts: Sequence[Part], actor: Actor) -> list[Report]:
    """Make a case of each part, linked both ways, each routed as if it had come in with the original.

    The original keeps what it is. Raises CannotSplit, and nothing has changed then.
    """
    known = links.parts_of(report.id)
    if (
        not parts
        or report.status not in SPLITTABLE
        or len(known) + len(parts) > MOST_IN_ALL
        or links.whole_of(report.id) is not None
    ):
        raise CannotSplit
    first = max((number for number, _ in known), default=1) + 1
    made = [_make(report, part, number, actor) for number, part in enumerate(parts, first)]
    touch(report)
    events.append(stream(report), "report:split", actor, parts=[m.public_id for m in made])
    return made


def _make(report: Report, part: Part, number: int, actor: Actor) -> Report:
    own_place = part.position is not None or part.area_code not in (None, report.area_code)
    at = Point(*part.position) if part.position is not None else None if own_place else report.location
    nobody_knows = codes.new_client_id()  # the sender's own code opens it
    key = instance().settings.code_key
    made = Report(
        public_id=codes.new_public_id(),
        client_key=codes.client_key(nobody_knows),
        code_hash=codes.code_hash(codes.code_for(nobody_knows, key), key),
        category_code=part.category_code,
        description=part.words,
        observed_at=report.observed_at,
        lang="vi",
        channel=report.channel,
        source=report.source,
        received_at=report.received_at,
        entered_by_unit=report.entered_by_unit,
        location=at,
        accuracy_m=None if own_place else report.accuracy_m,
        place_source=("map" if part.position else "area") if own_place else report.place_source,
        place_text="" if own_place else report.place_text,
        area_code=(part.area_code if part.position is None else None) if own_place else report.area_code,
        province_code=report.province_code,
        bypass_commune=report.bypass_commune,
        created_at=report.created_at,  # its clock has run since the sender spoke
        updated_at=clock.now(),
        status=lifecycle.NEW,
    )
    db.session.add(made)
    db.session.flush()
    events.append(
        stream(made),
        "report:submitted",
        actor,
        public=True,
        category=made.category_code,
        channel=made.channel,
        photos=len(part.photos),
    )
    stored = {p.sha256: p for p in part.photos if p.original}
    copies = add_photos(
        made, tuple(StoredPhoto(p.original, p.sha256, p.size, p.mime) for p in stored.values()), purpose="report"
    )
    for copy in copies:
        before = stored[copy.sha256]
        if before.marks:  # what was hidden stays hidden
            copy.marks, copy.marks_version = before.marks, 1
    links.link(made, report, links.SPLIT, actor, number=number)
    outbox.enqueue("reports.route", report_id=made.id)
    return made
