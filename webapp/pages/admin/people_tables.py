"""Accounts as a table: take the list out, invite many by a file that is looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.accounts import audit, audit_queries, passkeys, people
from webapp.accounts.models import ADMIN, FRONT, MEMBER, ROLES, UNIT, Invitation, User
from webapp.accounts.permissions import Identity
from webapp.core import clock, sheets, text
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.pages import account_labels, export, labels, routing_words
from webapp.pages.admin import import_preview
from webapp.pages.admin import people as pages
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.people import bp
from webapp.reports.service import actor_of
from webapp.units import posts
from webapp.units import queries as units
from webapp.units.models import Unit
from webapp.units.posts import Wanted

COLUMNS = ("email", "name", "unit", "role", "head")
NEEDED = ("email", "name", "unit")
MOST_INVITED = 300
MOST_TAKEN_OUT = sheets.MAX_ROWS
COMMITTEES = ("commune_committee", "province_committee")  # an area's unit, where a row names the area


@bp.post("/export.<any(csv,xlsx):form>")
def people_export(form: str) -> Response:
    """The accounts that one looks after, as the list is filtered, with the filter written on it. Taking them out is an
    entry of the audit trail."""
    who = pages.manager()
    wanted = pages.asked_for(request.form)
    wanted = Wanted(wanted.words, wanted.state)
    made = table(who, wanted)
    rows = list(made.rows)
    record(actor_of(who), form, len(rows), wanted)
    answer = export.Table(made.title, made.notes, made.headings, rows)
    return export.response(answer, f"tai-khoan-{clock.today():%Y%m%d}", form)


def record(actor: Actor, form: str, rows: int, wanted: Wanted) -> None:
    """Note who took the list out. An address that was searched for stays out of what is kept for ever."""
    words = "@" if "@" in wanted.words else wanted.words
    filters = {name: value for name, value in (("q", words), ("state", wanted.state)) if value}
    audit.record("users:exported", actor, "users", format=form, rows=rows, filters=filters)


def table(who: Identity, wanted: Wanted) -> export.Table:
    """The accounts as a table, its filter in words above it."""
    state = str(account_labels.ACCOUNT_STATE[wanted.state]) if wanted.state else _("all")
    notes = [
        _("Taken out on %(moment)s by %(who)s", moment=labels.moment(clock.now()), who=_taker(who)),
        _("State: %(state)s", state=state),
        _("Search: %(words)s", words=wanted.words or "–"),
    ]
    headings = [
        _("E-mail address"),
        _("Post"),
        _("Role"),
        _("Head of the unit"),
        _("Code of the unit"),
        _("Unit"),
        _("Code of the area"),
        _("Code of the province"),
        _("State"),
        _("Second step"),
        _("Last signed in"),
        _("Account since"),
        _("Invited by"),
    ]
    return export.Table(_("Accounts of staff"), notes, headings, _rows(posts.every(who, wanted, MOST_TAKEN_OUT)))


def _taker(who: Identity) -> str:
    user = people.by_id(who.user_id) if who.user_id else None
    return user.email if user else str(account_labels.AUDIT_ACTOR["operator"])


def _rows(users: list[User]) -> Iterator[list[str]]:
    known = units.by_codes({u.unit_code for u in users if u.unit_code})
    keys, makers = passkeys.owners(), audit_queries.makers()
    inviters = audit_queries.names(list(makers.values()))
    yes, no = _("yes"), _("no")
    for user in users:
        unit = known.get(user.unit_code or "")
        post = posts.post_of(user, unit)
        made = makers.get(user.id)
        inviter = inviters.get(made.user_id or 0) if made else None
        by = inviter.email if inviter else str(account_labels.AUDIT_ACTOR.get(made.actor, made.actor)) if made else ""
        yield [
            user.email,
            user.name,
            str(account_labels.POST[post.role]) if post else user.role,
            yes if user.head else no,
            user.unit_code or "",
            unit.name_vi if unit else "",
            (unit.area_code or "") if unit else "",
            (unit.province_code or "") if unit else "",
            str(account_labels.ACCOUNT_STATE[pages.state_of(user)]),
            yes if user.totp_secret or user.id in keys else no,
            labels.day(user.signed_in_on) if user.signed_in_on else "",
            labels.day(user.created_at),
            by,
        ]


@bp.post("/import")
def people_import() -> Response | tuple[str, int]:
    """Show who would be invited; once confirmed, make the accounts and send or show their links."""
    who = pages.manager()
    try:
        asked = import_preview.given(NEEDED, MOST_INVITED)
    except sheets.BadSheet as bad:
        return pages.form_page(who, {}, {"file": routing_words.sheet_error(bad.code, MOST_INVITED)}, 422)
    plan, wanted = planned(who, asked.rows)
    if not import_preview.confirmed(plan, asked):
        said = _("Invite them") if wanted else ""
        return import_preview.page(pages.HERE, _("People"), plan, asked, confirm=said)
    made = invite(actor_of(who), wanted)
    page = render_template(
        "admin/invited_many.html",
        made=[(people.by_id(one.user_id), link_of(one)) for one in made],
        mailed=bool(instance().settings.mail_from),
    )
    return Response(page, 200, mimetype="text/html")


def planned(who: Identity, rows: Rows) -> tuple[Plan, list[dict[str, Any]]]:
    """(what becomes of each row, whom to invite). Each row is checked as a single invitation is, rights and all."""
    plan, wanted = Plan(), []
    addresses = {text.clean(cells.get("email")).lower() for _line, cells in rows}
    known = db.session.scalars(select(User.email).where(func.lower(User.email).in_(addresses)))
    there = {email.lower() for email in known}
    seen: set[str] = set()
    for line, cells in rows:
        values = {name: text.clean(cells.get(name))[:500] for name in COLUMNS}
        values["email"] = values["email"].lower()
        email = values["email"]
        plan.before.append(email in there)
        if email in there:
            plan.lines.append(Line(line, email, import_preview.THERE, [_("Has an account; it is left alone.")]))
            continue
        unit, errors = _unit(values)
        if not errors:
            values["head"] = "" if values["head"] == "0" else values["head"]
            errors = pages.wrong_fields(who, values | {"unit": unit.code if unit else ""}, unit)
        if email in seen:
            errors["email"] = str(routing_words.ROW_ERROR["twice"])
        seen.add(email)
        if errors:
            plan.lines.append(Line(line, email, import_preview.WRONG, list(errors.values())))
            continue
        role = posts.account_role_for(unit)
        post = posts.post_in(role, unit, head=bool(values["head"]))
        said = [values["name"], f"{account_labels.POST[post.role]}: {unit.name_vi if unit else '–'}" if post else role]
        plan.lines.append(
            Line(line, email, import_preview.NEW, [*said, *([_("Head of the unit")] * bool(values["head"]))])
        )
        wanted.append(
            {
                "email": email,
                "name": values["name"],
                "role": role,
                "unit_code": unit.code if unit else None,
                "head": bool(values["head"]),
            }
        )
    return plan, wanted


def _unit(values: dict[str, str]) -> tuple[Unit | None, dict[str, str]]:
    """(the unit that a row names by its own code or by its area's and the role, what is wrong)."""
    role, typed = values["role"].lower(), values["unit"].lower()
    if role and role not in ROLES:
        return None, {"role": _("The role is one of %(roles)s.", roles=", ".join(ROLES))}
    if values["head"] not in ("", "0", "1"):
        return None, {"head": str(routing_words.ROW_ERROR["not_a_switch"])}
    if role == ADMIN:
        return None, {"unit": _("An administrator has no unit.")} if typed else {}
    if not typed:
        return None, {"unit": _("Enter the code of the unit.")}
    unit = units.by_code(typed) or (_of_area(typed, role) if typed.isdecimal() else None)
    if unit is None and typed.isdecimal() and role not in (FRONT, UNIT):
        return None, {"unit": _("Give the role as well, front or unit, or the code of the unit.")}
    if unit is None:
        return None, {"unit": _("No unit has this code.")}
    if role and role != posts.account_role_for(unit):
        return None, {"role": _("The unit does not fit the role: %(unit)s", unit=unit.name_vi)}
    return unit, {}


def _of_area(code: str, role: str) -> Unit | None:
    """The Front of a commune or province, or its People’s Committee."""
    code = code.zfill(5) if len(code) in (3, 4) else code.zfill(2)  # a spreadsheet took it for a number
    kinds = {FRONT: list(posts.FRONT_ROLES), UNIT: list(COMMITTEES), MEMBER: []}.get(role, [])
    found = db.session.scalars(
        select(Unit).where(Unit.area_code == code, Unit.kind.in_(kinds), units.valid_on(clock.today()))
    ).all()
    return found[0] if len(found) == 1 else None


def invite(actor: Actor, wanted: list[dict[str, Any]]) -> list[Invitation]:
    """Make the accounts. One that was made in this very moment by somebody else is left alone."""
    made = []
    for one in wanted:
        try:
            made.append(people.invite(actor, **one))
        except people.Taken:
            continue
    return made


def link_of(made: Invitation) -> str:
    """The link to hand over, where no e-mail is sent; else nothing."""
    return "" if instance().settings.mail_from else people.link_of(made)
