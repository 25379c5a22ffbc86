"""Sealing what is too large to be held in memory: a random key in a sealed box, then the data under that key
in chunks (libsodium secretstream, XChaCha20-Poly1305), the last one marked, so that a cut is noticed.

Layout: MAGIC · sealed key (80 bytes) · stream header (24 bytes) · chunks of CHUNK bytes and 17 more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from webapp.core.sealing import CannotOpen, Seal

MAGIC = b"DGSSEAL2"
CHUNK = 1 << 20
_KEY = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
_HEADER = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MORE = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_SEALED_KEY = _KEY + 48


def close_stream(seal: Seal, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The sealed form, piece by piece. Every chunk but the last must have CHUNK bytes."""
    key = sodium.crypto_secretstream_xchacha20poly1305_keygen()
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    yield MAGIC + seal.close(key) + header
    waiting = b""
    for chunk in chunks:
        if waiting:
            yield sodium.crypto_secretstream_xchacha20poly1305_push(state, waiting)
        waiting = chunk
    final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
    yield sodium.crypto_secretstream_xchacha20poly1305_push(state, waiting, None, final)


def open_stream(seal: Seal, sealed: bytes) -> bytearray:
    """What was sealed. Raises CannotOpen without the private key, or if anything was altered or cut off."""
    view = memoryview(sealed)
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise CannotOpen("not sealed in chunks")
    at = len(MAGIC) + _SEALED_KEY
    key = seal.open(bytes(view[len(MAGIC) : at]))
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    out, last = bytearray(), -1
    try:
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, bytes(view[at : at + _HEADER]), key)
        for start in range(at + _HEADER, len(view), CHUNK + _MORE):
            piece = bytes(view[start : start + CHUNK + _MORE])
            data, last = sodium.crypto_secretstream_xchacha20poly1305_pull(state, piece)
            out += data
    except (CryptoError, ValueError, RuntimeError, TypeError) as error:
        raise CannotOpen("altered") from error
    if last != sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL:
        raise CannotOpen("cut off")
    return out
