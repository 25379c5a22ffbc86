"""`flask routing explain`: who would be responsible, and why."""

from __future__ import annotations

from datetime import date, datetime

import click
from flask.cli import AppGroup

from webapp.areas import queries as areas
from webapp.core import clock
from webapp.routing.service import explain
from webapp.units import queries as units

routing_cli = AppGroup("routing", help="Who is responsible.")


@routing_cli.command("explain")
@click.option("--lat", type=float, required=True)
@click.option("--lon", type=float, required=True)
@click.option("--category", required=True)
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The day (default today).")
def explain_command(lat: float, lon: float, category: str, at: datetime | None) -> None:
    """Print the unit, the supervisor and the rule for a place, a category and a day."""
    day: date = at.date() if at else clock.today()
    commune = areas.locate(lon, lat, day)
    decision = explain(category, commune.code if commune else None, commune.parent_code if commune else None, day)
    click.echo(f"commune     {f'{commune.code}  {commune.name}' if commune else 'none'}")
    for label, code in (
        ("unit", decision.unit_code),
        ("supervisor", decision.supervisor_code),
        ("lead", decision.lead_code),
    ):
        unit = units.by_code(code, day)
        click.echo(f"{label:11} {f'{unit.code}  {unit.name_vi}' if unit else 'none'}")
    since = f", valid from {decision.rule_valid_from}" if decision.rule_valid_from else ""
    click.echo(f"why         {decision.why}: rule {decision.rule_code or 'none'}{since}")
