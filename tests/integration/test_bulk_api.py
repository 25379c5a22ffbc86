"""The bulk API: all public cases page by page under every filter, the same answer for everybody, clear refusals."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from itsdangerous import URLSafeSerializer

from tests import factories
from tests.integration.public_world import case, counted_statements, facts, many
from tests.integration.test_public_tiles import shown, some_filters
from webapp.core import clock
from webapp.core.instance import instance
from webapp.pages.public.filters import canonical
from webapp.reports import lifecycle, privacy

API = "/api/v1/reports"


def asked(client: Any, query: str = "") -> Any:
    answer = client.get(f"{API}?{query}" if query else API)
    assert answer.status_code == 200, answer.text
    return answer


def everything(client: Any, query: str = "") -> list[dict[str, Any]]:
    """All pages of a question."""
    found, address = [], f"{API}?{query}"
    while address:
        page = client.get(address)
        assert page.status_code == 200, page.text
        found += page.json["reports"]
        onward = page.json["next"]
        assert page.headers.get("Link") == (f'<{onward}>; rel="next"' if onward else None)
        address = onward and "{0.path}?{0.query}".format(urlsplit(onward))
    return found


def refused(client: Any, query: str) -> dict[str, str]:
    """{parameter: what is wrong} of a refusal."""
    answer = client.get(f"{API}?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json["status"], answer.json["title"]) == (400, "Bad Request")
    return {error["parameter"]: error["detail"] for error in answer.json["errors"]}


def test_pages_hold_each_case_once_newest_hour_first(session: Any, client: Any) -> None:
    factories.duyen_hai()
    now = clock.now()
    reports = many(160)
    wanted = {r.public_id for r in reports if privacy.is_public(r, now) and r.status != lifecycle.DUPLICATE}
    for limit in (1, 7, 1000):
        found = everything(client, f"limit={limit}")
        assert len(found) == len(wanted)
        assert {record["id"] for record in found} == wanted
        places = [(datetime.fromisoformat(record["reported_at"]), record["id"]) for record in found]
        assert places == sorted(places, reverse=True)


def test_many_of_one_hour_are_paged_without_a_gap(session: Any, client: Any) -> None:
    hour = privacy.to_the_hour(clock.now() - timedelta(days=2))
    made = {case(created_at=hour + timedelta(minutes=m % 60)).public_id for m in range(45)}
    made |= {case(created_at=hour + timedelta(hours=h, seconds=-1)).public_id for h in (0, 2)}
    found = [record["id"] for record in everything(client, "limit=4")]
    assert len(found) == len(set(found)) == 47
    assert set(found) == made


def test_random_filters_find_what_is_public_and_matches(session: Any, client: Any) -> None:
    factories.duyen_hai()
    reports = facts(many(250))
    now = clock.now()
    dice = random.Random(11)
    total = 0
    for _ in range(60):
        filters = some_filters(dice, session)
        west, south = dice.uniform(105.4, 107), dice.uniform(9.2, 11)
        box = west, south, west + dice.uniform(0.1, 2), south + dice.uniform(0.1, 2)
        query = canonical(filters, bbox=",".join(map(str, box)))
        found = {record["id"] for record in everything(client, query + "&limit=50")}
        expected = {
            r.public_id
            for r in reports
            if shown(r, filters, now) and box[0] <= r.public_lon <= box[2] and box[1] <= r.public_lat <= box[3]
        }
        assert found == expected, query
        total += len(found)
    assert total > 100


def test_asking_for_changes_meets_changed_and_newly_published_cases(session: Any, client: Any) -> None:
    now = clock.now()
    long_ago = now - timedelta(days=30)
    case(created_at=long_ago, updated_at=long_ago, publish_at=long_ago)
    changed = case(created_at=long_ago, updated_at=now - timedelta(days=1), publish_at=long_ago)
    came_out = case(created_at=long_ago, updated_at=long_ago, publish_at=now - timedelta(hours=3))
    wanted = {changed.public_id, came_out.public_id}
    since = (now - timedelta(days=3)).astimezone(clock.VIETNAM)
    for text in (since.date().isoformat(), since.isoformat(timespec="seconds")):
        found = everything(client, urlencode({"updated_since": text}))
        assert {record["id"] for record in found} == wanted
        assert all(datetime.fromisoformat(r["updated_at"]) >= since - timedelta(days=1) for r in found)
    assert {r["id"] for r in everything(client, f"updated_since={since:%Y-%m-%dT%H:%M:%S}+07:00")} == wanted


def test_places_by_province_commune_and_unit(session: Any, client: Any) -> None:
    factories.duyen_hai()
    here = case(status=lifecycle.ASSIGNED, unit_code="so-nnmt-86")
    there = case(area_code="29413", unit_code="so-nnmt-86")
    for query, wanted in (
        ("province=86", {here.public_id, there.public_id}),
        ("commune=29413", {there.public_id}),
        ("unit=so-nnmt-86", {here.public_id}),  # elsewhere it is only the machine's proposal
    ):
        assert {record["id"] for record in everything(client, query)} == wanted


def test_three_forms_of_the_same_page(session: Any, client: Any) -> None:
    factories.duyen_hai()
    many(30)
    plain = asked(client, "limit=5").json
    lines = asked(client, "limit=5&format=jsonl")
    assert lines.mimetype == "application/x-ndjson"
    assert [json.loads(line) for line in lines.text.splitlines()] == plain["reports"]
    assert lines.headers["Link"].startswith(f"<{instance().settings.public_url}{API}?format=jsonl&limit=5&cursor=")
    features = asked(client, "limit=5&format=geojson")
    assert features.mimetype == "application/geo+json"
    assert [f["id"] for f in features.json["features"]] == [r["id"] for r in plain["reports"]]
    one = client.get(f"{API}/{plain['reports'][0]['id']}")
    assert one.json == plain["reports"][0]


def test_whoever_has_the_answer_is_told_so(session: Any, client: Any) -> None:
    report = case()
    answer = asked(client)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    again = client.get(API, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    report.status = lifecycle.SCREENING
    assert client.get(API, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("bbox=107,9,106,10", "bbox"),  # inside out
        ("bbox=170,9,-170,10", "bbox"),  # across the date line
        ("bbox=106,9,107", "bbox"),
        ("bbox=nan,9,107,10", "bbox"),
        ("bbox=" + "9" * 5000, "bbox"),
        ("from=2026-05-02&to=2026-05-01", "from"),
        ("from=2026-13-01", "from"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-05-01T10:00", "updated_since"),
        ("updated_since=9999-12-31T23:59:59Z", "updated_since"),
        ("limit=1000000000", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=\u0661\u0660", "limit"),
        ("limit=5&limit=6", "limit"),
        ("format=xml", "format"),
        ("colour=red", "colour"),
        ("category=gold", "category"),
        ("status=rejected", "status"),
        ("status=withdrawn", "status"),
        ("province=99", "province"),
        ("commune=86", "commune"),  # the code of a province
        ("unit=nobody", "unit"),
        ("unit=a%00b", "unit"),
        ("cursor=abc", "cursor"),
        ("cursor=" + "a.b" * 4000, "cursor"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(session: Any, client: Any, query: str, parameter: str) -> None:
    factories.duyen_hai()
    session.commit()
    with counted_statements() as statements:
        assert list(refused(client, query)) == [parameter]
    assert len(statements) <= 6, statements  # nothing was looked for


def test_several_faults_are_told_at_once(session: Any, client: Any) -> None:
    assert set(refused(client, "bbox=1&limit=x&colour=red&from=x")) == {"bbox", "limit", "colour", "from"}


def test_cursors_cannot_be_forged_nor_carried_to_another_question(session: Any, client: Any) -> None:
    for _ in range(3):
        case()
    onward = asked(client, "limit=1").json["next"]
    cursor = urlsplit(onward).query.partition("cursor=")[2]
    assert client.get(f"{API}?limit=2&cursor={cursor}").status_code == 200  # another size is the same question
    assert "another question" in refused(client, f"status=waiting&cursor={cursor}")["cursor"]
    flipped = cursor[:-4] + ("A" if cursor[-4] != "A" else "B") + cursor[-3:]
    forged = URLSafeSerializer("a" * 64, salt="api-cursor").dumps(["0" * 16, 0, "x"])
    other = URLSafeSerializer(instance().settings.secret_key, salt="other").dumps(["0" * 16, 0, "x"])
    for wrong in (flipped, forged, other, cursor[5:], quote("' OR 1=1 --")):
        assert "not a cursor" in refused(client, f"cursor={wrong}")["cursor"]


def test_a_cursor_outlives_the_case_it_names(session: Any, client: Any) -> None:
    reports = {r.public_id: r for r in (case(created_at=clock.now() - timedelta(days=n)) for n in range(1, 5))}
    page = asked(client, "limit=2").json
    last = page["reports"][-1]["id"]
    reports[last].status = lifecycle.WITHDRAWN
    rest = client.get("{0.path}?{0.query}".format(urlsplit(page["next"]))).json
    assert {r["id"] for r in (*page["reports"], *rest["reports"])} == set(reports)


def test_one_case_and_none(session: Any, client: Any) -> None:
    hidden = case(status=lifecycle.REJECTED)
    waiting = case(publish_at=clock.now() + timedelta(hours=4))
    for public_id in (hidden.public_id, waiting.public_id, "nosuchcase", "A" * 500, "%00"):
        answer = client.get(f"{API}/{public_id}")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert hidden.category_code not in answer.text
    assert client.get(f"{API}/{case().public_id}?limit=1").status_code == 400


def test_other_addresses_and_methods_answer_in_the_format_of_programs(session: Any, client: Any) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/api/v1/nothing", 404),
        ("POST", API, 405),
        ("DELETE", API, 405),
        ("PUT", f"{API}/abc", 405),
    ):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), path
        assert answer.headers.get("Allow") == ("GET, HEAD, OPTIONS" if status == 405 else None)


def test_the_number_of_statements_does_not_grow_with_the_page(session: Any, client: Any) -> None:
    factories.duyen_hai()
    many(300)
    asked(client)
    used = []
    for limit in (5, 100):
        with counted_statements() as statements:
            asked(client, f"limit={limit}")
        used.append(len(statements))
    assert max(used) <= 6, used


def test_a_day_is_a_day_of_vietnam(session: Any, client: Any) -> None:
    noon = datetime.combine(clock.today() - timedelta(days=3), datetime.min.time(), clock.VIETNAM)
    first = case(created_at=noon.astimezone(UTC))
    case(created_at=(noon - timedelta(seconds=1)).astimezone(UTC))
    day = noon.date().isoformat()
    assert [r["id"] for r in everything(client, f"from={day}&to={day}")] == [first.public_id]
