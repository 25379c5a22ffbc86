"""The reply templates of a Front: list, write, look at, retire."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts import permissions
from webapp.accounts.permissions import Identity
from webapp.core import text
from webapp.core.db import db
from webapp.pages.access import identity, require
from webapp.pages.desk import replies as words
from webapp.pages.desk import steps
from webapp.pages.desk.case_page import names_for
from webapp.pages.desk.views import bp
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries, placeholders, replies, service
from webapp.reports.models import Category
from webapp.reports.replies import ReplyTemplate


@bp.get("/replies")
def reply_list() -> str:
    """What came with the program, and the own ones of one's unit."""
    require("reply:edit")
    return _list({})


def overview(errors: dict[str, str]) -> Response:
    """The list once more, with what was wrong with a file."""
    return Response(_list(errors), 422, mimetype="text/html")


def _list(errors: dict[str, str]) -> str:
    return render_template(
        "desk/replies.html",
        templates=replies.all_for(identity().unit_code),
        actions=dict(_actions()),
        categories=dict(kinds()),
        errors=errors,
    )


@bp.get("/replies/<code>")
def reply(code: str) -> Response:
    """One's own template to edit, another's to read. `new` is an empty form; `?from=` fills it from a template."""
    require("reply:edit")
    if code == "new":
        model = replies.by_code(request.args.get("from", "")[:60], identity().unit_code)
        return _page(None, _values(model) if model else {})
    known = _known(code)
    return _page(known, _values(known))


@bp.post("/replies/<code>")
def save_reply(code: str) -> Response:
    """Save an own template, or only show what it would look like."""
    who = require("reply:edit")
    known = None if code == "new" else _known(code)
    if known is not None and known.unit_code is None:
        abort(403)
    values = {
        "action": request.form.get("action", ""),
        "category": request.form.get("category", ""),
        "title": text.clean(request.form.get("title")),
        "text": text.clean(request.form.get("text"), multiline=True),
        "retired": request.form.get("retired") == "1",
        "version": request.form.get("version", ""),
        "case": text.clean(request.form.get("case")).lower()[:16],
    }
    action, category, title, words_typed = (str(values[name]) for name in ("action", "category", "title", "text"))
    try:
        replies.check(action, category, title, words_typed, {code for code, _name in kinds()})
    except replies.BadTemplate as bad:
        return _page(known, values, {name: wrong_words(*why) for name, why in bad.errors.items()}, 422)
    if request.form.get("preview"):
        return _preview(who, known, values)
    if known is not None and values["version"] != str(known.version):
        message = _(
            "Somebody else has saved this template meanwhile. What you typed is still here; "
            "saving again replaces theirs."
        )
        return _page(known, values | {"version": known.version}, {"_form": message}, 409)
    replies.save(
        known,
        service.actor_of(who),
        action=action,
        category=category,
        title=title,
        text=words_typed,
        retired=bool(values["retired"]),
    )
    flash(_("The template is saved."), "success")
    return redirect("/desk/replies", 303)  # type: ignore[return-value]


def _preview(who: Identity, known: ReplyTemplate | None, values: dict[str, Any]) -> Response:
    """What the text becomes for a case of one's own desk, or with an example where no number was typed."""
    filled, number = words.SAMPLE, str(values["case"])
    if number:
        report = desk_queries.by_public_id(number)
        if report is None or not permissions.in_scope(who, report):
            return _page(known, values, {"case": _("There is no case with this number on your desk.")}, 422)
        filled = words.values_of(report, names_for(report, set(), set()))
    return _page(known, values, preview=placeholders.fill(str(values["text"]), filled))


def _known(code: str) -> ReplyTemplate:
    found = replies.by_code(code[:60], identity().unit_code)
    if found is None:
        abort(404)
    return found


def _values(one: ReplyTemplate) -> dict[str, Any]:
    return {
        "action": one.action,
        "category": one.category_code,
        "title": one.title,
        "text": one.text,
        "retired": one.retired,
        "version": one.version,
    }


def _actions() -> list[tuple[str, str]]:
    labels = {a.name: str(a.label) for a in steps.FRONT_ACTIONS}
    return [(name, labels[name]) for name in replies.ACTIONS]


def kinds() -> list[tuple[str, str]]:
    """The categories that a template may be for."""
    query = select(Category.code, Category.name).where(~Category.retired).order_by(Category.position)
    return [(code, in_language(name)) for code, name in db.session.execute(query)]


def wrong_words(code: str, what: str) -> str:
    """What is wrong with a field (`replies.BadTemplate`), in words."""
    if code == "long":
        return _("Too long: at most %(count)s characters.", count=what)
    if code == "placeholder":
        return _("There is no such place to fill: %(what)s. The names that exist stand below.", what=what)
    return _("Fill this in.")


def _page(
    known: ReplyTemplate | None,
    values: dict[str, Any],
    errors: dict[str, str] | None = None,
    status: int = 200,
    preview: str = "",
) -> Response:
    page = render_template(
        "desk/reply.html",
        known=known,
        own=known is None or known.unit_code is not None,
        values=values,
        errors=errors or {},
        preview=preview,
        actions=_actions(),
        categories=[(replies.ANY, _("All categories")), *kinds()],
        meaning=words.MEANING,
        sample=words.SAMPLE,
        longest=replies.LONGEST,
    )
    return Response(page, status, mimetype="text/html")
