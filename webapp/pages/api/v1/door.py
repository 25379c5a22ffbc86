"""How a program comes in: addresses, problems as RFC 9457 has them, and what every answer carries."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from webapp.core.db import db
from webapp.pages.public.shared import SharedResponse
from webapp.pages.web import SAFE, csrf

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")

bp = Blueprint("api", __name__, url_prefix=PREFIX)
csrf.exempt(bp)  # nothing here writes, and every other method than GET is refused in the format of programs


class Problem(Exception):
    """The request cannot be fulfilled; `errors` is {parameter: what is wrong with it}."""

    def __init__(self, status: int, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, dict(errors or {})


def refusal(problem: Problem) -> Response:
    """The problem as an answer. Its kind is told by the status alone, hence no `type` of our own."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [{"parameter": name, "detail": words} for name, words in problem.errors.items()]
    response = SharedResponse(orjson.dumps(body), problem.status, mimetype=PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/<path:rest>", methods=EVERY_METHOD)
def nowhere(rest: str) -> Response:
    """Whatever else is asked for, so that the answer has the format of programs."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, _arguments = adapter.match(request.path, "GET") if adapter else ("", {})
    except (HTTPException, RequestRedirect):
        raise NotFound from None
    if endpoint == request.endpoint:
        raise NotFound
    raise MethodNotAllowed(["GET", "HEAD", "OPTIONS"])


@bp.after_request
def _finish(response: Response) -> Response:
    if request.method in SAFE:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Link, ETag"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


@bp.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    return refusal(problem)


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response(request.environ)  # type: ignore[return-value]
    words = {404: "There is nothing at this address.", 405: "Only GET is possible here."}
    response = refusal(Problem(error.code, words.get(error.code, "The request cannot be fulfilled.")))
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


@bp.errorhandler(Exception)
def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    # The class and the place, never the message: it may quote what somebody wrote.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("unexpected %s in %s:%s at %s", type(error).__name__, place.name, place.lineno, request.endpoint)
    log.debug("the whole of it", exc_info=error)
    return refusal(Problem(500, "The fault is ours. Try again in a few minutes."))
