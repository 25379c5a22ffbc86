"""Routing jobs."""

from __future__ import annotations

from webapp.core.db import db
from webapp.reports.models import Report
from webapp.routing import service


def route(report_id: int) -> None:
    """Route a new report. A report that is gone or routed already needs nothing."""
    report = db.session.get(Report, report_id)
    if report is not None:
        service.route(report)
