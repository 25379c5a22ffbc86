"""One case as the public sees it, with all that hangs on it, read in one statement.

It is the page that is asked for most: the ORM's objects for it would cost several times what the rest of the page
does (see docs/performance.md). What may be seen is decided in `privacy` all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import CTE, Select, String, bindparam, cast, func, literal, or_, select, union
from sqlalchemy.orm import aliased

from webapp.areas.models import Area
from webapp.core import clock
from webapp.core.db import Nested, UtcDateTime
from webapp.core.events import Event
from webapp.reports import feedback, lifecycle, links, privacy, queries
from webapp.reports.arrival import STREAM
from webapp.reports.models import Answer, AnswerFile, Category, Photo, Report
from webapp.reports.verdicts import Verdict, VerdictPhoto
from webapp.units.models import Unit


@dataclass(frozen=True, slots=True)
class Case:
    """All of one case that the public may see, and its key for what hangs on it."""

    key: int
    case: privacy.PublicCase
    steps: list[tuple[datetime, str, dict[str, Any]]]
    witnesses: int  # how many others see it too
    _areas: list[Any]
    _units: list[Any]

    def area_names(self, on: date | None = None) -> dict[str, str]:
        """Names of its commune and province by code: see `catalogue.area_names`."""
        return {row.code: row.name for row in _as_of(self._areas, on)}

    def units(self, on: date | None = None) -> dict[str, Any]:
        """What `units.queries.by_codes` says of the units on the page: by code, with their names of that day."""
        return {row.code: row for row in _as_of(self._units, on or clock.today())}


def by_id(public_id: str, now: datetime) -> Case | None:
    """The case under its public id; None if there is none, or none yet."""
    if not queries.is_id(public_id):
        return None
    found = _READ.run({"public_id": public_id, "now": now})
    if found is None:
        return None
    report = SimpleNamespace(**found["report"][0]._asdict())
    report.duplicate_of = next(iter(found["original"]), None)
    report.category = report  # of which only public_blur_m is asked for
    report.decided = report.status in lifecycle.PASSED_ON
    report.photos = found["photos"]
    report.answers = [
        SimpleNamespace(
            **answer._asdict(),
            photos=[photo for photo in found["photos"] if photo.answer_id == answer.id],
            files=[file for file in found["files"] if file.answer_id == answer.id],
        )
        for answer in found["answers"]
    ]
    pictures = {photo.id: photo for photo in found["photos"]}
    verdicts = [
        SimpleNamespace(
            **verdict._asdict(),
            photos=[pictures[p.photo_id] for p in found["verdict_photos"] if p.verdict_id == verdict.id],
        )
        for verdict in found["verdicts"]
    ]
    came_back = 0
    if report.recurs:  # seldom, and then the whole chain is read
        came_back = links.came_back(report.id, lambda table: queries.is_public(now, table))
    shown = privacy.public_case(report, now, verdicts, came_back)
    if shown is None:
        return None
    steps = privacy.public_steps(found["events"])
    return Case(report.id, shown, steps, report.witnesses, found["areas"], found["units"])


def _as_of(rows: Iterable[Any], on: date | None) -> Iterable[Any]:
    """The rows of that day (None: the last ones) in the place of earlier ones with the same code; the nearest where
    there was none yet. `rows` go by `valid_from`."""
    last: dict[str, Any] = {}
    for row in rows:
        if row.code not in last or on is None or row.valid_from <= on:
            last[row.code] = row
    return last.values()


# -- the statement -----------------------------------------------------------------------------------------------


_NOW: Any = bindparam("now", None, UtcDateTime)


def _one() -> CTE:
    """The case, if it is public."""
    chosen = (Report.public_id == bindparam("public_id", None, String), queries.is_public(_NOW))
    columns = (Report.id, Report.duplicate_of_id, Report.area_code, Report.province_code)
    return select(*columns, Report.unit_code, Report.supervisor_code).where(*chosen).cte("one")


def _parts(one: CTE) -> dict[str, Select[Any]]:
    r, p, a, f, v, w, e = (
        *(aliased(Report, name="r"), aliased(Photo, name="p"), aliased(Answer, name="a")),
        *(aliased(AnswerFile, name="f"), aliased(Verdict, name="v"), aliased(VerdictPhoto, name="w")),
        aliased(Event, name="e"),
    )
    original = aliased(Report, name="o")
    units = [
        select(one.c.unit_code.label("code")),
        select(one.c.supervisor_code),
        select(a.unit_code).where(a.report_id == one.c.id, a.public).correlate(one),
        select(v.front_code).where(v.report_id == one.c.id).correlate(one),
    ]
    return {
        "report": select(
            *(r.id, r.public_id, r.category_code, r.status, r.area_code, r.province_code, r.unit_code),
            *(r.supervisor_code, r.created_at, r.updated_at, r.publish_at, r.due_at),
            *(r.public_lon, r.public_lat, r.public_text, Category.public_blur_m),
            select(func.count()).where(links.recurs(r.id)).scalar_subquery().label("recurs"),
            select(func.count()).where(feedback.witnessed(r.id)).scalar_subquery().label("witnesses"),
        )
        .join(Category, Category.code == r.category_code)
        .where(r.id == one.c.id),
        "original": select(original.public_id, original.status, original.publish_at).where(
            original.id == one.c.duplicate_of_id
        ),
        "photos": select(
            *(p.id, p.answer_id, p.public_id, p.purpose, p.state, p.public, p.public_version, p.marks_version),
            *(p.width, p.height),
        ).where(p.report_id == one.c.id, p.public),
        "answers": select(a.id, a.unit_code, a.text, a.public, a.created_at).where(a.report_id == one.c.id),
        "files": select(f.id, f.answer_id, f.public_id, f.size, f.state, f.public).where(f.report_id == one.c.id),
        "verdicts": select(
            *(v.id, v.verdict, v.again, v.front_code, v.created_at, v.rest_due_at, v.text, v.public)
        ).where(v.report_id == one.c.id),
        "verdict_photos": select(w.photo_id, w.verdict_id)
        .join(v, v.id == w.verdict_id)
        .where(v.report_id == one.c.id, v.public),
        "events": select(e.seq, e.kind, e.at, e.public, e.data).where(
            e.stream == literal(STREAM) + cast(one.c.id, String), e.public
        ),
        "areas": select(Area.valid_from, Area.code, Area.name).where(
            or_(Area.code == one.c.area_code, Area.code == one.c.province_code)
        ),
        "units": select(Unit.valid_from, Unit.code, Unit.name_vi, Unit.name_en).where(Unit.code.in_(union(*units))),
    }


def _make() -> tuple[CTE, dict[str, Select[Any]]]:
    one = _one()
    return one, _parts(one)


_READ = Nested(_make)
