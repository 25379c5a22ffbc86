"""The steps of a case, each taken by the one who may take it, through the services that the pages use."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.accounts import permissions
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.demo.script import Case, Step, dated, marked
from webapp.inspections import service as inspections
from webapp.reports import codes, data_requests, feedback, lifecycle, service, verdicts
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Report
from webapp.routing import terms
from webapp.units import queries as units

_FRONT_ROLES = {
    "front_commune": permissions.COMMUNE_FRONT,
    "front_province": permissions.PROVINCE_FRONT,
    "front_central": permissions.CENTRAL_FRONT,
}
# Steps that are nothing but a move: verb -> (status, whether the unit takes it or the Front).
_MOVES: dict[str, tuple[str, bool]] = {
    "take": (lifecycle.SCREENING, False),
    "reject": (lifecycle.REJECTED, False),
    "out_of_scope": (lifecycle.OUT_OF_SCOPE, False),
    "accept": (lifecycle.VERIFYING, True),
    "refuse": (lifecycle.SCREENING, True),
    "start": (lifecycle.IN_PROGRESS, True),
    "close": (lifecycle.CLOSED, False),
}

BY_THE_SENDER = frozenset({"reply", "feedback", "request", "withdraw"})  # on any day, at any hour

# (scenes, owner) -> pictures that were taken in as an upload is
Pictures = Callable[[tuple[str, ...], str], tuple[StoredPhoto, ...]]


class StoryBroken(RuntimeError):
    """A case cannot go on as written; the message names case and step."""


def client_id(key: str) -> str:
    """The id under which a case is sent: always the same on one instance, so that it cannot be sent twice."""
    return hmac.digest(instance().settings.code_key.encode(), f"demo:{key}".encode(), "sha256").hex()[:32]


def report_of(key: str) -> Report | None:
    """The report of a demo case, if it has been sent."""
    return service.by_client_key(codes.client_key(client_id(key)))


def do(case: Case, report: Report, step: Step, sent: datetime, pictures: Pictures) -> bool:
    """Take one step now (by the clock). True if it left jobs to do.

    Raises StoryBroken where the one who acts may not, and what the services raise.
    """
    text = marked(dated(step.text, clock.local(sent).date(), clock.today()))
    front, unit = _front(report), _identity(report.unit_code)
    if step.verb in _MOVES:
        to, by_unit = _MOVES[step.verb]
        _move(report, to, unit if by_unit else front, text)
        return False
    match step.verb:
        case "assign":
            _allow(front, "report:assign", report)
            _choose_unit(report, step.args[0] if step.args else None)
            _move(report, lifecycle.ASSIGNED, front)
            _publish(report, front, case.public)
        case "ask":
            service.ask(report, _actor(front, "report:ask", report), text)
        case "reply":
            service.supplement(report, text, pictures(step.args, codes.client_key(client_id(case.key))))
            return bool(step.args)
        case "say":
            actor = _actor(front, "message:view", report)
            service.add_message(report, "front", text, actor.user_id)
            service.touch(report)
        case "withdraw":
            service.move(report, lifecycle.WITHDRAWN, events.REPORTER)
        case "feedback":
            verdict, rating = step.args
            feedback.say(report, verdict, int(rating), text, ())
        case "request":
            kind = step.args[0]
            days = {
                name: clock.local(due).date() if (due := terms.due_at(rule, "*", clock.now())) else clock.today()
                for name, rule in (("acknowledge_by", data_requests.ACKNOWLEDGE), ("due_on", data_requests.STEP[kind]))
            }
            data_requests.ask(report, kind, text, **days)
        case "duplicate":
            actor = _actor(front, "report:mark_duplicate", report)
            original = report_of(step.args[0])
            if original is None:
                raise StoryBroken(f"{case.key}: no case {step.args[0]} before it")
            service.mark_duplicate(report, original, actor)
        case "answer":
            actor = _actor(unit, "report:answer", report)
            service.answer(report, actor, text, pictures(step.args, f"user-{actor.user_id or actor.unit_code}"))
            return True
        case "verify" | "rework":
            verdict = verdicts.ACCEPTED if step.verb == "verify" else verdicts.NOT
            verdicts.check(report, _actor(front, "report:verify", report), verdict, text)
            _publish(report, front)
        case "outcome":
            _outcome(report, front, unit, step, text)
        case "reopen":
            _move(report, lifecycle.REWORK if report.status == lifecycle.CLOSED else lifecycle.SCREENING, front, text)
    return False


def _move(report: Report, to: str, who: Identity | None, reason: str = "") -> None:
    """A step of the lifecycle, with the permission that the table asks for."""
    transition = lifecycle.TRANSITIONS.get((report.status, to))
    if transition is None:
        raise lifecycle.NotAllowed(f"{report.status} -> {to}")
    service.move(report, to, _actor(who, transition.permission, report), reason=reason)


def _publish(report: Report, front: Identity, public: str = "") -> None:
    """Let out the text, the clean pictures and the answers there are by now."""
    _allow(front, "photo:publish", report)
    actor = _actor(front, "report:publish", report)
    db.session.refresh(report, ["photos", "answers"])
    service.publish(
        report,
        actor,
        text=marked(public) or report.public_text,
        photo_ids={
            photo.id for photo in report.photos if photo.state == "clean" and photo.purpose in ("report", "answer")
        },
        answer_ids={given.id for given in report.answers},
    )
    verdicts.publish(report, {str(verdict.id) for verdict in verdicts.of(report)})


def _outcome(report: Report, front: Identity, unit: Identity | None, step: Step, text: str) -> None:
    """An inspection's outcome, recorded by the unit and published by the Front."""
    finding, measure, *more = step.args
    outcome = inspections.record(
        report,
        _actor(unit, "outcome:record", report),
        inspected_on=max(clock.today() - timedelta(days=2), clock.local(report.created_at).date()),
        finding=finding,
        measure=measure,
        summary=text,
        fine_vnd=int(more[0]) if more else None,
        decision_number=marked(more[1]) if len(more) > 1 else "",
    )
    inspections.publish(outcome, _actor(front, "outcome:publish", report))


def _allow(who: Identity | None, permission: str, report: Report) -> Identity:
    """The one who acts, if they may. Raises StoryBroken."""
    if who is None or not permissions.may(who, permission, report):
        raise StoryBroken(f"{who.unit_code if who else 'nobody'} may not {permission} in report {report.id}")
    return who


def _actor(who: Identity | None, permission: str, report: Report) -> Actor:
    return service.actor_of(_allow(who, permission, report))


def _front(report: Report) -> Identity:
    """The Front that supervises the case, else the province's."""
    front = _identity(report.supervisor_code)
    if front is None or not permissions.in_scope(front, report):
        front = _identity(f"mttq-{report.province_code}")
    if front is None:
        raise StoryBroken(f"no Front for report {report.id}")
    return front


def _identity(unit_code: str | None) -> Identity | None:
    """Who acts for a unit: its demo login where there is one, else an officer without an account."""
    unit = units.by_code(unit_code)
    if unit is None:
        return None
    user_id = db.session.scalar(select(func.min(User.id)).where(User.unit_code == unit.code))
    role = _FRONT_ROLES.get(unit.kind, permissions.UNIT_OFFICER)
    area = unit.area_code if unit.level == "commune" else None
    return Identity(role, user_id, unit.code, area, unit.province_code)


def _choose_unit(report: Report, named: str | None) -> None:
    """The unit that the Front names, or the one that routing proposed, or the province's department."""
    chosen = {
        "ubnd": f"ubnd-{report.area_code}",
        "ca-province": f"ca-{report.province_code}",
        None: report.unit_code or f"so-nnmt-{report.province_code}",
    }[named]
    if units.by_code(chosen) is None:
        raise StoryBroken(f"no unit {chosen}")
    report.unit_code = chosen
