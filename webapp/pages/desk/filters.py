"""Saving the filters of a list under a name, and forgetting them; for both desks."""

from __future__ import annotations

from flask import abort, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from webapp.core import text
from webapp.pages.access import require
from webapp.pages.desk import listing
from webapp.reports import saved


def save(base: str) -> Answer:
    """Keep what the list is narrowed to, under the name that was typed."""
    who = require("report:list")
    asked = {name: value for name, value in listing.asked_for(request.form, who).items() if value}
    name = text.clean(request.form.get("name"))
    back = redirect(listing.address(base, asked), 303)
    if not name or len(name) > saved.MAX_NAME:
        flash(_("Give the filter a name of at most %(count)s characters.", count=saved.MAX_NAME), "error")
        return back
    try:
        saved.save(who.user_id or 0, name, asked)
    except saved.TooMany:
        flash(_("You have %(count)s saved filters already: delete one first.", count=saved.MAX_SAVED), "error")
        return back
    flash(_("The filter “%(name)s” is saved.", name=name), "success")
    return back


def forget(base: str, number: int) -> Answer:
    """Delete one of one's own filters; 404 for anybody else's."""
    who = require("report:list")
    if number >= 1 << 31 or not saved.forget(who.user_id or 0, number):
        abort(404)
    flash(_("The filter is deleted."), "success")
    return redirect(base, 303)
