"""Photo jobs: a clean copy from the sealed original, a public copy from the clean one, or none at all."""

from __future__ import annotations

from webapp.core import events, outbox
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.media import hiding, photos
from webapp.reports import pictures
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
    photo = db.session.get(Photo, photo_id)
    if photo is None:  # its sender had it deleted meanwhile
        here.storage.delete(full)
        here.storage.delete(thumb)
        return
    photo.width, photo.height, photo.state = made.width, made.height, "clean"
    pictures.set_hash(photo, photos.dhash(made.thumb))
    if not photo.public_ready:  # of a part of a report, in whose picture something was hidden already
        outbox.enqueue("photos.hide", photo_id=photo_id)
    events.append(stream(photo.report), "photo:cleaned", events.SYSTEM, photo=photo_id, original_sha256=photo.sha256)


def hide(photo_id: int) -> None:
    """Make the public copy in which everything that staff marked is unreadable.

    A copy of older marks never counts: if they changed meanwhile, the job of the newer ones makes theirs.
    """
    photo = db.session.get(Photo, photo_id)
    if photo is None or photo.state != "clean" or photo.public_ready:
        return
    version, areas, source = photo.marks_version, [(a, b, c, d) for a, b, c, d in photo.marks], photo.clean_name
    before = photo.public_version
    old = [photo.outside_name(), photo.outside_name(small=True)] if before else []
    names = photo.outside_name(version=version), photo.outside_name(small=True, version=version)
    db.session.rollback()  # as above
    here = instance()
    made = hiding.hide(here.storage.get(source), areas)
    here.storage.put(names[0], made.full)
    here.storage.put(names[1], made.thumb)
    photo = db.session.get_one(Photo, photo_id, with_for_update=True, populate_existing=True)
    if photo.marks_version != version:
        return
    photo.public_version = version
    db.session.flush()
    for name in old:  # a copy that hides less must not lie about
        here.storage.delete(name)
