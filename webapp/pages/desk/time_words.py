"""Words that only the desks use, for time and reminders."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from webapp.supervision import words

STEP = words.STEP
STEP_OUTCOME: dict[str, LazyString] = {"met": _("in time"), "late": _("late"), "": _("handed on")}
# Whom a reminder speaks to (`supervision.ladder.WHOM`).
REMINDED: dict[str, LazyString] = {
    "officer": _("the officer in charge"),
    "head_of_unit": _("the head of the unit"),
    "unit_above": _("the unit above"),
    "front_above": _("the Front above"),
}
EXTENSION: dict[str, LazyString] = {
    "asked": _("asked for"),
    "granted": _("granted"),
    "refused": _("refused"),
    "lapsed": _("no longer needed"),
}
