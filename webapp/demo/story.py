"""Playing the demo: each case goes through the doors, rules and permissions that a real one goes through.

Only the clock is replaced, so that a case that began in spring has spring's dates and deadlines.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time

from flask import Flask, current_app
from sqlalchemy import func, select

from webapp.accounts import permissions
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, Area
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.demo.pictures import jpeg
from webapp.demo.script import BadScript, Case, Step, When, dated, marked
from webapp.inspections import service as inspections
from webapp.media.intake import keep
from webapp.reports import codes, intake, lifecycle, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Category, Report
from webapp.routing.deadlines import is_working_day
from webapp.routing.service import calendar
from webapp.units import queries as units

GAP = timedelta(minutes=6)  # at least so long between two steps of one case
_FRONT_ROLES = {
    "front_commune": permissions.COMMUNE_FRONT,
    "front_province": permissions.PROVINCE_FRONT,
    "front_central": permissions.CENTRAL_FRONT,
}


class StoryBroken(RuntimeError):
    """A case cannot go on as written; the message names case and step."""


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, the clock stands at `moment` (aware; the clock gives it in UTC, as it always does)."""
    real, stopped = clock.now, moment.astimezone(UTC)
    clock.now = lambda: stopped
    try:
        yield
    finally:
        clock.now = real


@contextmanager
def nobody_woken() -> Iterator[None]:
    """Inside, committed jobs wake no other worker: the story does them itself, at the story's time."""
    before = outbox._kick
    outbox.set_kick(None)
    try:
        yield
    finally:
        outbox.set_kick(before)


def client_id(key: str) -> str:
    """The id under which a case is sent: always the same on one instance, so that it cannot be sent twice."""
    return hmac.digest(instance().settings.code_key.encode(), f"demo:{key}".encode(), "sha256").hex()[:32]


def report_of(key: str) -> Report | None:
    """The report of a demo case, if it has been sent."""
    return service.by_client_key(codes.client_key(client_id(key)))


@dataclass(slots=True)
class Player:
    """Plays cases as of `now`, the moment of loading."""

    app: Flask
    now: datetime
    categories: set[str] = field(default_factory=set)
    communes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls) -> Player:
        """A player for the current app. Raises StoryBroken if categories or communes are not loaded."""
        player = cls(current_app._get_current_object(), clock.now())  # type: ignore[attr-defined]
        query = select(Category.code).where(Category.reportable, ~Category.retired)
        player.categories = set(db.session.scalars(query))
        rows = db.session.execute(select(Area.code, Area.parent_code).where(Area.level == COMMUNE))
        player.communes = {code: parent for code, parent in rows if parent}
        if not player.categories:
            raise StoryBroken("no categories; run `flask data load` first")
        if not player.communes:
            raise StoryBroken("no areas; run `flask areas import FILE` or `flask areas approximate` first")
        return player

    def play(self, case: Case) -> str | None:
        """Send the case and play its steps; its tracking code, or None if it had been sent before.

        Commits: after what a job must see, and at the end.
        """
        if report_of(case.key) is not None:
            return None
        sent = self._sent(case)
        with at(sent):
            submitted = self._submit(case)
            report_id, code = submitted.report.id, submitted.code
            if case.hold:
                self._hold(report_id)
        self._jobs(sent + timedelta(seconds=20), report_id, wait=not case.hold)
        moment = sent
        for step in case.steps:
            moment = self._moment(sent, moment, step)
            with at(moment):
                report = db.session.get_one(Report, report_id)
                try:
                    made_jobs = self._do(case, report, step, sent)
                except (lifecycle.NotAllowed, lifecycle.Missing, service.BadDuplicate, ValueError) as error:
                    raise StoryBroken(f"{case.key}, {step.verb}: {type(error).__name__} {error}") from error
            if made_jobs:
                self._jobs(moment + timedelta(seconds=20), report_id)
        db.session.commit()
        return code

    # -- times ---------------------------------------------------------------------------------------------

    def _sent(self, case: Case) -> datetime:
        """When the case was sent; today's cases that would lie ahead are moved to the last hours."""
        sent = self._clock_time(self.now, -case.sent.days, case.sent)
        if sent >= self.now - 2 * GAP:
            share = int(hashlib.sha256(case.key.encode()).hexdigest()[:4], 16) / 0xFFFF
            sent = self.now - timedelta(minutes=25 + 150 * share)
        return sent

    def _moment(self, sent: datetime, before: datetime, step: Step) -> datetime:
        """When a step happens: as written, offices on working days, after the step before, never ahead of now."""
        moment = self._clock_time(sent, step.when.days, step.when)
        urgent_day = step.when.days == 0  # what is done on the same day is done on Sundays too
        if step.verb != "reply" and not urgent_day:
            days_off = calendar(clock.local(moment).date())
            while not is_working_day(clock.local(moment).date(), days_off):
                moment += timedelta(days=1)
        moment = max(moment, before + GAP)
        if moment >= self.now:
            moment = before + (self.now - before) / 2
        return moment

    @staticmethod
    def _clock_time(start: datetime, days: int, when: When) -> datetime:
        day = clock.local(start).date() + timedelta(days=days)
        return datetime.combine(day, wall_time(when.hour, when.minute), clock.VIETNAM)

    # -- sending -------------------------------------------------------------------------------------------

    def _submit(self, case: Case) -> service.Submitted:
        place = case.at or self._somewhere_in(case)
        raw = {
            "client_id": client_id(case.key),
            "category": case.category,
            "description": marked(case.text),
            "place_text": case.place,
            "commune": case.commune or "",
        }
        if place is not None:
            raw |= {"lon": f"{place[0]:.6f}", "lat": f"{place[1]:.6f}", "place_source": "map"}
            raw |= {"accuracy": "15"} if case.at else {}
        if case.contact:
            raw["contact_name"] = "Người dân (minh họa)"
        if case.contact == "phone":
            raw["contact_phone"] = "0900 000 000"
        elif case.contact == "email":
            raw["contact_email"] = "nguoidan@minhhoa.example"
        submission, errors = intake.read(
            raw, categories=self.categories, communes=self.communes, lang=case.lang, channel=case.channel
        )
        if submission is None:
            raise StoryBroken(f"{case.key}: {errors}")
        owner = codes.client_key(submission.client_id)
        photos = self._pictures(case, case.pictures, owner, place)
        return service.submit(replace(submission, photos=photos))

    @staticmethod
    def _somewhere_in(case: Case) -> tuple[float, float] | None:
        """A point inside the commune, up to 1.5 km from its middle, always the same for the case."""
        commune = areas.by_code(case.commune or "", COMMUNE)
        if commune is None:
            raise BadScript(f"{case.key}: no commune {case.commune}")
        rng = random.Random(case.key)
        angle, metres = rng.uniform(0, 2 * math.pi), rng.uniform(300, 1500)
        while metres > 20:
            lon = commune.point_lon + math.cos(angle) * metres / 108_000
            lat = commune.point_lat + math.sin(angle) * metres / 110_600
            found = areas.locate(lon, lat)
            if found is not None and found.code == commune.code:
                return lon, lat
            metres, angle = metres * 0.7, angle + 1.0
        return commune.point_lon, commune.point_lat

    @staticmethod
    def _pictures(
        case: Case, scenes: tuple[str, ...], owner: str, place: tuple[float, float] | None
    ) -> tuple[StoredPhoto, ...]:
        """Pictures of these scenes, taken in as an upload is: checked, sealed and stored for `owner`."""
        lon, lat = place or (None, None)
        stored = []
        for number, scene in enumerate(scenes):
            data = jpeg(scene, f"{case.key}:{number}", lon=lon, lat=lat, moment=clock.now())
            kept = keep(_File(f"minh-hoa-{number + 1}.jpg", io.BytesIO(data)), owner)
            stored.append(StoredPhoto(kept.name, kept.sha256, kept.size, kept.mime))
        return tuple(stored)

    # -- jobs ----------------------------------------------------------------------------------------------

    def _hold(self, report_id: int) -> None:
        """Let the routing of this report wait until tomorrow, so that the demo shows one that has just come in."""
        jobs = db.session.scalars(select(outbox.Job).where(outbox.Job.name == "reports.route", outbox.Job.state == outbox.PENDING))
        for job in jobs:
            if job.args.get("report_id") == report_id:
                job.run_after = self.now + timedelta(days=1)

    def _jobs(self, moment: datetime, report_id: int, *, wait: bool = True) -> None:
        """Commit, and do what is due at `moment` as a worker would."""
        db.session.commit()
        from workers.run import drain  # deferred import: the workers stand above the web's modules

        with at(min(moment, self.now)):
            drain(self.app)
        deadline = time.monotonic() + 30
        while wait and db.session.get_one(Report, report_id).status == lifecycle.NEW:
            db.session.rollback()  # a worker that runs beside us has taken the job
            if time.monotonic() > deadline:
                raise StoryBroken("a report was not routed; see the failed jobs")
            time.sleep(0.2)

    # -- steps ---------------------------------------------------------------------------------------------

    def _do(self, case: Case, report: Report, step: Step, sent: datetime) -> bool:
        """One step by the one who may take it. True if it left jobs to do."""
        text = marked(dated(step.text, clock.local(sent).date(), clock.today()))
        front, unit = self._front(report), self._unit(report)
        actor = service.actor_of(front)
        match step.verb:
            case "take":
                self._move(report, lifecycle.SCREENING, front)
            case "assign":
                self._allow(front, "report:assign", report)
                self._choose_unit(report, step.args[0] if step.args else None)
                self._move(report, lifecycle.ASSIGNED, front)
                self._publish(report, front, case.public)
            case "ask":
                self._allow(front, "report:ask", report)
                service.ask(report, actor, text)
            case "reply":
                owner = codes.client_key(client_id(case.key))
                service.supplement(report, text, self._pictures(case, step.args, owner, case.at))
                return bool(step.args)
            case "say":
                self._allow(front, "message:view", report)
                service.add_message(report, "front", text, front.user_id)
                service.touch(report)
            case "duplicate":
                self._allow(front, "report:mark_duplicate", report)
                original = report_of(step.args[0])
                if original is None:
                    raise StoryBroken(f"{case.key}: no case {step.args[0]} before it")
                service.mark_duplicate(report, original, actor)
            case "reject":
                self._move(report, lifecycle.REJECTED, front, text)
            case "out_of_scope":
                self._move(report, lifecycle.OUT_OF_SCOPE, front, text)
            case "accept":
                self._move(report, lifecycle.VERIFYING, unit)
            case "refuse":
                self._move(report, lifecycle.SCREENING, unit, text)
            case "start":
                self._move(report, lifecycle.IN_PROGRESS, unit)
            case "answer":
                self._allow(unit, "report:answer", report)
                assert unit is not None
                owner = f"user-{unit.user_id or unit.unit_code}"
                service.answer(report, service.actor_of(unit), text, self._pictures(case, step.args, owner, case.at))
                return True
            case "outcome":
                self._outcome(report, front, unit, step, text)
            case "verify":
                self._move(report, lifecycle.VERIFIED, front)
                self._publish(report, front)
            case "rework":
                self._move(report, lifecycle.REWORK, front, text)
                self._publish(report, front)
            case "close":
                self._move(report, lifecycle.CLOSED, front)
            case "reopen":
                to = lifecycle.REWORK if report.status == lifecycle.CLOSED else lifecycle.SCREENING
                self._move(report, to, front, text)
        return False

    def _move(self, report: Report, to: str, who: Identity | None, reason: str = "") -> None:
        """A step of the lifecycle, with the permission that the table asks for."""
        transition = lifecycle.TRANSITIONS.get((report.status, to))
        if transition is None:
            raise lifecycle.NotAllowed(f"{report.status} -> {to}")
        self._allow(who, transition.permission, report)
        assert who is not None
        service.move(report, to, service.actor_of(who), reason=reason)

    @staticmethod
    def _allow(who: Identity | None, permission: str, report: Report) -> None:
        if who is None or not permissions.may(who, permission, report):
            raise StoryBroken(f"{who and who.unit_code} may not {permission} in report {report.id}")

    def _publish(self, report: Report, front: Identity, public: str = "") -> None:
        """Let out the text, the clean pictures and the answers there are by now."""
        self._allow(front, "report:publish", report)
        self._allow(front, "photo:publish", report)
        db.session.refresh(report, ["photos", "answers"])
        service.publish(
            report,
            service.actor_of(front),
            text=marked(public) or report.public_text,
            photo_ids={photo.id for photo in report.photos if photo.state == "clean" and photo.purpose != "message"},
            answer_ids={given.id for given in report.answers},
        )

    def _outcome(self, report: Report, front: Identity, unit: Identity | None, step: Step, text: str) -> None:
        """An inspection's outcome, recorded by the unit and published by the Front."""
        finding, measure, *more = step.args
        self._allow(unit, "outcome:record", report)
        self._allow(front, "outcome:publish", report)
        assert unit is not None
        outcome = inspections.record(
            report,
            service.actor_of(unit),
            inspected_on=max(clock.today() - timedelta(days=2), clock.local(report.created_at).date()),
            finding=finding,
            measure=measure,
            summary=text,
            fine_vnd=int(more[0]) if more else None,
            decision_number=f"{more[1]} (minh họa)" if len(more) > 1 else "",
        )
        inspections.publish(outcome, service.actor_of(front))

    # -- who -----------------------------------------------------------------------------------------------

    def _front(self, report: Report) -> Identity:
        """The Front that supervises the case, else the province's."""
        front = self._identity(report.supervisor_code)
        if front is None or not permissions.in_scope(front, report):
            front = self._identity(f"mttq-{report.province_code}")
        if front is None:
            raise StoryBroken(f"no Front for report {report.id}")
        return front

    def _unit(self, report: Report) -> Identity | None:
        return self._identity(report.unit_code)

    @staticmethod
    def _identity(unit_code: str | None) -> Identity | None:
        """Who acts for a unit: its demo login where there is one, else an officer without an account."""
        unit = units.by_code(unit_code)
        if unit is None:
            return None
        user_id = db.session.scalar(select(func.min(User.id)).where(User.unit_code == unit.code))
        role = _FRONT_ROLES.get(unit.kind, permissions.UNIT_OFFICER)
        area = unit.area_code if unit.level == "commune" else None
        return Identity(role, user_id, unit.code, area, unit.province_code)

    @staticmethod
    def _choose_unit(report: Report, named: str | None) -> None:
        """The unit that the Front names, or the one that routing proposed, or the province's department."""
        chosen = {
            "ubnd": f"ubnd-{report.area_code}",
            "ca": f"ca-{report.area_code}",
            "ca-province": f"ca-{report.province_code}",
            "so-nnmt": f"so-nnmt-{report.province_code}",
            None: report.unit_code or f"so-nnmt-{report.province_code}",
        }[named]
        if units.by_code(chosen) is None:
            raise StoryBroken(f"no unit {chosen}")
        report.unit_code = chosen


@dataclass(slots=True)
class _File:
    """What `media.intake.keep` asks of an upload."""

    filename: str | None
    stream: io.BytesIO
