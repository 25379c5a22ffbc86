"""`flask reorganisations …`: load a plan, look at what it would do, approve it."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.core import clock, events
from webapp.core.db import committing, db, reading
from webapp.reorganisations import checks, models, service, tables, words
from webapp.reorganisations.models import Reorganisation
from webapp.reorganisations.preview import preview

DATA = Path(__file__).resolve().parents[1] / "data" / "reorganisations"
reorganisations_cli = AppGroup("reorganisations", help="Merge, split, rename and end areas and units from a day on.")


@reorganisations_cli.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Keep the plan in FILE (CSV or XLSX) as a draft, and print what stands in its way."""
    with committing():
        row = _draft(file)
        _print_problems(row)
    click.echo(f"Draft {row.code}. Next: flask reorganisations show {row.code}")


@reorganisations_cli.command("show")
@click.argument("code")
def show_command(code: str) -> None:
    """Print what the plan CODE would change, and what stands in its way. Nothing is written."""
    with reading():
        row = _row(code)
        click.echo(f"{row.code}  {row.title}, from {row.effective_on}, {row.state}")
        if _print_problems(row):
            return
        found = preview(row.plan)
        for change in found.changes:
            becomes = change.becomes or "nothing"
            click.echo(f"  {change.step.action:8} {change.step.from_code:14} {change.was} -> {becomes}")
        click.echo(f"{found.cases} open cases are concerned; {len(found.accounts)} accounts follow.")


@reorganisations_cli.command("approve")
@click.argument("code")
def approve_command(code: str) -> None:
    """Approve the plan CODE. One whose day has come is carried out at once, others on their day."""
    with committing():
        row = _row(code)
        try:
            service.approve(row, service.digest(row.plan), events.SYSTEM)
        except service.Refused as refused:
            raise click.ClickException(f"{code}: {refused.code}") from refused
        if row.effective_on <= clock.today():
            service.apply(row)
        _say(row)


@reorganisations_cli.command("shipped")
def shipped_command() -> None:
    """Carry out the plans that come with the program, unless that is done: what the law has changed already."""
    for file in sorted(DATA.glob("*.csv")):
        with committing():
            plan = tables.read(file.read_bytes(), file.name)
            known = service.by_code(plan.code)
            if known is not None and known.state != models.DRAFT:
                click.echo(f"{known.code}: {known.state} already.")
                continue
            row = service.draft(plan, events.SYSTEM)
            if plan.effective_on > clock.today() or _print_problems(row):
                click.echo(f"{row.code}: kept as a draft.")
                continue
            service.approve(row, service.digest(row.plan), events.SYSTEM)
            service.apply(row)
            _say(row)


@reorganisations_cli.command("list")
def list_command() -> None:
    """Print all plans."""
    with reading():
        for row in db.session.query(Reorganisation).order_by(Reorganisation.effective_on, Reorganisation.id):
            click.echo(f"{row.effective_on}  {row.state:9}  {row.code:30} {row.title}")


def _draft(file: Path) -> Reorganisation:
    try:
        return service.draft(tables.read(file.read_bytes(), file.name), events.SYSTEM)
    except (tables.TableError, service.Refused) as error:
        raise click.ClickException(f"{file.name}: {error}") from error


def _row(code: str) -> Reorganisation:
    row = service.by_code(code)
    if row is None:
        raise click.ClickException(f"there is no plan {code}")
    return row


def _print_problems(row: Reorganisation) -> bool:
    """Whether any of them is blocking."""
    found = checks.problems(row.plan)
    for problem in found:
        click.echo(("  " if problem.blocking else "  note: ") + words.plain(problem), err=True)
    return checks.blocked(found)


def _say(row: Reorganisation) -> None:
    more = "" if row.moved_at or row.state != models.APPLIED else "; more follow by jobs"
    click.echo(f"{row.code}: {row.state}, {row.cases_moved} cases moved{more}. {row.refusal}".rstrip())
