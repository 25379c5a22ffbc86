"""The second factor: codes of an app (TOTP, RFC 6238), and recovery codes for when it is lost.

The app's secret is stored encrypted with a key derived from CODE_KEY, which never changes; recovery codes are
stored as keyed hashes. Whoever has the database alone can make neither.
"""

from __future__ import annotations

import hmac
import secrets

import segno
from flask_security.totp import Totp
from passlib.totp import TOTP, TotpMatch
from sqlalchemy import delete, exists, select

from webapp.accounts.models import Passkey, User
from webapp.core import clock
from webapp.core.db import db, rows_changed
from webapp.core.instance import instance

ISSUER = "Dan Giam Sat"
SKEW = 30  # seconds by which a phone's clock may be off
RECOVERY_CODES = 10


class StaffTotp(Totp):
    """Flask-Security's codes, with our clock, and a memory so that an overheard code is worth nothing."""

    def __init__(self, key: str) -> None:
        super().__init__({"1": key}, ISSUER)
        self._totp = TOTP.using(issuer=ISSUER, secrets={"1": key}, now=lambda: clock.now().timestamp())

    def get_last_counter(self, user: User) -> int | None:  # type: ignore[override]
        return user.totp_counter

    def set_last_counter(self, user: User, tmatch: TotpMatch) -> None:  # type: ignore[override]
        user.totp_counter = tmatch.counter


def has_factor(user: User) -> bool:
    """Whether signing in asks for more than the password."""
    return bool(user.totp_secret) or bool(db.session.scalar(select(exists().where(Passkey.user_id == user.id))))


def missing(user: User) -> bool:
    """Whether this account must set up a second factor before anything else."""
    return instance().settings.second_factor and not has_factor(user)


# -- an app's codes --------------------------------------------------------------------------------------------


def new_secret() -> str:
    """A secret for an app, already encrypted: it may wait in a cookie until the first code was right."""
    return str(_totp().generate_totp_secret())


def drawing(user: User, secret: str) -> tuple[str, str]:
    """(QR code as inline SVG, the same secret in groups of letters to type)."""
    uri = _totp().get_totp_uri(user.email, secret)
    code = segno.make(uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    return code, str(_totp().get_totp_pretty_key(secret))


def start(user: User, secret: str, code: str) -> bool:
    """Use `secret` from now on if `code` proves that the app has it."""
    user.totp_counter = None
    if not _fits(user, secret, code):
        return False
    user.totp_secret = secret
    return True


def check(user: User, code: str) -> bool:
    """Whether `code` is the app's of now. Each code counts once."""
    return bool(user.totp_secret) and _fits(user, str(user.totp_secret), code)


def stop(user: User) -> None:
    """Forget the app."""
    user.totp_secret = user.totp_counter = None


def reset(user: User) -> None:
    """Forget every second factor: app, passkeys, recovery codes."""
    stop(user)
    user.recovery_codes = []
    rows_changed(delete(Passkey).where(Passkey.user_id == user.id))


def _fits(user: User, secret: str, code: str) -> bool:
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return False
    try:
        return bool(_totp().verify_totp(digits, secret, user, window=SKEW))
    except ValueError:  # the secret is not one of ours
        return False


def _totp() -> StaffTotp:
    return StaffTotp(hmac.digest(_key(), b"totp", "sha256").hex())


# -- recovery codes --------------------------------------------------------------------------------------------


def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes, each good once; those from before are worth nothing any more. Shown now or never."""
    made = ["-".join(secrets.token_hex(2) for _ in range(3)) for _ in range(RECOVERY_CODES)]
    user.recovery_codes = [_code_hash(user, code) for code in made]
    return made


def use_recovery_code(user: User, code: str) -> bool:
    """Whether `code` is one of the account's, which it then is no more."""
    wanted = _code_hash(user, code)
    kept = [known for known in user.recovery_codes if not hmac.compare_digest(known, wanted)]
    if len(kept) == len(user.recovery_codes):
        return False
    user.recovery_codes = kept
    return True


def _code_hash(user: User, code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())
    return hmac.digest(_key(), f"recovery:{user.id}:{plain}".encode(), "sha256").hex()


def _key() -> bytes:
    return instance().settings.code_key.encode()
