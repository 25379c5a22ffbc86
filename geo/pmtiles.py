"""Reading a map tile out of a PMTiles archive of version 3: one file that holds a whole pyramid of them.

The specification is public (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md). Of each tile only
its directory entries and its bytes are read, wherever in the file they lie. Pure reading; a file that lies about
itself raises BadArchive.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

MAGIC = b"PMTiles\x03"
# magic, 11 numbers of 8 bytes (root, metadata, leaves, tiles: offset and length; three counts), and 6 bytes
HEADER = struct.Struct("<8s11Q6B")
NO_PACKING, GZIP = 1, 2
MIME = {2: "image/png", 3: "image/jpeg", 4: "image/webp", 5: "image/avif"}
MOST_DIRECTORY = 4 * 1024 * 1024  # bytes, unpacked; real ones are far smaller
MOST_TILE = 4 * 1024 * 1024
LARGEST = 1 << 50  # bytes of a file
DEEPEST = 4  # directories below one another

Entry = tuple[int, int, int, int]  # first tile, offset, length, how many tiles; 0 tiles: a directory


class BadArchive(ValueError):
    """The file is no raster PMTiles archive of version 3, or is damaged; the message says how."""


class Archive:
    """An open archive. Safe to use from several threads, and after a fork."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY)
            head = os.pread(self._file, HEADER.size, 0)
        except OSError as error:
            raise BadArchive(f"{path} cannot be read: {error.strerror}") from None
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            raise BadArchive(f"{path} is no PMTiles archive of version 3")
        numbers = HEADER.unpack(head)[1:]
        self._root = numbers[0], numbers[1]
        self._leaves, self._tiles = numbers[4], numbers[6]
        _clustered, self._packing, packed, kind, self.min_zoom, self.max_zoom = numbers[11:]
        if self._packing not in (NO_PACKING, GZIP):
            raise BadArchive(f"{path}: directories are packed in a way that is not read here")
        if kind not in MIME or packed not in (0, NO_PACKING):
            raise BadArchive(f"{path} holds no raster tiles (PNG, JPEG, WebP, AVIF)")
        self.mimetype = MIME[kind]
        self._directory = lru_cache(maxsize=64)(self._read_directory)
        self._directory(*self._root)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """The bytes of a tile; None if the archive has none there. Raises BadArchive."""
        if not (self.min_zoom <= z <= self.max_zoom and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        number = tile_number(z, x, y)
        at = self._root
        for _ in range(DEEPEST):
            entries = self._directory(*at)
            place = bisect_right(entries, number, key=lambda entry: entry[0]) - 1
            if place < 0:
                return None
            first, offset, length, run = entries[place]
            if run:
                inside = number < first + run
                return self._bytes(self._tiles + offset, length, MOST_TILE) if inside else None
            at = self._leaves + offset, length
        raise BadArchive("directories lie too deep")

    def _bytes(self, offset: int, length: int, most: int) -> bytes:
        if length > most or offset > LARGEST:
            raise BadArchive("a part is larger than any honest one")
        found = os.pread(self._file, length, offset)
        if len(found) != length:
            raise BadArchive("the file ends too early")
        return found

    def _read_directory(self, offset: int, length: int) -> tuple[Entry, ...]:
        raw = self._bytes(offset, length, MOST_DIRECTORY)
        if self._packing == GZIP:
            try:
                unpacker = zlib.decompressobj(wbits=31)
                raw = unpacker.decompress(raw, MOST_DIRECTORY)
            except zlib.error:
                raise BadArchive("a directory cannot be unpacked") from None
            if unpacker.unconsumed_tail:
                raise BadArchive("a directory is larger than any honest one")
        return _entries(raw)


def tile_number(z: int, x: int, y: int) -> int:
    """The place of a tile in the archive's order: zoom by zoom, within each along a Hilbert curve."""
    number = ((1 << (2 * z)) - 1) // 3
    for level in range(z - 1, -1, -1):
        right, low = x >> level & 1, y >> level & 1
        number += (3 * right ^ low) << (2 * level)
        if not low:
            if right:
                x, y = (1 << level) - 1 - x, (1 << level) - 1 - y
            x, y = y, x
    return number


def pack(entries: list[Entry]) -> bytes:
    """A packed directory, as `_entries` reads it: for whoever makes an archive, and for tests."""
    out = bytearray()

    def put(number: int) -> None:
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)

    put(len(entries))
    for first, before in zip(entries, [(0, 0, 0, 0), *entries], strict=False):
        put(first[0] - before[0])
    for entry in entries:
        put(entry[3])
    for entry in entries:
        put(entry[2])
    for entry in entries:
        put(entry[1] + 1)
    return gzip.compress(bytes(out), mtime=0)


def _entries(raw: bytes) -> tuple[Entry, ...]:
    """Four columns of numbers of varying width: tiles as steps, runs, lengths, offsets (0: after the one before)."""
    at = 0

    def number() -> int:
        nonlocal at
        found = shift = 0
        while True:
            if at >= len(raw) or shift > 63:
                raise BadArchive("a directory is damaged")
            byte = raw[at]
            at += 1
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    count = number()
    if count > len(raw):
        raise BadArchive("a directory is damaged")
    tiles, last = [], 0
    for _ in range(count):
        last += number()
        tiles.append(last)
    runs = [number() for _ in range(count)]
    lengths = [number() for _ in range(count)]
    offsets: list[int] = []
    for place in range(count):
        offset = number()
        if offset:
            offsets.append(offset - 1)
        elif place:
            offsets.append(offsets[-1] + lengths[place - 1])
        else:
            raise BadArchive("a directory is damaged")
    return tuple(zip(tiles, offsets, lengths, runs, strict=True))
