"""Several reports of the same thing become one case: choose, look at what will happen, do it in one step."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.accounts.permissions import may
from webapp.core import text
from webapp.core.db import db
from webapp.notifications import service as notifications
from webapp.pages import labels
from webapp.pages.access import identity, require
from webapp.pages.desk import back, related
from webapp.pages.desk.views import bp, found
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries, feedback, merges, service
from webapp.reports.models import Report


@bp.get("/cases/<public_id>/merge")
def merge_page(public_id: str) -> Response:
    """Suggestions to tick, and what merging the chosen ones would do."""
    report = found(public_id)
    require("report:mark_duplicate", report)
    chosen, errors = _chosen(report, request.args.getlist("with"), request.args.get("number", ""))
    return _page(report, chosen, request.args.get("keep", ""), errors, 422 if errors else 200)


@bp.post("/cases/<public_id>/merge")
def merge(public_id: str) -> Response:
    """Merge exactly what the preview showed; if any of it has changed since, nothing is done."""
    report = found(public_id)
    require("report:mark_duplicate", report)
    seen = dict(part.rsplit(":", 1) for part in request.form.getlist("case")[: merges.MOST + 1] if ":" in part)
    # In one order, so that two who merge the same cases at once wait for each other instead of blocking.
    cases = sorted((c for c in map(_mine, seen) if c is not None), key=lambda c: c.id)
    names = [c.public_id for c in cases]
    db.session.expire_all()  # what was read before the lock may be old
    cases = [c for c in (desk_queries.by_public_id(name, lock=True) for name in names) if c is not None]
    others = [c for c in cases if c.id != report.id]
    keep = request.form.get("keep", "")
    if len(cases) != len(seen) or any(str(c.version) != seen[c.public_id] for c in cases):
        return _page(report, others, keep, {"_form": _("Something has changed since; look at the preview again.")}, 409)
    original = next((c for c in cases if c.public_id == keep), None)
    if original is None or not others:
        return _page(report, others, keep, {"keep": _("Choose the case that stays.")}, 422)
    planned = merges.plan(cases, original)
    try:
        merges.merge(planned, service.actor_of(identity()))
    except merges.Changed:
        return _page(report, others, keep, {"keep": _("Nothing can be merged into this case.")}, 422)
    flash(_("%(count)s cases merged into %(number)s.", count=len(planned.ready), number=original.public_id), "success")
    return redirect(f"/desk/cases/{original.public_id}{back.way()}", 303)  # type: ignore[return-value]


def _mine(public_id: str) -> Report | None:
    case = desk_queries.by_public_id(public_id[:16])
    return case if case is not None and may(identity(), "report:mark_duplicate", case) else None


def _chosen(report: Report, ticked: Sequence[str], typed: str) -> tuple[list[Report], dict[str, str]]:
    """The cases to merge with, this one not among them."""
    errors: dict[str, str] = {}
    numbers = [*dict.fromkeys(ticked[: merges.MOST])]
    for number in text.clean(typed).lower().replace(",", " ").split()[: merges.MOST]:
        if _mine(number) is None:
            errors["number"] = _("You see no case with the number %(number)s.", number=number[:20])
        elif number not in numbers:
            numbers.append(number)
    cases = [case for case in map(_mine, numbers[: merges.MOST]) if case is not None and case.id != report.id]
    return cases, errors


def _page(report: Report, chosen: list[Report], keep: str, errors: dict[str, str], status: int = 200) -> Response:
    suggested = related.suggestions(report, identity(), merges.MOST)
    cases = [report, *chosen]
    kept = next((c for c in cases if c.public_id == keep), None) or merges.likely_original(cases)
    ids = [c.id for c in cases]
    page = render_template(
        "desk/merge.html",
        report=report,
        category=in_language(report.category.name),
        suggestions=[(s, related.how_likely(s.like), related.reasons(s.like)) for s in suggested],
        chosen=chosen,
        ticked={c.public_id for c in chosen},
        others=[c for c in chosen if c.id not in {s.report.id for s in suggested}],
        cases=cases,
        plan=merges.plan(cases, kept) if chosen else None,
        can_stay=merges.can_stay,
        why=_why_not,
        witnesses=feedback.witness_counts(ids) if chosen else {},
        followers=notifications.followers(ids) if chosen else {},
        errors=errors,
        labels=labels,
        kind=lambda case: in_language(case.category.name),
    )
    return Response(page, status, mimetype="text/html")


def _why_not(code: str) -> str:
    return {
        "duplicate": _("is a duplicate already"),
        "ended": _("has ended; reopen it first"),
        "passed_on": _("has been passed to a unit and stays a case of its own; link the two instead"),
    }[code]
