"""The door for programs: what other people's clients ask for and get, in both formats."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from sqlalchemy import select

from tests.factories import duyen_hai, jpeg
from webapp.areas.models import Area
from webapp.areas.queries import forget_caches
from webapp.core import clock
from webapp.core.events import SYSTEM, Actor
from webapp.core.instance import instance
from webapp.reports import lifecycle, service
from webapp.reports.models import Category, Contact, Photo, Report

V2 = "/open311/v2"
DUYEN_HAI = {"lat": "9.585", "long": "106.525"}
ENGLISH = {"Accept-Language": "en"}
FIELDS = {
    *("service_request_id", "status", "status_notes", "service_name", "service_code", "description"),
    *("agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime"),
    *("address", "address_id", "zipcode", "lat", "long", "media_url"),
}


def post(client: Any, ending: str = "json", prefix: str = V2, **fields: Any) -> Any:
    """Send a report; `fields` over a good one, None leaves a field out."""
    form = {"api_key": "demo", "service_code": "waste_household", "description": "Đống rác bên đường"}
    form |= DUYEN_HAI | fields
    kept = {name: value for name, value in form.items() if value is not None}
    return client.post(f"{prefix}/requests.{ending}", data=kept, headers=ENGLISH)


def posted_id(client: Any, **fields: Any) -> str:
    response = post(client, **fields)
    assert response.status_code == 200, response.text
    return str(response.json[0]["service_request_id"])


def get(client: Any, path: str, **query: Any) -> Any:
    return client.get(f"{V2}/{path}", query_string=query, headers=ENGLISH)


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [record["service_request_id"] for record in response.json]


def report(session: Any, public_id: str) -> Report:
    found = session.scalars(select(Report).where(Report.public_id == public_id)).one()
    assert isinstance(found, Report)
    return found


def as_json(element: ElementTree.Element) -> Any:
    """XML turned into JSON by the specification's rule: children of lists lose their name."""
    lists = {"services", "attributes", "values", "service_requests", "errors", "endpoints", "formats"}
    if element.tag in lists | {"service_requests_updates"}:
        return [as_json(child) for child in element]
    return {child.tag: as_json(child) for child in element} if len(element) else element.text


def flat(value: Any) -> Any:
    """JSON with every scalar as XML would write it."""
    if isinstance(value, dict):
        return {name: flat(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [flat(inner) for inner in value]
    return value if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def live(app: Any) -> Iterator[str]:
    """The application behind a real server; gives its address."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.mark.parametrize("output_format", ["json", "xml"])
def test_georeport_client_reads_back_what_was_posted(
    live: str, session: Any, run_jobs: Any, output_format: str
) -> None:
    """The client from PyPI, unchanged, against a real server."""
    import requests
    from georeport import GeoReport

    known = GeoReport(f"{live}{V2}", output_format=output_format)
    services = known.get_service_list()
    codes = {s["service_code"] for s in services}
    assert codes == set(session.scalars(select(Category.code).where(Category.reportable)))
    session.commit()  # the server writes on a connection of its own
    definition = known.get_service_definition("waste_household")
    assert definition["service_code"] == "waste_household"

    form = {"api_key": "demo", "service_code": "waste_household", "description": "Rác"} | DUYEN_HAI
    created = requests.post(f"{live}{V2}/requests.json", data=form, timeout=20)
    request_id = created.json()[0]["service_request_id"]
    before = known.get_service_request(request_id)
    assert (before["service_request_id"], before["status"], before["lat"]) == (request_id, "open", None)

    run_jobs()
    after = known.get_service_request(request_id)
    assert after["service_code"] == "waste_household"
    assert (float(after["lat"]), float(after["long"])) == (9.585, 106.525)
    again = known.get_service_requests(service_code="waste_household", status="open")
    assert (again[0] if isinstance(again, list) else again)["service_request_id"] == request_id


@pytest.mark.parametrize("prefix", ["/open311/v2", "/georeport/v2"])
def test_both_formats_say_the_same(client: Any, session: Any, run_jobs: Any, prefix: str) -> None:
    one = posted_id(client, prefix=prefix)
    run_jobs()
    for path in (
        "discovery",
        "services",
        "services/sand_river",
        "requests",
        f"requests/{one}",
        f"tokens/{one}",
        "servicerequestupdates",
        "requests/none",
        "nothing",
    ):
        in_json = client.get(f"{prefix}/{path}.json", headers=ENGLISH)
        in_xml = client.get(f"{prefix}/{path}.xml", headers=ENGLISH)
        assert in_json.headers["Content-Type"] == "application/json; charset=utf-8"
        assert in_xml.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert in_json.status_code == in_xml.status_code
        root = ElementTree.fromstring(in_xml.data)
        spoken = as_json(root)
        if root.tag == "discovery":
            spoken["endpoints"] = [dict(endpoint) for endpoint in spoken["endpoints"]]
        assert _without_empty_lists(spoken) == _without_empty_lists(flat(in_json.json)), path


def _without_empty_lists(value: Any) -> Any:
    """An empty element is both an empty list and nothing."""
    if isinstance(value, dict):
        return {name: _without_empty_lists(inner) or None for name, inner in value.items()}
    return [_without_empty_lists(inner) for inner in value] if isinstance(value, list) else value


def test_answers_have_the_types_of_the_published_schemas(client: Any, run_jobs: Any) -> None:
    """Required fields, types and enumerations of the specification's JSON schemas."""
    one = posted_id(client)
    run_jobs()
    for listed in get(client, "services.json").json:
        assert isinstance(listed["metadata"], bool)
        assert listed["type"] == "realtime"
        assert all(isinstance(listed[n], str) for n in ("service_code", "service_name", "keywords", "group"))
    attributes = get(client, "services/sand_river.json").json["attributes"]
    assert [a["order"] for a in attributes] == list(range(1, len(attributes) + 1))
    assert {a["datatype"] for a in attributes} <= {"text", "datetime", "string", "singlevaluelist"}
    assert all(isinstance(a["variable"], bool) and isinstance(a["required"], bool) for a in attributes)
    assert [a["code"] for a in attributes if a["variable"]] == ["observed_at", "bypass_commune"]
    assert [a["code"] for a in attributes if not a["variable"]] == ["warning", "evidence"]
    record = get(client, f"requests/{one}.json").json[0]
    assert set(record) == FIELDS
    assert isinstance(record["lat"], float)
    assert record["requested_datetime"].endswith("+07:00")


def test_a_report_is_stored_whole_and_its_sender_sealed(client: Any, session: Any) -> None:
    response = post(
        client,
        first_name="Kiểm",
        last_name="Thử",
        email="thu@example.org",
        phone="0900 000 000",
        address_string="Cạnh cầu",
        media_url="https://example.org/a.jpg",
        account_id="77",
        **{"attribute[observed_at]": (clock.now() - timedelta(days=1)).isoformat()},
    )
    created = response.json[0]
    assert set(created) == {"service_request_id", "service_notice", "account_id"}
    assert response.headers["Cache-Control"] == "no-store"
    stored = report(session, created["service_request_id"])
    assert (stored.channel, stored.status, stored.lang) == ("open311", "new", "en")
    assert stored.location is not None
    assert (stored.location.x, stored.location.y) == (106.525, 9.585)
    assert stored.place_text == "Cạnh cầu"
    assert stored.observed_at is not None
    assert stored.description == "Đống rác bên đường\n\nmedia_url: https://example.org/a.jpg"
    sealed = session.scalars(select(Contact.sealed).where(Contact.report_id == stored.id)).one()
    assert b"thu@example.org" not in sealed
    assert orjson.loads(instance().identity.open(sealed)) == {
        "contact_name": "Thử Kiểm",
        "contact_phone": "0900 000 000",
        "contact_email": "thu@example.org",
    }


def test_the_notice_holds_a_tracking_code_that_opens_the_report(client: Any, session: Any) -> None:
    created = post(client).json[0]
    code = "".join(c for c in created["service_notice"].partition(".")[0] if c.isdigit())
    found = service.by_code(code)
    assert found is not None
    assert found.public_id == created["service_request_id"]
    assert client.get(f"/r/{code}").status_code == 200


def test_pictures_come_as_media(client: Any, session: Any, run_jobs: Any) -> None:
    import io

    data = jpeg()
    one = posted_id(client, media=[(io.BytesIO(data), "a.jpg"), (io.BytesIO(data), "again.jpg")])
    photo = session.scalars(select(Photo).join(Report).where(Report.public_id == one)).one()
    run_jobs()
    session.refresh(photo)
    assert photo.state == "clean"
    assert get(client, f"requests/{one}.json").json[0]["media_url"] is None  # nobody has let it out
    service.publish(report(session, one), Actor("front"), text="Có rác", photo_ids={photo.id}, answer_ids=set())
    record = get(client, f"requests/{one}.json").json[0]
    assert record["description"] == "Có rác"
    assert record["media_url"] == f"http://127.0.0.1:8000/photos/{photo.public_id}.webp"
    assert client.get(f"/photos/{photo.public_id}.webp").status_code == 200


def test_the_same_client_id_is_the_same_report(client: Any, session: Any) -> None:
    first, second = post(client, client_id="ticket 7"), post(client, client_id="ticket 7", description="X")
    assert first.json == second.json
    assert posted_id(client) != posted_id(client)
    assert len(session.scalars(select(Report.id)).all()) == 3


def test_another_programs_client_id_is_another_report(client: Any, app: Any, session: Any) -> None:
    """Whoever guesses a ticket number must not be given somebody else's tracking code."""
    import dataclasses

    here = app.extensions["dgs"]
    more = dataclasses.replace(here.settings, open311_keys=("demo", "other"))
    app.extensions["dgs"] = dataclasses.replace(here, settings=more)
    assert posted_id(client, client_id="7") != posted_id(client, client_id="7", api_key="other")


def test_before_it_is_public_the_id_gives_only_the_least(client: Any, session: Any, run_jobs: Any) -> None:
    """A sensitive report stays hidden for days; its poster finds it, and nobody learns more than they said."""
    duyen_hai()  # the category is shown by commune
    one = posted_id(client, service_code="sand_river", description="Ghe hút cát")
    for step in ("before routing", "after routing"):
        for response in (get(client, f"requests/{one}.json"), get(client, "requests.json", service_request_id=one)):
            assert ids(response) == [one], step
            told = {name for name, value in response.json[0].items() if value is not None}
            assert told == {
                "service_request_id",
                "status",
                "service_code",
                "service_name",
                "requested_datetime",
            }, step
        assert one not in ids(get(client, "requests.json"))
        assert one not in ids(get(client, "requests.json", service_code="sand_river", status="open"))
        assert get(client, "servicerequestupdates.json").json == []
        run_jobs()
    hidden = report(session, one)
    assert hidden.publish_at is not None, "the category is delayed, or this test proves nothing"
    assert hidden.publish_at > clock.now()
    hidden.publish_at = clock.now()
    assert one in ids(get(client, "requests.json"))


def test_a_hidden_report_from_the_form_has_no_record(client: Any, session: Any) -> None:
    one = posted_id(client)
    report(session, one).channel = "web"
    assert get(client, f"requests/{one}.json").status_code == 404
    assert ids(get(client, "requests.json", service_request_id=one)) == []
    assert get(client, f"tokens/{one}.json").status_code == 404


def test_status_and_filters(client: Any, session: Any, run_jobs: Any) -> None:
    rubbish, noise, ended = posted_id(client), posted_id(client, service_code="noise"), posted_id(client)
    run_jobs()
    service.move(report(session, ended), lifecycle.OUT_OF_SCOPE, SYSTEM, reason="Không rõ")
    closed = get(client, f"requests/{ended}.json").json[0]
    assert (closed["status"], closed["status_notes"]) == ("closed", "Out of scope")
    everything = ids(get(client, "requests.json"))
    assert everything == sorted((ended, noise, rubbish), reverse=True), "of one hour, by their random ids"
    for query, expected in (
        ({"status": "closed"}, {ended}),
        ({"status": "open"}, {rubbish, noise}),
        ({"status": "open,closed"}, set(everything)),
        ({"service_code": "noise"}, {noise}),
        ({"service_code": "noise,waste_household"}, set(everything)),
        ({"service_code": ["noise", "waste_household"]}, set(everything)),
        ({"service_request_id": f"{noise},{ended}", "status": "nonsense"}, {noise, ended}),
        ({"start_date": "2020-01-01", "end_date": "2020-02-01"}, set()),
        ({"start_date": (clock.now() - timedelta(hours=2)).isoformat()}, set(everything)),
        ({"end_date": (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}, set(everything)),
        ({"jurisdiction_id": "vn"}, set(everything)),
        ({"jurisdiction_id": "127.0.0.1", "status": "", "service_code": ""}, set(everything)),
    ):
        assert set(ids(get(client, "requests.json", **query))) == expected, query


def test_only_the_last_ninety_days_unless_asked(client: Any, session: Any, run_jobs: Any) -> None:
    old = posted_id(client)
    run_jobs()
    report(session, old).created_at = clock.now() - timedelta(days=91)
    assert ids(get(client, "requests.json")) == []
    start = (clock.now() - timedelta(days=100)).isoformat()
    assert ids(get(client, "requests.json", start_date=start)) == [old]


def test_dates_do_not_give_the_minute_away(client: Any, session: Any, run_jobs: Any) -> None:
    """Bisecting with start_date and end_date finds the hour and nothing finer."""
    one = posted_id(client)
    run_jobs()
    hour = (clock.now() - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    sent = report(session, one)
    sent.created_at = hour + timedelta(minutes=37)
    sent.updated_at = sent.created_at + timedelta(seconds=3)
    for minute in range(1, 60, 7):
        moment = (hour + timedelta(minutes=minute)).isoformat()
        assert ids(get(client, "requests.json", end_date=moment)) == [one]
        assert ids(get(client, "requests.json", start_date=moment, status="open")) == []
    assert ids(get(client, "requests.json", start_date=hour.isoformat())) == [one]
    record = get(client, f"requests/{one}.json").json[0]
    times = [record[n] for n in ("requested_datetime", "updated_datetime")]
    assert all(t[14:19] == "00:00" for t in times)
    assert record["expected_datetime"][14:19] == "59:59"


def test_pages_and_links(client: Any, session: Any, run_jobs: Any) -> None:
    sent = [posted_id(client) for _ in range(8)]
    run_jobs()
    for hidden in (1, 5, 6):  # a page must not be shorter for them, or it would count them
        report(session, sent[hidden]).publish_at = None
    sent = sorted(one for number, one in enumerate(sent) if number not in {1, 5, 6})
    seen: list[list[str]] = []
    address: str | None = f"{V2}/requests.json?per_page=2&service_code=waste_household"
    relations = []
    while address:
        response = client.get(address)
        seen.append(ids(response))
        links = dict(reversed(link.split("; rel=")) for link in response.headers.get("Link", "").split(", ") if link)
        relations.append({name.strip('"') for name in links})
        following = links.get('"next"')
        address = following.strip("<>").removeprefix("http://127.0.0.1:8000") if following else None
    assert seen == [sent[:2:-1], sent[2:0:-1], sent[:1]]
    assert relations == [{"next"}, {"first", "prev", "next"}, {"first", "prev"}]


def test_updates_tell_the_public_steps(client: Any, session: Any, run_jobs: Any) -> None:
    one = posted_id(client)
    run_jobs()
    service.move(report(session, one), lifecycle.OUT_OF_SCOPE, SYSTEM, reason="Lý do nội bộ")
    told = get(client, "servicerequestupdates.json").json
    assert [(u["service_request_id"], u["status"], u["description"]) for u in told] == [
        (one, "open", "Received"),
        (one, "closed", "Out of scope"),
    ]
    assert len({u["update_id"] for u in told}) == 2
    assert "nội bộ" not in get(client, "servicerequestupdates.json").text


def test_a_refused_report_tells_its_sender_and_nobody_else(client: Any, session: Any, run_jobs: Any) -> None:
    one = posted_id(client)
    run_jobs()
    service.move(report(session, one), lifecycle.REJECTED, SYSTEM, reason="Lý do nội bộ")
    told = get(client, f"requests/{one}.json").json[0]
    assert (told["status"], told["lat"], told["description"]) == ("closed", None, None)
    assert ids(get(client, "requests.json")) == []
    assert get(client, "servicerequestupdates.json").json == []


def test_language_and_caching(client: Any) -> None:
    names = {
        lang: client.get(f"{V2}/services.json?locale={lang}").json[1]["service_name"] for lang in ("vi", "en", "km")
    }
    assert names["vi"] == "Rác sinh hoạt, đổ trộm"
    assert len(set(names.values())) == 3
    client.set_cookie("lang", "km")
    response = client.get(f"{V2}/services.json")
    assert response.json[1]["service_name"] == names["vi"], "a cookie must not change what caches share"
    assert response.headers["Vary"] == "Accept-Language"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in response.headers
    again = client.get(f"{V2}/services.json", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_options_and_head(client: Any) -> None:
    response = client.options(f"{V2}/requests.json")
    assert response.status_code == 204
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert client.options(f"{V2}/services.xml").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.head(f"{V2}/services.xml").status_code == 200


def test_place_by_commune_code(client: Any, session: Any, run_jobs: Any) -> None:
    duyen_hai()
    one = posted_id(client, lat=None, long=None, address_id="29512")
    run_jobs()
    record = get(client, f"requests/{one}.json").json[0]
    assert record["address_id"] == "29512"
    assert record["address"] == "Phường Duyên Hải, Tỉnh Vĩnh Long"
    assert record["service_notice"] is None
    commune = session.scalars(select(Area).where(Area.code == "29512")).one()
    assert (record["lat"], record["long"]) == (commune.point_lat, commune.point_lon)
    commune.approximate = True
    forget_caches()
    record = get(client, f"requests/{one}.json").json[0]
    assert record["service_notice"] == "The commune is approximate on this instance."
