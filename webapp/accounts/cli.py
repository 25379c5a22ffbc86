"""`flask users …`: accounts of staff."""

from __future__ import annotations

import secrets

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from webapp.accounts.models import ADMIN, FRONT, MEMBER, ROLES, User
from webapp.accounts.signin import add_user
from webapp.core import clock, text
from webapp.core.db import committing, db, reading
from webapp.units import queries as units

users_cli = AppGroup("users", help="Accounts of staff.")
MIN_PASSWORD = 12


@users_cli.command("add")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--unit", "unit_code", default=None, help="Code of the unit; not for admins.")
@click.option("--name", required=True, help="The post held, shown to colleagues. Not a person's name.")
@click.option("--password", default=None, help="Left out: one is made and printed once.")
def add(email: str, role: str, unit_code: str | None, name: str, password: str | None) -> None:
    """Add an account and print its password once."""
    email = text.clean(email).lower()
    name = text.clean(name)
    if "@" not in email or len(email) > 200:
        raise click.BadParameter("not an e-mail address", param_hint="--email")
    if not name or len(name) > 120:
        raise click.BadParameter("must have 1 to 120 characters", param_hint="--name")
    if password is not None and len(password) < MIN_PASSWORD:
        raise click.BadParameter(f"at least {MIN_PASSWORD} characters", param_hint="--password")
    made = password or secrets.token_urlsafe(15)
    with committing():
        _check_unit(role, unit_code)
        if db.session.scalar(select(User.id).where(func.lower(User.email) == email)):
            raise click.ClickException(f"{email} has an account already")
        add_user(email=email, password=made, name=name, role=role, unit_code=unit_code)
    click.echo(f"added     {email}  {role}  {unit_code or '-'}  since {clock.today():%d/%m/%Y}")
    if password is None:
        click.echo(f"password  {made}   (shown only now)")


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


@users_cli.command("list")
def list_users() -> None:
    """List all accounts."""
    with reading():
        for user in db.session.scalars(select(User).order_by(User.role, User.email)):
            state = "active" if user.active else "off"
            click.echo(f"{user.email:40} {user.role:6} {user.unit_code or '-':14} {state:6} {user.name}")


@users_cli.command("off")
@click.argument("email")
def switch_off(email: str) -> None:
    """Switch an account off: it can no longer sign in, and its sessions end. Nothing it did is deleted."""
    with committing():
        user = db.session.scalars(select(User).where(func.lower(User.email) == email.lower())).first()
        if user is None:
            raise click.ClickException(f"nobody has the account {email}")
        user.active = False
        user.fs_uniquifier = secrets.token_hex(32)
    click.echo(f"{user.email} is switched off")
