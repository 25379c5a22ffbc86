"""More time for a step: the unit asks, the Front decides or extends of itself."""

from __future__ import annotations

from datetime import date

from flask import request
from flask_babel import gettext as _

from webapp.pages import labels
from webapp.pages.desk import actions, case_page
from webapp.pages.desk.doing import Doing, Wrong
from webapp.supervision import extensions
from webapp.supervision.extensions import CannotExtend


def ask(doing: Doing) -> str:
    """The unit asks until when, and says why."""
    day = _day("more_time_day")
    reason = doing.text("more_time_reason", _("Write why more time is needed."), limit=1000)
    try:
        extensions.ask(doing.report, doing.actor, reason, day)
    except CannotExtend as wrong:
        raise Wrong(more_time_day=_why(wrong)) from None
    return _("Asked. Until the Front decides, the due time stays as it is.")


def decide(doing: Doing) -> str:
    """The Front grants or refuses what was asked, or extends of itself."""
    asked = extensions.pending(doing.report)
    if asked is not None and request.form.get("decision") == "refuse":
        extensions.refuse(doing.report, doing.actor, doing.text("extend_reason", _("Write the reason."), limit=1000))
        return _("Refused. The unit reads your reason; the due time stays.")
    day = _day("extend_day")
    needed = "" if asked is not None else _("Write the reason.")
    try:
        extensions.grant(doing.report, doing.actor, day, doing.text("extend_reason", needed, limit=1000))
    except CannotExtend as wrong:
        raise Wrong(extend_day=_why(wrong)) from None
    return _("Extended until %(day)s. The sender and the public see it.", day=labels.day(day))


def _day(field: str) -> date:
    found = case_page.day_or_none(request.form.get(field, ""))
    if found is None:
        raise Wrong(**{field: _("Give a day such as 31/12/2026.")})
    return found


def _why(wrong: CannotExtend) -> str:
    return {
        "none_left": _("This step cannot be extended any more."),
        "not_running": _("No step runs that could be extended."),
        "asked_already": _("You have asked already; the Front has not decided yet."),
        "not_later": _("Choose a day after the present due day and after today."),
        "too_far": _("At most %(days)s working days more.", days=wrong.days),
        "day_off": _("That is a day off: choose a working day."),
        "nothing_asked": _("Nothing is asked any more."),
    }[wrong.code]


actions.DO["extend"] = decide
