"""Photo jobs: a clean copy from the sealed original, or none at all."""

from __future__ import annotations

from webapp.core import events
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.media import photos
from webapp.reports.models import Photo
from webapp.reports.service import stream


def clean(photo_id: int) -> None:
    """Make the copies without metadata. If that fails for good, the picture is refused and never shown."""
    photo = db.session.get(Photo, photo_id)
    if photo is None or photo.state != "waiting":
        return
    original, full, thumb = photo.original, photo.clean_name, photo.thumb_name
    db.session.rollback()  # decoding takes long; hold no lock meanwhile
    here = instance()
    try:
        made = photos.clean(here.evidence.open(here.storage.get(original)))
    except photos.PhotoError as error:
        photo = db.session.get_one(Photo, photo_id)
        photo.state = "refused"
        events.append(stream(photo.report), "photo:refused", events.SYSTEM, photo=photo_id, why=error.code)
        return
    here.storage.put(full, made.full)
    here.storage.put(thumb, made.thumb)
    photo = db.session.get_one(Photo, photo_id)
    photo.width, photo.height, photo.state = made.width, made.height, "clean"
    dhash = photos.dhash(made.thumb)
    photo.dhash = dhash - (1 << 64) if dhash >= 1 << 63 else dhash  # BIGINT is signed
    events.append(stream(photo.report), "photo:cleaned", events.SYSTEM, photo=photo_id, original_sha256=photo.sha256)
