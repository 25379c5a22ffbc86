"""Whoever means harm at an address for programs: refused in the format asked for, in few words, at little cost.

Beside the tests of each door, which say what is right to ask.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from defusedxml import ElementTree

from tests import factories
from tests.integration.public_world import case, counted_statements, on_the_map

JSON, PROBLEM, XML, HTML = "application/json", "application/problem+json", "text/xml", "text/html"
NINES = "9" * 400
# What is no number wherever one is asked for, raw or escaped as an address has it.
NO_NUMBER = ("-1", "1e3", "0x10", "1_0", "NaN", "Infinity", "%D9%A3", "%EF%BC%93", "1.5", "%2B5", "%00", NINES, "1%0A2")
BOXES = (
    "170,-10,-170,10",  # across the date line
    "107,10,105,9",  # inside out
    "105,10,107,9",
    "105,9,105,10",  # nothing in it
    "105,9,107",
    "105,9,107,10,11",
    ",,,",
    "nan,9,107,10",
    "-inf,-inf,inf,inf",
    "1e400,9,107,10",
    "1_05,9,107,10",
    "%D9%A1,9,107,10",
    "-181,9,107,10",
    "105,-91,107,10",
    "105;9;107;10",
    "105%00,9,107,10",
    "0" * 5000,
)
DAYS = ("2026-02-30", "2026-13-01", "0000-00-00", "9999-12-31", "1999-12-31", "2026-W01-1", "20260101", "now", "%00")
NO_CODE = ("%00", "..%2f..", "%27%20OR%201=1", "x" * 5000, "%ff%fe", "%F0%9F%92%A9", "[]", "{}")
TILE = "/map/tiles/5/25/15.json"


@pytest.fixture
def town(session: Any) -> str:
    factories.duyen_hai()
    public_id = case().public_id
    on_the_map()
    session.commit()
    return public_id


def refused(client: Any, address: str, kinds: tuple[str, ...], statuses: tuple[int, ...] = (400,)) -> None:
    """The address is refused, shortly, readably, and without asking the database much."""
    with counted_statements() as sent:
        answer = client.get(address)
    assert answer.status_code in statuses, (address[:200], answer.status_code, answer.text[:200])
    assert answer.mimetype in kinds, (address[:200], answer.mimetype)
    assert len(sent) <= 4, (address[:200], sent)
    if HTML not in kinds:
        assert len(answer.data) < 3000, address[:200]
    if answer.mimetype in (JSON, PROBLEM):
        assert answer.json
    elif answer.mimetype == XML:
        assert ElementTree.fromstring(answer.data).tag == "errors"


def tiles() -> Iterator[str]:
    for bad in NO_NUMBER:
        yield f"/map/tiles/{bad}/0/0.json"
        yield f"/map/tiles/5/{bad}/15.json"
        yield f"/map/tiles/5/25/{bad}.json"
    for out in ("21/0/0", "99/0/0", "0/1/0", "0/0/1", "5/32/15", "5/25/32", "20/1048576/0"):
        yield f"/map/tiles/{out}.json"


def test_tiles_that_there_are_not(client: Any, town: str) -> None:
    for address in tiles():
        refused(client, address, (JSON,), (404,))


FILTERED = (TILE, "/map/shades.json", "/map/months.json", "/api/v1/reports")


@pytest.mark.parametrize("door", FILTERED)
def test_filters_that_there_are_not(client: Any, town: str, door: str) -> None:
    kinds = (PROBLEM,) if door.startswith("/api") else (JSON,)
    for name in ("category", "group", "status"):
        for bad in (*NO_CODE, "nothing", "noise,odour", "*"):
            refused(client, f"{door}?{name}={bad}", kinds)
    for bad in NO_CODE:
        refused(client, f"{door}?unit={bad}", kinds)
    for bad in DAYS:
        refused(client, f"{door}?from={bad}", kinds)
        refused(client, f"{door}?to={bad}", kinds)
    for query in (
        "from=2026-02-01&to=2026-01-01",
        "category=noise&category=noise",
        "Category=noise",
        "category[]=noise",
        "nothing=1",
        "%00=1",
        "%ff=%ff",
        "&".join(f"p{n}=1" for n in range(30)),
    ):
        refused(client, f"{door}?{query}", kinds)


def test_boxes_that_there_are_not(client: Any, town: str) -> None:
    for box in BOXES:
        refused(client, f"/api/v1/reports?bbox={box}", (PROBLEM,))
        refused(client, f"/map/areas.json?level=commune&bbox={box}", (JSON,))
        refused(client, f"/map/list?bbox={box}", (HTML,))
    for query in ("level=commune&bbox=-180,-90,180,90", "level=commune", "level=x", "level=province&level=commune"):
        refused(client, f"/map/areas.json?{query}", (JSON,))


def test_more_than_there_can_be(client: Any, town: str) -> None:
    for bad in (*NO_NUMBER, "0", "1000000000", "1001"):
        refused(client, f"/api/v1/reports?limit={bad}", (PROBLEM,))
        for kind, ending in ((JSON, "json"), (XML, "xml")):
            for path in ("requests", "servicerequestupdates"):
                refused(client, f"/open311/v2/{path}.{ending}?page_size={bad}", (kind,))
    for bad in (*NO_NUMBER, "0", "1000000000"):
        refused(client, f"/open311/v2/requests.json?page={bad}", (JSON,))
    ids = ",".join(f"{n:010d}" for n in range(101))
    refused(client, f"/open311/v2/servicerequestupdates.xml?service_request_id={ids}", (XML,))


def test_cursors_that_nobody_gave_out(client: Any, town: str) -> None:
    for bad in (*NO_CODE, *NO_NUMBER, town, "WyIiLDAsIiIsMF0.x", "a.b.c", ".", "a" * 400):
        refused(client, f"/api/v1/reports?cursor={bad}", (PROBLEM,))
        refused(client, f"/open311/v2/requests.json?after={bad}", (JSON,))
        refused(client, f"/open311/v2/servicerequestupdates.xml?after={bad}", (XML,))
        if bad != town:
            refused(client, f"/map/list?bbox=105,9,107,11&after={bad}", (HTML,))


def test_what_there_is_not(client: Any, town: str) -> None:
    for bad in (*NO_CODE, *NO_NUMBER, "nothing"):
        named = bad.replace("..%2f..", "..")
        refused(client, f"/api/v1/reports/{named}", (PROBLEM,), (404,))
        for ending, kind in (("json", JSON), ("xml", XML)):
            for path in ("requests", "tokens", "services"):
                refused(client, f"/open311/v2/{path}/{named}.{ending}", (kind,), (400, 404))
        for path in (
            f"/feeds/commune/{named}.atom",
            f"/feeds/province/{named}.atom",
            f"/feeds/case/{named}.atom",
            f"/sitemaps/{named}.xml",
            f"/map/cases/{named}",
            f"/photos/{named}.webp",
            f"/open-data/{named}/reports.csv",
            f"/open-data/latest/{named}",
        ):
            assert client.get(path).status_code in {400, 404}, path


def test_bodies_meant_to_grow(client: Any, town: str) -> None:
    """Entities that multiply, objects in objects, forms of a hundred thousand fields."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{entities}]><l>&l9;</l>'.encode()
    outside = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    for ending, kind in (("json", JSON), ("xml", XML)):
        for body, sent_as in (
            (laughs, "text/xml"),
            (laughs, "application/xml; charset=utf-7"),
            (outside, "application/soap+xml"),
            (laughs, "application/x-www-form-urlencoded"),
            (b"[" * 900_000, "application/json"),
            (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "application/json"),
            (b'{"lat":' + b"9" * 900_000 + b"}", "application/json"),
            (b"a=1&" * 250_000, "application/x-www-form-urlencoded"),
            (b"\x1f\x8b" + b"\0" * 1000, "application/gzip"),
            (b"--x\r\n" * 100_000, "multipart/form-data; boundary=x"),
            (b"", "multipart/form-data; boundary=" + "x" * 5000),
        ):
            with counted_statements() as sent:
                answer = client.post(f"/open311/v2/requests.{ending}", data=body, content_type=sent_as)
            assert 400 <= answer.status_code < 500, (sent_as, answer.status_code)
            assert answer.mimetype == kind
            assert "root:" not in answer.text
            assert len(answer.data) < 3000
            assert len(sent) <= 4


def test_headers_meant_to_break(client: Any, town: str) -> None:
    """Whatever is in them, the answer is the same as without, or a refusal."""
    for name, value in (
        ("Accept", "application/json;q=NaN, */*;q=9e999, ;;;,,,"),
        ("Accept", "x" * 5000),
        ("Accept-Language", "vi;q=-1, \u00ff;q=inf, *;q=" + NINES),
        ("Accept-Encoding", "gzip;q=1e9, \u00ff"),
        ("If-None-Match", '"' + "x" * 5000),
        ("If-None-Match", "W/,,,\u00ff"),
        ("If-Modified-Since", "yesterday"),
        ("Range", "bytes=-999999999999999999999"),
        ("Range", "bytes=" + ",".join("0-1" for _ in range(500))),
        ("Content-Type", "multipart/form-data; boundary="),
        ("Content-Length", "-5"),
        ("Transfer-Encoding", "identity, chunked"),
        ("X-Forwarded-For", "' OR 1=1, ::::, \u00ff"),
        ("X-Forwarded-Proto", "javascript"),
        ("Cookie", "session=\u00ff\u00fe; lang=%00; ="),
        ("Authorization", "Basic \u00ff\u00ff"),
        ("Idempotency-Key", "\u00ff" * 150),
        ("X-HTTP-Method-Override", "DELETE"),
    ):
        for address in (TILE, "/api/v1/reports", "/open311/v2/requests.xml", "/feeds/new.atom", "/sitemap.xml"):
            answer = client.get(address, headers={name: value})
            assert answer.status_code in {200, 304}, (address, name, answer.status_code)


def test_methods_that_there_are_not(client: Any, town: str) -> None:
    for address, kind in (
        ("/api/v1/reports", PROBLEM),
        (f"/api/v1/reports/{town}", PROBLEM),
        ("/open311/v2/services.json", JSON),
        (f"/open311/v2/requests/{town}.xml", XML),
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = client.open(address, method=method, data={"file": (io.BytesIO(b"x"), "x")})
            assert (answer.status_code, answer.mimetype) == (405, kind)
            assert "GET" in answer.headers["Allow"]
    for address in (TILE, "/map/shades.json", "/feeds/new.atom", "/sitemap.xml", "/open-data/dictionary.json"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            assert client.open(address, method=method).status_code == 405, (method, address)


def test_addresses_in_strange_letters(client: Any, session: Any) -> None:
    for path in (
        "%00",
        "%ff",
        "%c0%ae%c0%ae",
        "%2e%2e/%2e%2e",
        "\\..\\",
        "%E2%80%AE",
        ";a=b",
        "%0d%0aX: y",
        "x" * 4000,
    ):
        for door in ("/api/v1/", "/open311/v2/", "/georeport/v2/requests/", "/map/tiles/", "/feeds/", "/cases/"):
            answer = client.get(door + path)
            assert 300 <= answer.status_code < 500, (door, path)
            assert "X" not in answer.headers
            assert quote("\r\n") not in answer.headers.get("Location", "")
