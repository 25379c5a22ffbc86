"""The state of the instance for whoever runs it. No case, no reporter, no secret is on this page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, flash, redirect, render_template
from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.areas.models import Area
from webapp.areas.queries import valid_on
from webapp.core import events, outbox
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.core.outbox import FAILED, Job
from webapp.inspections.models import Checklist
from webapp.pages import labels
from webapp.pages.access import identity, require
from webapp.reports import lifecycle
from webapp.reports.models import Category, CategoryGroup, LegalReference, Report
from webapp.reports.service import actor_of
from webapp.routing.models import CalendarDay, DeadlineRule, OfficeHours, RoutingRule
from webapp.routing.reference import calendar_state
from webapp.supervision.models import ReminderRule
from webapp.units.models import Unit

bp = Blueprint("admin", __name__, url_prefix="/admin")
SHOWN = 50


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def overview() -> str:
    """Jobs, areas, reference data, accounts, calendar, settings."""
    require("job:view")
    require("user:view")
    require("reference:view")
    return render_template(
        "admin/overview.html",
        jobs=_jobs(),
        failed=db.session.scalars(
            select(Job).where(Job.state == FAILED).order_by(Job.finished_at.desc()).limit(SHOWN)
        ).all(),
        areas=_areas(),
        reference=_reference(),
        people=_people(),
        calendar=calendar_state(),
        settings_shown=_settings(),
        nobodys=_nobodys(),
        labels_moment=labels.moment,
    )


@bp.post("/jobs/<int:job_id>/retry")
def retry(job_id: int) -> Response:
    """Give a failed job a fresh set of tries."""
    require("job:retry")
    job = db.session.get(Job, job_id) if job_id < 1 << 63 else None
    if job is None:
        abort(404)
    if job.state == FAILED:
        outbox.retry(job)
        events.append("jobs", "job:retried", actor_of(identity()), job=job.id, name=job.name)
        flash(_("The job %(name)s runs again.", name=job.name), "success")
    else:
        flash(_("The job %(name)s is not in the failed state any more.", name=job.name), "info")
    return redirect("/admin#jobs", 303)  # type: ignore[return-value]


def _jobs() -> dict[str, int]:
    found = db.session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {"pending": 0, "running": 0, "done": 0, "failed": 0} | {state: number for state, number in found}


def _areas() -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Area.level, Area.approximate, Area.source, func.count(), func.max(Area.imported_at))
        .where(valid_on(None))
        .group_by(Area.level, Area.approximate, Area.source)
        .order_by(Area.level.desc(), Area.source)
    )
    return [
        {"level": level, "approximate": approximate, "source": source, "count": count, "at": at}
        for level, approximate, source, count, at in rows
    ]


def _reference() -> list[tuple[str, int, int | str]]:
    """Rows by the file they come from, and how many of them were entered here; a dash where nobody can."""
    tables: list[tuple[str, Any]] = [
        ("categories.toml (group)", CategoryGroup),
        ("categories.toml", Category),
        ("checklists.toml", Checklist),
        ("legal_references.csv", LegalReference),
        ("units.csv", Unit),
        ("routing_rules.csv", RoutingRule),
        ("deadlines.csv", DeadlineRule),
        ("holidays.csv", CalendarDay),
        ("office_hours.csv", OfficeHours),
        ("reminders.csv", ReminderRule),
    ]
    counts = [select(func.count()).select_from(t).scalar_subquery() for _name, t in tables]
    own = [t for _name, t in tables if hasattr(t, "own")]
    counts += [select(func.count()).where(t.own).scalar_subquery() for t in own]
    numbers = db.session.execute(select(*counts)).one()
    entered = dict(zip(own, numbers[len(tables) :], strict=True))
    return [(name, number, entered.get(table, "–")) for (name, table), number in zip(tables, numbers, strict=False)]


def _people() -> dict[str, int]:
    """Accounts by state."""
    waiting = User.active & (User.password == "")
    counted = select(
        func.count().filter(User.active & (User.password != "")),
        func.count().filter(waiting),
        func.count().filter(~User.active),
    ).select_from(User)
    return dict(zip(("active", "invited", "off"), db.session.execute(counted).one(), strict=True))


def _nobodys() -> int:
    """Open cases that stand on nobody's desk: no province, so no Front but the central one sees them."""
    query = select(func.count()).where(Report.province_code.is_(None), Report.status.in_(lifecycle.OPEN))
    return db.session.scalar(query) or 0


def _settings() -> list[tuple[str, str]]:
    """What matters in daily life. Addresses are cut down to their kind: they may hold passwords."""
    settings = instance().settings
    yes, no = _("yes"), _("no")
    return [
        (_("Public address"), settings.public_url),
        (_("Database"), urlsplit(settings.database_url).scheme.split("+")[0]),
        (_("Jobs"), "Redis" if settings.redis_url else _("a thread of this process")),
        (_("Storage"), urlsplit(settings.storage_url).scheme),
        (_("Map tiles"), urlsplit(settings.tile_url).hostname or "–" if settings.tile_url else _("none")),
        (_("Photos per report"), str(settings.max_photos)),
        (_("Largest photo"), f"{settings.max_photo_bytes >> 20} MB"),
        (_("Second step of staff"), _("required") if settings.second_factor else _("optional")),
        (_("Sign-in through another service"), urlsplit(settings.oidc_issuer).hostname or no),
        (_("Demo"), yes if settings.demo else no),
        (_("Can open identities"), yes if settings.identity_private_key else no),
        (_("Can open sealed photos"), yes if settings.evidence_private_key else no),
        (_("Proxies in front"), str(settings.proxies)),
    ]


from webapp.pages.admin import api_keys, contact_tables, contacts  # noqa: E402, F401 - their routes belong here
