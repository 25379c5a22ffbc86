"""For whom each page is. A page is reachable only if its blueprint stands here: default deny."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, abort, g, redirect, request
from flask_security import current_user
from werkzeug.wrappers import Response

from webapp.accounts import permissions, second_factor, signin
from webapp.accounts.models import ADMIN, User
from webapp.accounts.permissions import Identity, allowed, may
from webapp.units import posts, predecessors
from webapp.units import queries as units

EVERYBODY = "everybody"
SIGNED_IN = "signed_in"

# blueprint -> audience: everybody, anyone signed in, or the roles that may enter
AUDIENCES: dict[str, str | frozenset[str]] = {
    "home": EVERYBODY,
    "map": EVERYBODY,
    "cases": EVERYBODY,
    "figures": EVERYBODY,
    "report": EVERYBODY,
    "track": EVERYBODY,
    "pwa": EVERYBODY,
    "aftercare": EVERYBODY,
    "follow": EVERYBODY,
    "feeds": EVERYBODY,
    "discovery": EVERYBODY,
    "privacy": EVERYBODY,
    "health": EVERYBODY,
    "open311": EVERYBODY,
    "open_data": EVERYBODY,
    "api": EVERYBODY,
    "auth": EVERYBODY,  # Flask-Security's own pages
    "entrance": EVERYBODY,  # second factor, invitation, another service: each asks for its own proof
    "account": SIGNED_IN,
    "people": permissions.STAFF,
    "audit": permissions.PERMISSIONS["audit:view"],
    "desk": permissions.FRONT,
    "entry": permissions.ENTRY,
    "unit": permissions.UNIT,
    "unit_worker": EVERYBODY,
    "unit_link": EVERYBODY,  # the token in the address is the right; see pages/unit/link.py
    "admin": frozenset({permissions.ADMIN}),
    "rules": permissions.RULES,
    "tables": permissions.RULES,
    "categories": permissions.RULES,
    "checklists": permissions.RULES,
    "units": permissions.RULES,
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
    if audience == SIGNED_IN and current_user.is_authenticated:
        return None
    identity = current_identity()
    if identity is None:
        if request.method in {"GET", "HEAD"}:
            return redirect(_way_in())
        abort(403)
    if isinstance(audience, frozenset) and identity.role not in audience:
        abort(403)
    return None


def _way_in() -> str:
    """Where somebody goes who may not enter yet."""
    then = f"?next={quote(request.full_path.rstrip('?'))}"
    if signin.pending() is not None:
        return f"/auth/second{then}"
    if current_user.is_authenticated and second_factor.missing(current_user):
        return "/auth/security"
    return f"/auth/login{then}"


def current_identity() -> Identity | None:
    """Who is signed in, with the area their unit acts for today and what these stand in for; None for the public,
    and for staff who must set up their second factor first."""
    if "staff_identity" not in g:  # not `identity`: that name on g is Flask-Principal's
        ready = current_user.is_authenticated and not second_factor.missing(current_user)
        g.staff_identity = identity_of(current_user) if ready else None
    found: Identity | None = g.staff_identity
    return found


def identity_of(user: User) -> Identity | None:
    """What an account may do today; None if its role and unit contradict each other, so that it can do nothing."""
    if user.role == ADMIN:
        return Identity(permissions.ADMIN, user.id)
    unit = units.by_code(user.unit_code)
    role = posts.role_of(user.role, unit)
    if unit is None or role is None:
        return None
    area = unit.area_code if unit.level == "commune" else None
    return predecessors.with_former(Identity(role, user.id, unit.code, area, unit.province_code, user.head))


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
