"""`flask contacts`: the office addresses of units without accounts, as a table."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.core import sheets
from webapp.core.db import committing
from webapp.core.events import Actor
from webapp.pages import routing_words
from webapp.pages.admin import contact_tables

contacts_cli = AppGroup("contacts", help="Office addresses of units without accounts.")
OPERATOR = Actor("operator")


@contacts_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write all addresses to FILE (.csv or .xlsx)."""
    form = file.suffix.lower().lstrip(".")
    if form not in sheets.MIMETYPES:
        raise click.UsageError("FILE must end in .csv or .xlsx")
    with committing():
        rows = contact_tables.cells()
        audit.record("contacts:exported", OPERATOR, "unit_contacts", format=form, rows=len(rows))
        file.write_bytes(sheets.write(form, contact_tables.COLUMNS, rows, "unit_contacts"))
    click.echo(f"{len(rows)} addresses")


@contacts_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Set the addresses of FILE (columns unit_code, email); an empty one removes it. All or nothing."""
    with force_locale("en"), committing():
        try:
            number, wrong = contact_tables.take(file.read_bytes(), OPERATOR)
        except sheets.BadSheet as bad:
            raise click.ClickException(str(routing_words.SHEET_ERROR[bad.code])) from bad
        if wrong:
            raise click.ClickException("\n".join(["nothing was taken:", *wrong[:50]]))
    click.echo(f"{number} addresses set")
