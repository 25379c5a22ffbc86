"""Sealing: bytes that the process which takes them in cannot read back.

libsodium sealed boxes (X25519, XSalsa20-Poly1305). There are two key pairs, so that a worker which cleans
pictures cannot read who sent them: `identity` for contacts, `evidence` for original files.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox


class CannotOpen(RuntimeError):
    """This process has no key for the box, or the bytes were sealed for another key or altered."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One key pair; `private_key` is empty where only sealing is allowed. Keys are base64, 32 bytes."""

    public_key: str
    private_key: str = ""

    def close(self, data: bytes) -> bytes:
        """`data` sealed; 48 bytes longer, different at each call."""
        return SealedBox(PublicKey(base64.b64decode(self.public_key))).encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises CannotOpen without the private key or if the bytes were altered."""
        if not self.private_key:
            raise CannotOpen("this process does not hold the private key")
        try:
            return SealedBox(PrivateKey(base64.b64decode(self.private_key))).decrypt(sealed)
        except (CryptoError, ValueError) as error:
            raise CannotOpen("sealed for another key, or altered") from error


def make_key_pair() -> tuple[str, str]:
    """A new (public, private) pair in base64."""
    private = PrivateKey.generate()
    return (
        base64.b64encode(bytes(private.public_key)).decode(),
        base64.b64encode(bytes(private)).decode(),
    )


def make_vapid_pair() -> tuple[str, str]:
    """A new (public, private) pair of P-256 for web push (RFC 8292), in the base64url that browsers want."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = private.private_numbers().private_value.to_bytes(32, "big")
    return _base64url(public), _base64url(secret)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
