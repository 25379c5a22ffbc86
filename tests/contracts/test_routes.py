"""Every address and for whom it is. Whoever adds a page says here who may see it, or this fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Blueprint
from sqlalchemy import select
from werkzeug.routing import Rule

from tests.factories import PASSWORD, user
from webapp.accounts import permissions
from webapp.pages.access import AUDIENCES, EVERYBODY, SIGNED_IN
from webapp.units.models import Unit

# Which database answers makes no difference to who may ask.
pytestmark = pytest.mark.only_engine("sqlite")

ADMIN = frozenset({permissions.ADMIN})
PROGRAMS = ("/open311/v2", "/georeport/v2")
FORMATS = ".<any(json,xml):fmt>"
RESOURCES = (
    ("GET", "/discovery"),
    ("GET", "/services"),
    ("GET", "/services/<code>"),
    ("GET", "/requests"),
    ("POST", "/requests"),
    ("GET", "/requests/<request_id>"),
    ("GET", "/tokens/<token>"),
    ("GET", "/servicerequestupdates"),
)

ROUTES: dict[str | frozenset[str], list[str]] = {
    EVERYBODY: [
        "GET /",
        "POST /language",
        "GET /static/<path:filename>",
        # reporting and following
        "GET /report",
        "POST /report",
        "GET /report/communes/<province>.json",
        "GET /report/paper",
        # the form as an app on the phone
        "GET /sw.js",
        "GET /manifest.webmanifest",
        "GET /report/offline",
        "GET /report/queue",
        "GET /report/near.json",
        "POST /report/photos/have",
        "PUT /report/photos",
        "GET /track",
        "POST /track",
        "GET /r/<code>",
        "POST /r/<code>",
        "GET /r/<code>/photos/<public_id>.webp",
        # following
        "POST /r/<code>/feedback",
        "POST /r/<code>/notices",
        "GET /notices/<token>",
        "POST /notices/<token>",
        "GET /follow",
        "POST /follow",
        "POST /cases/<public_id>/me-too",
        "GET /feeds/commune/<code>.atom",
        "GET /feeds/province/<code>.atom",
        "GET /feeds/case/<public_id>.atom",
        "POST /r/<code>/contact",
        "POST /r/<code>/withdraw",
        "POST /r/<code>/data",
        "GET /privacy",
        # what is public
        "GET /styleguide",  # not on a production instance
        "GET /map",
        "GET /map/list",
        "GET /map/cases/<public_id>",
        "GET /map/areas.json",
        "GET /map/tiles/<z>/<x>/<y>.json",
        "GET /map/shades.json",
        "GET /map/months.json",
        "GET /map/places.json",
        "GET /map/base/<int:z>/<int:x>/<int:y>",
        "GET /cases",
        "GET /cases/<public_id>",
        "GET /cases/<public_id>/preview.jpg",
        "GET /robots.txt",
        "GET /sitemap.xml",
        "GET /sitemaps/<name>.xml",
        "GET /photos/<name>",
        "GET /outcomes",
        "GET /outcomes/<public_id>",
        "GET /files/<public_id>.pdf",
        # figures
        "GET /stats",
        "GET /figures",
        "GET /figures.<any(csv,json):form>",
        "GET /figures/<code>",
        "GET /figures/<code>.<any(csv,json):form>",
        "GET /figures/<code>/<int:year>",
        "GET /figures/<code>/ranking",
        "GET /figures/units/<code>",
        "GET /figures/units/<code>.<any(csv,json):form>",
        "GET /figures/cases",
        "GET /figures/definitions",
        "GET /figures/ranking",
        "GET /embed/<code>",
        # a unit without accounts: the token in the link is the right
        "GET /unit/sw.js",
        "GET /unit-link/<token>",
        "POST /unit-link/<token>",
        "POST /unit-link/<token>/again",
        "POST /unit-link/leave",
        "GET /unit-link/cases/<public_id>",
        "POST /unit-link/cases/<public_id>/<name>",
        "GET /unit-link/photos/<public_id>",
        "GET /unit-link/recordings/<public_id>",
        "GET /unit-link/files/<public_id>",
        # signing in
        "GET /auth/login",
        "POST /auth/login",
        "POST /auth/logout",
        "GET /auth/second",
        "POST /auth/second",
        "POST /auth/second/passkey",
        "POST /auth/second/leave",
        "GET /auth/invitation/<token>",
        "POST /auth/invitation/<token>",
        "GET /auth/oidc",
        "GET /auth/oidc/callback",
        "POST /auth/oidc/callback",
        "GET /auth/fs-static/<path:filename>",
        # open data
        "GET /open-data",
        "GET /data",
        "GET /open-data/dictionary.json",
        "GET /open-data/latest/<name>",
        "GET /open-data/<version>/<name>",
        "GET /feeds/new.atom",
        "GET /feeds/overdue.atom",
        "GET /api/v1/openapi.json",
        "GET /api/v1/reports",
        "GET /api/v1/reports/<public_id>",
        *(f"{method} /api/v1/<path:rest>" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        # programs
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",  # from this machine only
        *(
            f"{method} {prefix}{rest}"
            for prefix in PROGRAMS
            for method, rest in (
                ("GET", "/"),
                *((method, path + ending) for method, path in RESOURCES for ending in ("", FORMATS)),
                *((method, "/<path:rest>") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
            )
        ),
    ],
    SIGNED_IN: [
        "GET /auth/home",
        "GET /auth/security",
        "GET /auth/security/app",
        "POST /auth/security/app",
        "POST /auth/security/app/remove",
        "POST /auth/security/passkeys/options",
        "POST /auth/security/passkeys",
        "POST /auth/security/passkeys/<int:key_id>/remove",
        "POST /auth/security/recovery",
        "POST /auth/security/sessions/<int:session_id>/end",
        "POST /auth/security/sessions/end",
        "POST /auth/security/password",
    ],
    permissions.STAFF: [
        "GET /admin/people",
        "GET /admin/people/invite",
        "POST /admin/people/invite",
        "POST /admin/people/export.<any(csv,xlsx):form>",
        "POST /admin/people/import",
        "GET /admin/people/<int:user_id>",
        "POST /admin/people/<int:user_id>/<name>",
    ],
    permissions.PERMISSIONS["audit:view"]: ["GET /admin/audit", "POST /admin/audit/export"],
    permissions.FRONT: [
        "GET /desk",
        "GET /desk/cases/<public_id>",
        "POST /desk/cases/<public_id>/<name>",
        "POST /desk/cases/<public_id>/here",
        "POST /desk/bulk",
        "POST /desk/filters",
        "POST /desk/filters/<int:number>/delete",
        "POST /desk/cases/<public_id>/outcomes/<outcome_id>/publish",
        "GET /desk/photos/<public_id>",
        "POST /desk/cases/<public_id>/contact",
        "POST /desk/cases/<public_id>/links/<int:link_id>/end",
        "GET /desk/cases/<public_id>/merge",
        "POST /desk/cases/<public_id>/merge",
        "GET /desk/cases/<public_id>/split",
        "POST /desk/cases/<public_id>/split",
        "GET /desk/cases/<public_id>/document",
        "GET /desk/cases/<public_id>/document.pdf",
        "POST /desk/cases/<public_id>/document",
        "GET /desk/replies",
        "GET /desk/replies/<code>",
        "POST /desk/replies/<code>",
        "POST /desk/replies/export.<any(csv,xlsx):form>",
        "POST /desk/replies/import",
        "GET /desk/digest",
        "GET /desk/escalated",
        "GET /desk/next",
        "GET /desk/scores",
        "GET /desk/scores/<unit_code>/<measure>",
        "POST /desk/scores/export",
        "GET /desk/requests",
        "POST /desk/requests/<int:request_id>/confirm",
        "POST /desk/requests/<int:request_id>/answer",
        "GET /desk/photos/<public_id>/blur",
        "POST /desk/photos/<public_id>/blur",
        "GET /desk/photos/<public_id>/public",
        "GET /desk/recordings/<public_id>",
        "GET /desk/files/<public_id>",
        "GET /desk/sheets/<public_id>",
    ],
    permissions.ENTRY: ["GET /entry", "POST /entry", "GET /entry/slip", "POST /entry/slip"],
    permissions.UNIT: [
        "GET /unit",
        "GET /unit/cases/<public_id>",
        "GET /unit/digest",
        "GET /unit/escalated",
        "GET /unit/next",
        "GET /unit/scores",
        "GET /unit/scores/<unit_code>/<measure>",
        "POST /unit/scores/export",
        "POST /unit/cases/<public_id>/<name>",
        "GET /unit/cases/<public_id>/document",
        "GET /unit/cases/<public_id>/document.pdf",
        "POST /unit/cases/<public_id>/document",
        "POST /unit/cases/<public_id>/here",
        "POST /unit/filters",
        "POST /unit/bulk",
        "POST /unit/filters/<int:number>/delete",
        "GET /unit/photos/<public_id>",
        "GET /unit/recordings/<public_id>",
        "GET /unit/files/<public_id>",
        "GET /unit/cases/<public_id>/inspection",
        "POST /unit/cases/<public_id>/inspection",
        "GET /unit/sheets/<public_id>",
        "POST /unit/sheets/<public_id>",
        "GET /unit/inspections/token",
        "GET /unit/inspections/photos/<sha256>",
        "PUT /unit/inspections/photos",
    ],
    ADMIN: [
        "GET /admin/contacts",
        "POST /admin/contacts",
        "POST /admin/contacts/many",
        "POST /admin/contacts/export.<any(csv,xlsx):form>",
        "POST /admin/contacts/import",
        "GET /admin/api-keys",
        "POST /admin/api-keys",
        "POST /admin/api-keys/<int:key_id>/revoke",
        "GET /admin",
        "POST /admin/jobs/<int:job_id>/retry",
        "GET /admin/reorganisations",
        "POST /admin/reorganisations",
        "GET /admin/reorganisations/<code>",
        "POST /admin/reorganisations/<code>/plan.<any(csv,xlsx):form>",
        "POST /admin/reorganisations/<code>/steps",
        "POST /admin/reorganisations/<code>/steps/<int:step_id>/remove",
        "POST /admin/reorganisations/<code>/<any(approve,withdraw,reopen):action>",
    ],
    # looking and trying out; changing asks for rules:edit or reference:edit as well
    permissions.RULES: [
        "GET /admin/routing",
        "POST /admin/routing/export.<any(csv,xlsx):form>",
        "GET /admin/routing/simulate",
        "GET /admin/routing/checks",
        "GET /admin/routing/versions",
        "GET /admin/routing/versions/<int:version_id>",
        "POST /admin/routing/versions/<int:version_id>/restore",
        "GET /admin/routing/draft",
        "POST /admin/routing/draft",
        "POST /admin/routing/draft/try",
        "POST /admin/routing/draft/publish",
        "POST /admin/routing/draft/drop",
        "POST /admin/routing/draft/rebase",
        "POST /admin/routing/draft/import",
        "GET /admin/routing/draft/rules/new",
        "POST /admin/routing/draft/rules/new",
        "GET /admin/routing/draft/rules/<code>",
        "POST /admin/routing/draft/rules/<code>",
        "POST /admin/routing/draft/rules/<code>/remove",
        "GET /admin/tables/<name>",
        "POST /admin/tables/<name>/export.<any(csv,xlsx):form>",
        "GET /admin/tables/<name>/new",
        "POST /admin/tables/<name>/new",
        "GET /admin/tables/<name>/rows/<key>",
        "POST /admin/tables/<name>/rows/<key>",
        "POST /admin/tables/<name>/import",
        "GET /admin/categories",
        "GET /admin/categories/new",
        "POST /admin/categories/new",
        "GET /admin/categories/<code>",
        "POST /admin/categories/<code>",
        "POST /admin/categories/export.<any(csv,xlsx):form>",
        "POST /admin/categories/import",
        "GET /admin/checklists",
        "GET /admin/checklists/new",
        "POST /admin/checklists/new",
        "GET /admin/checklists/<code>",
        "POST /admin/checklists/<code>",
        "POST /admin/checklists/export.<any(csv,xlsx):form>",
        "POST /admin/checklists/import",
        "GET /admin/units",
        "GET /admin/units/new",
        "POST /admin/units/new",
        "GET /admin/units/<code>",
        "POST /admin/units/<code>",
        "POST /admin/units/export.<any(csv,xlsx):form>",
        "POST /admin/units/import",
    ],
}

VALUES = {
    "request_id": 1,
    "link_id": 1,
    "fmt": "json",
    "form": "csv",
    "version_id": 1,
    "z": "5",
    "x": "25",
    "y": "14",
    "job_id": 1,
    "key_id": 1,
    "session_id": 1,
    "user_id": 1,
    "step_id": 1,
    "action": "approve",
    "province": "86",
    "code": "1",
    "rest": "x",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def routes(app: Any) -> list[tuple[str, str, Rule]]:
    """("METHOD rule", method, rule) of everything; HEAD and OPTIONS go with what they belong to."""
    return [
        (f"{method} {rule.rule}", method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def audience(rule: Rule) -> str | frozenset[str]:
    """For whom the program itself says a rule is."""
    return EVERYBODY if rule.endpoint == "static" else AUDIENCES[rule.endpoint.rpartition(".")[0]]


def address(app: Any, rule: Rule) -> str:
    """The rule with something in each of its places."""
    values = {name: VALUES.get(name, "1") for name in rule.arguments}
    found = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert found is not None
    return found[1]


def sign_in(client: Any, email: str) -> None:
    page = client.get("/auth/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"email": email, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/auth/login", data=form).status_code in {302, 303}
    assert client.get("/auth/home").status_code == 302


def test_every_route_is_listed(app: Any) -> None:
    known = {name for names in ROUTES.values() for name in names}
    there = {name for name, _, _ in routes(app)}
    assert not there - known, f"say in ROUTES for whom these are: {sorted(there - known)}"
    assert not known - there, f"these are gone: {sorted(known - there)}"
    assert len(known) == sum(map(len, ROUTES.values())), "a route is listed twice"


def test_the_program_agrees_about_the_audience(app: Any) -> None:
    listed = {name: who for who, names in ROUTES.items() for name in names}
    wrong = [name for name, _, rule in routes(app) if name in listed and audience(rule) != listed[name]]
    assert not wrong


def test_every_blueprint_has_an_audience(app: Any) -> None:
    assert set(app.blueprints) == set(AUDIENCES)


def test_what_nobody_listed_is_closed(app: Any) -> None:
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", "page", lambda: "secret")
    app.register_blueprint(forgotten)
    app.add_url_rule("/bare", "bare", lambda: "secret")
    for path in ("/forgotten", "/bare"):
        response = app.test_client().get(path)
        assert response.status_code == 403
        assert "secret" not in response.text


def test_the_public_comes_into_no_other_page(app: Any, client: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # so that it is the audience that refuses
    tried = 0
    for name, method, rule in routes(app):
        if audience(rule) == EVERYBODY:
            continue
        path = address(app, rule)
        response = client.open(path, method=method)
        if method == "GET":
            assert response.status_code == 302, name
            assert response.headers["Location"].startswith("/auth/login?next="), name
        else:
            assert response.status_code == 403, name
        tried += 1
    assert tried == sum(len(names) for who, names in ROUTES.items() if who != EVERYBODY)


@pytest.mark.parametrize("role", ["front", "unit", "admin", "member"])
def test_each_role_stays_in_its_rooms(app: Any, client: Any, session: Any, role: str) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # as above; the sign-in form keeps its own check
    front = session.scalars(select(Unit.code).where(Unit.kind == "front_commune")).first()
    office = session.scalars(select(Unit.code).where(Unit.kind == "commune_committee")).first()
    assert front and office
    union = session.scalars(select(Unit.code).where(Unit.kind == "org_women")).first()
    user(f"{role}@example.org", role, {"front": front, "unit": office, "admin": None, "member": union}[role])
    sign_in(client, f"{role}@example.org")
    me = {
        "front": permissions.COMMUNE_FRONT,
        "unit": permissions.UNIT_OFFICER,
        "admin": permissions.ADMIN,
        "member": permissions.MEMBER_ORG,
    }[role]
    home = {"front": "/desk", "unit": "/unit", "admin": "/admin", "member": "/entry"}[role]
    assert client.get("/auth/home").headers["Location"] == home
    assert client.get(home).status_code == 200
    for name, method, rule in routes(app):
        who = audience(rule)
        if isinstance(who, frozenset) and me not in who:
            assert client.open(address(app, rule), method=method).status_code == 403, name


def test_every_public_answer_carries_the_security_headers(app: Any, client: Any) -> None:
    """Error answers as well: most of these addresses lead nowhere on an empty instance."""
    kinds = set()
    for name, method, rule in routes(app):
        if method != "GET" or audience(rule) != EVERYBODY:
            continue
        response = client.get(address(app, rule))
        assert response.status_code < 500, name
        for header, value in HEADERS.items():
            assert response.headers.get(header) == value, (name, header)
        assert "geolocation=(self)" in response.headers["Permissions-Policy"], name
        kinds.add(response.mimetype)
        if response.mimetype == "text/html":
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, name
            assert "frame-ancestors 'none'" in policy, name
            assert "unsafe" not in policy, name
        for cookie in response.headers.getlist("Set-Cookie"):
            assert "HttpOnly" in cookie, name
            assert "SameSite=Lax" in cookie, name
    assert {"text/html", "application/json", "text/plain"} <= kinds


def test_only_the_box_for_other_sites_may_be_framed(app: Any, client: Any) -> None:
    framed = set()
    for name, method, rule in routes(app):
        if method != "GET":
            continue
        answer = client.get(address(app, rule))
        policy = answer.headers.get("Content-Security-Policy", "")
        if answer.mimetype == "text/html" and "frame-ancestors 'none'" not in policy:
            framed.add(name)
    assert framed <= {"GET /embed/<code>"}
    box = client.get("/embed/country")
    assert "frame-ancestors *" in box.headers["Content-Security-Policy"]
