"""Entries of the record about links between cases and about documents, in words for staff."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

KINDS = {"case:linked", "case:unlinked", "report:split", "document:issued"}


def words(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Title, body and sign of one entry of KINDS."""
    number = data.get("case", "")
    if kind == "report:split":
        parts = ", ".join(data.get("parts", []))
        return {"title": _("Split into several cases"), "body": parts, "icon": "list"}
    if kind == "document:issued":
        return {"title": _("Document issued: number %(number)s", number=data.get("number", "")), "icon": "document"}
    if kind == "case:unlinked":
        return {"title": _("Link to %(number)s taken back", number=number), "icon": "external"}
    title = {
        ("recurrence", "from"): _("Came back after %(number)s", number=number),
        ("recurrence", "to"): _("Has come back as %(number)s", number=number),
        ("split", "from"): _("Part of report %(number)s", number=number),
        ("split", "to"): _("Part made: %(number)s", number=number),
        ("merged", "from"): _("Merged into %(number)s", number=number),
        ("merged", "to"): _("Duplicate merged: %(number)s", number=number),
    }.get((data.get("link", ""), data.get("side", "")), _("Linked to %(number)s", number=number))
    return {"title": title, "body": data.get("reason", ""), "icon": "external"}
