"""Programs of many makes at the door: how each really asks, in letters, headers and dates, and what it must get."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from defusedxml import ElementTree
from sqlalchemy import func, select

from tests.factories import duyen_hai, jpeg
from tests.integration.public_world import case
from webapp.core import clock
from webapp.reports.models import Photo, Report

V2 = "/open311/v2"
ENGLISH = {"Accept-Language": "en"}
GOOD = {"api_key": "demo", "service_code": "waste_household", "lat": "9.585", "long": "106.525", "description": "Rác"}
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def stored(session: Any, answer: Any) -> Report:
    assert answer.status_code == 200, answer.text
    one = answer.json[0]["service_request_id"]
    found = session.scalars(select(Report).where(Report.public_id == one)).one()
    assert isinstance(found, Report)
    return found


def count(session: Any, model: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(model)))


def test_the_example_of_the_specification_in_its_letters(client: Any, session: Any) -> None:
    """With our codes for its service and attributes, and nothing else changed."""
    body = (
        "api_key=demo&jurisdiction_id=vn&service_code=noise&lat=9.58524078&long=106.5212043"
        "&address_string=1234+5th+street&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456"
        "&first_name=john&last_name=smith&phone=111111111&description=A+large+sinkhole+is+destroying+the+street"
        "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2F2212426634_5ed477a060.jpg"
        "&attribute[observed_at]=2026-01-01T07:30:00Z&attribute[bypass_commune]=no"
    )
    now = clock.now().replace(microsecond=0) - timedelta(hours=1)
    body = body.replace("2026-01-01T07:30:00Z", f"{now:%Y-%m-%dT%H:%M:%SZ}")
    answer = client.post(f"{V2}/requests.xml", data=body, content_type=FORM)
    root = ElementTree.fromstring(answer.data)
    assert (answer.status_code, root.tag) == (200, "service_requests")
    assert {child.tag for child in root[0]} == {"service_request_id", "service_notice", "account_id"}
    report = session.scalars(select(Report)).one()
    assert report.public_id == root.findtext("request/service_request_id")
    assert report.observed_at == now
    assert report.description.startswith("A large sinkhole is destroying the street")


@pytest.mark.parametrize("where", ["body", "query"])
def test_an_object_in_json_is_a_form(client: Any, session: Any, where: str) -> None:
    """As httpie and the cities of Finland send it: numbers are numbers, attributes an object, a title beside it."""
    given: dict[str, Any] = {
        "service_code": "noise",
        "title": "Loa kẹo kéo",
        "description": "Ồn suốt đêm.",
        "lat": 9.585,
        "long": 106.525,
        "first_name": None,
        "attribute": {"bypass_commune": True},
        "media_url": ["https://example.org/1.jpg", "https://example.org/2.jpg"],
    }
    address = f"{V2}/requests.json"
    if where == "body":
        given["api_key"] = "demo"
    else:
        address += "?api_key=demo&jurisdiction_id=vn&extensions=citysdk"
    report = stored(session, client.post(address, json=given))
    assert (report.category_code, report.bypass_commune) == ("noise", True)
    assert report.location is not None
    assert report.location.y == 9.585
    assert report.description.startswith("Loa kẹo kéo\n\nỒn suốt đêm.\n\nmedia_url: https://example.org/1.jpg\n")


def test_a_page_of_another_site_sends_from_the_browser(client: Any, session: Any) -> None:
    origin = {"Origin": "https://example.org"}
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    before = client.options(f"{V2}/requests.json", headers=asked)
    assert before.status_code == 204
    assert before.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in before.headers["Access-Control-Allow-Methods"]
    assert "content-type" in before.headers["Access-Control-Allow-Headers"].lower()
    answer = client.post(f"{V2}/requests.json", json=GOOD, headers=origin)
    assert stored(session, answer).category_code == "waste_household"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = client.post(f"{V2}/requests.json", json={}, headers=origin)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (403, "*")


def test_lists_as_libraries_write_them(client: Any, session: Any) -> None:
    """PHP and Ruby put [] behind what is repeated, some JavaScript [0]."""
    fields = GOOD | {
        "media_url[]": ["https://example.org/1.jpg", "https://example.org/2.jpg"],
        "attribute[bypass_commune][0]": "yes",
    }
    report = stored(session, client.post(f"{V2}/requests.json", data=fields))
    assert report.bypass_commune
    assert report.description.count("media_url: https://") == 2
    assert "media_url" in client.post(f"{V2}/requests.json", data=fields, headers=ENGLISH).json[0]["service_notice"]


def test_pictures_under_any_name_are_kept(client: Any, session: Any) -> None:
    files = {"photo1": (io.BytesIO(jpeg(1)), "1.jpg"), "media[]": (io.BytesIO(jpeg(2)), "media.jpg")}
    stored(session, client.post(f"{V2}/requests.json", data=GOOD | files))
    assert count(session, Photo) == 2


@pytest.mark.parametrize(
    ("lat", "long"),
    [("9,585", "106,525"), ("9.58500000000001", "106.525"), (" 9.585 ", "+106.525"), ("٩.٥٨٥", "106.525")],
)
def test_numbers_as_phones_of_other_countries_write_them(client: Any, session: Any, lat: str, long: str) -> None:
    report = stored(session, client.post(f"{V2}/requests.json", data=GOOD | {"lat": lat, "long": long}))
    assert report.location is not None
    assert round(report.location.y, 6) == 9.585


def test_dates_as_programs_write_them(client: Any, session: Any) -> None:
    """All of them the same moment: what came before it is not in the answer."""
    duyen_hai()
    start = (clock.now() - timedelta(days=10)).replace(hour=5, minute=0, second=0, microsecond=0)
    before, after = (case(created_at=start + timedelta(hours=hours)).public_id for hours in (-2, 2))
    local = clock.local(start)
    for written in (
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
        f"{start:%Y-%m-%dt%H:%M:%Sz}",
        f"{start:%Y-%m-%dT%H:%MZ}",
        f"{start:%Y-%m-%dT%H:%M:%S}.000Z",
        f"{start:%Y-%m-%dT%H:%M:%S}.0000000Z",
        f"{start:%Y-%m-%dT%H:%M:%S}.123456789+00:00",
        f"{start:%Y-%m-%dT%H:%M:%S+00:00}",
        f"{start:%Y-%m-%dT%H:%M:%S+0000}",
        f"{start:%Y-%m-%dT%H:%M:%S 00:00}",
        f"{start:%Y-%m-%dT%H:%M:%S-00:00}",
        f"{local:%Y-%m-%dT%H:%M:%S+07:00}",
        f"{local:%Y-%m-%dT%H:%M:%S+07}",
        f"{local:%Y-%m-%dT%H:%M:%S}",
        f"{local:%Y-%m-%d %H:%M:%S}",
        f"{local:%Y-%m-%d %H:%M:%S +0700}",
        f"{local:%Y-%m-%d}",
    ):
        answer = client.get(f"{V2}/requests.json", query_string={"start_date": written}, headers=ENGLISH)
        assert answer.status_code == 200, (written, answer.text)
        found = [record["service_request_id"] for record in answer.json]
        assert after in found, written
        assert (before in found) == (written == f"{local:%Y-%m-%d}" and local.hour >= 2), written


def test_parameters_without_a_value_are_none(client: Any, session: Any) -> None:
    duyen_hai()
    case()
    names = (
        *("service_request_id", "service_code", "start_date", "end_date", "status", "jurisdiction_id"),
        *("page", "page_size", "per_page", "after", "api_key", "locale"),
    )
    plain = client.get(f"{V2}/requests.xml")
    assert plain.data == client.get(f"{V2}/requests.xml?" + "&".join(f"{name}=" for name in names)).data
    assert plain.data == client.get(f"{V2}/requests.xml?" + "&".join(f"{name}=+" for name in names)).data
    assert len(ElementTree.fromstring(plain.data)) == 1


def test_a_number_after_number_ends_with_an_empty_page(client: Any, session: Any) -> None:
    """As r311 and three read everything: page 1, 2, 3, until nothing comes."""
    duyen_hai()
    made = {case(created_at=clock.now() - timedelta(hours=hours)).public_id for hours in range(1, 8)}
    seen: list[str] = []
    for number in range(1, 10):
        rows = client.get(f"{V2}/requests.json", query_string={"page": number, "page_size": 3}).json
        if not rows:
            break
        seen += [row["service_request_id"] for row in rows]
    assert (number, len(seen), set(seen)) == (4, 7, made)


def test_without_an_ending_the_accept_header_says_the_format(client: Any, session: Any) -> None:
    for path in ("services", "services/noise", "requests", "servicerequestupdates", "discovery", "requests/0000000000"):
        for accept, kind in (
            ("application/json", "application/json"),
            ("text/xml", "text/xml"),
            ("application/xml;q=0.9,*/*;q=0.1", "text/xml"),
            ("*/*", "application/json"),
        ):
            answer = client.get(f"{V2}/{path}", headers={"Accept": accept})
            assert answer.status_code == (404 if path.endswith("0000000000") else 200)
            assert answer.mimetype == kind
            assert "Accept" in answer.headers["Vary"].split(", ")
            assert answer.data == client.get(f"{V2}/{path}.{kind[-4:].lstrip('/')}").data
    # An ending outweighs what is accepted.
    assert client.get(f"{V2}/services.xml", headers={"Accept": "application/json"}).mimetype == "text/xml"
    report = stored(session, client.post(f"{V2}/requests", data=GOOD, headers={"Accept": "application/json"}))
    assert report.category_code == "waste_household"


def test_a_slash_too_many_is_forgiven(client: Any, session: Any) -> None:
    for address in (f"{V2}/services.json/", f"{V2}/services/", V2, f"{V2}//services.json"):
        answer = client.get(f"{address}?locale=en")
        assert answer.status_code == 308, address
        assert answer.headers["Location"].endswith("?locale=en")
        assert client.get(f"{address}?locale=en", follow_redirects=True).status_code == 200
    again = client.post(f"{V2}/requests.json/", data=GOOD, follow_redirects=True)
    assert stored(session, again).description == "Rác"
    assert client.get(f"{V2}/nothing/").status_code == 404
    assert client.get(f"{V2}//evil.example//").status_code in {308, 404}


def test_head_says_what_get_would(client: Any, session: Any) -> None:
    duyen_hai()
    one = case().public_id
    for path in ("services.xml", "requests.json", f"requests/{one}.xml", "discovery", "requests/0000000000.json"):
        got, headed = client.get(f"{V2}/{path}"), client.head(f"{V2}/{path}")
        assert headed.data == b""
        assert headed.status_code == got.status_code
        for name in ("Content-Type", "Content-Length", "ETag", "Vary"):
            assert headed.headers.get(name) == got.headers.get(name), (path, name)


def test_an_answer_that_is_known_is_not_sent_again(client: Any, session: Any) -> None:
    duyen_hai()
    case()
    for path in ("services.json", "requests.xml", "servicerequestupdates.json", "discovery.xml"):
        first = client.get(f"{V2}/{path}")
        for tag in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"x", {first.headers["ETag"]}', "*"):
            again = client.get(f"{V2}/{path}", headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b""), (path, tag)


def test_what_is_said_twice_in_two_ways_is_refused(client: Any, session: Any) -> None:
    for query in ("start_date=2026-01-01&start_date=2026-01-02", "page=1&page=2", "page_size=5&page_size=6"):
        answer = client.get(f"{V2}/requests.json?{query}", headers=ENGLISH)
        assert answer.status_code == 400
        assert answer.json[0]["description"] == f"{query.partition('=')[0]}: one value only."
    assert client.get(f"{V2}/requests.json?page=1&page=1").status_code == 200
    assert client.get(f"{V2}/requests.json?jurisdiction_id=vn&jurisdiction_id=city.gov").status_code == 404
    for name, values in (("lat", ["9.585", "9.6"]), ("service_code", ["noise", "coal_ash"]), ("email", ["a@b", "c@d"])):
        answer = client.post(f"{V2}/requests.json", data=GOOD | {name: values}, headers=ENGLISH)
        assert answer.status_code == 400
        assert f"{name}: one value only." in [error["description"] for error in answer.json]
    assert count(session, Report) == 0


def test_another_method_is_not_put_into_a_header(client: Any, session: Any) -> None:
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        answer = client.get(f"{V2}/requests.json", query_string=GOOD, headers={name: "POST"})
        assert (answer.status_code, answer.json) == (200, [])
        answer = client.post(f"{V2}/requests.json?_method=GET", data={"_method": "GET"}, headers={name: "GET"})
        assert answer.status_code == 403
    assert count(session, Report) == 0


def test_a_cursor_is_for_one_question(client: Any, session: Any) -> None:
    duyen_hai()
    for hours in range(1, 6):
        case(created_at=clock.now() - timedelta(hours=hours))
    first = client.get(f"{V2}/requests.json?page_size=2")
    following = first.headers["Link"].partition(">")[0][1:].removeprefix("http://127.0.0.1:8000")
    assert len(client.get(following).json) == 2
    cursor = following.partition("after=")[2].partition("&")[0]
    for query in (
        f"after={cursor}&status=open",
        f"after={cursor}&service_code=noise",
        f"after={cursor}&end_date=2026-01-01",
        f"after={cursor[:-1]}",
        f"after={cursor}x",
        "after=WyJhIiwxLCJiIiwwXQ.aaaaaaaaaaaaaaaaaaaaaaaaaaa",
        f"after={'a' * 10_000}",
    ):
        assert client.get(f"{V2}/requests.json?{query}").status_code == 400, query
    updates = following.replace("requests.json", "servicerequestupdates.json")
    assert client.get(updates).status_code == 400
