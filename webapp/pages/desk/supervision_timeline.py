"""Entries about time in a case's record, in words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.pages import labels
from webapp.pages.desk import time_words

KINDS = {"report:reminded", "extension:asked", "extension:granted", "extension:refused"}


def words(kind: str, data: dict[str, Any], names: Any) -> dict[str, Any]:
    """Title, body and reason of one entry."""
    if kind == "report:reminded":
        whom = time_words.REMINDED.get(data.get("whom", ""), "")
        title = _("Reminder %(number)s to %(whom)s", number=data.get("number", ""), whom=whom)
        step = str(time_words.STEP.get(data.get("step", ""), ""))
        unit = names.unit(data.get("unit"))
        late = _("%(days)s working days late", days=data["days"]) if data.get("days") else _("not late yet")
        return {"title": title, "body": f"{unit}: {step}, {late}", "icon": "clock"}
    if kind == "extension:asked":
        day = labels.day(date.fromisoformat(data["until"]))
        return {
            "title": _("The unit asks for time until %(day)s", day=day),
            "body": data.get("reason", ""),
            "icon": "clock",
        }
    if kind == "extension:granted":
        day = labels.day(datetime.fromisoformat(data["due"]))
        return {
            "title": _("Extended until %(day)s", day=day),
            "body": data.get("note", ""),
            "reason": data.get("reason", ""),
            "icon": "clock",
        }
    return {"title": _("More time was refused"), "body": data.get("reason", ""), "icon": "clock"}
