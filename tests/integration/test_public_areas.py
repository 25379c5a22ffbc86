"""The map's own ground: outlines for everybody, small, kept long, and Vietnam's two archipelagos on every map."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from shapely.geometry import MultiPolygon, Polygon

from tests import factories
from webapp.areas.models import Area
from webapp.pages.public import outlines


def ground(session: Any) -> None:
    factories.duyen_hai()
    for area in session.query(Area):
        area.outline = area.boundary


def polygon(area: dict[str, Any], scale: int) -> MultiPolygon:
    """The shape back from its numbers, the way the map's script reads them."""
    rings = []
    for numbers in area["rings"]:
        x = y = 0
        ring = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x / scale, y / scale))
        rings.append(Polygon(ring))
    return MultiPolygon(rings)


def test_communes_of_a_province_come_with_its_own_outline(session: Any, client: Any) -> None:
    ground(session)
    body = client.get("/map/areas.json?level=commune&province=86").json
    assert [(a["level"], a["code"], a["name"]) for a in body["areas"]] == [
        ("province", "86", "Tỉnh Vĩnh Long"),
        ("commune", "29413", "Xã Long Hòa"),
        ("commune", "29512", "Phường Duyên Hải"),
    ]
    for area in body["areas"]:
        real = session.query(Area).filter_by(code=area["code"]).one().boundary
        assert polygon(area, body["scale"]).symmetric_difference(real).area < 1e-6


def test_the_country_and_a_box(session: Any, client: Any) -> None:
    ground(session)
    assert [a["code"] for a in client.get("/map/areas.json").json["areas"]] == ["86"]
    near = client.get("/map/areas.json?level=commune&bbox=106.5,9.5,106.55,9.6").json
    assert {a["code"] for a in near["areas"]} == {"29512", "29413"}  # the box goes outwards to quarter degrees
    assert client.get("/map/areas.json?level=commune&bbox=100,1,101,2").json["areas"] == []


def test_outlines_are_kept_long_and_sent_small(session: Any, client: Any) -> None:
    ground(session)
    address = "/map/areas.json?level=commune&province=86"
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Set-Cookie" not in plain.headers
    again = client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "max-age=3600" in plain.headers["Cache-Control"]
    version = outlines.version()
    assert "immutable" in client.get(f"{address}&v={version}").headers["Cache-Control"]
    assert "immutable" not in client.get(f"{address}&v=old").headers["Cache-Control"]
    # After an import there is a new version, and the old answer is not given any more.
    factories.square("29410", "Xã Hòa Minh", parent="86", lon=106.4, lat=9.9).outline = (
        session.query(Area).first().boundary
    )
    assert outlines.version() != version
    assert len(client.get(address).json["areas"]) == 4


def test_wrong_questions_are_refused_in_words(session: Any, client: Any) -> None:
    for query, parameter in (
        ("level=ward", "level"),
        ("level=commune", "level"),
        ("level=commune&bbox=100,5,110,20", "bbox"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=106,10,105,11", "bbox"),
        ("bbox=105,inf,106,11", "bbox"),
        ("bbox=179,10,181,11", "bbox"),
        ("level=commune&province=8x", "province"),
        ("level=commune&province=" + "1" * 99, "province"),
        ("zoom=3", "zoom"),
    ):
        answer = client.get(f"/map/areas.json?{query}")
        assert answer.status_code == 400, query
        assert answer.json["problems"][parameter], query


def test_the_archipelagos_are_on_the_map_whatever_is_imported(session: Any, client: Any) -> None:
    for imported in (False, True):
        if imported:
            ground(session)
        answer = client.get("/map", headers={"Accept-Language": "en"})
        found = re.search(r'<script type="application/json" id="map-config"[^>]*>(.*?)</script>', answer.text, re.S)
        assert found
        places = json.loads(found[1])["archipelagos"]
        assert [(p["name"], p["note"]) for p in places] == [
            ("Quần đảo Hoàng Sa", "TP. Đà Nẵng, Việt Nam"),
            ("Quần đảo Trường Sa", "tỉnh Khánh Hòa, Việt Nam"),
        ]
        assert all(110 < lon < 118 and 6 < lat < 18 for p in places for lon, lat in p["islands"])
