"""Keys of programs that send reports: who has one, making one, taking one back."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.accounts import api_keys
from webapp.accounts.api_keys import MOST
from webapp.core import text
from webapp.core.instance import instance
from webapp.pages.access import require
from webapp.pages.admin.views import bp
from webapp.reports.service import actor_of

HERE = "/admin/api-keys"
LONGEST_NAME = 120
SHORTEST, LONGEST = 10, 300  # characters of a reason
SUGGESTED = {"reports_per_hour": "60", "reads_per_minute": "600"}


@bp.get("/api-keys")
def api_key_list() -> Response:
    """The keys, a page at a time, and the form to make one."""
    require("api_key:manage")
    return _page()


@bp.post("/api-keys")
def api_key_issue() -> Response:
    """Make a key and show it, this once."""
    who = require("api_key:manage")
    values = {name: text.clean(request.form.get(name))[:500] for name in ("name", *SUGGESTED)}
    errors = {}
    if not values["name"]:
        errors["name"] = _("Enter the program and whose it is.")
    elif len(values["name"]) > LONGEST_NAME:
        errors["name"] = _("Too long: at most %(count)s characters.", count=LONGEST_NAME)
    numbers = {name: _limit(values[name]) for name in SUGGESTED}
    for name, number in numbers.items():
        if number is None:
            errors[name] = _("Enter a whole number from 0 to %(largest)s. 0 means no limit.", largest=MOST)
    if not errors:
        allowed = {name: number or 0 for name, number in numbers.items()}
        try:
            key, shown = api_keys.issue(actor_of(who), values["name"], **allowed)
        except api_keys.Taken:
            errors["name"] = _("A key that still holds has this name. Revoke it first, or choose another name.")
        else:
            return _html(render_template("admin/api_key.html", key=key, shown=shown))
    return _page(values, errors, 422)


@bp.post("/api-keys/<int:key_id>/revoke")
def api_key_revoke(key_id: int) -> Response:
    """Take a key back, with a reason."""
    who = require("api_key:manage")
    key = api_keys.by_id(key_id)
    if key is None:
        abort(404)
    reason = text.clean(request.form.get("reason"))
    if not SHORTEST <= len(reason) <= LONGEST:
        message = (
            _("Write the reason: at least %(count)s characters.", count=SHORTEST)
            if len(reason) < SHORTEST
            else _("Too long: at most %(count)s characters.", count=LONGEST)
        )
        return _page({f"reason-{key.id}": reason[:500]}, {f"reason-{key.id}": message}, 422)
    try:
        api_keys.revoke(key, actor_of(who), reason)
    except api_keys.NotNow:
        return _page({}, {"_form": _("Somebody has done this already. Nothing was changed.")}, 409)
    flash(_("Revoked: %(name)s.", name=key.name), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def _limit(typed: str) -> int | None:
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 7 else -1
    return number if 0 <= number <= MOST else None


def _page(values: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    given = request.args.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
    keys, older = api_keys.page(before)
    context: dict[str, Any] = {
        "keys": keys,
        "older": older,
        "before": before,
        "values": SUGGESTED | (values or {}),
        "errors": errors or {},
        "own": len(instance().settings.open311_keys),
    }
    return _html(render_template("admin/api_keys.html", **context), status)


def _html(page: str, status: int = 200) -> Response:
    response = Response(page, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
