"""`flask scores`: the months that score cards have added up."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp.core.db import committing, reading
from webapp.supervision import closed_months

scores_cli = AppGroup("scores", help="The months that score cards have added up.")


@scores_cli.command("check")
def check_command() -> None:
    """Compare every month's sums with what they are the sums of."""
    with reading():
        wrong = closed_months.first_wrong()
    if wrong is not None:
        raise click.ClickException(f"wrong: {wrong}; `flask scores rebuild` adds all months up anew")
    click.echo("all sums are right")


@scores_cli.command("rebuild")
def rebuild_command() -> None:
    """Add all months up anew that are over. Until it ends the cards are counted from the cases, more slowly."""
    with committing():
        closed_months.forget()
    while True:
        with committing():
            month = closed_months.close_next()
        if month is None:
            return
        click.echo(f"{month // 100}-{month % 100:02}")
