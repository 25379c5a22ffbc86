"""`flask units` and `flask contacts`: units, and the office addresses of those without accounts, as tables."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.core import sheets
from webapp.core.db import committing, reading
from webapp.core.events import Actor
from webapp.pages.admin import contact_tables, import_preview
from webapp.pages.admin import units as pages
from webapp.units import register

units_cli = AppGroup("units", help="Units: list, export, import.")
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


@units_cli.command("list")
@click.option("--province", default="", help="Only units of this province (code).")
def list_command(province: str) -> None:
    """Print the units of today; `own`: entered in the browser or by a command, so that files leave it alone."""
    with reading():
        after = ""
        while found := register.page(province=province, after=after):
            for unit in found[: register.PAGE]:
                click.echo(f"{unit.code:20} {unit.kind:20} {'own' if unit.own else '-':4} {unit.name_vi}")
            after = found[: register.PAGE][-1].code


@units_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def units_export_command(file: Path) -> None:
    """Write all units, those of before included, to FILE (.csv or .xlsx)."""
    form = import_preview.form_of(file)
    with committing():
        rows = [register.as_cells(unit) for unit in register.every()]
        audit.record("reference:exported", OPERATOR, "units", format=form, rows=len(rows))
        file.write_bytes(sheets.write(form, register.COLUMNS, rows, "units"))
    click.echo(f"{len(rows)} rows")


@units_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def units_import_command(file: Path, *, dry_run: bool) -> None:
    """Add the units of FILE that are not there yet, and put names right; units that it lacks stay. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, register.NEEDED, sheets.MAX_ROWS)
        plan, parsed = pages.planned(rows)
        import_preview.tell(plan)
        if not dry_run:
            click.echo(f"{pages.write(parsed, OPERATOR)} units changed")
