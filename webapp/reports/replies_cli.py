"""`flask replies`: the texts that a Front replies with, as a table."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.core import sheets
from webapp.core.db import committing, reading
from webapp.core.events import OPERATOR
from webapp.pages.admin import import_preview
from webapp.pages.desk import reply_tables
from webapp.reports import replies
from webapp.units import queries as units

replies_cli = AppGroup("replies", help="Reply templates of a Front: list, export, import.")
_unit = click.option("--unit", required=True, help="Code of the Front whose own they are, for example mttq-86.")


def _known(unit: str) -> str:
    if units.by_code(unit) is None:
        raise click.ClickException(f"there is no unit {unit}")
    return unit


@replies_cli.command("list")
@_unit
def list_command(unit: str) -> None:
    """Print what a Front can use; `own`: its own, the others came with the program."""
    with reading():
        for one in replies.all_for(_known(unit)):
            own, offered = "own" if one.unit_code else "-", "not offered" if one.retired else ""
            click.echo(f"{one.code:24} {own:4} {one.action:12} {one.category_code:20} {one.title}  {offered}".rstrip())


@replies_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_unit
def export_command(file: Path, unit: str) -> None:
    """Write what a Front can use to FILE (.csv or .xlsx)."""
    form = import_preview.form_of(file)
    with committing():
        cells = [reply_tables.as_cells(one) for one in replies.all_for(_known(unit))]
        audit.record("replies:exported", OPERATOR, "reply_templates", format=form, rows=len(cells))
        file.write_bytes(sheets.write(form, reply_tables.COLUMNS, cells, "reply_templates"))
    click.echo(f"{len(cells)} templates")


@replies_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_unit
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_command(file: Path, unit: str, *, dry_run: bool) -> None:
    """Write the rows of FILE that differ as a Front's own; those that it lacks stay. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, reply_tables.NEEDED, sheets.MAX_ROWS)
        parsed, wrong = reply_tables.parse(rows, _known(unit))
        if wrong:
            said = [f"line {line}: {words}" for line, words in wrong[:50]]
            raise click.ClickException("\n".join(["nothing was taken:", *said]))
        if reply_tables.too_many(parsed, unit):
            raise click.ClickException(f"at most {replies.MOST_OWN} templates of its own")
        changed = reply_tables.differing(parsed)
        for known, values in changed:
            click.echo(f"{'changed' if known else 'new':8} {values['action']:12} {values['title']}")
            if not dry_run:
                replies.save(known, OPERATOR, unit_code=unit, **values)
        if not dry_run:
            click.echo(f"{len(changed)} templates changed")
