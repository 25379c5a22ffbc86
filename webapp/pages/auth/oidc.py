"""Signing in through another service. Its answer comes back as a GET, which changes nothing here; a form goes on."""

from __future__ import annotations

import hmac
import logging

from flask import Response, abort, redirect, render_template, request, session
from flask_security.utils import login_user

from webapp.accounts import oidc, signin
from webapp.core.instance import instance
from webapp.pages import limits
from webapp.pages.auth.entrance import bp
from webapp.pages.auth.views import then

log = logging.getLogger(__name__)
KEPT = "oidc"  # in the browser's signed cookie


@bp.get("/oidc")
def oidc_start() -> Response:
    """Go to the service."""
    if not instance().settings.oidc_issuer:
        abort(404)
    try:
        begun = oidc.start(instance().settings)
    except oidc.Refused as error:
        return _failed(str(error), 503)
    session[KEPT] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": then(request.args.get("next")),
    }
    return redirect(begun.url)  # type: ignore[return-value]


@bp.get("/oidc/callback")
def oidc_back() -> Response:
    """Back from the service: a form, sent at once where scripts run, carries its answer on."""
    if not instance().settings.oidc_issuer:
        abort(404)
    if _brought(request.args.get("state", "")) is None or not request.args.get("code"):
        return _failed(request.args.get("error", "state")[:60], 400)
    return Response(
        render_template("auth/oidc.html", code=request.args["code"][:4000], state=request.args["state"]),
        mimetype="text/html",
    )


@bp.post("/oidc/callback")
def oidc_finish() -> Response:
    """Find the account and sign in; the second factor comes next."""
    if not instance().settings.oidc_issuer:
        abort(404)
    kept = _brought(request.form.get("state", ""))
    if kept is None:
        return _failed("state", 400)
    session.pop(KEPT)
    try:
        person = oidc.finish(instance().settings, request.form.get("code", ""), kept["nonce"], kept["verifier"])
    except oidc.Refused as error:
        return _failed(str(error), 503)
    user = oidc.account_of(person)
    if user is None:
        return _failed("no account", 403)
    login_user(user, remember=False, authn_via=["oidc"])
    response = redirect(then(kept["next"]), 303)
    if signin.current() is not None:
        limits.remember_browser(response, user.email)  # type: ignore[arg-type]
    return response  # type: ignore[return-value]


def _brought(state: str) -> dict[str, str] | None:
    """What was kept when the browser left, if it is the one that comes back."""
    kept = session.get(KEPT)
    if not isinstance(kept, dict) or not hmac.compare_digest(str(kept.get("state")).encode(), state.encode()):
        return None
    return kept


def _failed(why: str, status: int) -> Response:
    """One message for all that can go wrong: whether there is an account is not a stranger's business."""
    log.warning("sign-in through the other service failed: %s", why)
    return Response(render_template("auth/oidc_failed.html"), status, mimetype="text/html")
