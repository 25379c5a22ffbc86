"""How often somebody may try to sign in, guess a code, or send a report. Only what failed counts, or what was sent.

Wrong passwords for one account are counted apart for browsers from which its owner has signed in before: strangers
who guess use up their own tries and cannot lock the owner out.

Addresses are neither stored nor logged: what is counted under is a keyed hash of the network, or of the
e-mail address that was tried.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import math
import secrets
import time
from typing import Any

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from itsdangerous import BadSignature, URLSafeSerializer
from limits import RateLimitItem, RateLimitItemPerHour, parse

from webapp.core.instance import instance

log = logging.getLogger(__name__)
PER_NETWORK = "10 per minute; 60 per hour"
PER_ACCOUNT = "10 per 10 minute; 40 per day"  # many networks against one account
LOGIN = "auth.login"
WRONG_CODES, REPORTS, PHOTOS, SECOND = "codes", "reports", "photos", "second"
SECOND_LIMIT = "10 per 10 minute"  # wrong second factors of one account, by whoever knows the password
KNOWN = "dgs_known"  # cookie of a browser from which somebody has signed in
KNOWN_DAYS = 180
WRONG_CODES_LIMIT = "20 per 10 minute"  # whole numbers of 16 digits that are nobody's; typing errors do not count


def init_app(app: Flask) -> None:
    """Watch the sign-in form. Needs Flask-Security's views to be there already."""
    settings = app.extensions["dgs"].settings
    limiter = Limiter(
        network,
        app=app,
        storage_uri=settings.redis_url or "memory://",
        strategy="moving-window",
        key_prefix="dgs",
        # Without Redis each process counts for itself: weaker, but nobody is locked out of their desk.
        in_memory_fallback=[PER_NETWORK],
        in_memory_fallback_enabled=bool(settings.redis_url),
    )
    app.extensions["dgs_limiter"] = limiter
    view: Any = app.view_functions[LOGIN]
    for limit, key in ((PER_NETWORK, network), (PER_ACCOUNT, account)):
        view = limiter.limit(limit, key_func=key, methods=["POST"], deduct_when=_failed)(view)
    app.view_functions[LOGIN] = view


def reached(what: str, whose: str = "") -> bool:
    """Whether this network, or else `whose` tries are counted, has used up what it may do of `what`. Counts nothing."""
    limit = _limit_of(what)
    return limit is not None and not _ask("test", limit, what, whose)


def count(what: str, whose: str = "") -> bool:
    """Count one of `what` for this network, or for whom else it is counted; False if that is one too many."""
    limit = _limit_of(what)
    return limit is None or _ask("hit", limit, what, whose)


def take(what: str, number: int, per: str, whose: str = "") -> int | None:
    """Count one of `what` against a limit of its own: `number` per minute or hour, 0 for none. None if it is within;
    else in how many seconds to try again."""
    if number <= 0:
        return None
    limit = parse(f"{number} per {per}")
    if _ask("hit", limit, what, whose):
        return None
    limiter: Limiter = current_app.extensions["dgs_limiter"]
    reset = limiter.limiter.get_window_stats(limit, what, whose or network()).reset_time
    return max(1, math.ceil(reset - time.time()))


def _limit_of(what: str) -> RateLimitItem | None:
    if what == WRONG_CODES:
        return parse(WRONG_CODES_LIMIT)
    if what == SECOND:
        return parse(SECOND_LIMIT)
    settings = instance().settings
    number = settings.reports_per_hour
    if what == PHOTOS:  # as many as fit into these reports, each once more for a signal that broke
        number *= 2 * settings.max_photos
    return RateLimitItemPerHour(number) if number > 0 else None


def _ask(how: str, limit: RateLimitItem, what: str, whose: str) -> bool:
    limiter: Limiter = current_app.extensions["dgs_limiter"]
    try:
        return bool(getattr(limiter.limiter, how)(limit, what, whose or network()))
    except Exception as error:
        # Without Redis nobody is turned away: a report matters more than a limit.
        log.warning("the limit of %s was not checked: %s", what, type(error).__name__)
        return True


def network() -> str:
    """A keyed hash of the caller's network: an IPv4 address, or an IPv6 /64, which one household has."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return _hash("unknown")
    prefix = 64 if address.version == 6 else 32
    return _hash(str(ipaddress.ip_network(f"{address}/{prefix}", strict=False)))


def account() -> str:
    """A keyed hash of the e-mail address that is tried; with the browser's own mark if it is known to the account."""
    tried = _account(request.form.get("email", ""))
    try:
        owner, mark = _signer().loads(request.cookies.get(KNOWN, ""))
    except (BadSignature, ValueError, TypeError):
        return tried
    return _hash(f"known:{mark}") if owner == tried else tried


def remember_browser(response: Response, email: str) -> None:
    """Note in the browser that this account was signed in to here."""
    value = _signer().dumps([_account(email), secrets.token_hex(8)])
    secure = instance().settings.secure_cookies
    response.set_cookie(
        KNOWN, value, KNOWN_DAYS * 86_400, path="/auth/login", secure=secure, httponly=True, samesite="Lax"
    )


def _account(email: str) -> str:
    return _hash("account:" + email.strip().casefold()[:200])


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(instance().settings.secret_key, salt="known-browser")


def _hash(text: str) -> str:
    key = instance().settings.secret_key.encode()
    return hmac.digest(key, b"limit:" + text.encode("utf-8", "replace"), "sha256").hex()[:32]


def _failed(response: Response) -> bool:
    return response.status_code not in (302, 303)
