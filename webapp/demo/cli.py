"""`flask demo load`: fill a demo instance with made-up cases."""

from __future__ import annotations

import time

import click
from flask.cli import AppGroup

from webapp.core.db import committing, db, reading
from webapp.core.instance import instance
from webapp.demo.script import load_cases
from webapp.demo.steps import StoryBroken, client_id, report_of
from webapp.demo.story import Player, nobody_woken
from webapp.demo.users import DEMO_PASSWORD, DEMO_USERS, add_demo_users
from webapp.reports import codes
from webapp.supervision import closed_days

demo_cli = AppGroup("demo", help="Made-up cases at real places, to try things out. Never on a real instance.")

SHOWN_CODES = ("dh-moi-gui", "dh-tro-xi-1", "dh-lan-dat", "lucsithanh-cat", "dx-mui-1", "nuangam-vobe")


@demo_cli.command("load")
def load_command() -> None:
    """Load the demo's logins and cases. What is there already stays as it is."""
    if not instance().settings.demo:
        raise click.ClickException(
            "this instance is not a demo: nothing was loaded. The demo brings made-up cases and well-known "
            "passwords; set DGS_DEMO=1 on an instance that only you can reach"
        )
    cases = load_cases()
    began = time.monotonic()
    with reading():
        missing = [case for case in cases if report_of(case.key) is None]
        db.session.rollback()
    if not missing:
        click.echo(f"The demo's {len(cases)} cases are there already; nothing was loaded.")
        return
    try:
        with committing():
            added = add_demo_users()
            player = Player.begin()
        click.echo(f"{added} logins")
        with nobody_woken():
            for number, case in enumerate(missing, start=1):
                with committing():
                    player.play(case)
                if number % 10 == 0 or number == len(missing):
                    click.echo(f"{number} of {len(missing)} cases, {time.monotonic() - began:.0f} s")
        with committing():
            closed_days.forget()  # stories are told as of days that may have been added up by now
    except StoryBroken as error:
        raise click.ClickException(str(error)) from error


@demo_cli.command("logins")
def logins_command() -> None:
    """Print the demo's logins and some tracking codes."""
    if not instance().settings.demo:
        raise click.ClickException("this instance is not a demo")
    click.echo(f"Logins (password of all: {DEMO_PASSWORD})")
    for user in DEMO_USERS:
        click.echo(f"  {user.email:36} {user.name}")
    click.echo("\nTracking codes to follow a report by")
    for key in SHOWN_CODES:
        code = codes.code_for(client_id(key), instance().settings.code_key)
        click.echo(f"  {codes.spaced(code)}  {key}")
