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
import secrets
from functools import wraps
from typing import Any

from flask import Flask, Response, abort, current_app, make_response, request
from itsdangerous import BadSignature, URLSafeSerializer
from limits import RateLimitItem, RateLimitItemPerHour, parse, parse_many
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from webapp.core.instance import instance

log = logging.getLogger(__name__)
PER_NETWORK = tuple(parse_many("10 per minute; 60 per hour"))
PER_ACCOUNT = tuple(parse_many("10 per 10 minute; 40 per day"))  # many networks against one account
LOGIN = "auth.login"
WRONG_CODES, REPORTS, PHOTOS, SECOND = "codes", "reports", "photos", "second"
SECOND_LIMIT = parse("10 per 10 minute")  # wrong second factors of one account, by whoever knows the password
KNOWN = "dgs_known"  # cookie of a browser from which somebody has signed in
KNOWN_DAYS = 180
WRONG_CODES_LIMIT = parse(
    "20 per 10 minute"
)  # whole numbers of 16 digits that are nobody's; typing errors do not count


class Tries:
    """Who has tried what how often: in Redis for all processes, or in this one's memory where there is none."""

    def __init__(self, redis_url: str) -> None:
        self.own = MovingWindowRateLimiter(MemoryStorage())
        self.shared = MovingWindowRateLimiter(storage_from_string(redis_url)) if redis_url else self.own

    def ask(self, how: str, limit: RateLimitItem, *key: str, strict: bool = False) -> bool:
        """`test` or `hit`. Without its Redis nobody is turned away, for a report matters more than a limit, except
        where it is `strict`: there each process counts for itself, weaker, but nobody is locked out of their desk."""
        try:
            return bool(getattr(self.shared, how)(limit, *key))
        except Exception as error:
            log.warning("the limit of %s was not checked: %s", key[0], type(error).__name__)
            return bool(getattr(self.own, how)(limit, *key)) if strict else True


def init_app(app: Flask) -> None:
    """Watch the sign-in form. Needs Flask-Security's views to be there already."""
    app.extensions["dgs_tries"] = Tries(app.extensions["dgs"].settings.redis_url)
    app.view_functions[LOGIN] = _slowed(app.view_functions[LOGIN])


def _slowed(view: Any) -> Any:
    """The sign-in view, refused with 429 to a network or for an account with too many failures."""

    @wraps(view)
    def sign_in() -> Any:
        if request.method != "POST":
            return view()
        counted = [(limit, whose) for whose, limits in _signing_in() for limit in limits]
        if not all(_tries().ask("test", limit, LOGIN, whose, strict=True) for limit, whose in counted):
            abort(429)
        response = make_response(view())
        if response.status_code not in (302, 303):
            for limit, whose in counted:
                _tries().ask("hit", limit, LOGIN, whose, strict=True)
        return response

    return sign_in


def _signing_in() -> tuple[tuple[str, tuple[RateLimitItem, ...]], ...]:
    return (network(), PER_NETWORK), (account(), PER_ACCOUNT)


def _tries() -> Tries:
    tries: Tries = current_app.extensions["dgs_tries"]
    return tries


def reached(what: str, whose: str = "") -> bool:
    """Whether this network, or else `whose` tries are counted, has used up what it may do of `what`. Counts nothing."""
    limit = _limit_of(what)
    return limit is not None and not _tries().ask("test", limit, what, whose or network())


def count(what: str, whose: str = "") -> bool:
    """Count one of `what` for this network, or for whom else it is counted; False if that is one too many."""
    limit = _limit_of(what)
    return limit is None or _tries().ask("hit", limit, what, whose or network())


def _limit_of(what: str) -> RateLimitItem | None:
    if what == WRONG_CODES:
        return WRONG_CODES_LIMIT
    if what == SECOND:
        return SECOND_LIMIT
    settings = instance().settings
    number = settings.reports_per_hour
    if what == PHOTOS:  # as many as fit into these reports, each once more for a signal that broke
        number *= 2 * settings.max_photos
    return RateLimitItemPerHour(number) if number > 0 else None


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
