"""The entry form and the slip that the person takes home."""

from __future__ import annotations

import segno
from flask import Blueprint, Response, abort, redirect, render_template, request
from flask_babel import force_locale
from markupsafe import Markup

from webapp.areas import queries as areas
from webapp.core.instance import instance
from webapp.pages import labels
from webapp.pages.access import require
from webapp.pages.entry import form as entry_form
from webapp.pages.entry.form import Entry
from webapp.pages.i18n import LANGUAGES
from webapp.pages.resident import form as report_form
from webapp.pages.web import csrf
from webapp.reports import codes, intake, service

bp = Blueprint("entry", __name__, url_prefix="/entry")
SERIES = ("source", "province", "commune_name", "lang")  # what stays the same from one entry to the next


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """The slip carries the code: no browser keeps it, nobody indexes it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def show() -> str:
    """An empty form; the address may carry what the entry before had in common with this one."""
    identity = require("report:enter")
    given = {name: request.args[name][:80] for name in SERIES if request.args.get(name)}
    return _page(entry_form.blank(identity, given))


@bp.post("")
@csrf.exempt  # checked in the form itself, so that an expired page keeps what was typed
def enter() -> str | tuple[str, int]:
    """Store the report and answer with its slip. The code stands in this answer only: in no address, no session."""
    identity = require("report:enter")
    entry = entry_form.read(request, identity)
    form = entry.form
    if form.submission is None:
        return _page(entry), 422
    submitted = service.submit(form.submission, service.actor_of(identity))
    report = submitted.report
    if not submitted.created and report.entered_by_unit != identity.unit_code:
        abort(409)
    series = {name: form.values.get(name, "") for name in SERIES}
    return _done(form.values["client_id"], submitted.code, form.submission.lang, series, created=submitted.created)


@bp.get("/slip")
def no_slip() -> Response:
    """A slip has no address of its own."""
    return redirect("/entry")  # type: ignore[return-value]


@bp.post("/slip")
def slip_again() -> str:
    """The slip of a report that this unit has just entered, in another language."""
    identity = require("report:enter")
    client_id = request.form.get("client_id", "")
    report = service.by_client_key(codes.client_key(client_id))
    if report is None or report.channel != "staff" or report.entered_by_unit != identity.unit_code:
        abort(404)
    lang = request.form.get("lang", "")
    series = {name: request.form.get(name, "")[:80] for name in SERIES} | {"lang": lang}
    code = codes.code_for(client_id, instance().settings.code_key)
    return _done(client_id, code, lang if lang in LANGUAGES else "vi", series)


def slip(code: str, lang: str) -> Markup:
    """The slip in the person's language. It says where to look and nothing of what was reported."""
    address = instance().settings.public_url
    picture = segno.make_qr(f"{address}/r/{code}", error="m").svg_inline(border=4, omitsize=True, light="white")
    with force_locale(lang):
        return Markup(render_template("entry/slip.html", code=code, lang=lang, qr=Markup(picture), address=address))  # noqa: S704 (our own template and segno's drawing)


def _done(client_id: str, code: str, lang: str, series: dict[str, str], *, created: bool = True) -> str:
    return render_template(
        "entry/done.html", slip=slip(code, lang), client_id=client_id, lang=lang, series=series, created=created
    )


def _page(entry: Entry) -> str:
    return render_template(
        "entry/form.html",
        form=entry.form,
        kinds=entry.kinds,
        numbered=entry_form.numbered,
        catalogue=report_form.catalogue(),
        provinces=[(area.code, area.name) for area in areas.provinces()],
        communes=[area.name for area in areas.communes_of(entry.form.values.get("province", ""))],
        sources=[(code, labels.SOURCE[code]) for code in intake.SOURCES],
    )
