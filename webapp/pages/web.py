"""What is done around each request: transaction, headers, assets."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, has_request_context, request
from flask_babel import ngettext
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.areas.queries import any_approximate
from webapp.core.db import db, set_writes
from webapp.core.instance import instance
from webapp.pages import labels
from webapp.pages.access import current_identity
from webapp.reports.codes import spaced

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Add the hooks and the template globals."""
    csrf.init_app(app)
    settings = app.extensions["dgs"].settings
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_after)
    app.after_request(_headers)
    app.context_processor(_context)
    app.add_template_global(asset)
    app.add_template_global(kept_files)
    app.add_template_global(ngettext)
    app.add_template_global(spaced)
    for function in (labels.day, labels.moment, labels.iso_day, labels.number, labels.dong):
        app.add_template_filter(function)
    app.add_template_global(lambda role: labels.ROLE[role], "role_label")
    app.add_template_global(lambda code: labels.STATUS[code], "status_label")
    app.add_template_global(lambda code: labels.VERDICT[code], "verdict_label")
    app.add_template_global(lambda code: labels.VERDICT_TONE[code], "verdict_tone")
    app.add_template_global(lambda code: labels.STATUS_MEANING[code], "status_meaning")
    app.add_template_global(csp_nonce)


def _begin() -> None:
    set_writes(request.method not in SAFE, alone=True)
    # Werkzeug's limit for text fields does not cover this kind of body.
    limit = current_app.config["MAX_FORM_MEMORY_SIZE"]
    if request.mimetype == "application/x-www-form-urlencoded" and (request.content_length or 0) > limit:
        abort(413)


def _after(_error: BaseException | None) -> None:
    """What comes after the request in the same thread says for itself whether it reads."""
    set_writes(True)


def _end(response: Response) -> Response:
    """One commit for each request, at its edge: before the answer leaves, and only if it is not an error."""
    if request.method not in SAFE and response.status_code < 400:
        db.session.commit()
    else:
        db.session.rollback()
    return response


@event.listens_for(Session, "before_flush")
def _refuse_writes_in_get(session: Session, _context: Any, _instances: Any) -> None:
    if not has_request_context() or request.method not in SAFE:
        return
    if session.new or session.deleted or any(session.is_modified(o) for o in session.dirty):
        raise RuntimeError("a GET request must not write")


@event.listens_for(Session, "do_orm_execute")
def _refuse_statements_that_write(state: ORMExecuteState) -> None:
    changes = state.is_insert or state.is_update or state.is_delete
    if changes and has_request_context() and request.method in SAFE:
        raise RuntimeError("a GET request must not write")


def fixed_headers() -> list[tuple[str, str]]:
    """The headers of every answer, whatever it is."""
    return [*_HEADERS, _HTTPS_ONLY] if instance().settings.secure_cookies else list(_HEADERS)


_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(), interest-cohort=()"),
)
_HTTPS_ONLY = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def _headers(response: Response) -> Response:
    headers = response.headers
    for name, value in fixed_headers():
        headers.setdefault(name, value)
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", _policy())
        # Pages carry a token and perhaps a case: nobody between us and the reader keeps them.
        headers.setdefault("Cache-Control", "no-store" if "Set-Cookie" in headers else "private, no-cache")
    return response


def _policy() -> str:
    tiles = ""
    if instance().settings.tile_url:
        from urllib.parse import urlsplit

        parts = urlsplit(instance().settings.tile_url.replace("{s}.", "*."))
        tiles = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return (
        "default-src 'none'; "
        f"script-src 'nonce-{csp_nonce()}' 'strict-dynamic'; "
        "style-src 'self'; "
        f"img-src 'self' data: blob:{tiles}; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "worker-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def csp_nonce() -> str:
    """The nonce that this response's scripts carry."""
    if getattr(g, "csp_nonce", None) is None:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def asset(path: str) -> str:
    """The address of a static file, with its content's fingerprint so that it can be kept for a year."""
    return _asset(current_app.static_folder or "", path)


@lru_cache(maxsize=512)
def _asset(root: str, path: str) -> str:
    """Files are read once in the life of a process: whoever changes one starts the process anew."""
    file = Path(root) / path
    mark = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.exists() else "0"
    return f"/static/{path}?v={mark}"


def _context() -> dict[str, Any]:
    return {
        "settings": instance().settings,
        "approximate_areas": any_approximate(),
        "identity": current_identity(),
    }


def kept_files(kept: list[Any]) -> list[dict[str, str]]:
    """Kept originals as the file field shows them; no thumbnail, for nothing has been cleaned yet."""
    return [{"token": k.token, "name": k.label, "size_label": f"{k.size / 1_048_576:.1f} MB"} for k in kept]
