"""Reading tiles out of a PMTiles file, and refusing files that are none or that lie about themselves."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.pmtiles import GZIP, HEADER, Archive, BadArchive, Entry, pack, tile_number

PNG, MVT = 2, 1


def archive(
    path: Path, tiles: dict[tuple[int, int, int], bytes], *, leaf: bool = False, kind: int = PNG, zooms: int = 14
) -> Path:
    """An archive of these tiles; with `leaf`, their directory lies below another."""
    entries: list[Entry] = []
    data = b""
    for number, body in sorted((tile_number(*tile), body) for tile, body in tiles.items()):
        entries.append((number, len(data), len(body), 1))
        data += body
    directory = pack(entries)
    leaves = directory if leaf else b""
    root = pack([(0, 0, len(leaves), 0)]) if leaf else directory
    at = HEADER.size + len(root)
    head = HEADER.pack(
        b"PMTiles\x03", HEADER.size, len(root), at, 0, at, len(leaves), at + len(leaves), len(data),
        len(tiles), len(tiles), len(tiles), 1, GZIP, 1, kind, 0, zooms,
    )  # fmt: skip
    path.write_bytes(head + root + leaves + data)
    return path


def test_tiles_have_the_numbers_of_the_specification() -> None:
    known = {(0, 0, 0): 0, (1, 0, 0): 1, (1, 0, 1): 2, (1, 1, 1): 3, (1, 1, 0): 4, (2, 0, 0): 5}
    assert {tile: tile_number(*tile) for tile in known} == known
    assert tile_number(12, 3423, 1763) == 19078479


@given(st.integers(1, 6))
def test_each_zoom_is_a_walk_through_neighbours(z: int) -> None:
    at = {tile_number(z, x, y): (x, y) for x, y in itertools.product(range(1 << z), repeat=2)}
    assert sorted(at) == list(range(min(at), min(at) + 4**z))
    for number in sorted(at)[1:]:
        (x, y), (before_x, before_y) = at[number], at[number - 1]
        assert abs(x - before_x) + abs(y - before_y) == 1


@pytest.mark.parametrize("leaf", [False, True])
def test_tiles_come_back_as_they_went_in(tmp_path: Path, leaf: bool) -> None:
    tiles = {(z, x, y): f"{z}/{x}/{y}".encode() for z in range(4) for x in range(1 << z) for y in range(0, 1 << z, 2)}
    found = Archive(archive(tmp_path / "a.pmtiles", tiles, leaf=leaf, zooms=3))
    assert found.mimetype == "image/png"
    for z in range(4):
        for x, y in itertools.product(range(1 << z), repeat=2):
            assert found.tile(z, x, y) == tiles.get((z, x, y))
    for beyond in ((4, 0, 0), (3, 8, 0), (3, -1, 0), (30, 0, 0)):
        assert found.tile(*beyond) is None
    found.close()


def test_what_is_no_archive_of_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pmtiles"
    for bad in (b"", b"PMTiles\x02" + bytes(200), b"PK\x03\x04" + bytes(200)):
        path.write_bytes(bad)
        with pytest.raises(BadArchive):
            Archive(path)
    with pytest.raises(BadArchive, match="cannot be read"):
        Archive(tmp_path / "none")
    with pytest.raises(BadArchive, match="raster"):
        Archive(archive(path, {(0, 0, 0): b"x"}, kind=MVT))


@given(cut=st.integers(0, 400), flip=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_damaged_file_is_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, byte: int
) -> None:
    path = archive(tmp_path_factory.mktemp("d") / "a.pmtiles", {(1, 0, 0): b"one", (1, 1, 1): b"two"}, leaf=True)
    raw = bytearray(path.read_bytes())
    raw[flip % len(raw)] = byte
    path.write_bytes(raw[: max(0, len(raw) - cut % 40)])
    try:
        opened = Archive(path)
        for tile in ((1, 0, 0), (1, 1, 1), (0, 0, 0)):
            opened.tile(*tile)
        opened.close()
    except BadArchive:
        pass


def test_a_directory_that_unpacks_without_end_is_cut_short(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.pmtiles", {(0, 0, 0): b"x"})
    raw = bytearray(path.read_bytes())
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    head = list(HEADER.unpack(raw[: HEADER.size]))
    head[2] = len(bomb)
    path.write_bytes(HEADER.pack(*head) + bomb)
    with pytest.raises(BadArchive):
        Archive(path)
