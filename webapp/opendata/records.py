"""Public rows as records of the schema, names included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from webapp.core import clock
from webapp.core.instance import instance
from webapp.reports.catalogue import area_names, catalogue
from webapp.reports.privacy import PublicRow
from webapp.reports.queries import GROUP_OF
from webapp.units import queries as units

Record = dict[str, Any]


class Names:
    """Names by code, each looked up once: a country has few thousand for a million rows."""

    def __init__(self) -> None:
        self.areas: dict[str, str | None] = {}
        self.units: dict[str, str | None] = {}
        self.categories = {c.code: (c.name.get("vi", c.code), c.group) for c in catalogue().categories.values()}

    def learn(self, rows: Iterable[PublicRow]) -> None:
        """Look up what these rows name and is not known yet; at most two statements."""
        areas = {code for row in rows for code in (row.area_code, row.province_code) if code} - self.areas.keys()
        if areas:
            self.areas |= dict.fromkeys(areas) | area_names(areas)
        codes = {code for row in rows for code in (row.unit_code, row.supervisor_code) if code} - self.units.keys()
        if codes:
            found = {code: unit.name_vi for code, unit in units.by_codes(codes).items()}
            self.units |= dict.fromkeys(codes) | found


def records(rows: Sequence[PublicRow], names: Names) -> list[Record]:
    """The rows in the order and under the names of `schema.FIELDS`; times as texts."""
    names.learn(rows)
    base = instance().settings.public_url
    return [_record(row, names, base) for row in rows]


def _record(row: PublicRow, names: Names, base: str) -> Record:
    category, group = names.categories.get(row.category_code, (row.category_code, ""))
    return {
        "id": row.id,
        "url": f"{base}/cases/{row.id}",
        "category": row.category_code,
        "category_name": category,
        "group": group,
        "status": row.status,
        "stage": GROUP_OF[row.status],
        "overdue": row.overdue,
        "reported_at": written(row.reported_at),
        "updated_at": written(row.updated_at),
        "due_at": written(row.due_at) if row.due_at else None,
        "province": row.province_code,
        "province_name": names.areas.get(row.province_code or ""),
        "commune": row.area_code,
        "commune_name": names.areas.get(row.area_code or ""),
        "lon": round(row.lon, 6) if row.lon is not None else None,
        "lat": round(row.lat, 6) if row.lat is not None else None,
        "precision_m": row.precision_m,
        "unit": row.unit_code,
        "unit_name": names.units.get(row.unit_code or ""),
        "supervisor": row.supervisor_code,
        "supervisor_name": names.units.get(row.supervisor_code or ""),
        "text": row.text or None,
    }


@lru_cache(maxsize=100_000)  # full hours: a decade has fewer
def written(moment: datetime) -> str:
    """A time with Vietnam's offset, such as 2026-03-01T07:00:00+07:00 (RFC 3339)."""
    return clock.local(moment).isoformat(timespec="seconds")


def feature(record: Record) -> dict[str, Any]:
    """The record as a GeoJSON feature (RFC 7946)."""
    lon, lat = record["lon"], record["lat"]
    return {
        "type": "Feature",
        "id": record["id"],
        "geometry": {"type": "Point", "coordinates": [lon, lat]} if lon is not None else None,
        "properties": {name: value for name, value in record.items() if name not in ("lon", "lat")},
    }
