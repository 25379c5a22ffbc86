"""Clips and voice notes on pages: reading the form's field, and playing the stripped copy to staff."""

from __future__ import annotations

from typing import Any

from flask import Request, Response, abort
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from webapp.core.instance import instance
from webapp.media import recording_intake
from webapp.media.recording_intake import KeptRecording
from webapp.pages import pieces
from webapp.reports.intake import StoredRecording
from webapp.reports.recordings import CLEAN, Recording

ERRORS = {
    "empty": _l("%(name)s is empty."),
    "too_large": _l("%(name)s is too large: a clip may have %(clip)s MB, a voice note %(voice)s MB."),
    "not_a_recording": _l("%(name)s is neither a clip nor a voice note."),
    "picture": _l("%(name)s is a photo: choose it under Photos."),
    "unsupported_format": _l("%(name)s is a recording of a kind that is not taken."),
    "broken": _l("%(name)s is damaged or not whole."),
    "too_many": _l("%(name)s was not taken: at most %(clips)s clips and %(voices)s voice notes."),
}
# What browsers play under another name than the file's own
_PLAYED_AS = {"video/quicktime": "video/mp4"}


def read(req: Request, owner: str) -> tuple[list[KeptRecording], str]:
    """(recordings in storage, what was refused in words) of the field `media`."""
    removed = set(req.form.getlist("media_remove"))
    tokens = [t for t in req.form.getlist("media_kept") if t not in removed]
    files: list[Any] = req.files.getlist("media")
    kept, refused = recording_intake.keep_all(files, tokens, owner)
    return kept, " ".join(_say(code, name) for name, code in refused)


def stored(kept: list[KeptRecording]) -> tuple[StoredRecording, ...]:
    """Originals that lie in storage, as the report service wants them."""
    return tuple(StoredRecording(k.name, k.sha256, k.size, k.mime, k.kind, k.duration_s) for k in kept)


def _say(code: str, name: str) -> str:
    settings = instance().settings
    return str(ERRORS.get(code, ERRORS["broken"])) % {
        "name": name or gettext("A file"),
        "clip": settings.max_clip_bytes >> 20,
        "voice": settings.max_voice_bytes >> 20,
        "clips": settings.max_clips,
        "voices": settings.max_voice,
    }


def play(recording: Recording) -> Response:
    """The stripped copy, or the part of it that a player asks for. There is no way here to an original."""
    if recording.state != CLEAN:
        abort(404)
    name = recording.copy_name
    return pieces.answer(name, instance().storage.size(name), _PLAYED_AS.get(recording.mime, recording.mime))
