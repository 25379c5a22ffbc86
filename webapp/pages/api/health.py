"""How the instance is, for load balancers and monitoring. Nothing here names a person, a place or a secret."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, abort, current_app, jsonify, request
from redis import Redis
from sqlalchemy import func, select, text

from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.core.outbox import Job
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report
from webapp.routing.models import RoutingRule
from webapp.routing.reference import calendar_state
from webapp.units.models import Unit

log = logging.getLogger(__name__)
bp = Blueprint("health", __name__)

# Headers that a proxy on this machine adds: the request then comes from somewhere else.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


class NotReady(RuntimeError):
    """A part does not work; the message says what, for whoever runs the instance."""


@bp.get("/healthz")
def healthz() -> Response:
    """200 while this process can serve: it answers and its database answers."""
    return _report({"database": _database})


@bp.get("/readyz")
def readyz() -> Response:
    """200 if everything that a report needs on its way is there; else 503 and which part is not."""
    return _report(
        {
            "database": _database,
            "migrations": _migrations,
            "reference_data": _reference_data,
            "storage": instance().storage.check,
            "redis": _redis,
        }
    )


@bp.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus's text format, for this machine only: they count reports that are not public."""
    if not _from_this_machine():
        abort(404)
    response = Response("\n".join(_figures()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _report(checks: dict[str, Callable[[], None]]) -> Response:
    """Run the checks in order. What follows on a database that is away is not tried."""
    results: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except NotReady as problem:
            results[name] = str(problem)
        except Exception as error:
            # Only the class: messages of drivers quote addresses and users.
            log.error("health: %s fails with %s", name, type(error).__name__)
            results[name] = "unreachable"
            if name == "database":
                break
        else:
            results[name] = "ok"
    well = all(result == "ok" for result in results.values())
    if well and len(results) == 1:
        response = jsonify(status="ok")
    elif well and (soon := _warnings()):
        response = jsonify(status="ok", checks=results, warnings=soon)
    else:
        response = jsonify(status="ok" if well else "unavailable", checks=results)
    response.status_code = 200 if well else 503
    response.headers["Cache-Control"] = "no-store"
    return response


def _database() -> None:
    db.session.execute(text("SELECT 1"))


def _migrations() -> None:
    here = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    known = current_app.extensions.get("migration_heads")
    if known is None:
        folder = Path(current_app.root_path) / "migrations"
        known = current_app.extensions["migration_heads"] = set(ScriptDirectory(str(folder)).get_heads())
    if here != known:
        raise NotReady("the database is not at this version; run `flask db upgrade`")


def _reference_data() -> None:
    for model in (Category, Unit, RoutingRule):
        if db.session.execute(select(model).limit(1)).first() is None:
            raise NotReady("not loaded; run `flask data load`")


def _warnings() -> list[str]:
    """What does not stop the instance today but needs its operator."""
    calendar = calendar_state()
    if calendar["short"]:
        return [f"days off of {calendar['needed']} are missing; enter them at /admin/tables/days"]
    return []


def _redis() -> None:
    settings = instance().settings
    if settings.embedded:
        return
    with Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2) as connection:
        connection.ping()


def _from_this_machine() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _figures() -> list[str]:
    now = clock.now()
    jobs = dict(db.session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
    oldest = db.session.scalar(select(func.min(Job.run_after)).where(Job.state == outbox.PENDING, Job.run_after <= now))
    reports = dict(db.session.execute(select(Report.status, func.count()).group_by(Report.status)).all())
    lines = _gauge("dgs_jobs", "Jobs by state.")
    lines += [
        f'dgs_jobs{{state="{state}"}} {jobs.get(state, 0)}'
        for state in (outbox.PENDING, outbox.RUNNING, outbox.DONE, outbox.FAILED)
    ]
    lines += _gauge("dgs_job_oldest_due_age_seconds", "How long the oldest due job has waited; 0 if none is due.")
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    lines.append(f"dgs_job_oldest_due_age_seconds {age:.3f}")
    lines += _gauge("dgs_days_off_until_year", "The last year whose days off are known; 0 if none is.")
    lines.append(f"dgs_days_off_until_year {calendar_state()['last'] or 0}")
    lines += _gauge("dgs_reports", "Reports by status, those that are not public included.")
    return lines + [f'dgs_reports{{status="{status}"}} {reports.get(status, 0)}' for status in lifecycle.STATUSES]


def _gauge(name: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
