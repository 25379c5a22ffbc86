"""The file formats. Each takes records batch by batch and holds no more than one."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import orjson

from webapp.opendata.geopackage import GeoPackage
from webapp.opendata.records import Record, feature
from webapp.opendata.schema import NAMES


class Writer(Protocol):
    """A file being written."""

    def __init__(self, path: Path) -> None: ...

    def add(self, records: Iterable[Record]) -> None:
        """Write these behind what is there."""

    def close(self) -> None:
        """End the file; it is whole then."""


class Csv:
    """RFC 4180 in UTF-8, with the mark by which spreadsheet programs know that it is UTF-8."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(NAMES)

    def add(self, records: Iterable[Record]) -> None:
        self._rows.writerows([_cell(value) for value in record.values()] for record in records)

    def close(self) -> None:
        self._file.close()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A spreadsheet program would run it as a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


class JsonLines:
    """One JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def add(self, records: Iterable[Record]) -> None:
        self._file.writelines(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)

    def close(self) -> None:
        self._file.close()


class GeoJson:
    """One FeatureCollection, a feature a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(b'{"type":"FeatureCollection","features":[')
        self._between = b"\n"

    def add(self, records: Iterable[Record]) -> None:
        for record in records:
            self._file.write(self._between + orjson.dumps(feature(record)))
            self._between = b",\n"

    def close(self) -> None:
        self._file.write(b"\n]}\n")
        self._file.close()


# name of the file -> (writer, media type), in the order of the page
FORMATS: dict[str, tuple[type[Writer], str]] = {
    "reports.csv": (Csv, "text/csv"),
    "reports.geojson": (GeoJson, "application/geo+json"),
    "reports.gpkg": (GeoPackage, "application/geopackage+sqlite3"),
    "reports.jsonl": (JsonLines, "application/x-ndjson"),
}
