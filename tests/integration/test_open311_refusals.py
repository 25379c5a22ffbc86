"""Bad input at the door for programs: refused with 4xx, in the format asked for, in words, and nothing kept."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select

from webapp.reports.models import Photo, Report

V2 = "/open311/v2"
ENGLISH = {"Accept-Language": "en"}
GOOD = {"api_key": "demo", "service_code": "waste_household", "lat": "9.585", "long": "106.525"}
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    b"<service_requests><request>&c;&c;</request></service_requests>"
)
NINES = "9" * 5000


def errors(response: Any, ending: str) -> list[tuple[int, str]]:
    """(code, description) of an error body, which must have the format's type and shape."""
    if ending == "xml":
        assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
        root = ElementTree.fromstring(response.data)
        assert root.tag == "errors"
        pairs = [(error.findtext("code"), error.findtext("description")) for error in root.findall("error")]
    else:
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        pairs = [(error["code"], error["description"]) for error in response.json]
    assert pairs
    assert all(code and description for code, description in pairs)
    return [(int(code or 0), description or "") for code, description in pairs]


def refused(response: Any, ending: str, status: int, word: str) -> None:
    assert response.status_code == status, response.text[:300]
    assert response.headers["Cache-Control"] == "no-store"
    told = errors(response, ending)
    assert any(word in description for _, description in told), told


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_queries(client: Any, ending: str) -> None:
    for query, status, word in (
        ("per_page=1000000000", 400, "per_page"),
        ("per_page=0", 400, "per_page"),
        ("per_page=-1", 400, "per_page"),
        (f"page={NINES}", 400, "page"),
        ("page=1e3", 400, "page"),
        ("page=٣", 400, "page"),
        ("start_date=2026-03-02T00:00:00Z&end_date=2026-03-01T00:00:00Z", 400, "after end_date"),
        ("start_date=2025-01-01T00:00:00Z&end_date=2026-01-01T00:00:00Z", 400, "90 days"),
        ("start_date=yesterday", 400, "start_date"),
        ("start_date=2026-02-30", 400, "start_date"),
        ("start_date=2026-W01-1", 400, "start_date"),
        ("end_date=0001-01-01T00:00:00%2B14:00", 400, "end_date"),
        ("end_date=9999-12-31T23:59:59-14:00", 400, "end_date"),
        ("end_date=2026-01-01T00:00:00%2B99:99", 400, "end_date"),
        (f"start_date={NINES}", 400, "start_date"),
        ("status=new", 400, "status"),
        ("status=open,all", 400, "status"),
        ("service_code=nothing", 404, "nothing"),
        ("service_code=%00", 404, "service_code"),
        ("service_code=" + ",".join(map(str, range(3000))), 404, "service_code"),
        ("service_request_id=1%27%20OR%201=1", 400, "service_request_id"),
        ("service_request_id=%00", 400, "service_request_id"),
        ("service_request_id=" + ",".join(map(str, range(101))), 400, "at most 100"),
        ("jurisdiction_id=city.gov", 404, "city.gov"),
        (f"jurisdiction_id={'x' * 9000}", 404, "jurisdiction_id"),
    ):
        refused(client.get(f"{V2}/requests.{ending}?{query}", headers=ENGLISH), ending, status, word)


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_addresses_and_methods(client: Any, ending: str) -> None:
    for path in (
        f"services/nothing.{ending}",
        f"services/%00.{ending}",
        f"services/{'x' * 3000}.{ending}",
        f"services/a/b.{ending}",
        f"requests/0000000000.{ending}",
        f"requests/..%2f..%2fetc%2fpasswd.{ending}",
        f"tokens/0000000000.{ending}",
        f"nothing.{ending}",
        f"services.{ending}?jurisdiction_id=city.gov",
    ):
        refused(client.get(f"{V2}/{path}", headers=ENGLISH), ending, 404, "")
    for method, path, allowed in (
        ("DELETE", "requests", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("PUT", "requests/0000000000", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "services", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "discovery", {"GET", "HEAD", "OPTIONS"}),
    ):
        response = client.open(f"{V2}/{path}.{ending}", method=method, headers=ENGLISH)
        refused(response, ending, 405, "method")
        assert set(response.headers["Allow"].split(", ")) == allowed


def test_without_a_format_the_accept_header_decides(client: Any) -> None:
    for path in ("nothing", "services.yaml", "requests.jsonp", "discovery.html"):
        refused(client.get(f"{V2}/{path}", headers=ENGLISH), "json", 404, ".json or .xml")
        wish = ENGLISH | {"Accept": "text/xml"}
        refused(client.get(f"{V2}/{path}", headers=wish), "xml", 404, ".json or .xml")


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_fields(client: Any, session: Any, ending: str) -> None:
    for changes, status, word in (
        ({"api_key": None}, 403, "missing"),
        ({"api_key": ""}, 403, "missing"),
        ({"api_key": "wrong"}, 403, "wrong"),
        ({"api_key": "démo"}, 403, "wrong"),
        ({"jurisdiction_id": "city.gov"}, 404, "city.gov"),
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "nothing"),
        ({"service_code": "funeral"}, 404, "funeral"),  # a campaign: it cannot be reported
        ({"service_code": "x" * 9000}, 404, "service_code"),
        ({"lat": "106.525", "long": "9.585"}, 400, "swapped"),
        ({"lat": "NaN"}, 400, "lat, long"),
        ({"lat": "inf", "long": "-inf"}, 400, "lat, long"),
        ({"lat": "91", "long": "181"}, 400, "lat, long"),
        ({"lat": "1e400"}, 400, "lat, long"),
        ({"lat": None}, 400, "lat, long"),
        ({"long": ""}, 400, "lat, long"),
        ({"lat": None, "long": None}, 400, "lat, long"),
        ({"lat": None, "long": None, "address_id": "99999"}, 400, "address_id"),
        ({"address_id": "'"}, 400, "address_id"),
        ({"address_string": "x" * 301}, 400, "address_string"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"description": "x" * 900_000}, 400, "4000"),
        ({"email": "nobody"}, 400, "email"),
        ({"phone": "12"}, 400, "phone"),
        ({"first_name": "x" * 201}, 400, "first_name"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"media_url": "https://example.org/" + "x" * 500}, 400, "media_url"),
        ({"attribute[nothing]": "1"}, 400, "attribute[nothing]"),
        ({"attribute[observed_at]": "soon"}, 400, "attribute[observed_at]"),
        ({"attribute[observed_at]": "2999-01-01"}, 400, "future"),
        ({"client_id": "x" * 201}, 400, "client_id"),
    ):
        form = {name: value for name, value in (GOOD | changes).items() if value is not None}
        response = client.post(f"{V2}/requests.{ending}", data=form, headers=ENGLISH)
        refused(response, ending, status, word)
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_everything_that_is_wrong_is_told_at_once(client: Any) -> None:
    form = GOOD | {"service_code": "nothing", "lat": "x", "email": "y", "attribute[z]": "1"}
    told = errors(client.post(f"{V2}/requests.json", data=form, headers=ENGLISH), "json")
    assert sorted(d.split(":")[0].split(" ")[0] for _, d in told) == [
        "attribute[z]",
        "email",
        "lat,",
        "service_code",
    ]


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_bodies(client: Any, session: Any, ending: str) -> None:
    address = f"{V2}/requests.{ending}"
    form = "application/x-www-form-urlencoded"
    for body, kind, status in (
        (BOMB, "text/xml", 415),
        (BOMB, "application/xml", 415),
        (b"{" * 10_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"lat": NaN}', "application/json", 400),
        (b'{"description": {"a": "b"}}', "application/json", 400),
        (b'{"description": "\xff"}', "application/json", 400),
        (b'{"description": "%s"}' % (b"a" * 1_100_000), "application/json", 413),
        (b"{}", "application/json", 403),
        (b"a", "", 415),
        (BOMB, form, 403),
        (b"a" * 1_100_000, form, 413),
        (b"&" * 1_100_000, form, 413),
        (b"api_key=\xff\xfe", form, 403),
        (b"", form, 403),
        (b"nonsense", "multipart/form-data", 403),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", 403),
    ):
        response = client.post(address, data=body, content_type=kind, headers=ENGLISH)
        assert response.status_code == status, (kind, response.text[:200])
        errors(response, ending)
    fields = {f"f{number}": "x" for number in range(1100)}
    fields["media"] = (io.BytesIO(b"x"), "x.jpg")  # type: ignore[assignment]
    response = client.post(address, data=GOOD | fields, headers=ENGLISH)
    refused(response, ending, 413, "too large")
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_a_body_above_the_limit_of_the_instance(client: Any, app: Any) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 2000
    form = GOOD | {"media": (io.BytesIO(b"x" * 3000), "x.jpg")}
    refused(client.post(f"{V2}/requests.xml", data=form, headers=ENGLISH), "xml", 413, "too large")


def test_files_that_are_no_pictures(client: Any, session: Any) -> None:
    for data, name in ((b"", "empty.jpg"), (b"<svg/>", "a.svg"), (b"\xff\xd8\xff\xe0" + bytes(99), "cut.jpg")):
        form = GOOD | {"media": (io.BytesIO(data), name)}
        response = client.post(f"{V2}/requests.json", data=form, headers=ENGLISH)
        refused(response, "json", 400, name)
    assert session.scalar(select(func.count()).select_from(Report)) == 0
    assert session.scalar(select(func.count()).select_from(Photo)) == 0


def test_our_own_fault_is_told_in_their_format(
    client: Any, session: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from webapp.reports import service

    def breaks(_submission: Any) -> Any:
        raise RuntimeError("secret words")

    monkeypatch.setattr(service, "submit", breaks)
    response = client.post(f"{V2}/requests.xml", data=GOOD, headers=ENGLISH)
    refused(response, "xml", 500, "ours")
    assert "secret" not in response.text + caplog.text


def test_descriptions_speak_the_programs_language(client: Any) -> None:
    vietnamese = client.get(f"{V2}/requests.json?status=x&locale=vi").json[0]["description"]
    english = client.get(f"{V2}/requests.json?status=x&locale=en").json[0]["description"]
    assert english.startswith("status: only")
    assert vietnamese.startswith("status")
