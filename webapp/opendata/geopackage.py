"""Writing a GeoPackage (OGC 12-128r19, version 1.4): an SQLite file that every GIS opens.

Only what one table of points needs: the three tables that the standard requires, its application id, and
geometries as its header with well-known binary. No R-tree: that is an extension, which readers add by themselves.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from webapp.opendata import schema
from webapp.opendata.records import Record

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10400
TABLE, GEOMETRY = "reports", "geom"
# Little-endian header without an envelope, srs 4326, and a WKB point in the same byte order.
_POINT = struct.Struct("<2sBBiBIdd")
_TYPES = {
    schema.STRING: "TEXT",
    schema.INTEGER: "INTEGER",
    schema.NUMBER: "DOUBLE",
    schema.BOOLEAN: "BOOLEAN",
    schema.DATETIME: "DATETIME",
}
# The definitions of the coordinate systems that must be there (requirement 11).
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84),
    ("Undefined cartesian", -1, "NONE", -1, "undefined"),
    ("Undefined geographic", 0, "NONE", 0, "undefined"),
)
_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


class GeoPackage:
    """A writer of `writers.FORMATS`: the cases as points."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        run = self._base.execute
        # The file is thrown away if this process dies, so nothing needs to be safe before the end.
        run("PRAGMA journal_mode=OFF")
        run("PRAGMA synchronous=OFF")
        run("PRAGMA cache_size=-8192")
        run(f"PRAGMA application_id={APPLICATION_ID}")
        run(f"PRAGMA user_version={USER_VERSION}")
        self._base.executescript(_TABLES)
        columns = ", ".join(f'"{f.name}" {_TYPES[f.kind]}{" NOT NULL" if f.required else ""}' for f in schema.FIELDS)
        run(f"CREATE TABLE {TABLE} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {GEOMETRY} POINT, {columns})")
        places = ", ".join("?" * (len(schema.FIELDS) + 1))
        names = ", ".join(f'"{name}"' for name in schema.NAMES)
        self._insert = f"INSERT INTO {TABLE} ({GEOMETRY}, {names}) VALUES ({places})"  # noqa: S608
        self._box = [180.0, 90.0, -180.0, -90.0]
        run("BEGIN")

    def add(self, records: Iterable[Record]) -> None:
        self._base.executemany(self._insert, map(self._row, records))

    def close(self) -> None:
        run = self._base.execute
        insert = "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)"
        self._base.executemany(insert, _SYSTEMS)
        box = self._box if self._box[0] <= self._box[2] else [None] * 4
        run(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id) "
            "VALUES (?, 'features', ?, ?, ?, ?, ?, 4326)",
            (TABLE, TABLE, *box),
        )
        run("INSERT INTO gpkg_geometry_columns VALUES (?, ?, 'POINT', 4326, 0, 0)", (TABLE, GEOMETRY))
        run("COMMIT")
        self._base.close()

    def _row(self, record: Record) -> list[object]:
        lon, lat = record["lon"], record["lat"]
        point = None
        if lon is not None and lat is not None:
            point = _POINT.pack(b"GP", 0, 0b1, 4326, 1, 1, lon, lat)
            west, south, east, north = self._box
            self._box = [min(west, lon), min(south, lat), max(east, lon), max(north, lat)]
        values = [point, *record.values()]
        for at in _TIMES:
            values[at] = _utc(values[at]) if values[at] else None
        return values


_TIMES = tuple(at for at, field in enumerate(schema.FIELDS, 1) if field.kind == schema.DATETIME)
_known: dict[object, str] = {}


def _utc(written: object) -> str:
    """The standard knows DATETIME in UTC only (requirement 5)."""
    found = _known.get(written)
    if found is None:
        moment = datetime.fromisoformat(str(written)).astimezone(UTC)
        if len(_known) > 100_000:
            _known.clear()
        found = _known[written] = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return found
