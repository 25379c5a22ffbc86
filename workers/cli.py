"""`flask jobs`: the outbox from the shell."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import func, select

from webapp.core.db import committing, db, reading
from webapp.core.outbox import FAILED, Job, retry
from webapp.mapping import fold
from workers import mapping
from workers.run import drain

jobs_cli = AppGroup("jobs", help="What is to be done later.")


@jobs_cli.command("run")
def run_command() -> None:
    """Do every job that is due, in this process, and bring the map up to date."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    click.echo(f"{drain(app)} done")
    mapping.follow(app)


map_cli = AppGroup("map", help="The map's figures.")


@map_cli.command("check")
def check_command() -> None:
    """Compare every sum with what it is the sum of."""
    with reading():
        wrong = fold.first_wrong()
    if wrong:
        raise click.ClickException(f"wrong: {wrong}; `flask map rebuild` makes them anew")
    click.echo("all sums are right")


@map_cli.command("rebuild")
def rebuild_command() -> None:
    """Make all figures anew. The map is incomplete until it ends."""
    with committing():
        fold.begin_anew()
    click.echo(f"{mapping.follow(current_app._get_current_object())} cases")  # type: ignore[attr-defined]


@jobs_cli.command("status")
def status_command() -> None:
    """How many jobs wait, run, are done and have failed; then the failed ones."""
    with reading():
        for state, count in db.session.execute(select(Job.state, func.count()).group_by(Job.state)):
            click.echo(f"{state:8} {count}")
        for job in db.session.scalars(select(Job).where(Job.state == FAILED).order_by(Job.id)):
            click.echo(f"{job.id:8} {job.name} {job.args} after {job.attempts} tries: {job.last_error}")


@jobs_cli.command("retry")
@click.argument("job_id", type=int)
def retry_command(job_id: int) -> None:
    """Give a failed job a fresh set of tries."""
    with committing():
        job = db.session.get(Job, job_id)
        if job is None or job.state != FAILED:
            raise click.ClickException(f"no failed job {job_id}")
        retry(job)
    click.echo("will be tried again")
