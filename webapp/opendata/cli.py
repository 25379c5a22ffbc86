"""`flask opendata`: versions of the open data from the shell."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp.core.db import reading
from webapp.opendata import service

opendata_cli = AppGroup("opendata", help="Open data: versions for everybody to fetch.")


@opendata_cli.command("build")
def build_command() -> None:
    """Make a new version now."""
    name = service.build()
    with reading():
        found = service.version(name)
    if found is None:
        raise click.ClickException(f"{name} was made, but more versions than are kept are newer")
    click.echo(f"{name}: {found.rows} cases, " + ", ".join(f"{f['name']} {f['size']} bytes" for f in found.files))


@opendata_cli.command("list")
def list_command() -> None:
    """The versions that can be fetched, newest first."""
    with reading():
        for found in service.versions():
            click.echo(f"{found.name:14} {found.started_at:%Y-%m-%dT%H:%M:%SZ} {found.rows:>10} cases")
