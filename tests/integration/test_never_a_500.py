"""Whatever somebody puts into an address or a form, no page breaks. On both engines: they choke on other things."""

from __future__ import annotations

import io
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule

import webapp
from tests import factories
from tests.integration import staff
from webapp.reports import service
from webapp.reports.codes import new_client_id

NASTY = (
    "\x00",
    "a\x00b",
    "'; DROP TABLE reports; --",
    "<script>alert(1)</script>",
    "%s%n{{7*7}}",
    "../../etc/passwd",
    "9" * 400,
    "-1",
    "1e308",
    "NaN",
    "\u202e\u0000\ud7ff\ufeff",
    "ế" * 3000,
    "e\u0302\u0301",
    "2026-13-45",
    "0001-01-01",
    "[]",
)
QUERY = (  # noqa: SIM905
    "page after before code category group status province commune from to unit bbox level lat lon next tab q year"
    " finding sent added s seen opened start_date end_date service_code page_size per_page locale jurisdiction_id"
    " with number keep kind issued entries by week"
).split()
FIELDS = (  # noqa: SIM905
    "client_id category description place_text lat lon commune commune_name province observed_at accuracy place_source"
    " contact_name contact_phone contact_email photos_kept photos_remove more code lang next email password"
    " reason version seen unit assign_note public_text photos answers original ask_reason reject_reason rework_reason"
    " refuse_reason answer_text inspected_on finding measure fine_vnd decision_number summary evidence_kept"
    " case keep number category-1 words-1 commune-1 lat-1 lon-1 photos-1 link_kind link_id link_to link_reason"
    " template insert action title text retired preview kind"
).split()
SOURCES = Path(webapp.__file__).parent


def asked_by_the_code(what: str, *known: str) -> list[str]:
    """`known`, and what else any page reads out of its "args" or "form": nobody has to remember this list."""
    found = set(known)
    for file in SOURCES.rglob("*.py"):
        names = re.findall(rf'\b{what}(?:\.get(?:list)?\(\s*f?|\[)"([^"]+)"', file.read_text("utf-8"))
        found |= {re.sub(r"\{[^}]*\}", "1", name) for name in names}
    return sorted(found - {"csrf_token"})


PATHS = ("/report", "/track", "/language", "/auth/login", "/r/1234567890123452", "/open311/v2/requests.json")
# Queries that no browser writes: letters that are no UTF-8, parts without a name, a thousand of them.
RAW = "%ff=%fe&=&==&%00&page=1&page=2&" + "&".join(f"n{number}" for number in range(1000)) + "&after=%c3%28"
# Bodies for those who read JSON, which a script of ours never sends.
WRONG_JSON = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"-1e400",
    b"[[[[null]]]]",
    b"\xff\xfe",
    b'{"a":' * 3000,
    b'{"id": "\\ud800", "rawId": null, "response": 1, "type": [], "sha256": {}, "photos": {"a": -1}, "client_id": []}',
    b'{"photos": [null, 1, "x", [], {}], "client_id": {"a": 1}, "items": "x", "version": 1e308, "draft": [1]}',
)


def addresses(app: Any, rule: Rule, known: dict[str, str]) -> Iterator[str]:
    """The rule with values that exist, then with nasty ones."""
    bind = app.url_map.bind("localhost")
    for value in (None, "\x00", *random.Random(rule.rule).sample(NASTY, 2)):
        values: dict[str, Any] = {}
        for name in rule.arguments:
            converter = type(rule._converters[name]).__name__
            if converter == "IntegerConverter":
                values[name] = 1 if value is None else 10**18
            else:
                values[name] = known.get(name, "x") if value is None else value.replace("/", "") or "x"
        try:
            with app.test_request_context():
                yield bind.build(rule.endpoint, values)
        except Exception:
            continue
        if not rule.arguments:
            return


@pytest.mark.parametrize("who", [None, "province", "unit2", "admin"])
def test_no_address_and_no_form_breaks_a_page(
    app: Any, client: Any, session: Any, run_jobs: Any, who: str | None
) -> None:
    factories.duyen_hai()
    staff.people()
    sent = service.submit(factories.submission())
    report, code = sent.report, sent.code
    run_jobs()
    known = {"public_id": report.public_id, "code": code, "province": "86", "fmt": "json", "name": "take"}
    if who:
        staff.sign_in(client, who)
    app.config["WTF_CSRF_ENABLED"] = False  # past the token, into the views
    values = itertools.cycle(NASTY)
    in_query, in_form = asked_by_the_code("args", *QUERY), asked_by_the_code("form", *FIELDS)
    assert {"credential", "verdict", "q_1"} <= set(in_form), "the code is not read any more"
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"static", "auth.static", "auth.logout"}:
            continue
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for number, address in enumerate(addresses(app, rule, known)):
            if "GET" in methods:
                queries: list[Any] = [{name: next(values) for name in in_query}]
                if not number:
                    queries.append({})
                    if not who:
                        queries += [{name: [next(values), next(values)] for name in in_query}, RAW]
                for query in queries:
                    answer = client.get(address, query_string=query)
                    assert answer.status_code < 500, (address, query)
                    asked += 1
            if "POST" in methods:
                for _ in range(1 if number else 2):
                    data: dict[str, Any] = {name: next(values) for name in in_form}
                    data |= {"client_id": new_client_id(), "photos": (io.BytesIO(b"\x00nasty"), next(values))}
                    answer = client.post(address, data=data, content_type="multipart/form-data")
                    assert answer.status_code < 500, (address, data)
                    asked += 1
    assert asked > 150


@pytest.mark.only_engine("sqlite")  # what cannot be read does not come to the database
@pytest.mark.parametrize("who", [None, "admin"])
def test_json_that_no_script_of_ours_sends(app: Any, client: Any, session: Any, who: str | None) -> None:
    """At every address that takes anything, by every method that it knows."""
    factories.duyen_hai()
    staff.people()
    if who:
        staff.sign_in(client, who)
    app.config["WTF_CSRF_ENABLED"] = False
    asked = 0
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) & {"POST", "PUT", "PATCH"}
        if rule.endpoint in {"auth.logout", "open311.nowhere", "api.nowhere"} or not methods:
            continue
        address = next(addresses(app, rule, {}), None)
        if address is None:
            continue
        for number, body in enumerate(WRONG_JSON):
            kind = "application/json" if number % 4 else "application/json; charset=utf-16"
            answer = client.open(address, method=min(methods), data=body, content_type=kind)
            assert answer.status_code < 500, (address, body[:60])
            asked += 1
    assert asked > 300


def test_bodies_that_are_no_forms(client: Any, session: Any) -> None:
    for body, kind in (
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"{", "application/json"),
        (b"a" * 3_000_000, "application/x-www-form-urlencoded"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "text/xml"),
    ):
        for path in PATHS:
            answer = client.post(path, data=body, content_type=kind)
            assert answer.status_code < 500, (path, kind, body[:20])
