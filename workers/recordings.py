"""Recording jobs: a stripped copy for staff, or none where it cannot be proved clean."""

from __future__ import annotations

from webapp.core import events
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.core.sealing_stream import open_stream
from webapp.media.recordings import NotProven, RecordingError, strip
from webapp.reports.recordings import CLEAN, SEALED, WAITING, Recording
from webapp.reports.service import stream


def strip_copy(recording_id: int) -> None:
    """Make the copy without metadata. One that cannot be proved clean stays what it is: sealed evidence."""
    recording = db.session.get(Recording, recording_id)
    if recording is None or recording.state != WAITING:
        return
    original, copy = recording.original, recording.copy_name
    db.session.rollback()  # hold no lock meanwhile
    here = instance()
    why = ""
    try:
        made = strip(bytes(open_stream(here.evidence, here.storage.get(original))))
    except (NotProven, RecordingError) as error:
        why = type(error).__name__
    else:
        here.storage.put(copy, made)
    recording = db.session.get_one(Recording, recording_id)
    recording.state = SEALED if why else CLEAN
    kind = "recording:sealed" if why else "recording:stripped"
    events.append(
        stream(recording.report),
        kind,
        events.SYSTEM,
        recording=recording_id,
        original_sha256=recording.sha256,
    )
