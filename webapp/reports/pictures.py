"""What happens to a picture after it was cleaned: areas are hidden, lookalikes are found. Flushes only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import load_only
from sqlalchemy.orm.interfaces import ORMOption

from webapp.areas import succession
from webapp.core import events, outbox
from webapp.core.db import db, one_of
from webapp.core.events import Actor
from webapp.reports import likeness, service
from webapp.reports.marks import Area
from webapp.reports.models import FROM_SENDER, Photo, Report

SAME_BITS = likeness.SAME_BITS
SAME_DAYS = 90
LOOK_AT = 400
CASE_COLUMNS = (load_only(Report.public_id, Report.status, Report.created_at, Report.duplicate_of_id),)


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another case that holds almost the same picture; `bits` of 64 differ."""

    report: Report
    mine: Photo
    other: Photo
    bits: int
    days: int


def set_marks(photo: Photo, areas: Iterable[Area], actor: Actor) -> bool:
    """Hide exactly these areas from everybody from now on; returns whether anything changed.

    Until a worker has made the new public copy there is none: what was public before disappears at once.
    """
    wanted = [list(area) for area in areas]
    if wanted == (photo.marks or []):
        return False
    photo.marks = wanted
    photo.marks_version = (photo.marks_version or 0) + 1
    version, count = photo.marks_version, len(wanted)
    # How many and not where: the record keeps no places in pictures.
    events.append(service.stream(photo.report), "photo:blurred", actor, photo=photo.id, version=version, areas=count)
    outbox.enqueue("photos.hide", photo_id=photo.id)
    return True


def set_hash(photo: Photo, dhash: int) -> None:
    """Remember a picture's difference hash (64 bits) and its parts."""
    photo.dhash = dhash - (1 << 64) if dhash >= 1 << 63 else dhash  # BIGINT is signed
    photo.dhash_a, photo.dhash_b, photo.dhash_c, photo.dhash_d = bands(dhash)


def bands(dhash: int) -> tuple[int, int, int, int]:
    """The four 16-bit parts, the highest first."""
    return (dhash >> 48 & 0xFFFF, dhash >> 32 & 0xFFFF, dhash >> 16 & 0xFFFF, dhash & 0xFFFF)


def near_band(band: int) -> list[int]:
    """All 137 values that differ from `band` in at most two bits.

    If 64 bits differ in at most eight, then one of the four parts differs in at most two: none is missed.
    """
    one = [1 << i for i in range(16)]
    two = [a | b for i, a in enumerate(one) for b in one[:i]]
    return [band ^ change for change in (0, *one, *two)]


def _alike(values: list[int]) -> list[ColumnElement[bool]]:
    """On PostgreSQL the bits are counted before anything is joined: at a million pictures thousands share a part
    by chance. SQLite cannot count them; there they are counted afterwards."""
    if db.session.get_bind().dialect.name != "postgresql":
        return []
    signed = [value - (1 << 64) if value >= 1 << 63 else value for value in values]
    apart = (Photo.dhash.op("#")(literal(value, BigInteger)) for value in signed)
    return [or_(*(func.bit_count(cast(bits, BIT(64))) <= SAME_BITS for bits in apart))]


def lookalikes(
    report: Report, scope: object, limit: int = 8, options: Sequence[ORMOption] = CASE_COLUMNS
) -> list[Lookalike]:
    """Other cases of the same province and the last SAME_DAYS before or after that hold almost the same
    picture, the most alike first, in one statement. `scope` is the SQL condition of what the asker may see,
    `options` say what is loaded of a case.

    Only what was sent with a report or under its code counts, not the units' answers.
    """
    if not report.province_code:
        return []
    wanted = [
        p for p in report.photos if p.purpose in FROM_SENDER and p.dhash is not None and likeness.telling(p.dhash)
    ]
    mine = [(p, (p.dhash or 0) & (1 << 64) - 1) for p in wanted[:12]]
    if not mine:
        return []
    span = timedelta(days=SAME_DAYS)
    columns = (Photo.dhash_a, Photo.dhash_b, Photo.dhash_c, Photo.dhash_d)
    parts = zip(columns, zip(*(bands(value) for _, value in mine), strict=True), strict=True)
    query = (
        select(Photo, Report)
        .join(Report, Report.id == Photo.report_id)
        .options(*options)
        .where(
            or_(*(one_of(column, {v for band in of_mine for v in near_band(band)}) for column, of_mine in parts)),
            *_alike([value for _, value in mine]),
            Photo.purpose.in_(FROM_SENDER),
            Report.id != report.id,
            Report.province_code.in_(succession.family_of(succession.AREA, report.province_code)),
            Report.created_at.between(report.created_at - span, report.created_at + span),
            scope,  # type: ignore[arg-type]
        )
        .order_by(Photo.id.desc())
        .limit(LOOK_AT)
    )
    found: dict[int, Lookalike] = {}
    for other, case in db.session.execute(query):
        if not likeness.telling(other.dhash or 0):
            continue
        bits, photo = min(((((other.dhash or 0) & (1 << 64) - 1) ^ value).bit_count(), p.id, p) for p, value in mine)[
            ::2
        ]
        known = found.get(case.id)
        if bits <= SAME_BITS and (known is None or bits < known.bits):
            days = abs((case.created_at - report.created_at).days)
            found[case.id] = Lookalike(case, photo, other, bits, days)
    return sorted(found.values(), key=lambda f: (f.bits, f.days))[:limit]
