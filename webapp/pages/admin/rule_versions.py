"""Versions of the rule set: every one there was, what each changed, and an older one as a draft again."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core import events
from webapp.core.db import db
from webapp.pages import labels, routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin.rules import PAGE, bp, names_for, page, version_or_404
from webapp.reports import desk_queries
from webapp.reports.service import actor_of
from webapp.routing import rows, rulesets
from webapp.routing.decide import Rule

CHANGES = 200  # of a version or a draft that a page lists


@bp.get("/versions")
def versions() -> Response:
    """Every set of rules there was: who put it in force, when, why, what changed."""
    require("rules:view")
    typed = request.args.get("before", "")
    found = rulesets.versions(int(typed) if typed.isdecimal() and len(typed) < 9 else None, PAGE)
    listed = found[:PAGE]
    return page(
        "admin/routing/versions.html",
        "versions",
        versions=listed,
        posts=desk_queries.posts(v.published_by for v in listed),
        more=f"/admin/routing/versions?before={listed[-1].number}" if len(found) > PAGE else None,
        history=_history(),
        first="/admin/routing/versions" if typed else None,
    )


def _history() -> list[dict[str, Any]]:
    """The newest entries of the record about rules."""
    query = (
        select(events.Event).where(events.Event.stream == rulesets.STREAM).order_by(events.Event.seq.desc()).limit(20)
    )
    entries = list(db.session.scalars(query))
    posts = desk_queries.posts(e.user_id for e in entries)
    return [
        {"at": labels.moment(e.at), "who": posts.get(e.user_id or 0, _("The system")), "what": _event_words(e)}
        for e in entries
    ]


def _event_words(entry: events.Event) -> str:
    data = entry.data
    what = {
        "rules:draft_opened": _("Draft opened on version %(base)s", base=data.get("base")),
        "rules:draft_changed": _("Draft: rule %(rule)s changed", rule=data.get("rule") or data.get("removed")),
        "rules:draft_imported": _("Draft: table imported"),
        "rules:draft_tried": _("Draft: checked and tried"),
        "rules:draft_dropped": _("Draft given up"),
        "rules:draft_rebased": _("Draft brought onto version %(base)s", base=data.get("base")),
        "rules:published": _("Version %(number)s published", number=data.get("number")),
    }
    if data.get("restores"):
        return _("Draft opened from version %(number)s", number=data["restores"])
    return what.get(entry.kind, entry.kind)


@bp.get("/versions/<int:version_id>")
def version(version_id: int) -> Response:
    """One version: what it changed."""
    require("rules:view")
    found = version_or_404(str(version_id))
    before = rulesets.version(version_id - 1)
    changes = rows.compare(rulesets.rules_of(before) if before else [], rulesets.rules_of(found))
    return page(
        "admin/routing/version.html",
        "versions",
        version=found,
        posts=desk_queries.posts([found.published_by, found.created_by]),
        latest=rulesets.number(),
        **changes_context(changes),
    )


def changes_context(changes: list[tuple[Rule | None, Rule | None]]) -> dict[str, Any]:
    """Changed rules in words, as many as a page lists."""
    listed = changes[:CHANGES]
    units_named, areas_named = routing_words.codes_of(r for pair in listed for r in pair)
    names = names_for(units_named, areas_named)
    return {"changed": listed, "changes_total": len(changes), "names": names}


@bp.post("/versions/<int:version_id>/restore")
def restore(version_id: int) -> Response:
    """Open a draft that is as this version was."""
    require("rules:edit")
    found = version_or_404(str(version_id))
    try:
        rulesets.start(actor_of(identity()), rulesets.rules_of(found), restores=version_id)
    except rulesets.Refused:
        flash(_("A draft is open already. Publish it or give it up first."), "warning")
        return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]
    flash(_("The draft is as version %(number)s was. Try it, then publish it.", number=version_id), "success")
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]
