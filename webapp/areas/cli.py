"""`flask areas …`: import boundaries, ask for a place, load approximate areas."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from geo.boundaries import BoundaryError
from geo.positions import PositionError, parse_position
from webapp.areas import approximate, legacy, queries, service
from webapp.areas.models import COMMUNE, PROVINCE
from webapp.core.db import committing, reading
from webapp.reorganisations import service as reorganisations

areas_cli = AppGroup("areas", help="Provinces and communes: import boundaries, find the area of a place.")

_POSITION_PROBLEMS = {
    "not_a_number": "LAT and LON must be numbers in degrees, such as 9.585 106.525",
    "out_of_range": "LAT must lie between -90 and 90, LON between -180 and 180",
    "swapped": "this looks like LON LAT; give the latitude first, such as 9.585 106.525",
}


class _Day(click.ParamType):
    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2025-07-01", param, ctx)


@areas_cli.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="Where the file comes from, for the record. Default: its name.")
@click.option(
    "--valid-from",
    type=_Day(),
    default=service.TWO_LEVELS_SINCE.isoformat(),
    show_default=True,
    help="First day on which these boundaries apply.",
)
@click.option(
    "--missing",
    type=click.Choice(["check", "retire", "keep"]),
    default="check",
    show_default=True,
    help="Communes that FILE lacks in a province it covers: retire them, unless they are more than half "
    "(check), retire them all the same, or keep them.",
)
def import_command(file: Path, source: str, valid_from: date, missing: service.Missing) -> None:
    """Import boundaries from FILE: GeoJSON, plain or gzip, or the public dataset's zip or folder.

    All or nothing; the same file again changes nothing.
    """
    try:
        with committing():
            result = service.import_boundaries(
                file, source=source, valid_from=valid_from, missing=missing, progress=_progress()
            )
            reorganisations.again()
    except BoundaryError as error:
        raise _Refused(f"{file.name} was refused, nothing has changed. {error}") from error
    _print_result(result)


@areas_cli.command("locate", context_settings={"ignore_unknown_options": True})
@click.argument("lat")
@click.argument("lon")
@click.option("--on", type=_Day(), default=None, help="As of this day. Default: today.")
def locate_command(lat: str, lon: str, on: date | None) -> None:
    """Print code and name of the commune at LAT LON (degrees). Exit code 1 if there is none."""
    try:
        east, north = parse_position(lat, lon)
    except PositionError as error:
        raise _Refused(_POSITION_PROBLEMS[error.code]) from error
    with reading():
        area = queries.locate(east, north, on)
        if area is None:
            near = queries.nearest(east, north, on=on)
            hint = f"; the nearest is {near[0].code} {near[0].name}, {near[1] / 1000:.1f} km away" if near else ""
            click.echo(f"No commune at {lat} {lon}{hint}", err=True)
            sys.exit(1)
        province = queries.by_code(area.parent_code or "", PROVINCE, on)
    where = f", {province.name}" if province else ""
    click.echo(f"{area.code}  {area.name}{where}")
    if area.approximate:
        click.echo("Approximate: no boundaries have been imported for this place.", err=True)


@areas_cli.command("approximate")
def approximate_command() -> None:
    """Load approximate areas, where no real boundaries are known: right for about four places in five."""
    try:
        with committing():
            result = approximate.load(_progress())
    except BoundaryError as error:
        raise _Refused(str(error)) from error
    if result is None:
        click.echo("Real boundaries are there already; nothing has changed.")
    else:
        _print_result(result)


@areas_cli.command("legacy")
def legacy_command() -> None:
    """Load the wards, districts and provinces of before 1 July 2025, so that old addresses are understood."""
    try:
        with committing():
            written = legacy.load()
    except BoundaryError as error:
        raise _Refused(str(error)) from error
    click.echo(f"{written} former places loaded." if written else "The former places are there already.")


def _progress() -> service.Progress:
    """Writes to standard error: one line that is overwritten on a terminal, single lines elsewhere."""
    last = ""

    def show(stage: str, done: int, total: int | None) -> None:
        nonlocal last
        text = f"{stage}: {done}" + (f" of {total}" if total else "")
        if sys.stderr.isatty():
            end = "\n" if total is not None and done >= total else ""
            click.echo(f"\r{text:40}{end}", nl=False, err=True)
        elif text != last:
            click.echo(text, err=True)
        last = text

    return show


def _print_result(result: service.ImportResult) -> None:
    for level, name in ((PROVINCE, "Provinces"), (COMMUNE, "Communes")):
        counts = [f"{getattr(result, what)[level]} {what}" for what in ("added", "changed", "retired", "unchanged")]
        click.echo(f"{name}: {', '.join(counts)}")
    if result.corrected:
        click.echo(f"Of the changed ones, {result.corrected} were replaced as of the same day.")


class _Refused(click.ClickException):
    """Input that is refused: message without traceback, exit code of its own."""

    exit_code = 2
