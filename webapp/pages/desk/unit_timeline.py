"""What a unit did with a case, as the timeline says it to the Front and to the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _

if TYPE_CHECKING:
    from webapp.pages.desk.timeline import Names

KINDS = {
    "report:delegated",
    "handover:asked",
    "handover:declined",
    "inspection:handed_in",
    "inspection:signed",
    "inspection:handed_on",
    "unit:written_to",
    "unit:link_opened",
    "file:checked",
    "file:refused",
}


def words(kind: str, data: dict[str, Any], names: Names) -> dict[str, Any] | None:
    """Title, body, reason and icon of one of KINDS; None for what the page shows by itself."""
    unit = names.unit(data.get("unit"))
    reason = data.get("reason", "")
    if kind in {"report:delegated", "inspection:handed_on"}:
        post = names.posts.get(data.get("officer") or 0, "")
        if kind == "inspection:handed_on":
            title = _("The inspection not signed off was handed to: %(post)s", post=post or _("the unit"))
            return {"title": title, "icon": "user"}
        title = _("Given to: %(post)s", post=post) if post else _("Given to no officer")
        body = _("The officer who had it in hand has left.") if data.get("left") else ""
        return {"title": title, "body": body, "icon": "user"}
    if kind == "handover:asked":
        title = _("The unit asks to hand it over to %(unit)s", unit=unit)
        return {"title": title, "reason": reason, "between_offices": True, "icon": "forward"}
    if kind == "handover:declined":
        title = _("The Front declined the handover to %(unit)s", unit=unit)
        return {"title": title, "reason": reason, "between_offices": True, "icon": "back"}
    if kind == "inspection:handed_in":
        return {"title": _("An inspection was written down on the spot"), "icon": "edit"}
    if kind == "inspection:signed":
        body = _("Fingerprint of the sheet: %(hash)s", hash=data.get("sha256", "")[:16])
        return {"title": _("An inspection sheet was signed off"), "body": body, "icon": "document"}
    if kind == "unit:written_to":
        return {"title": _("A link was sent to the office address of %(unit)s", unit=unit), "icon": "send"}
    if kind == "unit:link_opened":
        return {"title": _("The link was opened"), "icon": "eye"}
    if kind == "file:refused":
        return {"title": _("A document could not be proved harmless and stays sealed"), "icon": "lock"}
    return None
