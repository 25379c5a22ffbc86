"""Documents about a case: on the screen and to print, as PDF, and given a number. For the Front and the unit."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.documents import kinds, service
from webapp.documents import layout as papers
from webapp.documents.kinds import Kind
from webapp.documents.layout import Paper
from webapp.documents.models import Document
from webapp.pages import labels
from webapp.pages.access import require
from webapp.pages.desk import back
from webapp.pages.desk import papers as words
from webapp.pages.desk.views import bp, found
from webapp.reports import privacy
from webapp.reports import service as reports
from webapp.reports.models import Report

LABEL = {
    "transfer": _l("Handing-on note"),
    "urge": _l("Reminder to the unit"),
    "file": _l("Report on the case"),
    "unit_file": _l("Report on the case"),
}


@bp.get("/cases/<public_id>/document")
def document(public_id: str) -> Response:
    """A draft of the kind asked for, or one that was issued, as it will be printed."""
    return page(found(public_id), "/desk")


@bp.get("/cases/<public_id>/document.pdf")
def document_pdf(public_id: str) -> Response:
    """The same as PDF."""
    return as_pdf(found(public_id))


@bp.post("/cases/<public_id>/document")
def issue_document(public_id: str) -> Response:
    """Give the draft its number in the register of one's unit."""
    return issue(found(public_id, lock=True), "/desk")


def page(report: Report, base: str) -> Response:
    """The document between links to print it, take it as PDF, or give it a number."""
    who = require("document:issue", report)
    issued, kind, shown = _asked(report, who)
    html = render_template(
        "desk/document.html",
        report=report,
        base=base,
        kind=kind,
        issued=issued,
        paper=shown,
        choices=[(k, LABEL[k.code], _why_not(k, report)) for k in kinds.of(words.audience(who))],
        label=LABEL,
        earlier=service.of_report(report.id, who.own(who.unit_code) if base == "/unit" else None),
        labels=labels,
    )
    return Response(html, mimetype="text/html")


def as_pdf(report: Report) -> Response:
    """The PDF, under a name that says which document it is and nothing else."""
    who = require("document:issue", report)
    _issued, _kind_of, shown = _asked(report, who)
    number = shown.number_line.removeprefix("Số: ").replace("/", "-").replace(papers.DOTS, "du-thao")
    from webapp.documents import pdf  # its library is large, and few processes ever print

    response = Response(pdf.render(shown), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{number}-{report.public_id}.pdf"'
    return response


def issue(report: Report, base: str) -> Response:
    """Enter the draft into the register; the case's version guards against two clicks of two people."""
    who = require("document:issue", report)
    kind = _kind(request.form.get("kind", ""), who)
    where = f"{base}/cases/{report.public_id}/document?kind={kind.code}{back.way(mark='&')}"
    if request.form.get("version") != str(report.version):
        flash(_("The case has changed since. Look at the document again before it gets a number."), "warning")
        return redirect(where, 303)  # type: ignore[return-value]
    if why := _why_not(kind, report):
        flash(why, "warning")
        return redirect(where, 303)  # type: ignore[return-value]
    made = service.issue(report, kind.code, words.draft(report, kind, who), reports.actor_of(who))
    reports.touch(report)
    flash(_("Number %(number)s of your register.", number=papers.from_json(made.paper).number_line), "success")
    return redirect(f"{where}&issued={made.id}", 303)  # type: ignore[return-value]


def _asked(report: Report, who: Identity) -> tuple[Document | None, Kind, Paper]:
    wanted = request.args.get("issued", "")
    if wanted:
        own = who.own(who.unit_code) if words.audience(who) == kinds.UNIT else None
        issued = next((d for d in service.of_report(report.id, own) if str(d.id) == wanted), None)
        if issued is None:
            abort(404)
        kind = kinds.kind(issued.kind, kinds.FRONT) or kinds.kind(issued.kind, kinds.UNIT)
        if kind is None:
            abort(404)
        return issued, kind, papers.from_json(issued.paper)
    kind = _kind(request.args.get("kind", ""), who)
    return None, kind, words.draft(report, kind, who)


def _kind(code: str, who: Identity) -> Kind:
    """The kind asked for; without one the last of those that this person draws up, the report on the case."""
    mine = words.audience(who)
    kind = kinds.kind(code, mine) if code else kinds.of(mine)[-1]
    if kind is None:
        abort(404)
    return kind


def _why_not(kind: Kind, report: Report) -> str:
    """Why this document cannot be issued now; empty if it can."""
    if kind.to == "unit" and not report.decided:
        return _("The case has not been passed to a unit yet.")
    if kind.code == "urge" and not privacy.is_late(report, clock.now()):
        return _("The answer is not overdue.")
    return ""
