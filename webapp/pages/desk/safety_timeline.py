"""Entries of the record about the sender's contact and data, in words for the Front."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from webapp.pages import labels

KINDS = {
    "contact:opened",
    "contact:left",
    "contact:removed",
    "data:requested",
    "data:acknowledged",
    "data:answered",
    "data:restricted",
    "data:erased",
    "data:retired",
}


def words(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Title, body and sign of one entry of KINDS."""
    asked = str(labels.DATA_REQUEST.get(data.get("what", ""), ""))
    if kind == "contact:opened":
        return {"title": _("The sender’s contact was opened"), "body": data.get("reason", ""), "icon": "lock"}
    if kind == "contact:left":
        title = _("The sender replaced the contact") if data.get("replaced") else _("The sender left a contact")
        return {"title": title, "icon": "lock"}
    if kind == "contact:removed":
        return {"title": _("The sender deleted the contact"), "icon": "lock"}
    if kind == "data:requested":
        return {"title": _("Request about personal data"), "body": asked, "icon": "user"}
    if kind == "data:acknowledged":
        return {"title": _("Request about personal data confirmed"), "icon": "check"}
    if kind == "data:answered":
        return {
            "title": _("Request granted") if data.get("granted") else _("Request refused"),
            "body": asked,
            "icon": "user",
        }
    if kind == "data:restricted":
        return {"title": _("Contact deleted, the sender’s words and photos are not public any more"), "icon": "lock"}
    return {"title": _("The sender’s personal data has been deleted"), "icon": "lock"}
