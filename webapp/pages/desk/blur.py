"""Hiding faces and plates in a picture before it is let out."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.core.instance import instance
from webapp.pages.access import identity, require
from webapp.pages.desk import back
from webapp.pages.desk.views import bp, found
from webapp.reports import desk_queries, marks, pictures, service
from webapp.reports.models import Photo

FIELDS = ("left", "top", "width", "height")
SPARE_ROWS = 2


@dataclass
class Form:
    """One showing of the page: rows of four percentages as typed, ticked cells, messages."""

    rows: list[tuple[str, ...]]
    cells: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)


@bp.get("/photos/<public_id>/blur")
def blur(public_id: str) -> Response:
    """The picture with what is hidden in it, and the copy that everybody gets."""
    photo = _photo(public_id)
    return _page(photo, Form(_rows(photo)))


@bp.post("/photos/<public_id>/blur")
def save_blur(public_id: str) -> Response:
    """Hide exactly what the form says. Taking an area away makes it visible again, in a new version."""
    photo = _photo(public_id)
    found(photo.report.public_id, lock=True)
    typed = _typed()
    if request.form.get("marks_version") != str(photo.marks_version):
        typed.errors["_form"] = _(
            "Somebody else has changed what is hidden in this photo. Below is what you had; compare and save again."
        )
        return _page(photo, typed, 409)
    try:
        areas = marks.from_percent(typed.rows)
        areas += marks.from_cells(typed.cells, *marks.grid(photo.width or 1, photo.height or 1))
        if len(areas) > marks.MAX_AREAS:
            raise marks.BadArea("many")
    except marks.BadArea as bad:
        typed.errors[f"left-{bad.row}" if bad.row else "_form"] = _message(bad)
        return _page(photo, typed, 422)
    if pictures.set_marks(photo, areas, service.actor_of(identity())):
        flash(_("Saved. The public copy is being made; until it is ready nobody outside sees this photo."), "success")
    else:
        flash(_("Nothing was changed."), "info")
    return redirect(f"/desk/photos/{public_id}/blur{back.way()}", 303)  # type: ignore[return-value]


@bp.get("/photos/<public_id>/public")
def public_copy(public_id: str) -> Response:
    """The copy that everybody gets, for staff to check; 404 while it is being made."""
    photo = _photo(public_id)
    if not photo.public_ready:
        abort(404)
    name = photo.outside_name(small="s" in request.args)
    return Response(instance().storage.get(name), mimetype="image/webp")


def _photo(public_id: str) -> Photo:
    photo = desk_queries.photo(public_id)
    if photo is None:
        abort(404)
    require("photo:publish", photo.report)
    if photo.state != "clean":
        abort(404)
    return photo


def _rows(photo: Photo) -> list[tuple[str, ...]]:
    return [tuple(f"{share * 100:.2f}".rstrip("0").rstrip(".") for share in area) for area in photo.marks]


def _typed() -> Form:
    form = request.form
    columns = [form.getlist(name)[: marks.MAX_AREAS + SPARE_ROWS] for name in FIELDS]
    gone = set(form.getlist("remove"))
    rows = [row for number, row in enumerate(zip(*columns, strict=False), 1) if str(number) not in gone]
    return Form([row for row in rows if any(text.strip() for text in row)], set(form.getlist("cell")))


def _message(bad: marks.BadArea) -> str:
    if bad.code == "many":
        return _("At most %(count)s areas in one photo.", count=marks.MAX_AREAS)
    if bad.code == "number":
        return _("Area %(row)s: give four numbers between 0 and 100.", row=bad.row)
    return _("Area %(row)s lies outside the photo or is too small.", row=bad.row)


def _page(photo: Photo, form: Form, status: int = 200) -> Response:
    columns, rows = marks.grid(photo.width or 1, photo.height or 1)
    page = render_template(
        "desk/blur.html",
        photo=photo,
        report=photo.report,
        rows=form.rows,
        spare=[("", "", "", "")] * SPARE_ROWS,
        cells=form.cells,
        errors=form.errors,
        columns=columns,
        lines=rows,
    )
    return Response(page, status, mimetype="text/html")
