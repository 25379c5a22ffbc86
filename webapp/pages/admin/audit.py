"""The audit view: who opened whose contact, who changed which rule or account, who took out what."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp.accounts import audit, audit_queries, people
from webapp.accounts.audit_queries import GROUPS, Wanted
from webapp.accounts.models import User
from webapp.accounts.permissions import allowed
from webapp.core import clock, text
from webapp.core.db import db
from webapp.core.events import Event
from webapp.pages import account_labels, labels
from webapp.pages.access import identity, require
from webapp.reports.models import Report
from webapp.reports.service import actor_of

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")
MOST_ROWS = 20_000
FIELDS = ("kind", "who", "since", "until")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("")
def audit_view() -> Response:
    """A page of entries, newest first."""
    require("audit:view")
    wanted, values, errors = _wanted(request.args)
    return _page(wanted, values, errors)


@bp.post("/export")
def audit_export() -> Response:
    """The entries of the same filter as a table (CSV). Taking it out is itself an entry."""
    require("audit:export")
    wanted, values, errors = _wanted(request.form)
    if errors:
        return _page(wanted, values, errors)
    entries = list(audit_queries.everything(wanted, MOST_ROWS))
    filters = {name: value for name, value in values.items() if value and name != "who"}
    audit.record("audit:exported", actor_of(identity()), "audit", rows=len(entries), filters=filters)
    response = Response(_table(entries), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="nhat-ky-{clock.today():%Y-%m-%d}.csv"'
    return response


def _table(entries: list[Event]) -> bytes:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow([_("Moment"), _("Who"), _("Unit"), _("What was done"), _("To what"), _("Reason"), _("Details")])
    known, cases = audit_queries.names(entries), _cases(entries)
    for entry in entries:
        user = known.get(entry.user_id or 0)
        row = (
            labels.moment(entry.at),
            user.email if user else entry.actor,
            entry.unit_code or "",
            entry.kind,
            _about(entry, known, cases),
            str(entry.data.get("reason") or ""),
            orjson.dumps(audit_queries.details(entry)).decode(),
        )
        # A reason is anybody's words; a spreadsheet must not take it for a formula.
        sheet.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return ("\ufeff" + out.getvalue()).encode()


def _cases(entries: list[Event]) -> dict[str, str]:
    """The numbers by which officers know the cases of entries, by stream."""
    ids = {int(e.stream[7:]) for e in entries if e.stream.startswith("report:")}
    rows = db.session.execute(select(Report.id, Report.public_id).where(Report.id.in_(ids))) if ids else ()
    return {f"report:{number}": public_id for number, public_id in rows}


def _about(entry: Event, known: dict[int, User], cases: dict[str, str]) -> str:
    number = audit_queries.account_in(entry)
    if number is not None:
        return known[number].email if number in known else f"user:{number}"
    if entry.stream in cases:
        return cases[entry.stream]
    return str(entry.data.get("what") or entry.stream)


def _wanted(given: MultiDict[str, str]) -> tuple[Wanted, dict[str, str], dict[str, str]]:
    """The filter as it was typed, read, and what could not be read."""
    values = {name: text.clean(given.get(name))[:200] for name in FIELDS}
    errors: dict[str, str] = {}
    group = values["kind"] if values["kind"] in GROUPS else ""
    since, until = (_day(values[name], name, errors) for name in ("since", "until"))
    user = people.by_email(values["who"]) if values["who"] else None
    if values["who"] and user is None:
        errors["who"] = _("Nobody has an account with this address.")
    before = given.get("before", "")
    wanted = Wanted(
        group,
        user.id if user else None,
        since,
        until + timedelta(days=1) if until else None,
        int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
    )
    return wanted, values, errors


def _day(value: str, name: str, errors: dict[str, str]) -> datetime | None:
    """The beginning of a day in Vietnam."""
    if not value:
        return None
    try:
        return datetime.combine(date.fromisoformat(value), time(), clock.VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError):
        errors[name] = _("Enter a day.")
        return None


def _page(wanted: Wanted, values: dict[str, str], errors: dict[str, str]) -> Response:
    entries, before = ([], None) if errors else audit_queries.page(wanted)
    known, cases = audit_queries.names(entries), _cases(entries)
    page = render_template(
        "admin/audit.html",
        entries=[_shown(entry, known, cases) for entry in entries],
        before=before,
        values=values,
        errors=errors,
        groups=account_labels.AUDIT_GROUP,
        may_export=allowed(identity().role, "audit:export"),
    )
    return Response(page, 422 if errors else 200, mimetype="text/html")


def _shown(entry: Event, known: dict[int, User], cases: dict[str, str]) -> dict[str, Any]:
    return {
        "at": entry.at,
        "who": known.get(entry.user_id or 0),
        "actor": account_labels.AUDIT_ACTOR.get(entry.actor, entry.actor),
        "unit": entry.unit_code,
        "kind": entry.kind,
        "label": account_labels.AUDIT_KIND.get(entry.kind),
        "about": _about(entry, known, cases),
        "reason": entry.data.get("reason"),
        "details": ", ".join(f"{name}: {value}" for name, value in audit_queries.details(entry).items()),
    }
