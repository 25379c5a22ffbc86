"""GeoReport v2 by its schemas: each endpoint, both formats, read back field by field; any question gets an answer of
the specification's shape; and what an answer costs."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from tests import georeport_schemas as schemas
from tests.factories import duyen_hai, jpeg
from tests.integration import public_world
from webapp.core import clock
from webapp.core.events import SYSTEM, Actor
from webapp.pages.api.open311 import updates
from webapp.reports import lifecycle, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Report

V2 = "/open311/v2"
LANGUAGES = ("vi", "en", "km")
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}


def ask(client: Any, path: str, query: str = "", lang: str = "en") -> dict[str, Any]:
    """The answer in each format."""
    return {fmt: client.get(f"{V2}/{path}.{fmt}{query}", headers={"Accept-Language": lang}) for fmt in ("json", "xml")}


def same(answers: dict[str, Any], schema: schemas.Schema) -> Any:
    """What both formats say, which must be the same and as the schema has it."""
    told = {}
    for fmt, response in answers.items():
        assert response.headers["Content-Type"] == TYPES[fmt]
        expected = schema if response.status_code < 400 else schemas.ERRORS
        told[fmt] = response.json if fmt == "json" else schemas.read_xml(response.data, expected)
        assert schemas.problems(told[fmt], expected) == []
    assert answers["json"].status_code == answers["xml"].status_code
    assert told["json"] == told["xml"]
    return told["json"]


@pytest.fixture
def town(session: Any) -> list[Report]:
    """Cases in all states; one has all that a case can have."""
    duyen_hai()
    cases = public_world.many(40)
    full = public_world.case(status=lifecycle.IN_PROGRESS, unit_code="so-nnmt-86", public_text="Tro & <bụi>")
    full.due_at = clock.now() + timedelta(days=3)
    photo = service.add_photos(full, (StoredPhoto("originals/x/1", "1" * 64, 9, "image/jpeg"),), purpose="report")[0]
    photo.state, photo.public = "clean", True
    unit = Actor("unit", None, "so-nnmt-86")
    evidence = (StoredPhoto("originals/x/2", "2" * 64, 9, "image/jpeg"),)
    service.answer(full, unit, "Đã xử lý\nxong", evidence).public = True
    new = [public_world.case(created_at=clock.now() - timedelta(hours=hours)) for hours in range(13, 21)]
    for case in new[::2]:
        service.move(case, lifecycle.SCREENING, SYSTEM)
        service.move(case, lifecycle.OUT_OF_SCOPE, SYSTEM, reason="Lý do")
    session.flush()
    return [full, *new, *cases]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_answer_is_as_the_specification_says(client: Any, session: Any, town: list[Report], lang: str) -> None:
    full = town[0].public_id
    same(ask(client, "discovery", lang=lang), schemas.DISCOVERY)
    for listed in same(ask(client, "services", lang=lang), schemas.SERVICES):
        definition = same(ask(client, f"services/{listed['service_code']}", lang=lang), schemas.DEFINITION)
        orders = [attribute["order"] for attribute in definition["attributes"]]
        assert orders == list(range(1, len(orders) + 1))
        for attribute in definition["attributes"]:
            assert bool(attribute["values"]) == attribute["datatype"].endswith("valuelist")
    found = same(ask(client, "requests", lang=lang), schemas.REQUESTS)
    assert len(found) > 5
    assert {record["status"] for record in found} == {"open", "closed"}
    (record,) = same(ask(client, f"requests/{full}", lang=lang), schemas.REQUESTS)
    assert record["description"] == "Tro & <bụi>"
    missing = {name for name, value in record.items() if value is None}
    assert missing == {"zipcode", "service_notice"}
    assert len(same(ask(client, "servicerequestupdates", lang=lang), schemas.UPDATES)) >= 1
    for path, query in (("services/x", ""), ("requests/x", ""), ("tokens/x", ""), ("x", ""), ("requests", "?page=0")):
        assert same(ask(client, path, query, lang), schemas.REQUESTS)


def test_what_is_posted_is_answered_alike(client: Any, session: Any) -> None:
    import io

    for fmt in ("json", "xml"):
        form = {"api_key": "demo", "service_code": "noise", "lat": "9.585", "long": "106.525", "client_id": "one"}
        form |= {"media": (io.BytesIO(jpeg(3)), "a.jpg")}  # type: ignore[dict-item]
        response = client.post(f"{V2}/requests.{fmt}", data=form)
        assert response.status_code == 200
        told = response.json if fmt == "json" else schemas.read_xml(response.data, schemas.CREATED)
        assert schemas.problems(told, schemas.CREATED) == []
        one = told[0]["service_request_id"]
        assert same(ask(client, f"tokens/{one}"), schemas.TOKEN) == [{"service_request_id": one, "token": one}]
    for changes in ({"api_key": "x"}, {"service_code": "x"}, {"lat": "x"}, {"attribute[x]": "1"}):
        form = {"api_key": "demo", "service_code": "noise", "lat": "9.585", "long": "106.525"} | changes
        answers = {fmt: client.post(f"{V2}/requests.{fmt}", data=form) for fmt in ("json", "xml")}
        assert answers["json"].status_code in {400, 403, 404}
        same(answers, schemas.CREATED)


PARTS: dict[str, tuple[str, ...]] = {
    "start_date": ("2026-01-01T00:00:00Z", "2026-01-01", "now", "", "2026-13-01", "9999-12-31T23:59:59-14:00", "%00"),
    "end_date": ("2026-02-01T00:00:00%2B07:00", "2020-01-01", "1e9", "", "0000-00-00"),
    "status": ("open", "closed", "open,closed", "OPEN", "", "done", "open&status=closed"),
    "service_code": ("noise", "noise,coal_ash", "x", "", "%00", "noise&service_code=coal_ash"),
    "service_request_id": ("x", "0000000000,1111111111", ",", "%ff", "a" * 300),
    "page": ("1", "2", "0", "-1", "1000000000", "x", ""),
    "page_size": ("1", "10", "1000", "1001", "0", "%20"),
    "per_page": ("5", "-5"),
    "after": ("x", "0000000000", "0000000000.aa", "%00", ""),
    "jurisdiction_id": ("vn", "", "city.gov", "<a>"),
    "locale": ("vi", "xx"),
    "api_key": ("demo", "x", "dgs_" + "a" * 32),
    "extensions": ("true",),
}


def test_any_question_gets_an_answer_of_the_specification(client: Any, session: Any, town: list[Report]) -> None:
    dice = random.Random(311)
    told = set()
    for _ in range(120):
        names = dice.sample(sorted(PARTS), dice.randint(0, 4))
        query = "?" + "&".join(f"{name}={dice.choice(PARTS[name])}" for name in names)
        for path, schema in (("requests", schemas.REQUESTS), ("servicerequestupdates", schemas.UPDATES)):
            answers = ask(client, path, query)
            assert answers["json"].status_code in {200, 400, 404}, query
            same(answers, schema)
            told.add(answers["json"].status_code)
    assert told == {200, 400, 404}


def walk(client: Any, path: str, name: str) -> tuple[list[str], list[Any]]:
    """Everything from a listing on, by its Link headers; and the answers."""
    seen: list[str] = []
    answers: list[Any] = []
    address: str | None = f"{V2}/{path}"
    while address:
        response = client.get(address)
        assert response.status_code == 200, response.text
        answers.append(response)
        seen += [row[name] for row in response.json]
        found = [link for link in response.headers.get("Link", "").split(", ") if link.endswith('rel="next"')]
        address = found[0].partition(">")[0][1:].removeprefix("http://127.0.0.1:8000") if found else None
    return seen, answers


def test_pages_by_cursor_give_each_case_once(client: Any, session: Any, town: list[Report]) -> None:
    whole = [record["service_request_id"] for record in client.get(f"{V2}/requests.json").json]
    seen, answers = walk(client, "requests.json?page_size=4", "service_request_id")
    assert seen == whole
    assert {answer.headers["X-Total-Count"] for answer in answers} == {str(len(whole))}
    assert "X-Total-Count" not in client.get(f"{V2}/requests.json").headers
    by_number = [
        record["service_request_id"]
        for page in range(1, len(answers) + 1)
        for record in client.get(f"{V2}/requests.json?page_size=4&page={page}").json
    ]
    assert by_number == whole
    beyond = client.get(f"{V2}/requests.json?page_size=4&page=900")
    assert (beyond.status_code, beyond.json) == (200, [])


def test_pages_of_updates_give_each_step_once(client: Any, session: Any, town: list[Report]) -> None:
    whole = [row["update_id"] for row in client.get(f"{V2}/servicerequestupdates.json").json]
    assert len(whole) > 8
    seen, answers = walk(client, "servicerequestupdates.json?page_size=2", "update_id")
    assert seen == whole
    assert answers[0].headers["X-Total-Count"] == str(len(whole))


def test_a_cursor_survives_the_hiding_of_its_case(client: Any, session: Any, town: list[Report]) -> None:
    first = client.get(f"{V2}/requests.json?page_size=3")
    whole = [record["service_request_id"] for record in client.get(f"{V2}/requests.json").json]
    last = next(report for report in town if report.public_id == whole[2])
    last.publish_at = None
    following = first.headers["Link"].partition(">")[0][1:].removeprefix("http://127.0.0.1:8000")
    assert [r["service_request_id"] for r in client.get(following).json] == whole[3:6]


def test_an_answer_costs_as_many_statements_for_many_as_for_few(client: Any, session: Any) -> None:
    duyen_hai()
    for number in range(90):
        case = public_world.case(unit_code=public_world.UNITS[number % 3], public_text="Rác")
        service.add_photos(
            case, (StoredPhoto(f"originals/{number}", f"{number:064d}", 9, "image/jpeg"),), purpose="report"
        )
        service.move(case, lifecycle.SCREENING, SYSTEM)
    session.commit()
    for path in ("requests.json", "requests.xml", "servicerequestupdates.json"):
        client.get(f"{V2}/{path}?page_size=2")  # what is remembered from now on
        counts = []
        for size in (2, 80):
            with public_world.counted_statements() as sent:
                response = client.get(f"{V2}/{path}?page_size={size}")
            assert response.status_code == 200
            counts.append(len(sent))
        assert counts[0] == counts[1], (path, counts)
        assert counts[1] <= 12, (path, sent)


def test_steps_of_a_kind_are_the_same_however_they_are_found(
    client: Any, session: Any, town: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few cases are asked for by name, many along the record."""
    every = client.get(f"{V2}/servicerequestupdates.json").json
    kinds = {report.public_id: report.category_code for report in town}
    for query in ("service_code=coal_ash", "service_code=noise", "status=closed", "service_code=coal_ash&status=open"):
        found = {}
        for most in (0, 2000):
            monkeypatch.setattr(updates, "FEW", most)
            found[most] = client.get(f"{V2}/servicerequestupdates.json?{query}").json
            paged, _answers = walk(client, f"servicerequestupdates.json?page_size=2&{query}", "update_id")
            assert paged == [row["update_id"] for row in found[most]]
        assert found[0] == found[2000]
        if query == "service_code=coal_ash":
            expected = [row for row in every if kinds[row["service_request_id"]] == "coal_ash"]
            assert found[0] == expected
            assert 0 < len(expected) <= len(every)


def test_steps_of_one_case_have_numbers(client: Any, session: Any, town: list[Report]) -> None:
    moved = next(report.public_id for report in town if report.status == lifecycle.OUT_OF_SCOPE and report.closed_at)
    told = client.get(f"{V2}/servicerequestupdates.json?service_request_id={moved},0000000000").json
    assert [row["update_id"] for row in told] == [f"{moved}-1", f"{moved}-2"]
    assert [row["status"] for row in told] == ["open", "closed"]
