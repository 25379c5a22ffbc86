"""The Front's word on an answer: sufficient, in part, or not, with pictures of its own."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _

from webapp.core import clock
from webapp.pages import labels
from webapp.pages.desk import actions, case_page
from webapp.pages.desk.doing import Doing, Wrong
from webapp.reports import feedback, lifecycle, verdicts
from webapp.reports.intake import StoredPhoto
from webapp.routing import terms
from webapp.routing.deadlines import is_working_day


def _pictures(doing: Doing) -> tuple[StoredPhoto, ...]:
    if doing.refused:
        raise Wrong(evidence=doing.refused)
    return tuple(StoredPhoto(k.name, k.sha256, k.size, k.mime) for k in doing.kept)


def _verify(doing: Doing) -> str:
    words = doing.text("verify_text", limit=2000)
    verdicts.check(doing.report, doing.actor, verdicts.ACCEPTED, words, photos=_pictures(doing))
    return _("The answer is accepted. Next: decide what the public sees, and close the case.")


def _rework(doing: Doing) -> str:
    verdict = request.form.get("verdict", verdicts.NOT)
    if verdict not in (verdicts.PARTLY, verdicts.NOT):
        raise Wrong(verdict=_("Choose one."))
    words = doing.text("rework_reason", _("Write what is still missing."), limit=2000)
    raw = request.form.get("rest_day", "").strip()
    rest_due = None
    if raw and verdict == verdicts.PARTLY:
        day = case_page.day_or_none(raw)
        if day is None:
            raise Wrong(rest_day=_("Give a day such as 31/12/2026."))
        if day <= clock.today() or not is_working_day(day, terms.calendar()):
            raise Wrong(rest_day=_("Choose a working day after today."))
        rest_due = verdicts.rest_until(day)
    verdicts.check(doing.report, doing.actor, verdict, words, photos=_pictures(doing), rest_due=rest_due)
    if rest_due is not None:
        return _("What was done is accepted; the rest is due on %(day)s.", day=labels.day(rest_due))
    return _("Sent back to the unit, with a new due time.")


def _uphold(doing: Doing) -> str:
    reason = doing.text("uphold_reason", _("Write what you have checked."), limit=2000)
    try:
        verdicts.uphold(doing.report, doing.actor, reason)
    except feedback.NotAsked:
        raise lifecycle.NotAllowed("uphold") from None
    return _("The answer stands. The sender reads your reason.")


actions.DO |= {"verify": _verify, "rework": _rework, "uphold": _uphold}
