"""The responsible unit's desk: cases passed to it, and nothing about who reported them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as Answer

from webapp.core.instance import instance
from webapp.pages.access import identity, require
from webapp.pages.answer_files import hand_out
from webapp.pages.desk import case_page, digest, documents, filters, listing, presence, score_files, scores
from webapp.pages.desk import escalated as above
from webapp.pages.desk import next_case as onward
from webapp.pages.desk import score_cases as behind
from webapp.pages.recordings import play
from webapp.pages.unit import prefill
from webapp.reports import answer_files, desk_queries, recordings
from webapp.reports.models import OFFICIAL, Report

bp = Blueprint("unit", __name__, url_prefix="/unit")


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    """As on the Front's desk: nothing of a case stays in a browser."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def queue() -> str:
    """The cases of my unit, the most urgent first."""
    require("report:list")
    return render_template("unit/queue.html", **listing.context(request, identity(), "/unit"))


@bp.get("/next")
def next_case() -> Answer:
    """The next case that needs my unit."""
    return onward.follow(require("report:list"), "/unit")


@bp.get("/escalated")
def escalated() -> str:
    """Late steps of units below mine, without anything of the reports."""
    return above.page(require("case:escalated"), "/unit")


@bp.get("/scores")
def score_cards() -> Response:
    """How my unit and those below it did."""
    return scores.page(require("score:view"), "/unit")


@bp.post("/scores/export")
def score_export() -> Response:
    """The same as a file."""
    return score_files.file(require("score:view"), "/unit")


@bp.get("/scores/<unit_code>/<measure>")
def score_cases(unit_code: str, measure: str) -> str:
    """The cases behind a number."""
    return behind.page(require("score:view"), "/unit", unit_code, measure)


@bp.get("/digest")
def week() -> Response:
    """How a week was for my unit and those below it."""
    return digest.page(require("score:view"), "/unit")


@bp.get("/cases/<public_id>")
def case(public_id: str) -> Response:
    """What a unit needs for its work on one case."""
    report = found(public_id)
    return case_page.render(report, identity(), "/unit", **prefill.outcome_form(request, report))


@bp.get("/cases/<public_id>/document")
def document(public_id: str) -> Response:
    """The unit's own report on a case, to print."""
    return documents.page(found(public_id), "/unit")


@bp.get("/cases/<public_id>/document.pdf")
def document_pdf(public_id: str) -> Response:
    """The same as PDF."""
    return documents.as_pdf(found(public_id))


@bp.post("/cases/<public_id>/document")
def issue_document(public_id: str) -> Response:
    """Give it its number in the unit's register."""
    return documents.issue(found(public_id, lock=True), "/unit")


@bp.get("/photos/<public_id>")
def photo(public_id: str) -> Response:
    """A clean copy of what was sent with the report or of the unit's own evidence.

    Not what the sender added later in the talk with the Front.
    """
    picture = desk_queries.photo(public_id)
    if picture is None or picture.purpose not in {"report", "sheet", *OFFICIAL} or picture.state != "clean":
        abort(404)
    require("report:view", picture.report)
    name = picture.thumb_name if "s" in request.args else picture.clean_name
    return Response(instance().storage.get(name), mimetype="image/webp")


@bp.get("/recordings/<public_id>")
def recording(public_id: str) -> Response:
    """The stripped copy of a clip or voice note that came with the report, not of what was added later."""
    one = recordings.by_public_id(public_id)
    if one is None or one.purpose != "report":
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
    return filters.save("/unit")


@bp.post("/filters/<int:number>/delete")
def forget_filter(number: int) -> Answer:
    """Delete a saved filter."""
    return filters.forget("/unit", number)


@bp.get("/files/<public_id>")
def answer_file(public_id: str) -> Response:
    """A document of an answer."""
    one = answer_files.by_public_id(public_id)
    if one is None:
        abort(404)
    require("report:view", one.report)
    return hand_out(one)


def found(public_id: str, *, lock: bool = False) -> Report:
    """The case, if the Front has passed it to the signed-in person's unit; 404 else."""
    report = desk_queries.by_public_id(public_id, lock=lock)
    if report is None:
        abort(404)
    require("report:view", report)
    return report


from webapp.pages.unit import actions, bulk, inspection, sheet  # noqa: E402, F401 - their routes belong to this blueprint
