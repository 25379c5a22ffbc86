"""Passkeys as a second factor (WebAuthn level 2), checked by py_webauthn. Flushes; the edge commits.

A challenge is kept with the session that asked for it and is answered once. The site's name is that of PUBLIC_URL:
browsers hold a key back from any other site, so one cannot be talked out of somebody.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.accounts.models import Passkey, StaffSession, User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.instance import instance

NAME = "Dân Giám Sát"
MOST = 10  # keys of one account


class NotProven(ValueError):
    """The device's answer does not fit: another challenge, another site, an unknown key, or a broken answer."""


def offered() -> bool:
    """Whether this instance can have passkeys: browsers want a name, not a number."""
    try:
        ipaddress.ip_address(_site())
    except ValueError:
        return True
    return False


def of(user: User) -> list[Passkey]:
    """The keys of an account, oldest first."""
    return list(db.session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)))


def owners() -> set[int]:
    """The accounts that have a key."""
    return set(db.session.scalars(select(Passkey.user_id).distinct()))


def ask_for_new(user: User, row: StaffSession) -> str:
    """What the browser needs to make a key (JSON)."""
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=_site(),
            rp_name=NAME,
            user_id=hmac.digest(instance().settings.code_key.encode(), f"passkey:{user.id}".encode(), "sha256"),
            user_name=user.email,
            user_display_name=user.name,
            challenge=_challenge(row),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in of(user)],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
    )


def add(user: User, row: StaffSession, answer: str, name: str) -> Passkey:
    """Keep the key that the device made. Raises NotProven."""
    try:
        proven = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=_expected(row),
            expected_rp_id=_site(),
            expected_origin=_origin(),
            require_user_verification=False,  # the password was the other factor
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(type(error).__name__) from None
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == proven.credential_id)) is not None:
        raise NotProven("known already")
    key = Passkey(
        user_id=user.id,
        name=name,
        credential_id=proven.credential_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        created_at=clock.now(),
    )
    db.session.add(key)
    db.session.flush()
    return key


def ask_for_proof(user: User, row: StaffSession) -> str:
    """What the browser needs to prove one of the account's keys (JSON)."""
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=_site(),
            challenge=_challenge(row),
            allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in of(user)],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    )


def prove(user: User, row: StaffSession, answer: str) -> None:
    """Accept the device's answer as the second factor. Raises NotProven."""
    expected = _expected(row)
    try:
        named = parse_authentication_credential_json(answer).raw_id
        key = next((key for key in of(user) if hmac.compare_digest(key.credential_id, named)), None)
        if key is None:
            raise NotProven("unknown key")
        proven = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=expected,
            expected_rp_id=_site(),
            expected_origin=_origin(),
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=False,
        )
    except NotProven:
        raise
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(type(error).__name__) from None
    key.sign_count = proven.new_sign_count
    key.used_at = clock.now()


def _challenge(row: StaffSession) -> bytes:
    made = secrets.token_bytes(32)
    row.challenge = bytes_to_base64url(made)
    db.session.flush()
    return made


def _expected(row: StaffSession) -> bytes:
    """The session's challenge, taken away: an answer is good once."""
    if not row.challenge:
        raise NotProven("nothing was asked")
    asked, row.challenge = row.challenge, None
    return base64url_to_bytes(asked)


def _site() -> str:
    return urlsplit(instance().settings.public_url).hostname or "localhost"


def _origin() -> str:
    url = urlsplit(instance().settings.public_url)
    return f"{url.scheme}://{url.netloc}"
