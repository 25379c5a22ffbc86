"""Playing the demo: each case goes through the doors, rules and permissions that a real one goes through.

Only the clock is replaced, so that a case that began in spring has spring's dates and deadlines.
"""

from __future__ import annotations

import hashlib
import io
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from functools import partial
from typing import IO

from flask import Flask, current_app
from sqlalchemy import select

from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, Area
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.demo.pictures import jpeg
from webapp.demo.script import BadScript, Case, Step, When, marked
from webapp.demo.steps import BY_THE_SENDER, StoryBroken, client_id, do, report_of
from webapp.media.intake import keep
from webapp.reports import codes, intake, lifecycle, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Category, Report
from webapp.routing.deadlines import is_working_day
from webapp.routing.terms import calendar

GAP = timedelta(minutes=6)  # at least so long between two steps of one case


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
                    pictures = partial(self._pictures, case, place=case.at)
                    made_jobs = do(case, report, step, sent, pictures)
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
        if step.verb not in BY_THE_SENDER and not urgent_day:
            days_off = calendar()
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
        if case.bypass:
            raw["bypass_commune"] = "1"
        if case.contact:
            raw["contact_name"], raw["contact_consent"] = "Người dân (minh họa)", "1"
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
        waiting = select(outbox.Job).where(outbox.Job.name == "reports.route", outbox.Job.state == outbox.PENDING)
        jobs = db.session.scalars(waiting)
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


@dataclass(slots=True)
class _File:
    """What `media.intake.keep` asks of an upload."""

    filename: str | None
    stream: IO[bytes]
