"""Opening a sealed contact: with a reason, once, and never without a trace."""

from __future__ import annotations

import orjson
from flask import Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core import events, text
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.core.sealing import CannotOpen
from webapp.pages import labels
from webapp.pages.access import identity, require
from webapp.pages.desk import case_page
from webapp.pages.desk.views import bp, found
from webapp.pages.i18n import in_language
from webapp.reports import service
from webapp.reports.models import Contact, Report

NAME = "open_contact"
SHORTEST, LONGEST = 10, 300


@bp.post("/cases/<public_id>/contact")
def open_contact(public_id: str) -> Response:
    """Show the contact in this one answer, which nobody keeps; the record says who opened it and why.

    What it is goes nowhere else: into no address, no log, no session.
    """
    report = found(public_id, lock=True)
    require("contact:open", report)
    reason = text.clean(request.form.get("contact_reason"))
    if len(reason) < SHORTEST:
        return _refused(report, _("Write the reason: at least %(count)s characters.", count=SHORTEST), 422)
    if len(reason) > LONGEST:
        return _refused(report, _("Too long: at most %(count)s characters.", count=LONGEST), 422)
    query = select(Contact).where(Contact.report_id == report.id).order_by(Contact.id.desc()).limit(1)
    contact = db.session.scalars(query).first()
    if contact is None:
        return _refused(report, _("The sender has deleted the contact."), 409)
    try:
        opened = orjson.loads(instance().identity.open(contact.sealed))
    except CannotOpen:
        message = _(
            "This server does not hold the key for contacts (IDENTITY_PRIVATE_KEY), or the contact was sealed for "
            "another one. Nothing was opened. Ask who runs the instance."
        )
        return _refused(report, message, 503)
    events.append(service.stream(report), "contact:opened", service.actor_of(identity()), reason=reason)
    page = render_template("desk/contact.html", report=report, opened=opened, reason=reason, kind=labels_of(report))
    return Response(page, 200, mimetype="text/html")


def labels_of(report: Report) -> str:
    """The case in a few words."""
    return f"{in_language(report.category.name)}, {labels.day(report.created_at)}"


def _refused(report: Report, message: str, status: int) -> Response:
    values = {"contact_reason": request.form.get("contact_reason", "")[:1000]}
    return case_page.render(
        report, identity(), "/desk", status, opened=NAME, errors={"contact_reason": message}, values=values
    )
