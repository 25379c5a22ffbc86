"""Requests of senders about their own data: a list with its clock, for the Front of the province."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.permissions import allowed
from webapp.core import clock, text
from webapp.core.db import db
from webapp.pages import labels
from webapp.pages.access import current_identity, identity, require
from webapp.pages.desk.views import bp
from webapp.pages.i18n import in_language
from webapp.reports import data_requests, service
from webapp.reports.data_requests import DataRequest

MAX_ANSWER = 2000


@bp.get("/requests")
def requests_list() -> str:
    """Open requests by due day, then those that were answered."""
    require("data:answer")
    return _page()


@bp.post("/requests/<int:request_id>/confirm")
def requests_confirm(request_id: int) -> Response:
    """Tell the sender that their request was read."""
    asked = _found(request_id)
    if asked.answered_at is not None:
        return _again(request_id, {"_form": _("This request has been answered already.")}, 409)
    data_requests.acknowledge(asked, service.actor_of(identity()))
    flash(_("Confirmed: the sender sees it."), "success")
    return redirect("/desk/requests", 303)  # type: ignore[return-value]


def _found(request_id: int) -> DataRequest:
    asked = db.session.scalars(
        select(DataRequest).where(DataRequest.id == request_id).with_for_update(of=DataRequest)
    ).first()
    if asked is None:
        abort(404)
    require("data:answer", asked.report)
    return asked


@bp.post("/requests/<int:request_id>/answer")
def requests_answer(request_id: int) -> Response:
    """Answer a request; a granted withdrawal or deletion is carried out."""
    asked = _found(request_id)
    if asked.answered_at is not None:
        return _again(request_id, {"_form": _("This request has been answered already.")}, 409)
    errors: dict[str, str] = {}
    words = text.clean(request.form.get("answer"), multiline=True)
    granted = {"yes": True, "no": False}.get(request.form.get("granted", ""))
    if granted is None:
        errors["granted"] = _("Choose whether it is done.")
    if len(words) < 10:
        errors["answer"] = _("Write the answer: at least %(count)s characters.", count=10)
    elif len(words) > MAX_ANSWER:
        errors["answer"] = _("Too long: at most %(count)s characters.", count=MAX_ANSWER)
    if granted is None or errors:
        return _again(request_id, errors, 422)
    data_requests.answer(asked, service.actor_of(identity()), words, granted=granted)
    flash(_("Answered. The sender reads it under the code."), "success")
    return redirect("/desk/requests", 303)  # type: ignore[return-value]


@bp.context_processor
def _link() -> dict[str, Any]:
    """How many requests wait, for the link on the desk; asked only where it is shown."""
    return {"open_data_requests": _open}


def _open() -> int | None:
    who = current_identity()
    if who is None or not allowed(who.role, "data:answer"):
        return None
    return data_requests.count_open(who)


def _again(request_id: int, errors: dict[str, str], status: int) -> Response:
    db.session.rollback()
    values = {name: request.form.get(name, "")[:5000] for name in ("answer", "granted")}
    return Response(_page(opened=request_id, errors=errors, values=values), status, mimetype="text/html")


def _page(**form: Any) -> str:
    asked = data_requests.for_desk(identity())
    return render_template(
        "desk/requests.html",
        asked=asked,
        kinds=labels.DATA_REQUEST,
        today=clock.today(),
        category=lambda report: in_language(report.category.name),
        **({"opened": None, "errors": {}, "values": {}} | form),
    )
