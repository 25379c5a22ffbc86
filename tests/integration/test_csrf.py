"""Nothing is changed by a form that another site sends in a visitor's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select
from werkzeug.routing import AnyConverter, Rule

from tests.factories import PASSWORD, duyen_hai, report, user
from webapp.core.events import Event
from webapp.core.outbox import Job
from webapp.pages.web import csrf
from webapp.reports.models import Message, Report

# Views that look at the token themselves, so that an expired page keeps what was typed …
THEMSELVES = {
    "webapp.pages.entry.views.enter",
    "webapp.pages.resident.report.send",
    "webapp.pages.resident.track.add",
    "webapp.pages.public.follow.subscribe",
    "webapp.pages.resident.aftercare.say",
    "webapp.pages.resident.aftercare.subscribe",
    "webapp.pages.resident.safety.contact",
    "webapp.pages.resident.safety.data",
    "webapp.pages.unit.actions.act",
    "webapp.pages.unit.inspection.hand_in",
    "webapp.pages.unit.link.act",
}
# … and those that need none, with the reason.
WITHOUT = {
    "webapp.pages.public.home.set_language": "sets nothing but the visitor's own language",
    "webapp.pages.resident.track.find": "only looks a code up; a token would make the home page set a cookie",
    "webapp.pages.resident.pwa.have": "says what a random client id has sent; no cookie counts",
    "webapp.pages.resident.pwa.photo": "takes a photo for a random client id; no cookie counts",
    "webapp.pages.resident.aftercare.act": "the random token in the address is the right; mail programs post there",
    "webapp.pages.public.follow.me_too": "no session for those who only read; refused by Sec-Fetch-Site instead",
}
KEYED = {"open311", "api"}  # programs show a key, or may only read; no cookie counts

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"|value="([^"]+)"[^>]* name="csrf_token"')


def token_on(client: Any, path: str) -> str:
    """The token in a page's form."""
    page = client.get(path)
    assert page.status_code == 200, path
    found = _TOKEN.search(page.text)
    assert found, f"no token on {path}"
    return found[1] or found[2]


def changing(app: Any) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, address) of everything that is not only read."""
    for rule in app.url_map.iter_rules():
        values = {name: "1" if name.endswith("_id") or name == "number" else "x" for name in rule.arguments} | {
            "fmt": "json",
            "action": "approve",
        }
        for name, kind in rule._converters.items():
            if isinstance(kind, AnyConverter):
                values[name] = sorted(kind.items)[0]
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            with app.test_request_context():
                yield rule, method, app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def own_business(app: Any, rule: Rule) -> bool:
    """Whether the general check leaves this rule alone."""
    view = app.view_functions[rule.endpoint]
    exempt = f"{view.__module__}.{view.__name__}" in THEMSELVES | set(WITHOUT)
    return exempt or rule.endpoint.partition(".")[0] in KEYED


def test_exceptions_are_those_listed_here(app: Any) -> None:
    assert csrf._exempt_views == THEMSELVES | set(WITHOUT)
    assert {blueprint.name for blueprint in csrf._exempt_blueprints} == KEYED


def test_every_form_wants_a_token_of_this_visitor(app: Any, client: Any) -> None:
    """Without one, with one made up, and with one of another visitor, whoever asks."""
    with app.test_request_context():
        foreign = generate_csrf()
    checked = 0
    for rule, method, address in changing(app):
        if own_business(app, rule):
            continue
        for token in (None, "", "made up", foreign):
            data = {"code": "1", "email": "x"} | ({} if token is None else {"csrf_token": token})
            response = client.open(address, method=method, data=data)
            assert response.status_code == 400, (address, token)
            assert "<h1" in response.text
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("token", [None, "made up"])
def test_the_report_form_checks_itself(client: Any, session: Any, token: str | None) -> None:
    form = {"category": "waste_household", "lat": "9.585", "lon": "106.525", "description": "Đống rác"}
    response = client.post("/report", data=form | ({"csrf_token": token} if token else {}))
    assert response.status_code == 422
    assert "Đống rác" in response.text, "what was typed is kept"
    assert session.scalar(select(func.count()).select_from(Report)) == 0
    form["csrf_token"] = token_on(client, "/report")
    assert client.post("/report", data=form).status_code == 303
    assert session.scalar(select(func.count()).select_from(Report)) == 1


@pytest.mark.parametrize("token", [None, "made up"])
def test_the_page_under_a_code_checks_itself(client: Any, session: Any, token: str | None) -> None:
    from tests.factories import submission
    from webapp.reports import service

    code = service.submit(submission()).code
    data = {"more": "Xe lại đến"} | ({"csrf_token": token} if token else {})
    response = client.post(f"/r/{code}", data=data)
    assert response.status_code == 422
    assert "Xe lại đến" in response.text
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_a_signed_in_unit_is_not_made_to_act(client: Any, session: Any, run_jobs: Any) -> None:
    """The browser sends the cookie along with a form of any site; that must not be enough."""
    duyen_hai()
    case = report(category_code="waste_household")
    run_jobs()
    session.refresh(case)
    assert case.unit_code
    case.status = "assigned"
    user("xa@example.org", "unit", case.unit_code)
    login = {"email": "xa@example.org", "password": PASSWORD, "csrf_token": token_on(client, "/auth/login")}
    assert client.post("/auth/login", data=login).status_code in {302, 303}
    address = f"/unit/cases/{case.public_id}"
    assert client.get(address).status_code == 200
    before = session.scalar(select(func.count()).select_from(Event))
    for data in ({}, {"csrf_token": "made up"}):
        assert client.post(f"{address}/accept", data=data).status_code == 400
    session.refresh(case)
    assert case.status == "assigned"
    assert session.scalar(select(func.count()).select_from(Event)) == before


def test_an_admin_is_not_made_to_act(client: Any, session: Any) -> None:
    from webapp.core import outbox

    job = session.get(Job, outbox.enqueue("reports.route", report_id=0))
    job.state = outbox.FAILED
    user("admin@example.org", "admin", None)
    login = {"email": "admin@example.org", "password": PASSWORD, "csrf_token": token_on(client, "/auth/login")}
    assert client.post("/auth/login", data=login).status_code in {302, 303}
    assert client.post(f"/admin/jobs/{job.id}/retry").status_code == 400
    assert session.get(Job, job.id, populate_existing=True).state == outbox.FAILED


def test_the_language_may_be_chosen_without_a_token(client: Any) -> None:
    response = client.post("/language", data={"lang": "en", "next": "//evil.example"})
    assert response.status_code in {302, 303}
    assert response.headers["Location"] == "/"
