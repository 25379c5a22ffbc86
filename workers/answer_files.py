"""Document jobs: the copy that is shown, made from the sealed original once it was looked through again."""

from __future__ import annotations

from webapp.core import events
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.media import documents as rules
from webapp.reports import answer_files
from webapp.reports.models import AnswerFile
from webapp.reports.service import stream


def check(file_id: int) -> None:
    """Show the document, or refuse it for good: then it stays sealed. Rules may have become stricter since."""
    one = db.session.get(AnswerFile, file_id)
    if one is None or one.state != answer_files.WAITING:
        return
    original, copy = one.original, one.copy_name
    db.session.rollback()  # looking through takes long; hold no lock meanwhile
    here = instance()
    data = here.evidence.open(here.storage.get(original))
    try:
        rules.verify(data)
    except rules.DocumentError as error:
        one = db.session.get_one(AnswerFile, file_id)
        one.state = answer_files.REFUSED
        events.append(stream(one.report), "file:refused", events.SYSTEM, file=file_id, why=error.code)
        return
    here.storage.put(copy, data)
    one = db.session.get_one(AnswerFile, file_id)
    one.state = answer_files.CLEAN
    events.append(stream(one.report), "file:checked", events.SYSTEM, file=file_id, sha256=one.sha256)
