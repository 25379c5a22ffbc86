"""A unit without accounts: the way in by a link from an e-mail, and the one case behind it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, session
from flask_babel import gettext as _

from webapp.core.instance import instance
from webapp.pages import limits
from webapp.pages.answer_files import hand_out
from webapp.pages.desk import case_page
from webapp.pages.recordings import play
from webapp.pages.unit import doing
from webapp.pages.web import csrf
from webapp.reports import answer_files, desk_queries, recordings, unit_links
from webapp.reports.models import OFFICIAL, Report
from webapp.reports.unit_links import UnitLink

bp = Blueprint("unit_link", __name__, url_prefix="/unit-link")
BASE = "/unit-link"
_LINK = "unit_link"  # in the session: the number of the link by which somebody came in


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/<token>")
def door(token: str) -> Response:
    """Nothing of the case: mail programs and their scanners open links by themselves. A button leads in."""
    link = _link_of(token)
    return _page("fresh" if unit_links.is_fresh(link) else "spent", token)


@bp.post("/<token>")
def enter(token: str) -> Response:
    """Open the link, once, and go to the case."""
    link = _link_of(token, lock=True)
    try:
        unit_links.open_link(link)
    except unit_links.Spent:
        return _page("spent", token, 409)
    session[_LINK] = link.id
    return redirect(f"{BASE}/cases/{link.report.public_id}", 303)  # type: ignore[return-value]


@bp.post("/<token>/again")
def again(token: str) -> Response:
    """Send another link to the unit's own address. The page says the same whatever happened."""
    unit_links.renew(_link_of(token, lock=True))
    return _page("asked", token)


@bp.post("/leave")
def leave() -> Response:
    """Forget who came in at this browser."""
    session.pop(_LINK, None)
    return _page("left", "")


@bp.get("/cases/<public_id>")
def case(public_id: str) -> Response:
    """The case behind the link."""
    link = _staying()
    if link is None:
        return _page("out", "", 403)
    return case_page.render(_found(link, public_id), unit_links.identity_of(link), BASE)


@bp.post("/cases/<public_id>/<name>")
@csrf.exempt  # `doing` checks it, so that an expired page keeps the answer and its pictures
def act(public_id: str, name: str) -> Response:
    """Accept, give back, start, answer."""
    link = _staying()
    if link is None:
        return _page("out", "", 403)

    def found(wanted: str, *, lock: bool = False) -> Report:
        return _found(link, wanted, lock=lock)

    who, actor = unit_links.identity_of(link), unit_links.actor_of(link)
    answer = doing.perform(doing.Door(BASE, who, actor, f"unit-link-{link.id}", found), public_id, name)
    if name == "refuse" and answer.status_code == 303:
        return _page("given_back", "")  # the case is no longer the unit's to see
    return answer


@bp.get("/photos/<public_id>")
def photo(public_id: str) -> Response:
    """A picture of the case, as the unit's signed-in people see it."""
    link, picture = _staying(), desk_queries.photo(public_id)
    if link is None or picture is None or picture.report_id != link.report_id:
        abort(404)
    if picture.purpose not in {"report", *OFFICIAL} or picture.state != "clean":
        abort(404)
    name = picture.thumb_name if "s" in request.args else picture.clean_name
    return Response(instance().storage.get(name), mimetype="image/webp")


@bp.get("/recordings/<public_id>")
def recording(public_id: str) -> Response:
    """A recording that came with the report."""
    link, one = _staying(), recordings.by_public_id(public_id)
    if link is None or one is None or one.report_id != link.report_id or one.purpose != "report":
        abort(404)
    return play(one)


@bp.get("/files/<public_id>")
def answer_file(public_id: str) -> Response:
    """A document of an answer."""
    link, one = _staying(), answer_files.by_public_id(public_id)
    if link is None or one is None or one.report_id != link.report_id:
        abort(404)
    return hand_out(one)


def _link_of(token: str, *, lock: bool = False) -> UnitLink:
    """The link of this token; 404 for one that is not ours, 429 for whoever tries many."""
    if limits.reached(limits.WRONG_CODES):
        abort(429)
    link = unit_links.by_token(token[:400], lock=lock)
    if link is None:
        limits.count(limits.WRONG_CODES)
        abort(404)
    return link


def _staying() -> UnitLink | None:
    number = session.get(_LINK)
    return unit_links.staying(number) if isinstance(number, int) else None


def _found(link: UnitLink, public_id: str, *, lock: bool = False) -> Report:
    if link.report.public_id != public_id:
        abort(404)
    report = desk_queries.by_public_id(public_id, lock=lock)
    if report is None:
        abort(404)
    return report


def _page(state: str, token: str, status: int = 200) -> Response:
    """The page around the link: nothing of any case is on it."""
    html = render_template("unit/link.html", state=state, token=token, title=_("A case for your unit"))
    return Response(html, status, mimetype="text/html")
