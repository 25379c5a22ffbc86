"""Programs that nobody here wrote: what they send, word for word, and what they make of our answers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from defusedxml import ElementTree
from sqlalchemy import func, select

from tests.factories import duyen_hai
from webapp.core import clock
from webapp.core.events import SYSTEM
from webapp.reports import lifecycle, service
from webapp.reports.models import Contact, Photo, Report

V2 = "/open311/v2"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
GOOD = {"api_key": "demo", "service_code": "waste_household", "lat": "9.585", "long": "106.525", "description": "Rác"}


def stored(session: Any, public_id: str) -> Report:
    found = session.scalars(select(Report).where(Report.public_id == public_id)).one()
    assert isinstance(found, Report)
    return found


def sent(client: Any, changes: dict[str, Any] | None = None, **options: Any) -> str:
    """Send a good report with changes; gives its id."""
    response = client.post(f"{V2}/requests.json", data=GOOD | (changes or {}), **options)
    assert response.status_code == 200, response.text
    return str(response.json[0]["service_request_id"])


def count(session: Any, model: Any = Report) -> int:
    return int(session.scalar(select(func.count()).select_from(model)))


def test_a_council_site_sends_and_follows_by_updates(client: Any, session: Any, run_jobs: Any) -> None:
    """As FixMyStreet does: XML, a name cut in two, several media_url, attributes from its own form, and then the
    updates of the last two hours, of which it drops what lies outside them."""
    duyen_hai()
    body = [
        *{**GOOD, "jurisdiction_id": "vn", "first_name": "Thử", "last_name": "-", "email": "thu@example.org"}.items(),
        ("media_url", "https://example.org/photo/1.0.full.jpeg?a=1&b=2"),
        ("media_url", "https://example.org/photo/1.1.full.jpeg"),
        ("attribute[observed_at]", ""),
        ("attribute[bypass_commune]", "no"),
    ]
    answer = client.post(f"{V2}/requests.xml", data=urlencode(body), content_type=FORM)
    assert answer.status_code == 200, answer.text
    one = ElementTree.fromstring(answer.data).findtext("request/service_request_id")
    assert one
    report = stored(session, one)
    assert report.description.splitlines()[2:] == [f"media_url: {url}" for name, url in body if name == "media_url"]
    assert not report.bypass_commune
    run_jobs()
    service.move(stored(session, one), lifecycle.OUT_OF_SCOPE, SYSTEM, reason="Lý do")
    since, until = clock.now() - timedelta(hours=2), clock.now()
    moments = {"start_date": f"{since:%Y-%m-%dT%H:%M:%SZ}", "end_date": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    told = client.get(f"{V2}/servicerequestupdates.xml", query_string={"api_key": "demo", **moments})
    updates = ElementTree.fromstring(told.data).findall("request_update")
    assert [(u.findtext("service_request_id"), u.findtext("status")) for u in updates] == [
        (one, "open"),
        (one, "closed"),
    ]
    assert len({u.findtext("update_id") for u in updates}) == 2
    for update in updates:
        assert since.replace(minute=0) <= _moment(update.findtext("updated_datetime")) <= until
    several = client.get(f"{V2}/requests.xml?service_request_id={one},0000000000&jurisdiction_id=vn")
    assert len(ElementTree.fromstring(several.data)) == 1


def _moment(text: str | None) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text or "")


def test_a_scripts_dates_and_page_size(client: Any, session: Any, run_jobs: Any) -> None:
    """As three.py does: midnight in UTC, page_size for a count, the key always, an empty jurisdiction never."""
    duyen_hai()
    one = sent(client, {"address_string": "123 đường ven kênh", "first_name": "Kiểm", "last_name": "Thử"})
    run_jobs()
    today = clock.now()
    start, end = today - timedelta(days=20), today + timedelta(days=1)
    query = {"start_date": f"{start:%Y-%m-%dT00:00:00Z}", "end_date": f"{end:%Y-%m-%dT00:00:00Z}", "page_size": "50"}
    assert [r["service_request_id"] for r in client.get(f"{V2}/requests.json", query_string=query).json] == [one]


def test_a_phone_sends_a_png_with_its_device_and_repeats_itself(client: Any, session: Any) -> None:
    """As the Android app of open311 does: multipart, the picture as `media`, lists as `attribute[code][]`. It waits
    three seconds, then asks again."""
    from PIL import Image

    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")

    def again(**changes: Any) -> str:
        form = GOOD | {"device_id": "356938035643809", "attribute[bypass_commune][]": "yes"} | changes
        return sent(client, form | {"media": (io.BytesIO(picture.getvalue()), "media.png")})

    first = again()
    assert again() == first
    assert stored(session, first).bypass_commune
    assert count(session, Photo) == 1
    assert again(description="Rác khác") != first
    assert again(device_id="another") != first
    assert "356938035643809" not in str(stored(session, first).__dict__)


def test_the_same_device_may_say_the_same_again_another_day(
    client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now().replace(minute=59)
    monkeypatch.setattr(clock, "now", lambda: now)
    first = sent(client, {"device_id": "7"})
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    assert sent(client, {"device_id": "7"}) == first, "the hour turned between the two"
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=3))
    assert sent(client, {"device_id": "7"}) != first


def test_an_idempotency_key_is_a_client_id(client: Any, session: Any) -> None:
    headers = {"Idempotency-Key": "ticket 9"}
    assert sent(client, headers=headers) == sent(client, {"description": "X"}, headers=headers)
    assert sent(client, {"client_id": "ticket 9"}) == sent(client, headers=headers)
    assert count(session) == 1
    long = client.post(f"{V2}/requests.json", data=GOOD, headers={"Idempotency-Key": "x" * 201})
    assert long.status_code == 400
    assert "Idempotency-Key" in long.json[0]["description"]


def test_who_fears_the_commune_says_so(client: Any, session: Any, run_jobs: Any) -> None:
    duyen_hai()
    one = sent(client, {"attribute[bypass_commune]": "yes"})
    run_jobs()
    report = stored(session, one)
    assert report.bypass_commune
    assert report.supervisor_code == "mttq-86"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attribute[bypass_commune]": "maybe"}, "one of yes, no"),
        ({"attribute[bypass_commune][]": ["yes", "no"]}, "one value only"),
        ({"attribute[observed_at]": ["2026-01-01", "2026-01-02"]}, "one value only"),
        ({"media": "https://example.org/a.jpg"}, "as files"),
        ({"media_url": [f"https://example.org/{n}" for n in range(11)]}, "at most 10"),
    ],
)
def test_what_cannot_be_meant_is_told(client: Any, session: Any, changes: dict[str, Any], words: str) -> None:
    answer = client.post(f"{V2}/requests.json", data=GOOD | changes, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert words in answer.json[0]["description"]
    assert count(session) == 0


def test_several_cases_by_one_address(client: Any, session: Any, run_jobs: Any) -> None:
    duyen_hai()
    two = [sent(client), sent(client)]
    run_jobs()
    for ending in ("json", "xml"):
        answer = client.get(f"{V2}/requests/{two[1]},{two[0]},0000000000.{ending}")
        assert answer.status_code == 200
        assert answer.text.index(two[1]) < answer.text.index(two[0])
    assert len(client.get(f"{V2}/requests/{two[0]},{two[0]}.json").json) == 1
    for path, status in (("0000000000,1111111111", 404), ("a,<b>", 400), (",", 404), ("1," * 101 + "1", 404)):
        assert client.get(f"{V2}/requests/{path}.json").status_code == status, path
    many = ",".join(f"{number:010d}" for number in range(101))
    assert client.get(f"{V2}/requests/{many}.json").status_code == 400


def test_the_sender_is_in_no_answer(client: Any, session: Any, run_jobs: Any) -> None:
    """Not while the report waits, not when it is public, not in an error."""
    duyen_hai()
    secrets = {
        "first_name": "Tênriêng",
        "last_name": "Họriêng",
        "email": "rieng@example.org",
        "phone": "0912 345 678",
        "device_id": "MAYRIENG",
        "account_id": "TKRIENG",
    }
    one = sent(client, secrets)
    texts = [client.post(f"{V2}/requests.xml", data=GOOD | secrets | {"lat": "x"}).text]
    for _ in range(2):
        texts += [
            client.get(f"{V2}/{path}").text
            for path in (f"requests/{one}.xml", f"requests/{one}.json", "requests.json", "servicerequestupdates.json")
        ]
        run_jobs()
    report = stored(session, one)
    assert report.publish_at is not None
    for value in secrets.values():
        assert not any(value in text for text in texts)
        assert value not in str({c.name: getattr(report, c.name) for c in Report.__table__.columns})
    assert count(session, Contact) == 1


def test_far_pages_are_refused_unless_the_links_are_followed(client: Any) -> None:
    refused = client.get(f"{V2}/requests.json?page=10000&page_size=1000", headers={"Accept-Language": "en"})
    assert refused.status_code == 400
    assert "10000 rows" in refused.json[0]["description"]
    for cursor in ("nobody", "nobody.0123456789abcdef0123", "%00", "x" * 500, "a.b.c"):
        for path in ("requests.json", "servicerequestupdates.json"):
            answer = client.get(f"{V2}/{path}?after={cursor}", headers={"Accept-Language": "en"})
            assert answer.status_code == 400, (path, cursor)
            assert "after" in answer.json[0]["description"]
