"""The operators' commands: `flask <group> <command>`."""

from __future__ import annotations

from importlib import import_module

import click
from flask.cli import AppGroup

GROUPS = {
    "api-keys": "webapp.accounts.api_keys_cli:api_keys_cli",
    "areas": "webapp.areas.cli:areas_cli",
    "categories": "webapp.reports.cli:categories_cli",
    "checklists": "webapp.inspections.cli:checklists_cli",
    "contacts": "webapp.units.cli:contacts_cli",
    "data": "webapp.data_loader:data_cli",
    "demo": "webapp.demo.cli:demo_cli",
    "jobs": "workers.cli:jobs_cli",
    "map": "workers.cli:map_cli",
    "opendata": "webapp.opendata.cli:opendata_cli",
    "reorganisations": "webapp.reorganisations.cli:reorganisations_cli",
    "replies": "webapp.reports.cli:replies_cli",
    "routing": "webapp.routing.cli:routing_cli",
    "scores": "webapp.supervision.cli:scores_cli",
    "units": "webapp.units.cli:units_cli",
    "users": "webapp.accounts.cli:users_cli",
}


class Commands(AppGroup):
    """Loads a group when it is asked for: a process that serves pages has no use for them, nor for what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *GROUPS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in GROUPS:  # a library has a group "users" of its own; ours goes first
            return super().get_command(ctx, name)
        module, _colon, group = GROUPS[name].partition(":")
        found: click.Command = getattr(import_module(module), group)
        return found
