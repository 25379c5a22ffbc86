"""Every cell of the matrix of permissions, as a real request by somebody signed in with that role.

One instance serves all cells: what is asked of each is only whether the door opens, not what happens behind it, so
one cell does not change another. That the map itself is as it should be says tests/unit/test_permissions.py.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from tests import factories, services
from tests.integration.staff import PEOPLE, case, people, sign_in
from webapp.accounts import permissions as p
from webapp.reports import lifecycle as life

ROLES = {
    p.COMMUNE_FRONT: "commune",
    p.PROVINCE_FRONT: "province",
    p.CENTRAL_FRONT: "central",
    p.UNIT_OFFICER: "unit",
    p.MEMBER_ORG: "member",
    p.ADMIN: "admin",
}


@dataclass
class World:
    """An instance with one person of each role, signed in, two cases, and for each role a person below."""

    app: Any
    new: str = ""
    passed_on: str = ""
    below: dict[str, int] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    def ask(self, role: str, method: str, path: str) -> int:
        client = self.clients[role]
        return contextvars.Context().run(lambda: int(client.open(path, method=method).status_code))


def _new(action: str) -> Callable[[World, str], tuple[str, str]]:
    return lambda world, _role: ("POST", f"/desk/cases/{world.new}/{action}")


def _passed_on(action: str) -> Callable[[World, str], tuple[str, str]]:
    return lambda world, _role: ("POST", f"/unit/cases/{world.passed_on}/{action}")


def _page(path: str, method: str = "GET") -> Callable[[World, str], tuple[str, str]]:
    return lambda _world, _role: (method, path)


def _own_desk(world: World, role: str) -> str:
    return f"/unit/cases/{world.passed_on}" if role == p.UNIT_OFFICER else f"/desk/cases/{world.new}"


# permission -> the request that needs it
REQUESTS: dict[str, Callable[[World, str], tuple[str, str]]] = {
    "report:list": lambda _world, role: ("GET", "/unit" if role == p.UNIT_OFFICER else "/desk"),
    "report:view": lambda world, role: ("GET", _own_desk(world, role)),
    "report:take": _new("take"),
    "report:assign": _new("assign"),
    "report:correct": _new("correct"),
    "report:ask": _new("ask"),
    "report:mark_duplicate": _new("duplicate"),
    "report:reject": _new("reject"),
    "report:verify": _new("verify"),
    "report:close": _new("close"),
    "report:reopen": _new("reopen"),
    "report:hand_over": _new("hand_over"),
    "extension:decide": _new("extend"),
    "case:escalated": lambda _world, role: ("GET", "/unit/escalated" if role == p.UNIT_OFFICER else "/desk/escalated"),
    "score:view": lambda _world, role: ("GET", "/unit/scores" if role == p.UNIT_OFFICER else "/desk/scores"),
    "report:delegate": _passed_on("delegate"),
    "handover:ask": _passed_on("pass_on"),
    "extension:ask": _passed_on("more_time"),
    "inspection:write": lambda world, _role: ("GET", f"/unit/cases/{world.passed_on}/inspection"),
    "contact:edit": _page("/admin/contacts"),
    "api_key:manage": _page("/admin/api-keys"),
    "report:publish": _new("publish"),
    "report:bypass": _new("bypass"),
    "report:split": _new("split"),
    "report:link": _new("link"),
    "reply:edit": _page("/desk/replies"),
    "document:issue": lambda world, role: ("GET", f"{_own_desk(world, role)}/document"),
    "reference:edit": _page("/admin/tables/deadlines/new"),
    "rules:view": _page("/admin/routing"),
    "rules:edit": _page("/admin/routing/draft", "POST"),
    "reorganisation:view": _page("/admin/reorganisations"),
    "reorganisation:edit": _page("/admin/reorganisations", "POST"),
    "reorganisation:approve": _page("/admin/reorganisations/x/approve", "POST"),
    "photo:publish": _page("/desk/photos/1/blur"),
    "contact:open": _new("contact"),
    "data:answer": _page("/desk/requests"),
    "outcome:publish": _new("outcomes/x/publish"),
    "report:enter": _page("/entry"),
    "report:accept": _passed_on("accept"),
    "report:refuse": _passed_on("refuse"),
    "report:start": _passed_on("start"),
    "report:answer": _passed_on("answer"),
    "outcome:record": _passed_on("outcome"),
    "job:view": _page("/admin"),
    "job:retry": _page("/admin/jobs/1/retry", "POST"),
    "user:view": _page("/admin"),
    "reference:view": _page("/admin"),
    "user:manage": _page("/admin/people"),
    "user:reset_factor": lambda world, role: ("POST", f"/admin/people/{world.below[role]}/reset"),
    "audit:view": _page("/admin/audit"),
    "audit:export": _page("/admin/audit/export", "POST"),
}
# No address of their own: the map alone says whose they are.
WITHOUT_PAGE = {
    "message:view": "a part of the case page",
    "inspection:sign": "asked of whoever may write the sheet",
    "report:route": "a worker's",
    "report:supplement": "whoever has the code",
    "report:object": "whoever has the code",
    "report:withdraw": "whoever has the code",
}


@pytest.fixture(scope="module")
def world(run: services.Run) -> Iterator[World]:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with run.place(services.SQLITE, services.REFERENCE) as place:
        app = services.hurried(create_app(Settings.from_env(place.environ)), run)
        app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # so that it is the permission that refuses
        made = World(app)
        with app.app_context():
            factories.duyen_hai()
            people("commune", "province", "central", "unit", "member", "admin")
            made.new, made.passed_on = case().public_id, case(life.ASSIGNED).public_id
            for role, name in ROLES.items():
                made.below[role] = _somebody_below(role, name)
            db.session.commit()
        for role, name in ROLES.items():
            made.clients[role] = app.test_client()
            contextvars.Context().run(sign_in, made.clients[role], name)
        yield made
        services.close_engines(app)


def _somebody_below(role: str, name: str) -> int:
    """An account in a unit directly below that of `role`, and the head's mark for those who need it."""
    from webapp.accounts import people as accounts
    from webapp.core.db import db
    from webapp.units.models import Unit

    email, _role, unit_code = PEOPLE[name]
    above = accounts.by_email(email)
    assert above
    above.head = role in {p.UNIT_OFFICER, p.MEMBER_ORG}
    kind, account_role = ("forest_ranger", "unit") if role == p.UNIT_OFFICER else ("org_women", "member")
    code = f"thu-{name}"
    db.session.add(
        Unit(
            code=code, kind=kind, name_vi=code, name_en=code, short_name_vi=code, level="commune",
            area_code=None, parent_code=unit_code, province_code="86", valid_from=date(2025, 7, 1),
        )
    )  # fmt: skip
    db.session.flush()
    return int(factories.user(f"{code}@dgs.test", account_role, code).id)


def test_every_permission_is_tried_or_says_why_not() -> None:
    assert set(REQUESTS) | set(WITHOUT_PAGE) == set(p.PERMISSIONS)
    assert not set(REQUESTS) & set(WITHOUT_PAGE)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", REQUESTS)
def test_each_cell(world: World, name: str, role: str) -> None:
    method, path = REQUESTS[name](world, role)
    status = world.ask(role, method, path)
    assert status < 500, (method, path)
    assert (status != 403) == p.allowed(role, name), (method, path, status)


# Further addresses behind a permission that is tried above.
TABLES = [
    ("rules:view", "GET", "/admin/categories"),
    ("rules:view", "GET", "/admin/categories/noise"),
    ("rules:view", "POST", "/admin/categories/export.csv"),
    ("reference:edit", "GET", "/admin/categories/new"),
    ("reference:edit", "POST", "/admin/categories/noise"),
    ("reference:edit", "POST", "/admin/categories/import"),
    ("rules:view", "GET", "/admin/checklists"),
    ("rules:view", "GET", "/admin/checklists/waste"),
    ("rules:view", "POST", "/admin/checklists/export.csv"),
    ("reference:edit", "GET", "/admin/checklists/new"),
    ("reference:edit", "POST", "/admin/checklists/waste"),
    ("reference:edit", "POST", "/admin/checklists/import"),
    ("rules:view", "GET", "/admin/units"),
    ("rules:view", "GET", "/admin/units/ubnd-86"),
    ("rules:view", "POST", "/admin/units/export.csv"),
    ("reference:edit", "GET", "/admin/units/new"),
    ("reference:edit", "POST", "/admin/units/ubnd-86"),
    ("reference:edit", "POST", "/admin/units/import"),
    ("reference:edit", "POST", "/admin/tables/days/import"),
    ("contact:edit", "POST", "/admin/contacts/import"),
    ("user:manage", "POST", "/admin/people/export.csv"),
    ("user:manage", "POST", "/admin/people/import"),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "method", "path"), TABLES)
def test_each_cell_of_the_tables(world: World, name: str, method: str, path: str, role: str) -> None:
    status = world.ask(role, method, path)
    assert status < 500, (method, path)
    assert (status != 403) == p.allowed(role, name), (method, path, status)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_public_has_no_cell(world: World, name: str) -> None:
    method, path = REQUESTS[name](world, p.COMMUNE_FRONT)
    status = contextvars.Context().run(lambda: world.app.test_client().open(path, method=method).status_code)
    assert status == (302 if method == "GET" else 403)
