"""The Front's desk: the queue and the case page. What changes a case is in `actions`."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as Answer

from webapp.core.instance import instance
from webapp.inspections import sheets
from webapp.pages.access import identity, require
from webapp.pages.answer_files import hand_out
from webapp.pages.desk import back, case_page, filters, listing, presence, sheet_view
from webapp.pages.recordings import play
from webapp.reports import answer_files, desk_queries, recordings
from webapp.reports.models import Report

bp = Blueprint("desk", __name__, url_prefix="/desk")
bp.add_app_template_global(back.way, "list_way")
bp.add_app_template_global(back.href, "list_href")
bp.add_app_template_global(back.label, "list_label")


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """Pages about cases are not kept by browsers: the next person at this screen may be another one."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def queue() -> str:
    """What needs me now, the most urgent first."""
    require("report:list")
    return render_template("desk/queue.html", **listing.context(request, identity(), "/desk"))


@bp.get("/cases/<public_id>")
def case(public_id: str) -> Response:
    """Everything about one case."""
    report = found(public_id)
    return case_page.render(report, identity(), "/desk")


@bp.get("/photos/<public_id>")
def photo(public_id: str) -> Response:
    """A clean copy, `?s=1` the small one. There is no way here to an original."""
    picture = desk_queries.photo(public_id)
    if picture is None:
        abort(404)
    require("report:view", picture.report)
    if picture.state != "clean":
        abort(404)
    name = picture.thumb_name if "s" in request.args else picture.clean_name
    return Response(instance().storage.get(name), mimetype="image/webp")


@bp.get("/recordings/<public_id>")
def recording(public_id: str) -> Response:
    """The stripped copy of a clip or voice note."""
    one = recordings.by_public_id(public_id)
    if one is None:
        abort(404)
    require("report:view", one.report)
    return play(one)


@bp.post("/cases/<public_id>/here")
def here(public_id: str) -> Response:
    """The page of this case is open; who else has it open."""
    return presence.sign(found(public_id))


@bp.post("/filters")
def save_filter() -> Answer:
    """Keep what the list is narrowed to under a name."""
    return filters.save("/desk")


@bp.post("/filters/<int:number>/delete")
def forget_filter(number: int) -> Answer:
    """Delete a saved filter."""
    return filters.forget("/desk", number)


@bp.get("/files/<public_id>")
def answer_file(public_id: str) -> Response:
    """A document of a unit's answer."""
    one = answer_files.by_public_id(public_id)
    if one is None:
        abort(404)
    require("report:view", one.report)
    return hand_out(one)


@bp.get("/sheets/<public_id>")
def sheet(public_id: str) -> str:
    """An inspection sheet that was signed off."""
    one = sheets.by_public_id(public_id)
    if one is None or one.signed_at is None:
        abort(404)
    require("report:view", one.report)
    return render_template("desk/sheet.html", **sheet_view.context(one, "/desk"))


def found(public_id: str, *, lock: bool = False) -> Report:
    """The case, if the signed-in person may see it; 404 else."""
    report = desk_queries.by_public_id(public_id, lock=lock)
    if report is None:
        abort(404)
    require("report:view", report)
    return report


from webapp.pages.desk import (  # noqa: E402 - their routes belong to this blueprint
    actions,  # noqa: F401
    blur,  # noqa: F401
    bulk,  # noqa: F401
    checking,  # noqa: F401
    contact,  # noqa: F401
    data_requests,  # noqa: F401
    digest,  # noqa: F401
    documents,  # noqa: F401
    escalated,  # noqa: F401
    merge,  # noqa: F401
    more_time,  # noqa: F401
    next_case,  # noqa: F401
    reply_pages,  # noqa: F401
    reply_tables,  # noqa: F401
    score_cases,  # noqa: F401
    score_files,  # noqa: F401
    scores,  # noqa: F401
    split,  # noqa: F401
)
