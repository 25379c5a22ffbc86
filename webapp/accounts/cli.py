"""`flask users …`: accounts of staff, for whoever runs the server."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy import select

from webapp.accounts import audit, people, permissions
from webapp.accounts.models import ADMIN, FRONT, MEMBER, ROLES, User
from webapp.accounts.permissions import Identity
from webapp.accounts.signin import add_user
from webapp.core import clock, text
from webapp.core.db import committing, db, reading
from webapp.core.events import OPERATOR
from webapp.pages import export
from webapp.pages.admin import import_preview, people_tables
from webapp.units import posts
from webapp.units import queries as units

users_cli = AppGroup("users", help="Accounts of staff.")
MIN_PASSWORD = people.SHORTEST_PASSWORD

_email = click.option("--email", required=True)
_role = click.option("--role", type=click.Choice(ROLES), required=True)
_unit = click.option("--unit", "unit_code", default=None, help="Code of the unit; not for admins.")
_name = click.option("--name", required=True, help="The post held, shown to colleagues. Not a person's name.")
_head = click.option("--head", is_flag=True, help="Head of the unit: looks after its accounts.")
_reason = click.option("--reason", required=True, help="Stands in the audit trail.")


@users_cli.command("invite")
@_email
@_role
@_unit
@_name
@_head
def invite(*, email: str, role: str, unit_code: str | None, name: str, head: bool) -> None:
    """Make an account and print the link that opens it; it is also sent where e-mail is set up."""
    email, name = _checked(email, name)
    with committing():
        _check_unit(role, unit_code)
        try:
            made = people.invite(OPERATOR, email=email, name=name, role=role, unit_code=unit_code, head=head)
        except people.Taken:
            raise click.ClickException(f"{email} has an account already") from None
        link, until = people.link_of(made), clock.local(made.expires_at)
    click.echo(f"invited   {email}  {role}  {unit_code or '-'}")
    click.echo(f"link      {link}   (once, until {until:%d/%m/%Y %H:%M})")


@users_cli.command("add")
@_email
@_role
@_unit
@_name
@_head
@click.option("--password", default=None, help="Left out: one is made and printed once.")
def add(*, email: str, role: str, unit_code: str | None, name: str, head: bool, password: str | None) -> None:
    """Add an account with a password and print it once. `invite` is better: then nobody else knows it."""
    email, name = _checked(email, name)
    if password is not None and len(password) < MIN_PASSWORD:
        raise click.BadParameter(f"at least {MIN_PASSWORD} characters", param_hint="--password")
    made = password or secrets.token_urlsafe(15)
    with committing():
        _check_unit(role, unit_code)
        if people.by_email(email) is not None:
            raise click.ClickException(f"{email} has an account already")
        user = add_user(email=email, password=made, name=name, role=role, unit_code=unit_code, head=head)
        audit.record("user:added", OPERATOR, people.what(user), role=role, unit=unit_code, head=head)
    click.echo(f"added     {email}  {role}  {unit_code or '-'}  since {clock.today():%d/%m/%Y}")
    if password is None:
        click.echo(f"password  {made}   (shown only now)")


@users_cli.command("list")
def list_users() -> None:
    """List all accounts."""
    with reading():
        for user in db.session.scalars(select(User).order_by(User.role, User.email)):
            state = "off" if not user.active else "invited" if user.invited else "active"
            marks = f"{'head' if user.head else '-':4} {'app' if user.totp_secret else '-':3}"
            click.echo(f"{user.email:40} {user.role:6} {user.unit_code or '-':14} {state:7} {marks} {user.name}")


@users_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--state", type=click.Choice(posts.STATES), default="", help="Only accounts in this state.")
@click.option("--search", default="", help="Part of an address or post, or the code of a unit.")
def export_users(file: Path, state: str, search: str) -> None:
    """Write the accounts to FILE (.csv or .xlsx), with the filter that was used on it."""
    form, wanted = import_preview.form_of(file), posts.Wanted(text.clean(search)[:100], state)
    with force_locale("vi"), committing():
        made = people_tables.table(Identity(permissions.ADMIN), wanted)
        rows = list(made.rows)
        people_tables.record(OPERATOR, form, len(rows), wanted)
        file.write_bytes(export.written(export.Table(made.title, made.notes, made.headings, rows), form))
    click.echo(f"{len(rows)} accounts")


@users_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say who would be invited.")
def import_users(file: Path, *, dry_run: bool) -> None:
    """Invite everybody in FILE (columns email, name, unit, role, head) who has no account yet, and print the links;
    they are also sent where e-mail is set up. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, people_tables.NEEDED, people_tables.MOST_INVITED)
        plan, wanted = people_tables.planned(Identity(permissions.ADMIN), rows)
        import_preview.tell(plan)
        made = [] if dry_run else people_tables.invite(OPERATOR, wanted)
        links = [(one.user_id, people.link_of(one)) for one in made]
        told = [(user.email, link) for number, link in links if (user := people.by_id(number)) is not None]
    for email, link in told:
        click.echo(f"invited   {email}\nlink      {link}")


@users_cli.command("switch-off")
@click.argument("email")
@_reason
@click.option("--to", "colleague", metavar="EMAIL", help="A colleague of the unit who takes over what is open.")
@click.option("--to-unit", is_flag=True, help="What is open goes back to the unit, in nobody's hands.")
def switch_off(email: str, reason: str, colleague: str | None, *, to_unit: bool) -> None:
    """Switch an account off: it can no longer sign in, and its sessions end. Nothing it did is deleted."""
    with committing():
        user = _account(email)
        to = _account(colleague).id if colleague else None
        works, much = people.open_work(user)
        for work in works:
            click.echo(f"open  {work.kind} {work.case}")
        try:
            handed = people.switch_off(user, OPERATOR, text.clean(reason)[:300], to=to, to_unit=to_unit)
        except people.NotNow:
            raise click.ClickException(f"{email} is switched off already") from None
        except people.WorkLeft:
            raise click.ClickException(f"{much} open under this name: say --to EMAIL or --to-unit") from None
        except people.Unfit:
            raise click.ClickException(f"{colleague} is no active colleague of the same unit") from None
    click.echo(f"{email} is switched off; handed over: {handed}")


@users_cli.command("switch-on")
@click.argument("email")
@_reason
def switch_on(email: str, reason: str) -> None:
    """Let an account sign in again."""
    with committing():
        try:
            people.switch_on(_account(email), OPERATOR, text.clean(reason)[:300])
        except people.NotNow:
            raise click.ClickException(f"{email} is not switched off") from None
    click.echo(f"{email} is switched on")


@users_cli.command("reset-second-factor")
@click.argument("email")
@_reason
def reset_second_factor(email: str, reason: str) -> None:
    """Forget an account's app, passkeys and recovery codes; the next sign-in sets up a new second factor."""
    with committing():
        people.reset_second_factor(_account(email), OPERATOR, text.clean(reason)[:300])
    click.echo(f"{email} has no second factor any more")


def _account(email: str) -> User:
    user = people.by_email(email)
    if user is None:
        raise click.ClickException(f"nobody has the account {email}")
    return user


def _checked(email: str, name: str) -> tuple[str, str]:
    email, name = text.clean(email).lower(), text.clean(name)
    if "@" not in email or len(email) > 200:
        raise click.BadParameter("not an e-mail address", param_hint="--email")
    if not name or len(name) > 120:
        raise click.BadParameter("must have 1 to 120 characters", param_hint="--name")
    return email, name


def _check_unit(role: str, unit_code: str | None) -> None:
    if role == ADMIN:
        if unit_code:
            raise click.BadParameter("an admin belongs to no unit", param_hint="--unit")
        return
    unit = units.by_code(unit_code)
    if unit is None:
        raise click.BadParameter("no unit has this code", param_hint="--unit")
    if unit.is_member != (role == MEMBER):
        kind = "is a member organisation" if unit.is_member else "is no member organisation"
        raise click.BadParameter(f"{unit.name_vi} {kind}, so the role {role} does not fit", param_hint="--unit")
    if unit.is_front != (role == FRONT):
        kind = "is a Front body" if unit.is_front else "is no Front body"
        raise click.BadParameter(f"{unit.name_vi} {kind}, so the role {role} does not fit", param_hint="--unit")
