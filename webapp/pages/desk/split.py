"""One report that tells of several things: a form with a few parts, each becomes a case."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _

from geo.positions import PositionError, parse_position
from webapp.core import text
from webapp.core.db import db
from webapp.pages import messages
from webapp.pages.access import identity, require
from webapp.pages.desk import back, case_page
from webapp.pages.desk.views import bp, found
from webapp.pages.i18n import in_language
from webapp.reports import links, service, splits
from webapp.reports.models import FROM_SENDER, Category, Report
from webapp.reports.splits import Part

FIELDS = ("category", "words", "commune", "lat", "lon")
LONGEST = 2000


@dataclass
class Form:
    """What was typed, part by part, and what is wrong with it: name-number -> message."""

    rows: list[dict[str, str]]
    photos: list[set[str]]
    errors: dict[str, str] = field(default_factory=dict)


@bp.get("/cases/<public_id>/split")
def split_page(public_id: str) -> Response:
    """The empty form."""
    report = found(public_id)
    require("report:split", report)
    return _page(report, Form([{} for _ in range(splits.MOST_PARTS)], [set() for _ in range(splits.MOST_PARTS)]))


@bp.post("/cases/<public_id>/split")
def split(public_id: str) -> Response:
    """Make the cases, all or none."""
    report = found(public_id, lock=True)
    require("report:split", report)
    form = _typed()
    if request.form.get("version") != str(report.version):
        form.errors["_form"] = _("Somebody else has changed this case meanwhile. Look at it and send the form again.")
        return _page(report, form, 409)
    parts = _read(report, form)
    if form.errors:
        return _page(report, form, 422)
    try:
        made = splits.split(report, parts, service.actor_of(identity()))
    except splits.CannotSplit:
        form.errors["_form"] = _("This report cannot be split (any more).")
        return _page(report, form, 409)
    numbers = ", ".join(part.public_id for part in made)
    flash(_("Split: %(numbers)s. Each is being routed now.", numbers=numbers), "success")
    return redirect(f"/desk/cases/{public_id}{back.way()}#links", 303)  # type: ignore[return-value]


def _typed() -> Form:
    numbers = range(1, splits.MOST_PARTS + 1)
    rows = [
        {name: text.clean(request.form.get(f"{name}-{n}"), multiline=name == "words") for name in FIELDS}
        for n in numbers
    ]
    return Form(rows, [set(request.form.getlist(f"photos-{n}")) for n in numbers])


def _read(report: Report, form: Form) -> list[Part]:
    """The parts; errors go into the form. A part in which nothing was typed is none."""
    parts = []
    own = {p.public_id: p for p in report.photos if p.purpose in FROM_SENDER and p.original}
    for n, (row, ticked) in enumerate(zip(form.rows, form.photos, strict=True), 1):
        if not any(row.values()) and not ticked:
            continue
        category = db.session.get(Category, row["category"][:40]) if row["category"] else None
        if category is None or category.retired or not category.reportable:
            form.errors[f"category-{n}"] = _("Choose the category.")
        if not row["words"]:
            form.errors[f"words-{n}"] = _("Write in your own words what this part is about.")
        elif len(row["words"]) > LONGEST:
            form.errors[f"words-{n}"] = _("Too long: at most %(count)s characters.", count=LONGEST)
        communes = dict(case_page.communes(report, identity()))
        if row["commune"] and row["commune"] not in communes:
            form.errors[f"commune-{n}"] = messages.say("commune_unknown")
        position = None
        if row["lat"] or row["lon"]:
            try:
                position = parse_position(row["lat"], row["lon"])
            except PositionError as error:
                form.errors[f"lat-{n}"] = messages.say(f"position_{error.code}")
        photos = [photo for name, photo in own.items() if name in ticked]
        parts.append(Part(row["category"], row["words"], photos, row["commune"] or None, position))
    if not parts:
        form.errors["category-1"] = _("Fill in at least one part.")
    return parts


def _page(report: Report, form: Form, status: int = 200) -> Response:
    page = render_template(
        "desk/split.html",
        report=report,
        category=in_language(report.category.name),
        form=form,
        errors=form.errors,
        possible=report.status in splits.SPLITTABLE and links.whole_of(report.id) is None,
        categories=case_page.categories(),
        communes=case_page.communes(report, identity()),
        pictures=[p for p in report.photos if p.purpose in FROM_SENDER and p.state == "clean" and p.original],
    )
    return Response(page, status, mimetype="text/html")
