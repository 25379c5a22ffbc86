"""`flask categories`: what can be reported, as a table."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.core import clock, sheets
from webapp.core.db import committing, reading
from webapp.core.events import OPERATOR
from webapp.pages.admin import categories as pages
from webapp.pages.admin import import_preview
from webapp.reports import categories

categories_cli = AppGroup("categories", help="What can be reported: list, export, import, end.")


@categories_cli.command("list")
def list_command() -> None:
    """Print all categories; `own`: changed in the browser or by a command, so that files leave it alone."""
    with reading():
        for one in categories.every():
            until = f"until {one.ended_from:%Y-%m-%d}" if one.ended_from else ""
            click.echo(f"{one.code:24} {one.group_code:12} {'own' if one.own else '-':4} {one.name['vi']}  {until}")


@categories_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write all categories to FILE (.csv or .xlsx)."""
    form = import_preview.form_of(file)
    with committing():
        cells = [categories.as_cells(one) for one in categories.every()]
        audit.record("reference:exported", OPERATOR, "categories", format=form, rows=len(cells))
        file.write_bytes(sheets.write(form, categories.COLUMNS, cells, "categories"))
    click.echo(f"{len(cells)} categories")


@categories_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_command(file: Path, *, dry_run: bool) -> None:
    """Write the rows of FILE that differ; categories that it lacks stay. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, categories.NEEDED, pages.MOST_ROWS)
        plan, parsed = pages.planned(rows)
        import_preview.tell(plan)
        if not dry_run:
            click.echo(f"{pages.write(parsed, OPERATOR)} categories changed")


@categories_cli.command("end")
@click.argument("code")
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), help="First day without it (default: today).")
def end_command(code: str, day: datetime | None) -> None:
    """Offer a category no more from a day on. Its cases keep it."""
    with committing():
        one = categories.by_code(code, hold=True)
        if one is None:
            raise click.ClickException(f"there is no category {code}")
        ends = day.date() if day else clock.today()
        cells = categories.as_cells(one) | {"ended_from": ends.isoformat()}
        try:
            categories.save(one, categories.parse(cells, categories.known(pages.icons())), OPERATOR)
        except categories.BadCategory as bad:
            raise click.ClickException(str(bad)) from bad
    click.echo(f"{code} is not offered from {ends:%Y-%m-%d} on")
