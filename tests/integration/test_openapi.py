"""The description of the addresses for programs is true: nothing is missing in it, and every answer is as it says."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests import factories
from tests.integration.public_world import case, many, on_the_map
from tests.json_schema import faults
from webapp.core import clock
from webapp.opendata import service
from webapp.reports import lifecycle

ATOM = "{http://www.w3.org/2005/Atom}"
# Blueprints all of whose JSON, Atom and files are described; of pages only what programs read.
OURS = {"api", "feeds", "open_data"}
PAGES = {"/open-data", "/data", "/api/v1/<path:rest>"}
OTHERS = {"/map/tiles/<z>/<x>/<y>.json", "/map/areas.json"}


@pytest.fixture
def world(session: Any) -> str:
    """Cases in all states, an overdue one among them, and one version of the files. Gives the id of a case."""
    factories.duyen_hai()
    many(120)
    late = case(status=lifecycle.IN_PROGRESS, unit_code="so-nnmt-86", due_at=clock.now() - timedelta(days=4))
    public_id = late.public_id
    on_the_map()
    session.commit()
    service.build()
    return public_id


@pytest.fixture
def described(client: Any, session: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def as_path(rule: str) -> str:
    """Flask's rule as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def test_every_address_is_described_and_every_description_is_an_address(app: Any, described: Any) -> None:
    rules = {
        rule.rule: rule
        for rule in app.url_map.iter_rules()
        if (rule.endpoint.partition(".")[0] in OURS or rule.rule in OTHERS) and rule.rule not in PAGES
    }
    assert {as_path(rule) for rule in rules} == set(described["paths"])
    for rule, found in rules.items():
        path = described["paths"][as_path(rule)]
        assert {method.upper() for method in path} == (found.methods or set()) - {"HEAD", "OPTIONS"}
        places = {p["name"] for p in path["get"]["parameters"] if p["in"] == "path"}
        assert places == found.arguments


def test_the_description_is_whole(described: Any) -> None:
    assert described["openapi"] == "3.1.0"
    assert described["info"]["license"]["url"].startswith("https://")
    schemas = described["components"]["schemas"]
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert used == set(schemas)
    for path, methods in described["paths"].items():
        told = methods["get"]
        assert told["summary"].endswith(".")
        assert set(re.findall(r"\{(\w+)\}", path)) == {p["name"] for p in told["parameters"] if p["in"] == "path"}
        names = [p["name"] for p in told["parameters"]]
        assert len(names) == len(set(names))


QUESTIONS = [
    ("/api/v1/reports", "", 200),
    ("/api/v1/reports", "limit=3", 200),
    ("/api/v1/reports", "format=geojson", 200),
    ("/api/v1/reports", "format=jsonl", 200),
    ("/api/v1/reports", "bbox=106,9,107,10&status=overdue&updated_since=2026-01-01", 200),
    ("/api/v1/reports", "limit=0&colour=red", 400),
    ("/api/v1/reports/{public_id}", "", 200),
    ("/api/v1/reports/{public_id}", "colour=red", 400),
    ("/api/v1/reports/nosuchcase", "", 404),
    ("/api/v1/openapi.json", "", 200),
    ("/map/tiles/5/25/15.json", "", 200),
    ("/map/tiles/9/407/242.json", "status=overdue", 200),
    ("/map/tiles/14/13040/7755.json", "group=air", 200),
    ("/map/tiles/5/25/15.json", "status=x", 400),
    ("/map/tiles/99/0/0.json", "", 404),
    ("/map/areas.json", "", 200),
    ("/map/areas.json", "level=commune&province=86", 200),
    ("/map/areas.json", "level=x", 400),
    ("/feeds/new.atom", "", 200),
    ("/feeds/overdue.atom", "lang=en", 200),
    ("/feeds/province/86.atom", "", 200),
    ("/feeds/commune/29512.atom", "lang=km", 200),
    ("/feeds/commune/1.atom", "", 404),
    ("/feeds/case/{public_id}.atom", "", 200),
    ("/open-data/dictionary.json", "", 200),
    ("/open-data/latest/reports.csv", "", 302),
    ("/open-data/latest/nothing", "", 404),
    ("/open-data/{version}/datapackage.json", "", 200),
    ("/open-data/{version}/reports.csv", "", 200),
    ("/open-data/{version}/reports.gpkg", "", 200),
    ("/open-data/{version}/reports.geojson", "", 200),
    ("/open-data/{version}/reports.jsonl", "", 200),
    ("/open-data/{version}/SHA256SUMS", "", 200),
]


def test_every_answer_is_as_described(client: Any, world: str, described: Any) -> None:
    """Status, media type, headers and, where it is JSON, the body against its schema."""
    met = set()
    for address, query, status in QUESTIONS:
        path = address.replace("{public_id}", world).replace("{version}", clock.today().isoformat())
        template = template_of(path, described)
        told = described["paths"][template]["get"]
        answer = client.get(f"{path}?{query}" if query else path)
        assert answer.status_code == status, (path, query, answer.text)
        said = told["responses"][str(status)]
        for name in said.get("headers", {}):
            if name != "Link" or "limit=3" in query:
                assert name in answer.headers, (path, name)
        if "content" in said:
            assert answer.mimetype in said["content"], (path, answer.mimetype)
            schema = said["content"][answer.mimetype]["schema"]
            value = answer.json if answer.is_json else answer.text if "gpkg" not in path else ""
            assert faults(value, schema, described) == [], (path, query)
        if answer.mimetype == "application/x-ndjson":
            report = {"$ref": "#/components/schemas/Report"}
            assert [f for line in answer.text.splitlines() for f in faults(json.loads(line), report, described)] == []
        met |= {(template, str(status))}
        parameters = {p["name"] for p in told["parameters"] if p["in"] == "query"}
        asked = {pair.partition("=")[0] for pair in query.split("&") if pair}
        assert asked <= parameters | {"colour"}
    described_answers = {
        (path, status) for path, methods in described["paths"].items() for status in methods["get"]["responses"]
    }
    never = {(path, status) for path, status in described_answers - met if status != "304"}
    never -= {(path, "404") for path in described["paths"] if path.startswith("/feeds") or "version" in path}
    assert not never, f"nobody has asked for {never}"


def template_of(path: str, described: Any) -> str:
    """The described path that an address belongs to; a fixed one before one with places."""
    patterns = {name: re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)) for name in described["paths"]}
    fitting = [name for name, pattern in patterns.items() if re.fullmatch(pattern, path)]
    assert fitting, f"{path} is not described"
    return min(fitting, key=lambda name: (name.count("{"), name))


def test_answers_are_told_apart_by_their_tag(client: Any, world: str, described: Any) -> None:
    for address, query, status in QUESTIONS:
        if status != 200:
            continue
        path = address.replace("{public_id}", world).replace("{version}", clock.today().isoformat())
        first = client.get(f"{path}?{query}")
        again = client.get(f"{path}?{query}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        assert "public" in first.headers["Cache-Control"]


def test_every_parameter_is_taken_and_every_value_that_is_named(client: Any, world: str, described: Any) -> None:
    for path in ("/api/v1/reports", "/map/tiles/5/25/15.json"):
        template = template_of(path, described)
        for parameter in described["paths"][template]["get"]["parameters"]:
            if parameter["in"] == "query":
                for value in parameter["schema"].get("enum", ()):
                    answer = client.get(path, query_string={parameter["name"]: value})
                    assert answer.status_code == 200, (path, parameter["name"], value)
        low = client.get(path, query_string={"nothing": "1"})
        assert low.status_code == 400


def test_feeds_are_atom_and_newest_first(client: Any, world: str, session: Any) -> None:
    for name in ("new", "overdue"):
        feed = ET.fromstring(client.get(f"/feeds/{name}.atom").data)
        entries = feed.findall(f"{ATOM}entry")
        assert entries
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(ids) == len(set(ids))
        times = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
        assert all(time.endswith(":00:00Z") for time in times)
        assert feed.findtext(f"{ATOM}updated") == max(times)
        if name == "overdue":
            assert times == sorted(times, reverse=True)
            assert any(world in (one or "") for one in ids)


def test_the_checker_of_schemas_finds_faults() -> None:
    """Otherwise finding none would mean nothing."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 2}, "b": {"type": ["string", "null"], "enum": ["x"]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert faults({"a": 2, "b": None}, schema, {}) == []
    for wrong in ({"a": 1}, {"a": True}, {"a": 2.5}, {"b": "x"}, {"a": 2, "b": "y"}, {"a": 2, "c": 1}, [], None):
        assert faults(wrong, schema, {}), wrong
    assert faults("2026-01-01T00:00:00", {"type": "string", "format": "date-time"}, {})
    assert faults([1], {"type": "array", "items": {"type": "string"}}, {})
    with pytest.raises(AssertionError):
        faults(1, {"exclusiveMinimum": 0}, {})
