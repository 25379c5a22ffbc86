"""What comes with a unit's answer: pictures and documents, kept when something else in the form is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core.instance import instance
from webapp.media import document_intake
from webapp.media.document_intake import KeptDocument
from webapp.media.documents import DocumentError, looks_like_pdf
from webapp.media.intake import Kept, keep_all
from webapp.pages import messages
from webapp.reports.intake import StoredDocument, StoredPhoto

MAX_FILES = 12
_DOCUMENT_ERRORS = {
    "empty": _l("%(name)s is empty."),
    "too_large": _l("%(name)s is too large: at most %(megabytes)s MB."),
    "not_a_pdf": _l("%(name)s is not a PDF."),
    "encrypted": _l("%(name)s is locked with a password. Save it without one."),
    "active": _l("%(name)s holds scripts, attachments or forms that act by themselves. Print it to a plain PDF."),
    "too_complex": _l("%(name)s is too complicated to be checked. Print it to a plain PDF."),
    "broken": _l("%(name)s is damaged and cannot be opened."),
    "too_many": _l("%(name)s was not taken: at most %(count)s files."),
}


@dataclass
class Evidence:
    """Files in storage, and what was refused in words."""

    photos: list[Kept] = field(default_factory=list)
    documents: list[KeptDocument] = field(default_factory=list)
    refused: str = ""

    def __bool__(self) -> bool:
        return bool(self.photos or self.documents)

    def stored(self) -> tuple[tuple[StoredPhoto, ...], tuple[StoredDocument, ...]]:
        """The same as the report service wants them."""
        return (
            tuple(StoredPhoto(k.name, k.sha256, k.size, k.mime) for k in self.photos),
            tuple(StoredDocument(k.name, k.sha256, k.size, k.label) for k in self.documents),
        )

    def shown(self) -> list[dict[str, str]]:
        """The same as the file field shows them."""
        files: list[Kept | KeptDocument] = [*self.photos, *self.documents]
        return [
            {"token": k.token, "name": k.label or _("A file"), "size_label": f"{max(1, k.size // 1024)} kB"}
            for k in files
        ]


def read(owner: str) -> Evidence:
    """The files of the form's field `evidence`: new ones, and those an earlier try has kept for `owner`."""
    removed = set(request.form.getlist("evidence_remove"))
    tokens = [t for t in request.form.getlist("evidence_kept") if t not in removed]
    uploads: list[Any] = [u for u in request.files.getlist("evidence") if u.filename]
    papers = [u for u in uploads if _is_pdf(u)]
    pictures = [u for u in uploads if u not in papers]
    documents = {k.sha256: k for token in tokens if (k := document_intake.recall(token, owner)) is not None}
    said = []
    for paper in papers:
        if len(documents) >= MAX_FILES:
            said.append(_say("too_many", paper.filename))
            continue
        try:
            kept = document_intake.keep(paper, owner)
        except DocumentError as error:
            said.append(_say(error.code, paper.filename))
        else:
            documents[kept.sha256] = kept
    settings = instance().settings
    photos, refused = keep_all(pictures, tokens, owner, MAX_FILES)
    said += [
        messages.say_photo(why, name, max_bytes=settings.max_photo_bytes, max_photos=MAX_FILES) for name, why in refused
    ]
    return Evidence(photos, list(documents.values()), " ".join(said))


def _is_pdf(upload: Any) -> bool:
    head = upload.stream.read(8)
    upload.stream.seek(0)
    return looks_like_pdf(head) or (upload.filename or "").lower().endswith(".pdf")


def _say(code: str, name: str | None) -> str:
    limit = instance().settings.max_photo_bytes >> 20
    return str(_DOCUMENT_ERRORS[code]) % {"name": name or _("A file"), "megabytes": limit, "count": MAX_FILES}
