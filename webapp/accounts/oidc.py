"""Sign-in through an organisation's own service (OpenID Connect Core 1.0, authorization code with PKCE).

The service only says who somebody is. It makes no account and gives no right: the account must exist and be switched
on. It is found by the subject that was bound to it, or the first time by a verified e-mail address. Our second factor
is asked all the same.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from webapp.accounts import audit, people
from webapp.accounts.models import User
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Actor

TIMEOUT = 10  # seconds
SCOPE = "openid email"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # never none, never one with a shared secret
LEEWAY = 60  # seconds by which the clocks may differ
KEPT = 900  # seconds for which what the service says about itself is kept


class Refused(RuntimeError):
    """The service did not answer, or its answer does not fit. The message is for the log and names nobody."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where the browser goes, and what it must bring back (kept in its signed cookie)."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the service says that is. `email` only if the service has verified it."""

    subject: str
    email: str | None


def start(settings: Settings) -> Start:
    """Begin. Raises Refused."""
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    about = _about(settings)
    with _session(settings) as session:
        url, state = session.create_authorization_url(
            about["authorization_endpoint"], nonce=nonce, code_verifier=verifier
        )
    return Start(url, state, nonce, verifier)


def finish(settings: Settings, code: str, nonce: str, verifier: str) -> Person:
    """Exchange the code the browser brought back, and check who it is. Raises Refused."""
    about = _about(settings)
    try:
        with _session(settings) as session:
            token = session.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier, timeout=TIMEOUT)
        keys = KeySet.import_key_set(_get(about["jwks_uri"]))
        claims = jwt.decode(str(token.get("id_token", "")), keys, algorithms=ALGORITHMS).claims
    except (requests.RequestException, AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
        raise Refused(type(error).__name__) from None
    _check(settings, claims, nonce)
    verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
    return Person(f"{settings.oidc_issuer} {claims['sub']}"[:300], claims["email"] if verified else None)


def account_of(person: Person) -> User | None:
    """The account of that person, bound to the subject from now on; None if there is none that may sign in."""
    bound = db.session.scalars(select(User).where(User.oidc_subject == person.subject)).first()
    if bound is not None:
        return bound if bound.active else None
    user = people.by_email(person.email) if person.email else None
    if user is None or not user.active or user.oidc_subject is not None:
        return None
    user.oidc_subject = person.subject
    audit.record("user:bound", Actor(user.role, user.id, user.unit_code), people.what(user))
    return user


def _check(settings: Settings, claims: dict[str, Any], nonce: str) -> None:
    """Core 1.0, 3.1.3.7."""
    now = clock.now().timestamp()
    audience = claims.get("aud")
    fits = (
        claims.get("iss") == settings.oidc_issuer
        and settings.oidc_client_id in (audience if isinstance(audience, list) else [audience])
        and claims.get("azp", settings.oidc_client_id) == settings.oidc_client_id
        and isinstance(claims.get("exp"), int | float)
        and claims["exp"] > now - LEEWAY
        and isinstance(claims.get("iat", 0), int | float)
        and claims.get("iat", 0) < now + LEEWAY
        and hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
        and isinstance(claims.get("sub"), str)
        and claims["sub"] != ""
    )
    if not fits:
        raise Refused("claims")


def _session(settings: Settings) -> OAuth2Session:
    session = OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret or None,
        token_endpoint_auth_method="client_secret_basic" if settings.oidc_client_secret else "none",
        scope=SCOPE,
        redirect_uri=f"{settings.public_url}/auth/oidc/callback",
        code_challenge_method="S256",
    )
    session.trust_env = False  # no proxy, no .netrc
    return session


def _about(settings: Settings) -> dict[str, Any]:
    """What the service says about itself (Discovery 1.0). Raises Refused."""
    found = _discover(settings.oidc_issuer, int(clock.now().timestamp()) // KEPT)
    if found.get("issuer") != settings.oidc_issuer:
        raise Refused("issuer")
    return found


@lru_cache(maxsize=4)
def _discover(issuer: str, _period: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _get(f"{issuer}/.well-known/openid-configuration")
        if not all(isinstance(found.get(f), str) for f in ("authorization_endpoint", "token_endpoint", "jwks_uri")):
            raise Refused("discovery")
    except (requests.RequestException, ValueError, AttributeError) as error:
        raise Refused(type(error).__name__) from None
    return found


def _get(url: str) -> Any:
    with requests.Session() as plain:
        plain.trust_env = False  # no proxy, no .netrc
        answer = plain.get(url, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        return answer.json()
