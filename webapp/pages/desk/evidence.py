"""Pictures that come with an officer's form: kept in storage first, so that an error elsewhere costs none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext as _

from webapp.core.instance import instance
from webapp.media.intake import Kept, keep_all
from webapp.pages import messages
from webapp.pages.access import identity

WITH_PICTURES = ("verify", "rework")  # actions of the Front that may bring some
MOST = 12


def read() -> tuple[tuple[Kept, ...], str]:
    """(pictures in storage, what was refused in words) of the form's field `evidence`."""
    settings = instance().settings
    removed = set(request.form.getlist("evidence_remove"))
    tokens = [t for t in request.form.getlist("evidence_kept") if t not in removed]
    files: list[Any] = request.files.getlist("evidence")
    kept, refused = keep_all(files, tokens, f"user-{identity().user_id}", MOST)
    words = [
        messages.say_photo(why, name, max_bytes=settings.max_photo_bytes, max_photos=MOST) for name, why in refused
    ]
    return tuple(kept), " ".join(words)


def shown(kept: Iterable[Kept]) -> list[dict[str, str]]:
    """Kept files as the file field shows them."""
    return [
        {"token": k.token, "name": k.label or _("A file"), "size_label": f"{max(1, k.size // 1024)} kB"} for k in kept
    ]
