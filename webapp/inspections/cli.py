"""`flask checklists`: what inspections look at, as a table."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.core import clock, sheets
from webapp.core.db import committing, reading
from webapp.core.events import OPERATOR
from webapp.inspections import versions
from webapp.pages.admin import checklists as pages
from webapp.pages.admin import import_preview

checklists_cli = AppGroup("checklists", help="What inspections look at: list, export, import.")


@checklists_cli.command("list")
def list_command() -> None:
    """Print the newest version of each checklist and whether it is used today."""
    with reading():
        today = clock.today()
        for one in versions.latest():
            used = {v.number for v in versions.in_force(versions.of(one.code), today)}
            state = "in use" if one.number in used else "to come" if one.valid_from > today else "ended"
            own = "own" if one.own else "-"
            click.echo(
                f"{one.code:16} {one.group_code:12} version {one.number:3} from {one.valid_from:%Y-%m-%d} "
                f"{state:8} {own:4} {len(one.questions):3} questions"
            )


@checklists_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write the newest version of every checklist to FILE (.csv or .xlsx), a row for each question."""
    form = import_preview.form_of(file)
    with committing():
        cells = pages.export_cells()
        audit.record("reference:exported", OPERATOR, "checklists", format=form, rows=len(cells))
        file.write_bytes(sheets.write(form, versions.COLUMNS, cells, "checklists"))
    click.echo(f"{len(cells)} questions")


@checklists_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_command(file: Path, *, dry_run: bool) -> None:
    """Write a new version of each checklist of FILE that differs; those that it lacks stay. All or nothing."""
    with force_locale("en"), committing():
        plan, parsed = pages.planned(import_preview.rows_of(file, pages.NEEDED, pages.MOST_ROWS))
        import_preview.tell(plan)
        if not dry_run:
            click.echo(f"{pages.write(parsed, OPERATOR)} checklists got a new version")
