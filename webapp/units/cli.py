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
from webapp.pages.admin import contact_tables, import_preview

contacts_cli = AppGroup("contacts", help="Office addresses of units without accounts.")
OPERATOR = Actor("operator")


@contacts_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write all addresses to FILE (.csv or .xlsx)."""
    form = import_preview.form_of(file)
    with committing():
        rows = contact_tables.cells()
        audit.record("contacts:exported", OPERATOR, "unit_contacts", format=form, rows=len(rows))
        file.write_bytes(sheets.write(form, contact_tables.COLUMNS, rows, "unit_contacts"))
    click.echo(f"{len(rows)} addresses")


@contacts_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_command(file: Path, *, dry_run: bool) -> None:
    """Set the addresses of FILE (columns unit_code, email); an empty one removes it. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, contact_tables.NEEDED, contact_tables.MOST_ROWS)
        plan, wanted = contact_tables.planned(rows)
        import_preview.tell(plan)
        if not dry_run:
            click.echo(f"{contact_tables.write(wanted, OPERATOR)} addresses set")
