"""Documents of a unit's answer: kept sealed, shown to staff and public only as the copy that was found harmless."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.reports import codes
from webapp.reports.intake import StoredDocument
from webapp.reports.models import Answer, AnswerFile

WAITING, CLEAN, REFUSED = "waiting", "clean", "refused"


def attach(answer: Answer, files: Iterable[StoredDocument]) -> list[AnswerFile]:
    """Attach originals that lie in storage and queue their check. The same file twice in one case is one."""
    known = set(db.session.scalars(select(AnswerFile.sha256).where(AnswerFile.report_id == answer.report_id)))
    added = []
    for file in files:
        if file.sha256 in known:
            continue
        known.add(file.sha256)
        one = AnswerFile(
            public_id=codes.new_public_id() + codes.new_public_id(),
            report_id=answer.report_id,
            answer_id=answer.id,
            original=file.name,
            sha256=file.sha256,
            size=file.size,
            label=file.label,
            state=WAITING,
            created_at=clock.now(),
        )
        db.session.add(one)
        db.session.flush()
        outbox.enqueue("answer_files.check", file_id=one.id)
        added.append(one)
    return added


def by_public_id(public_id: str) -> AnswerFile | None:
    """A document under its random name."""
    return db.session.scalars(select(AnswerFile).where(AnswerFile.public_id == public_id)).first()
