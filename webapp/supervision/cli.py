"""`flask scores`: the days and months that score cards have added up."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp.core.db import committing, reading
from webapp.supervision import closed_days

scores_cli = AppGroup("scores", help="The days and months that score cards have added up.")


@scores_cli.command("check")
def check_command() -> None:
    """Compare the sums of every day and month with what they are the sums of."""
    with reading():
        wrong = closed_days.first_wrong()
    if wrong is not None:
        raise click.ClickException(f"wrong: {wrong}; `flask scores rebuild` adds everything up anew")
    click.echo("all sums are right")


@scores_cli.command("rebuild")
def rebuild_command() -> None:
    """Add all days up anew that are over. Until it ends the cards are counted from the cases, more slowly."""
    with committing():
        closed_days.forget()
    while True:
        with committing():
            closed = closed_days.close_next()
        if closed is None:
            return
        click.echo(f"{closed.first} – {closed.last}")
