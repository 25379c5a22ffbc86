"""Errors in the reader's language, as pages or, at the doors for programs, in their own format."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response

from webapp.core.db import db

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Add the handlers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(DataError, _unreadable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def page(code: int, title: str, text: str) -> Response:
    """An error page."""
    return Response(
        render_template("errors/error.html", code=code, title=title, message=text), code, mimetype="text/html"
    )


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return error.get_response()  # type: ignore[return-value]
    titles = {
        400: (_("This request could not be read"), _("Go back, check what you entered and send it again.")),
        403: (_("This page is not for you"), _("Sign in with an account that may see it.")),
        404: (_("This page does not exist"), _("The address may be wrong, or the case is not public.")),
        405: (_("This page does not exist"), _("The address may be wrong, or the case is not public.")),
        413: (
            _("What you sent is too large"),
            _("Go back and choose fewer or smaller photos. What you wrote is still in the form."),
        ),
        429: (_("Too many tries"), _("Wait a few minutes and try again.")),
    }
    title, text = titles.get(code, (_("Something went wrong"), _("Try again in a few minutes.")))
    response = page(code, title, text)
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _csrf(_error: CSRFError) -> Response:
    return page(
        400,
        _("The form has expired"),
        _("For your safety a form can be sent for 12 hours. Go back, load the page again and send once more."),
    )


def _stale(_error: StaleDataError) -> Response:
    db.session.rollback()
    return page(
        409,
        _("Somebody else has changed this case"),
        _("Nothing was saved. Load the case again to see what changed, then decide."),
    )


def _unreadable(_error: DataError) -> Response:
    """The database could not even read a value: a null character in an address, a number beyond all bounds."""
    db.session.rollback()
    return _http(BadRequest())


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    # The class and the place, never the message: it may quote what somebody wrote. All of it at level DEBUG.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.name}:{place.lineno}"
    log.error("unexpected %s in %s at %s", type(error).__name__, where, request.endpoint)
    log.debug("the whole of it", exc_info=error)
    return page(500, _("Something went wrong"), _("The fault is ours. Try again in a few minutes."))
