"""Tracking codes: 16 digits, the last one a check digit. Easy to read aloud, impossible to guess.

A code is derived from the random id that the sender's own phone or form made, with a key that only the
server has. So the same submission always has the same code, though the code itself is stored nowhere: the
database holds a keyed hash of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{22,64}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u


def new_client_id() -> str:
    """A random id for a form that has none of its own: 128 bits, URL-safe."""
    return secrets.token_urlsafe(16)


def is_client_id(text: str) -> bool:
    """Whether `text` can be a client id: 22 to 64 URL-safe characters (UUIDs are)."""
    return bool(_CLIENT_ID.fullmatch(text))


def client_key(client_id: str) -> str:
    """What is stored of a client id: enough to recognise it, too little to derive the code from."""
    return hashlib.sha256(b"client:" + client_id.encode()).hexdigest()


def code_for(client_id: str, key: str) -> str:
    """The tracking code of the report that was sent under `client_id`: 16 digits."""
    digest = hmac.digest(key.encode(), b"code:" + client_id.encode(), "sha256")
    payload = f"{int.from_bytes(digest) % 10**15:015d}"
    return payload + check_digit(payload)


def code_hash(code: str, key: str) -> str:
    """What is stored of a code."""
    return hmac.digest(key.encode(), b"hash:" + code.encode(), "sha256").hex()


def check_digit(payload: str) -> str:
    """The Luhn check digit (ISO/IEC 7812-1): one wrong digit or two swapped neighbours are noticed."""
    total = 0
    for position, char in enumerate(reversed(payload)):
        digit = int(char)
        if position % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return str(-total % 10)


def read_code(text: str) -> str | None:
    """The 16 digits of a code as a person types it, with spaces or dashes, in any script's digits.

    None if it cannot be a code, a mistyped one included.
    """
    digits = "".join(str(unicodedata.digit(c)) for c in text if unicodedata.digit(c, None) is not None)
    others = [c for c in text if unicodedata.digit(c, None) is None and not c.isspace() and c not in "-–.·"]
    if len(digits) != 16 or others or check_digit(digits[:15]) != digits[15]:
        return None
    return digits


def spaced(code: str) -> str:
    """A code in groups of four."""
    return " ".join(code[i : i + 4] for i in range(0, 16, 4))


def new_public_id() -> str:
    """A random name for a public page: 10 characters, 50 bits. Random, so that gaps betray nothing."""
    return "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(10))
