"""A GeoPackage as the standard (OGC 12-128r19) wants it; the numbers are those of its requirements."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest
import shapely

from webapp.opendata import schema
from webapp.opendata.geopackage import GeoPackage


def record(number: int, lon: float | None, lat: float | None) -> dict[str, Any]:
    values: dict[str, Any] = {field.name: f"{field.name} {number}" for field in schema.FIELDS}
    times = ("reported_at", "updated_at")
    return values | dict.fromkeys(times, "2026-03-01T07:00:00+07:00") | {
        "due_at": None,
        "overdue": True,
        "lon": lon,
        "lat": lat,
        "precision_m": 100,
        "text": "Bãi rác “tự phát”; DROP TABLE reports --",
    }  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> sqlite3.Connection:
    made = GeoPackage(tmp_path / "x.gpkg")
    made.add([record(1, 106.5, 9.6), record(2, 105.8, 21.0)])
    made.add([record(3, None, None)])
    made.close()
    return sqlite3.connect(tmp_path / "x.gpkg")


def one(base: sqlite3.Connection, query: str) -> Any:
    return base.execute(query).fetchone()


def test_the_file_says_that_it_is_one(base: sqlite3.Connection, tmp_path: Path) -> None:
    raw = (tmp_path / "x.gpkg").read_bytes()
    assert raw[:16] == b"SQLite format 3\0"  # 1
    assert struct.unpack(">i", raw[68:72])[0] == 0x47504B47  # 2: "GPKG"
    assert struct.unpack(">i", raw[60:64])[0] == 10400
    assert one(base, "PRAGMA integrity_check") == ("ok",)  # 6
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []  # 7


def test_coordinate_systems_that_must_be_there(base: sqlite3.Connection) -> None:  # 10, 11
    rows = base.execute("SELECT srs_id, organization, organization_coordsys_id FROM gpkg_spatial_ref_sys").fetchall()
    assert set(rows) == {(4326, "EPSG", 4326), (-1, "NONE", -1), (0, "NONE", 0)}


def test_the_table_is_registered_with_its_extent(base: sqlite3.Connection) -> None:  # 13, 14, 21, 22-29
    kind, box = (
        one(base, "SELECT data_type, srs_id FROM gpkg_contents WHERE table_name = 'reports'"),
        one(base, "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents"),
    )
    assert kind == ("features", 4326)
    assert box == (105.8, 9.6, 106.5, 21.0)
    column = one(base, "SELECT table_name, column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns")
    assert column == ("reports", "geom", "POINT", 4326, 0, 0)


def test_columns_have_types_that_the_standard_knows(base: sqlite3.Connection) -> None:  # 5, 29, 30
    columns = {row[1]: row for row in base.execute("PRAGMA table_info(reports)")}
    assert (columns["fid"][2], columns["fid"][5]) == ("INTEGER", 1)
    assert columns["geom"][2] == "POINT"
    assert list(columns)[2:] == list(schema.NAMES)
    assert {row[2] for row in columns.values()} <= {"INTEGER", "POINT", "TEXT", "DOUBLE", "BOOLEAN", "DATETIME"}


def test_geometries_have_the_header_and_well_known_binary(base: sqlite3.Connection) -> None:  # 19
    blobs = dict(base.execute("SELECT fid, geom FROM reports"))
    magic, version, flags, srs = struct.unpack("<2sBBi", blobs[1][:8])
    assert (magic, version, srs) == (b"GP", 0, 4326)
    assert flags == 0b00000001  # standard type, not empty, no envelope, little endian
    assert [shapely.from_wkb(blobs[n][8:]).coords[0] for n in (1, 2)] == [(106.5, 9.6), (105.8, 21.0)]
    assert blobs[3] is None


def test_values_are_kept_and_times_are_utc(base: sqlite3.Connection) -> None:
    row = one(base, "SELECT overdue, reported_at, due_at, text, precision_m FROM reports WHERE fid = 2")
    assert row == (1, "2026-03-01T00:00:00.000Z", None, "Bãi rác “tự phát”; DROP TABLE reports --", 100)


def test_a_country_without_cases_is_a_valid_file(tmp_path: Path) -> None:
    GeoPackage(tmp_path / "empty.gpkg").close()
    base = sqlite3.connect(tmp_path / "empty.gpkg")
    assert one(base, "SELECT min_x, max_y FROM gpkg_contents") == (None, None)
    assert one(base, "SELECT count(*) FROM reports") == (0,)
