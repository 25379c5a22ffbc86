"""Document jobs: the copy that is shown, made from the sealed original once it was looked through again."""

from __future__ import annotations

from webapp.core import events
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.media import documents as rules
from webapp.reports import documents
from webapp.reports.models import Document
from webapp.reports.service import stream


def check(document_id: int) -> None:
    """Show the document, or refuse it for good: then it stays sealed. Rules may have become stricter since."""
    one = db.session.get(Document, document_id)
    if one is None or one.state != documents.WAITING:
        return
    original, copy = one.original, one.copy_name
    db.session.rollback()  # looking through takes long; hold no lock meanwhile
    here = instance()
    data = here.evidence.open(here.storage.get(original))
    try:
        rules.verify(data)
    except rules.DocumentError as error:
        one = db.session.get_one(Document, document_id)
        one.state = documents.REFUSED
        events.append(stream(one.report), "document:refused", events.SYSTEM, document=document_id, why=error.code)
        return
    here.storage.put(copy, data)
    one = db.session.get_one(Document, document_id)
    one.state = documents.CLEAN
    events.append(stream(one.report), "document:checked", events.SYSTEM, document=document_id, sha256=one.sha256)
