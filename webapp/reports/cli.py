"""`flask categories`, what can be reported, and `flask replies`, the texts that a Front replies with: as tables."""

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
from webapp.pages.desk import reply_tables
from webapp.reports import categories, replies
from webapp.units import queries as units

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


# -- reply templates ---------------------------------------------------------------------------------------------

replies_cli = AppGroup("replies", help="Reply templates of a Front: list, export, import.")
_unit = click.option("--unit", required=True, help="Code of the Front whose own they are, for example mttq-86.")


def _known(unit: str) -> str:
    if units.by_code(unit) is None:
        raise click.ClickException(f"there is no unit {unit}")
    return unit


@replies_cli.command("list")
@_unit
def list_replies(unit: str) -> None:
    """Print what a Front can use; `own`: its own, the others came with the program."""
    with reading():
        for one in replies.all_for(_known(unit)):
            own, offered = "own" if one.unit_code else "-", "not offered" if one.retired else ""
            click.echo(f"{one.code:24} {own:4} {one.action:12} {one.category_code:20} {one.title}  {offered}".rstrip())


@replies_cli.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_unit
def export_replies(file: Path, unit: str) -> None:
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
def import_replies(file: Path, unit: str, *, dry_run: bool) -> None:
    """Write the rows of FILE that differ as a Front's own; those that it lacks stay. All or nothing."""
    with force_locale("en"), committing():
        rows = import_preview.rows_of(file, reply_tables.NEEDED, sheets.MAX_ROWS)
        plan, parsed = reply_tables.planned(rows, _known(unit))
        import_preview.tell(plan)
        changed = reply_tables.differing(parsed)
        for known, values in changed if not dry_run else ():
            replies.save(known, OPERATOR, unit_code=unit, **values)
        if not dry_run:
            click.echo(f"{len(changed)} templates changed")
