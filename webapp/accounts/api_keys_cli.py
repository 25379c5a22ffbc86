"""`flask api-keys …`: keys of programs that send reports, for whoever runs the server."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.accounts import api_keys
from webapp.accounts.api_keys import MOST, ApiKey
from webapp.core import clock, text
from webapp.core.db import committing, db, reading
from webapp.core.events import OPERATOR

api_keys_cli = AppGroup("api-keys", help="Keys of programs that send reports (Open311).")
_limit = click.IntRange(0, MOST)


@api_keys_cli.command("issue")
@click.option("--name", required=True, help="The program and whose it is. Not a person's name.")
@click.option("--reports-per-hour", type=_limit, default=60, show_default=True, help="0: no limit.")
@click.option("--reads-per-minute", type=_limit, default=600, show_default=True, help="0: no limit.")
def issue(*, name: str, reports_per_hour: int, reads_per_minute: int) -> None:
    """Make a key and print it once."""
    name = text.clean(name)
    if not 0 < len(name) <= 120:
        raise click.BadParameter("must have 1 to 120 characters", param_hint="--name")
    with committing():
        try:
            key, shown = api_keys.issue(
                OPERATOR, name, reports_per_hour=reports_per_hour, reads_per_minute=reads_per_minute
            )
        except api_keys.Taken:
            raise click.ClickException(f"{name} has a key already; revoke it first") from None
        number = key.id
    click.echo(f"key {number}   {shown}   (shown only now)")


@api_keys_cli.command("list")
def list_keys() -> None:
    """List all keys, newest first: number, beginning, limits, last day of use, state, name."""
    with reading():
        for key in db.session.scalars(select(ApiKey).order_by(ApiKey.id.desc())):
            until = f"revoked {clock.local(key.revoked_at):%d/%m/%Y}" if key.revoked_at else "holds"
            used = f"{key.used_on:%d/%m/%Y}" if key.used_on else "never"
            limits = f"{key.reports_per_hour}/h {key.reads_per_minute}/min"
            click.echo(f"{key.id:5} {key.prefix}… {limits:18} {used:10} {until:18} {key.name}")


@api_keys_cli.command("revoke")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Stands in the audit trail.")
def revoke(number: int, reason: str) -> None:
    """Take a key back: it opens nothing from now on."""
    with committing():
        key = api_keys.by_id(number)
        if key is None:
            raise click.ClickException(f"there is no key {number}")
        try:
            api_keys.revoke(key, OPERATOR, text.clean(reason)[:300])
        except api_keys.NotNow:
            raise click.ClickException(f"key {number} was revoked before") from None
        name = key.name
    click.echo(f"key {number} of {name} is revoked")
