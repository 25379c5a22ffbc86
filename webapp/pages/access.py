"""For whom each page is. A page is reachable only if its blueprint stands here: default deny."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, abort, g, redirect, request
from flask_security import current_user
from werkzeug.wrappers import Response

from webapp.accounts import permissions
from webapp.accounts.models import ADMIN, FRONT, MEMBER, UNIT, User
from webapp.accounts.permissions import Identity, allowed, may
from webapp.units import queries as units

_FRONT_ROLES = {
    "front_commune": permissions.COMMUNE_FRONT,
    "front_province": permissions.PROVINCE_FRONT,
    "front_central": permissions.CENTRAL_FRONT,
}

EVERYBODY = "everybody"
SIGNED_IN = "signed_in"

# blueprint -> audience: everybody, anyone signed in, or the roles that may enter
AUDIENCES: dict[str, str | frozenset[str]] = {
    "home": EVERYBODY,
    "map": EVERYBODY,
    "cases": EVERYBODY,
    "report": EVERYBODY,
    "track": EVERYBODY,
    "pwa": EVERYBODY,
    "aftercare": EVERYBODY,
    "follow": EVERYBODY,
    "feeds": EVERYBODY,
    "privacy": EVERYBODY,
    "health": EVERYBODY,
    "open311": EVERYBODY,
    "auth": EVERYBODY,  # Flask-Security's own pages
    "account": SIGNED_IN,
    "desk": permissions.FRONT,
    "entry": permissions.ENTRY,
    "unit": permissions.UNIT,
    "unit_worker": EVERYBODY,
    "unit_link": EVERYBODY,  # the token in the address is the right; see pages/unit/link.py
    "admin": frozenset({permissions.ADMIN}),
    "rules": permissions.RULES,
    "tables": permissions.RULES,
    "reorganisations": frozenset({permissions.ADMIN}),
}


def init_app(app: Flask) -> None:
    """Check the audience before each request."""
    app.before_request(_check)


def _check() -> Response | None:
    if request.endpoint == "static" or request.endpoint is None:
        return None
    audience = AUDIENCES.get(request.blueprint or "")
    if audience is None:
        abort(403)
    if audience == EVERYBODY:
        return None
    identity = current_identity()
    if identity is None:
        if request.method in {"GET", "HEAD"}:
            return redirect(f"/auth/login?next={quote(request.full_path.rstrip('?'))}")
        abort(403)
    if isinstance(audience, frozenset) and identity.role not in audience:
        abort(403)
    return None


def current_identity() -> Identity | None:
    """Who is signed in, with the area their unit acts for today; None for the public."""
    if "staff_identity" not in g:  # not `identity`: that name on g is Flask-Principal's
        g.staff_identity = _identity_of(current_user) if current_user.is_authenticated else None
    found: Identity | None = g.staff_identity
    return found


def _identity_of(user: User) -> Identity | None:
    if user.role == ADMIN:
        return Identity(permissions.ADMIN, user.id)
    unit = units.by_code(user.unit_code)
    if unit is None:
        return None
    if user.role == FRONT:
        role = _FRONT_ROLES.get(unit.kind)
    else:
        role = permissions.MEMBER_ORG if user.role == MEMBER else permissions.UNIT_OFFICER
    if role is None or (user.role == UNIT and unit.is_front) or unit.is_member != (user.role == MEMBER):
        return None  # an account whose role and unit contradict each other can do nothing
    area = unit.area_code if unit.level == "commune" else None
    return Identity(role, user.id, unit.code, area, unit.province_code)


def identity() -> Identity:
    """The signed-in identity; 403 where there is none (the check above normally came first)."""
    found = current_identity()
    if found is None:
        abort(403)
    return found


def require(permission: str, case: permissions.Case | None = None) -> Identity:
    """The identity, if it has the permission (with this case, if one is given).

    A case out of scope is 404, so that nobody learns what there is elsewhere; a lacking permission is 403.
    """
    found = identity()
    if not allowed(found.role, permission):
        abort(403)
    if case is not None and not may(found, permission, case):
        abort(404)
    return found
