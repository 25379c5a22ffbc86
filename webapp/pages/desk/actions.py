"""What the Front does with a case. Each action is one POST; a mistake gives the page back as it was typed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, abort, flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.permissions import may
from webapp.core import text
from webapp.core.db import db
from webapp.inspections import service as inspections
from webapp.inspections.models import Outcome
from webapp.pages.access import identity, require
from webapp.pages.desk import back, case_page, correcting, evidence, related, replies, steps
from webapp.pages.desk.doing import MAX_TEXT, Doing, Wrong
from webapp.pages.desk.views import bp, found
from webapp.reports import desk_queries, handovers, lifecycle, links, service, unit_work, verdicts
from webapp.reports.models import Report
from webapp.routing import assign as assigning
from webapp.units import queries as units


@bp.post("/cases/<public_id>/<name>")
def act(public_id: str, name: str) -> Response:
    """Do one of `steps.FRONT_ACTIONS`."""
    action = next((a for a in steps.FRONT_ACTIONS if a.name == name), None)
    if action is None:
        abort(404)
    report = found(public_id, lock=True)
    require(action.permission, report)
    kept, refused = evidence.read() if name in evidence.WITH_PICTURES else ((), "")
    files = evidence.shown(kept)
    moved_on = {"_form": _("This cannot be done now: the case has moved on.")}
    if stale(report):
        return conflict(report, "/desk", name, kept=files)
    if request.form.get("insert"):
        return case_page.render(
            report, identity(), "/desk", opened=name, kept=files, values=replies.inserted(report, name, _typed())
        )
    doing = Doing(action, report, identity(), service.actor_of(identity()), kept, refused)
    if not steps.possible(action, report):
        return again(public_id, "/desk", name, moved_on, 409, kept=files)
    try:
        done = DO[name](doing)
    except Wrong as wrong:
        return again(public_id, "/desk", name, wrong.errors, kept=files)
    except lifecycle.Missing as missing:
        return again(public_id, "/desk", name, {f"{name}_reason": _missing(missing.what)}, kept=files)
    except lifecycle.NotAllowed:
        return again(public_id, "/desk", name, moved_on, 409, kept=files)
    flash(done, "success")
    # A correction may have taken the case to somebody else's desk.
    here = may(identity(), "report:view", report)
    return redirect(f"/desk/cases/{public_id}{back.way()}" if here else back.href("/desk"), 303)  # type: ignore[return-value]


@bp.post("/cases/<public_id>/links/<int:link_id>/end")
def end_link(public_id: str, link_id: int) -> Response:
    """Take a link back that an officer made."""
    report = found(public_id, lock=True)
    require("report:link", report)
    if stale(report):
        return conflict(report, "/desk", "link")
    linked = next((one for one in links.of_report(report.id) if one.link.id == link_id), None)
    if linked is None or linked.link.kind not in links.BY_HAND:
        abort(404)
    frm, to = (report, linked.other) if linked.here == "from" else (linked.other, report)
    links.unlink(linked.link, frm, to, service.actor_of(identity()))
    service.touch(report)
    flash(_("The link is taken back. The history keeps it."), "success")
    return redirect(f"/desk/cases/{public_id}{back.way()}#links", 303)  # type: ignore[return-value]


@bp.post("/cases/<public_id>/outcomes/<outcome_id>/publish")
def publish_outcome(public_id: str, outcome_id: str) -> Response:
    """Publish an inspection outcome."""
    report = found(public_id, lock=True)
    require("outcome:publish", report)
    if stale(report):
        return conflict(report, "/desk", "outcome")
    outcome = db.session.scalars(
        select(Outcome).where(Outcome.public_id == outcome_id, Outcome.report_id == report.id)
    ).first()
    if outcome is None:
        abort(404)
    inspections.publish(outcome, service.actor_of(identity()))
    flash(_("The inspection outcome is public now."), "success")
    return redirect(f"/desk/cases/{public_id}{back.way()}#outcomes", 303)  # type: ignore[return-value]


def stale(report: Report) -> bool:
    """Whether the form was made from another version of the case than there is now."""
    return request.form.get("version", "") != str(report.version)


def conflict(report: Report, base: str, name: str, **form: object) -> Response:
    """Nothing is saved; the page says what has changed, with what was typed still in its form."""
    seen = request.form.get("seen", "")
    last = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
    return case_page.render(report, identity(), base, 409, opened=name, values=_typed(), seen=last, **form)


def again(public_id: str, base: str, name: str, errors: dict[str, str], status: int = 422, **form: object) -> Response:
    """The page once more, with messages at the fields and what was typed in them."""
    db.session.rollback()  # whatever a half-done action had put on the case
    report = found(public_id)
    return case_page.render(report, identity(), base, status, opened=name, errors=errors, values=_typed(), **form)


def _typed() -> dict[str, object]:
    lists = {"photos", "answers", "verdicts", "files", "sheets"}
    return {
        name: request.form.getlist(name) if name in lists else request.form.get(name)
        for name in request.form
        if name not in {"csrf_token", "version", "seen"}
    }


def _missing(what: str) -> str:
    return {
        "reason": _("Write the reason."),
        "unit": _("Choose the unit."),
        "evidence": _("Add at least one photo or document."),
    }.get(what, _("Something is missing."))


def _take(doing: Doing) -> str:
    doing.move()
    return _("You have taken the case on.")


def _assign(doing: Doing) -> str:
    options = {u.code: u for u in case_page.acting_units(doing.report)}
    back = unit_work.given_back([doing.report])
    options |= {unit.code: unit for unit in back.values() if unit is not None}
    unit = options.get(request.form.get("unit", ""))
    if unit is None:
        raise Wrong(unit=_("Choose the unit."))
    try:
        assigning.assign(doing.report, unit, doing.actor, doing.text("assign_note", limit=1000))
    except assigning.NoteMissing:
        why = _("It was given back: write why it goes to this unit.") if back else None
        raise Wrong(assign_note=why or _("The rule names another unit: write why it goes to this one.")) from None
    return _("Passed to %(unit)s.", unit=unit.name_vi)


def _hand_over(doing: Doing) -> str:
    asked = handovers.pending(doing.report)
    unit = units.by_code(asked.to_code) if asked else None
    if unit is None or request.form.get("unit") != unit.code:
        raise lifecycle.NotAllowed("hand over")
    handovers.grant(doing.report, doing.actor, unit)
    if request.form.get("new_clock") == "1":
        assigning.restart_clock(doing.report, doing.actor)
    return _("Handed over to %(unit)s.", unit=unit.name_vi)


def _take_away(doing: Doing) -> str:
    code = request.form.get("unit", "")
    unit = next((u for u in case_page.acting_units(doing.report) if u.code == code), None)
    if unit is None or not unit_work.fits(doing.report, unit):
        raise Wrong(unit=_("Choose the unit."))
    reason = doing.text("take_away_reason", _("Write the reason."), limit=2000)
    handovers.take_away(doing.report, doing.actor, unit, reason)
    if request.form.get("new_clock") == "1":
        assigning.restart_clock(doing.report, doing.actor)
    return _("Given to %(unit)s.", unit=unit.name_vi)


def _keep(doing: Doing) -> str:
    try:
        handovers.decline(doing.report, doing.actor, doing.text("keep_reason", _("Write the reason."), limit=2000))
    except handovers.NotOpen:
        raise lifecycle.NotAllowed("keep") from None
    return _("Declined. The unit keeps the case and reads your reason.")


def _with_reason(message: Callable[[], str]) -> Callable[[Doing], str]:
    def do(doing: Doing) -> str:
        doing.move(doing.text(f"{doing.action.name}_reason", _("Write the reason."), limit=2000))
        return message()

    return do


def _ask(doing: Doing) -> str:
    question = doing.text("ask_reason", _("Write what you want to know."), limit=2000)
    service.ask(doing.report, doing.actor, question)
    return _("The question stands on the sender's page now.")


def _duplicate(doing: Doing) -> str:
    typed = text.clean(request.form.get("original_id")).lower() or request.form.get("original", "")
    if not typed:
        raise Wrong(original_id=_("Choose the case that was there first, or enter its number."))
    original = desk_queries.by_public_id(typed[:16])
    if original is None or not may(doing.who, "report:view", original):
        raise Wrong(original_id=_("You see no case with this number."))
    try:
        service.mark_duplicate(doing.report, original, doing.actor)
    except service.BadDuplicate:
        raise Wrong(original_id=_("This case cannot be the first: it is this one, or a duplicate.")) from None
    return _("Marked as a duplicate of %(number)s.", number=original.public_id)


def _reopen(doing: Doing) -> str:
    doing.move(doing.text("reopen_reason", _("Write the reason."), limit=2000))
    return _("Reopened.")


def _close(doing: Doing) -> str:
    doing.move()
    return _("The case is closed.")


def _publish(doing: Doing) -> str:
    report = doing.report
    words = doing.text("public_text", limit=MAX_TEXT)
    private = text.looks_private(words)
    if private and request.form.get("checked") != "1":
        raise Wrong(
            public_text=_(
                "“%(found)s” looks like a phone number, an e-mail address or a plate. Remove it, "
                "or tick the box below if it is none.",
                found=private,
            )
        )
    photos = {p.id for p in report.photos if p.public_id in request.form.getlist("photos")}
    wanted = request.form.getlist("answers")
    answers = {a.id for a in report.answers if str(a.id) in wanted}
    let_out = request.form.getlist("files")
    files = frozenset(f.id for a in report.answers for f in a.files if f.public_id in let_out)
    require("photo:publish", report)
    service.publish(report, doing.actor, text=words, photo_ids=photos, answer_ids=answers, file_ids=files)
    verdicts.publish(report, set(request.form.getlist("verdicts")))
    return _("Saved: this is what the public sees.")


def _link(doing: Doing) -> str:
    kind = request.form.get("link_kind", "")
    if kind not in links.BY_HAND:
        raise Wrong(link_kind=_("Choose how the two belong together."))
    typed = text.clean(request.form.get("link_id")).lower() or request.form.get("link_to", "")
    if not typed:
        raise Wrong(link_id=_("Choose a case, or enter its number."))
    other = desk_queries.by_public_id(typed[:16])
    if other is None or not may(doing.who, "report:view", other):
        raise Wrong(link_id=_("You see no case with this number."))
    reason = doing.text("link_reason", limit=500)
    # Of two cases of which one came back, the later one is always the recurrence.
    later = doing.report.created_at >= other.created_at
    frm, to = (doing.report, other) if kind == links.RELATED or later else (other, doing.report)
    try:
        links.link(frm, to, kind, doing.actor, reason)
    except links.BadLink as bad:
        raise Wrong(link_id=related.bad_link(bad.code)) from None
    service.touch(doing.report)
    return _("Linked to %(number)s.", number=other.public_id)


DO: dict[str, Callable[[Doing], str]] = {
    "take": _take,
    "assign": _assign,
    "hand_over": _hand_over,
    "take_away": _take_away,
    "keep": _keep,
    "ask": _ask,
    "correct": correcting.correct,
    "bypass": correcting.bypass,
    "duplicate": _duplicate,
    "link": _link,
    "reject": _with_reason(lambda: _("Rejected. The sender reads the reason.")),
    "out_of_scope": _with_reason(lambda: _("Marked as out of scope. The sender reads the reason.")),
    "reopen": _reopen,
    "close": _close,
    "publish": _publish,
}
