"""What the tests of the desks share: signing in, a case at a certain point, posting an action as a browser does."""

from __future__ import annotations

import io
import re
import secrets
from typing import Any

from flask import current_app
from flask_security.utils import hash_password

from tests import factories
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Report
from webapp.routing import assign
from webapp.routing import service as routing
from webapp.units import queries as units

PEOPLE = {
    "commune": ("front.xa@dgs.test", "front", "mttq-29512"),
    "other": ("front.khac@dgs.test", "front", "mttq-29413"),
    "province": ("front.tinh@dgs.test", "front", "mttq-86"),
    "central": ("front.tw@dgs.test", "front", "mttq-tw"),
    "unit": ("ubnd@dgs.test", "unit", "ubnd-29512"),
    "unit2": ("so@dgs.test", "unit", "so-nnmt-86"),
    "member": ("phunu@dgs.test", "member", "phunu-86"),
    "admin": ("admin@dgs.test", "admin", None),
}
FRONT = Actor("front", None, "mttq-29512")
UNIT = Actor("unit", None, "ubnd-29512")
PATH = (life.RECEIVED, life.ASSIGNED, life.VERIFYING, life.ANSWERED, life.VERIFIED, life.CLOSED)
SECRET = "Chi Ba gan cau sat"
_hashes: dict[str, str] = {}


def people(*names: str) -> None:
    """Create these accounts. The password is hashed once per run: hashing is slow on purpose."""
    salt = current_app.config["SECURITY_PASSWORD_SALT"]
    if salt not in _hashes:
        _hashes[salt] = hash_password(factories.PASSWORD)
    for name in names or PEOPLE:
        email, role, unit_code = PEOPLE[name]
        db.session.add(
            User(
                email=email,
                password=_hashes[salt],
                active=True,
                fs_uniquifier=secrets.token_hex(32),
                name=f"Tài khoản thử {role}",
                role=role,
                unit_code=unit_code,
                created_at=clock.now(),
            )
        )
    db.session.flush()


def sign_in(client: Any, name: str) -> Any:
    """Sign in as one of PEOPLE; returns the client."""
    client.delete_cookie("dgs")
    client.delete_cookie("remember_token")
    page = client.get("/auth/login").get_data(as_text=True)
    data = {"email": PEOPLE[name][0], "password": factories.PASSWORD, "csrf_token": field(page, "csrf_token")}
    response = client.post("/auth/login", data=data)
    assert response.status_code == 302, response.status_code
    return client


def field(html: str, name: str) -> str:
    """The value of the first field of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found.group(1)


def case(status: str = life.RECEIVED, **changes: Any) -> Report:
    """A case of household waste at Duyên Hải that has come as far as `status` (one of PATH)."""
    given: dict[str, Any] = {"category_code": "waste_household", "description": SECRET} | changes
    report = factories.report(**given)
    routing.route(report)
    for to in PATH[1 : PATH.index(status) + 1]:
        if to == life.ASSIGNED:
            unit = units.by_code(report.unit_code)
            assert unit is not None
            assign.assign(report, unit, FRONT)
        elif to == life.ANSWERED:
            photo = StoredPhoto("originals/x/1", "1" * 64, 10, "image/jpeg")
            service.answer(report, Actor("unit", None, report.unit_code), "Đã dọn sạch", (photo,))
        else:
            service.move(report, to, FRONT)
    db.session.flush()
    return report


def act(client: Any, report: Report, name: str, base: str = "/desk", **data: Any) -> Any:
    """Post an action from a freshly loaded case page; `data` may override `version` and the like."""
    where = f"{base}/cases/{report.public_id}"
    page = client.get(where).get_data(as_text=True)
    stamps = {}
    for stamp in ("csrf_token", "version", "seen"):
        found = re.search(rf'name="{stamp}" value="([^"]*)"', page)
        stamps[stamp] = found.group(1) if found else ""
    multipart = any(isinstance(v, tuple | list) and v and isinstance(v[0], (io.BytesIO, tuple)) for v in data.values())
    options = {"content_type": "multipart/form-data"} if multipart else {}
    return client.post(f"{where}/{name}", data=stamps | data, **options)


def picture(name: str = "bien-ban.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(factories.jpeg()), name
