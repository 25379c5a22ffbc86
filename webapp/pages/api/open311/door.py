"""How a request comes in: addresses, language, jurisdiction, errors, and what every answer carries."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, current_app, request
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from webapp.core.db import db
from webapp.core.instance import instance
from webapp.pages.api.open311 import keys
from webapp.pages.api.open311.formats import MIMETYPES, Problem, refusal, wanted
from webapp.pages.i18n import LANGUAGES
from webapp.pages.public.shared import SharedResponse
from webapp.pages.web import SAFE, csrf

log = logging.getLogger(__name__)

PREFIX = "/open311/v2"
PREFIXES = (PREFIX, "/georeport/v2")
ENDING = ".<any(json,xml):fmt>"
COUNTRY = "vn"
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

View = Callable[..., Response]

bp = Blueprint("open311", __name__)
csrf.exempt(bp)  # no cookie opens anything here: whoever posts shows a key, which no foreign page has


def route(rule: str, *methods: str) -> Callable[[View], View]:
    """Put a view under both addresses, in the request's language, for our jurisdiction; also under the address
    without an ending, where the Accept header says the format."""
    bare = rule.removesuffix(ENDING)

    def register(view: View) -> View:
        @wraps(view)
        def inside(**arguments: Any) -> Response:
            with force_locale(locale()):
                if request.method in SAFE:
                    keys.count_reading()
                check_jurisdiction(request.args)
                if bare != rule and "fmt" not in arguments:
                    arguments["fmt"] = wanted(request)
                return view(**arguments)

        for path in (prefix + one for prefix in PREFIXES for one in dict.fromkeys((rule, bare))):
            # OPTIONS goes to `nowhere` below, which knows what else there is under the address.
            bp.add_url_rule(
                path,
                view.__name__,
                inside,
                methods=list(methods or ("GET",)),
                provide_automatic_options=False,
            )
        return view

    return register


def locale() -> str:
    """`?locale=`, else the program's Accept-Language, else Vietnamese. Never a cookie: answers are shared."""
    asked = request.args.get("locale", "")[:2]
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or "vi"


def jurisdictions() -> tuple[str, ...]:
    """The names under which this instance may be asked for; naming one is optional, for there is only one."""
    return tuple(dict.fromkeys((COUNTRY, urlsplit(instance().settings.public_url).hostname or COUNTRY)))


def check_jurisdiction(given: MultiDict[str, str]) -> None:
    """Raises Problem 404 for a `jurisdiction_id` that is not ours; an empty one is as good as none."""
    for one in given.getlist("jurisdiction_id"):
        if one.strip() and one.strip().lower() not in jurisdictions():
            raise Problem(404, _("jurisdiction_id: %(given)s was not found here.", given=one[:60]))


def address(path: str = "") -> str:
    """The full address of something on this instance."""
    return instance().settings.public_url + path


def kept(response: Response, seconds: int) -> Response:
    """Mark the response, which is the same for everybody, as good for `seconds`; 304 if the program has it."""
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def nowhere(rest: str) -> Response:
    """Whatever else is asked for below our addresses, so that the answer has our format and not a page's."""
    adapter = current_app.create_url_adapter(request)
    if rest.endswith("/") and adapter is not None and not rest.endswith("//"):
        path = request.path.removesuffix("/")
        with suppress(HTTPException, RequestRedirect):
            if adapter.match(path, request.method)[0] != request.endpoint:
                query = request.query_string.decode("ascii", "ignore")
                where = f"{request.script_root}{quote(path)}" + (f"?{query}" if query else "")
                return SharedResponse(status=308, headers={"Location": where}, content_type=MIMETYPES[wanted(request)])
    allowed = []
    for method in ("GET", "POST"):
        try:
            endpoint, _arguments = adapter.match(request.path, method) if adapter else ("", {})
        except (HTTPException, RequestRedirect):
            continue
        if endpoint != request.endpoint:
            allowed += ["GET", "HEAD"] if method == "GET" else [method]
    if not allowed:
        raise NotFound
    allowed.append("OPTIONS")
    if request.method == "OPTIONS":
        response = SharedResponse(status=204, content_type=MIMETYPES[wanted(request)])
        response.headers["Allow"] = response.headers["Access-Control-Allow-Methods"] = ", ".join(allowed)
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key, If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"
        return response
    raise MethodNotAllowed(allowed)


for _prefix in PREFIXES:
    bp.add_url_rule(f"{_prefix}/<path:rest>", "nowhere", nowhere, methods=EVERY_METHOD, provide_automatic_options=False)


@bp.after_request
def _finish(response: Response) -> Response:
    headers = response.headers
    # Any page may read the answer, to a report that it sends too: what opens anything here is the key, never a cookie.
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "Link, X-Total-Count, ETag, Retry-After"
    if request.method not in SAFE:
        headers["Cache-Control"] = "no-store"  # it may carry a tracking code
    response.vary.add("Accept-Language")
    if not request.path.endswith((".json", ".xml")):
        response.vary.add("Accept")
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


@bp.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    return refusal(wanted(request), problem)


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response(request.environ)  # type: ignore[return-value]
    with force_locale(locale()):
        words = {
            400: _("The request could not be read."),
            404: _("There is nothing at this address. Addresses end in .json or .xml."),
            405: _("This method is not possible here."),
            413: _("The request is too large."),
        }
        headers = {n: v for n, v in error.get_headers(request.environ) if n.lower() in {"allow", "retry-after"}}
        description = words.get(error.code, _("The request cannot be fulfilled."))
        return refusal(wanted(request), Problem(error.code, description, headers=headers))


@bp.errorhandler(Exception)
def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    # The class and the place, never the message: it may quote what somebody wrote.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("unexpected %s in %s:%s at %s", type(error).__name__, place.name, place.lineno, request.endpoint)
    log.debug("the whole of it", exc_info=error)
    with force_locale(locale()):
        return refusal(wanted(request), Problem(500, _("The fault is ours. Try again in a few minutes.")))
