"""1 July 2025 as it was: the wards of four provinces become communes of today, in one plan for each province.

Names, codes and who went where are those of `vietnamadminunits`. It has no boundaries of former wards: each commune
is cut into as many strips as wards went into it, so that a place inside a strip has one true answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from shapely import MultiPolygon, Point, box
from sqlalchemy import delete, select, update
from sqlalchemy.orm import undefer

from geo.boundaries import split_kind
from geo.outlines import as_multi, join
from tests.integration import staff
from tests.integration.test_reorganisations import before_the_city
from webapp.accounts.models import User
from webapp.accounts.permissions import COMMUNE_FRONT, PROVINCE_FRONT, UNIT_OFFICER, Identity, may
from webapp.areas import legacy, places, queries
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.areas.service import TWO_LEVELS_SINCE
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.outbox import Job
from webapp.core.text import fold
from webapp.reorganisations import checks, service
from webapp.reorganisations.models import APPLIED, APPROVED, Reorganisation
from webapp.reorganisations.plan import Plan, Step
from webapp.reports import desk_queries, queue
from webapp.reports import lifecycle as life
from webapp.reports import queries as public
from webapp.reports import service as reports
from webapp.reports.models import Report
from webapp.routing import assign
from webapp.routing.models import DeadlineRule, OfficeHours, RoutingRule
from webapp.supervision import scope, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import StepClock
from webapp.units import queries as units
from webapp.units.models import Unit
from webapp.units.predecessors import with_former
from workers import schedule

pytestmark = pytest.mark.template("areas")

LONG_AGO, EVE, DAY = date(2015, 1, 1), TWO_LEVELS_SINCE - timedelta(days=1), TWO_LEVELS_SINCE
JUNE, JULY = datetime(2025, 6, 12, 3, tzinfo=UTC), datetime(2025, 7, 1, 3, tzinfo=UTC)
# former province -> its code, that of today, its wards and how many of them went to several communes
COUNTED = {
    "Tỉnh Trà Vinh": ("84", "86", 104, 0),
    "Tỉnh Bình Phước": ("70", "75", 111, 0),
    "Tỉnh Hải Dương": ("30", "31", 207, 34),
    "Tỉnh Điện Biên": ("11", "11", 129, 0),
}
BODIES = (
    ("ubnd", "commune_committee", "Ủy ban nhân dân"),
    ("mttq", "front_commune", "Ủy ban Mặt trận Tổ quốc Việt Nam"),
)
OFFICES = (
    ("ubnd", "province_committee", "Ủy ban nhân dân", "ubnd"),
    ("mttq", "front_province", "Ủy ban Mặt trận Tổ quốc Việt Nam", "mttq"),
    ("so-tnmt", "agri_env_dept", "Sở Tài nguyên và Môi trường", "so-nnmt"),
)


@dataclass
class June:
    """A former province with its instance as it was in June 2025."""

    name: str
    code: str
    today: str  # the code of the province of today
    wards: dict[str, dict[str, Any]]
    districts: dict[str, dict[str, Any]]
    strips: dict[tuple[str, str], MultiPolygon] = field(default_factory=dict)  # (ward, commune) -> its part there
    still_open: dict[int, str] = field(default_factory=dict)  # case -> the commune of today in which it lies
    placeless: dict[int, str] = field(default_factory=dict)  # case without a place -> the main commune of its ward
    closed: dict[int, str] = field(default_factory=dict)  # case -> its ward
    lies_in: dict[int, str] = field(default_factory=dict)  # closed case -> the commune of today in which it lies

    @property
    def communes(self) -> set[str]:
        return {code for ward in self.wards.values() for code in ward["today"]}

    def district_of(self, ward: dict[str, Any]) -> str:
        return next(d["code"] for d in self.districts.values() if ward["within"].startswith(d["name"] + ", "))

    def inside(self, ward: str, commune: str) -> Point:
        return self.strips[ward, commune].representative_point()


def june(name: str) -> June:
    code, today, wards, divided = COUNTED[name]
    rows = [row for row in legacy.rows() if row["within"].endswith(name)]
    of_level = {
        level: {row["code"]: row for row in rows if row["level"] == level} for level in (legacy.WARD, legacy.DISTRICT)
    }
    found = June(name, code, today, of_level[legacy.WARD], of_level[legacy.DISTRICT])
    assert len(found.wards) == wards
    assert sum(len(ward["today"]) > 1 for ward in found.wards.values()) == divided
    return found


def areas_of_june(world: June) -> None:
    """The former wards and the province, valid until the eve where a commune of today has taken their code over,
    else until a plan ends them."""
    query = select(Area).where(Area.code.in_(world.communes), Area.level == COMMUNE, Area.valid_from == DAY)
    for commune in db.session.scalars(query.options(undefer(Area.boundary))):
        into = sorted(code for code, ward in world.wards.items() if commune.code in ward["today"])
        west, south, east, north = commune.boundary.bounds
        width = (east - west) / len(into)
        for number, ward in enumerate(into):
            strip = box(west + number * width, south, west + (number + 1) * width, north)
            world.strips[ward, commune.code] = as_multi(commune.boundary.intersection(strip))
    for code, ward in world.wards.items():
        shape = join([world.strips[code, commune] for commune in ward["today"]])
        add_area(code, COMMUNE, ward["name"], world.code, shape, ends=code in world.communes)
    whole = join(list(world.strips.values()))
    add_area(world.code, PROVINCE, world.name, None, whole, ends=world.code == world.today)
    queries.forget_caches()


def add_area(code: str, level: str, name: str, parent: str | None, shape: MultiPolygon, *, ends: bool) -> None:
    west, south, east, north = shape.bounds
    middle = shape.representative_point()
    kind, _full = split_kind(level, name) or ("Thị trấn", name)
    row = Area(
        code=code, level=level, kind=kind, name=name, name_en=name, folded=fold(name), parent_code=parent,
        valid_from=LONG_AGO, valid_to=EVE if ends else None, source=legacy.SOURCE, digest=f"june-{code}",
        min_lon=west, min_lat=south, max_lon=east, max_lat=north, point_lon=middle.x, point_lat=middle.y,
        imported_at=clock.now(), boundary=shape,
    )  # fmt: skip
    db.session.add(row)


def units_of_june(world: June) -> None:
    """A committee and a Front for each ward, an environment office for each district, three bodies of the province."""
    for body, kind, words, _heir in OFFICES:
        add_unit(f"{body}-{world.code}", kind, f"{words} {world.name}", "province", world.code, world)
    for code, district in world.districts.items():
        name = f"Phòng Nông nghiệp và Môi trường {district['name']}"
        add_unit(f"pnnmt-{code}", "district_office", name, "province", None, world)
    for code, ward in world.wards.items():
        for body, kind, words in BODIES:
            add_unit(f"{body}-{code}", kind, f"{words} {ward['name']}", "commune", code, world)
    db.session.flush()


def add_unit(code: str, kind: str, name: str, level: str, area: str | None, world: June) -> None:
    taken = db.session.scalar(select(Unit.id).where(Unit.code == code).limit(1)) is not None
    row = Unit(
        code=code, kind=kind, name_vi=name, name_en=name, short_name_vi=name[:80], level=level, area_code=area,
        parent_code=None if level == "province" else f"ubnd-{world.code}", province_code=world.code,
        valid_from=LONG_AGO, valid_to=EVE if taken else None, source="minh họa",
    )  # fmt: skip
    db.session.add(row)


def cases_of_june(world: June) -> None:
    """Open cases in many wards, one for each part of those that are divided; some that are closed, some without a
    place, some with a district's office."""
    for number, (code, ward) in enumerate(sorted(world.wards.items(), key=lambda w: (-len(w[1]["today"]), w[0]))):
        if number % (8 if len(ward["today"]) == 1 else 4):
            continue
        for commune in ward["today"]:
            case = reported(world, code, commune, life.ASSIGNED)
            world.still_open[case.id] = commune
        if len(ward["today"]) > 1:
            case = reported(world, code, ward["today"][0], life.ASSIGNED)
            case.location = None
            world.placeless[case.id] = ward["today"][0]
        if number % 16 == 0:
            for commune in ward["today"]:
                case = reported(world, code, commune, life.CLOSED)
                world.closed[case.id], world.lies_in[case.id] = code, commune
        if number % 24 == 0:
            case = reported(world, code, ward["today"][-1], life.RECEIVED)
            office = units.by_code(f"pnnmt-{world.district_of(ward)}")
            assert office is not None
            assign.assign(case, office, staff.FRONT, "Việc của huyện")
            world.still_open[case.id] = ward["today"][-1]
    db.session.execute(delete(Job))  # letters and pictures of so many cases prove nothing here
    db.session.commit()


def reported(world: June, ward: str, commune: str, status: str) -> Report:
    at = world.inside(ward, commune)
    case = staff.case(status, lon=at.x, lat=at.y)
    assert (case.area_code, case.province_code) == (ward, world.code)
    assert (case.unit_code, case.supervisor_code) == (f"ubnd-{ward}", f"mttq-{ward}")
    return case


def plan_of(world: June) -> Plan:
    """The mapping as a plan. The boundaries, names and units of the day are known, so no step gives any."""
    steps: list[Step] = []
    for code, ward in sorted(world.wards.items()):
        action = "split" if len(ward["today"]) > 1 else "merge"
        for commune in ward["today"]:  # the main one first
            steps.append(Step(action, "area", code, commune))
            steps += [Step(action, "unit", f"{body}-{code}", f"{body}-{commune}") for body, *_ in BODIES]
    for code, district in world.districts.items():
        action = "split" if len(district["today"]) > 1 else "merge"
        steps += [Step(action, "unit", f"pnnmt-{code}", f"ubnd-{commune}") for commune in district["today"]]
    if world.code != world.today:
        steps.append(Step("merge", "area", world.code, world.today))
    for body, _kind, _words, heir in OFFICES:
        if f"{body}-{world.code}" != f"{heir}-{world.today}":
            steps.append(Step("merge", "unit", f"{body}-{world.code}", f"{heir}-{world.today}"))
    basis = "Nghị quyết 202/2025/QH15"
    return Plan(f"hai-cap-{world.code}", f"{world.name}: chính quyền hai cấp", DAY, basis, steps=tuple(steps))


def at(monkeypatch: Any, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture(params=COUNTED)
def world(request: Any, session: Any, monkeypatch: Any) -> Iterator[June]:
    at(monkeypatch, JUNE)
    for table in (RoutingRule, DeadlineRule, OfficeHours):
        session.execute(update(table).values(valid_from=LONG_AGO))  # an instance of June had rules, too
    before_the_city(session)
    found = june(request.param)
    areas_of_june(found)
    units_of_june(found)
    staff.people("admin")
    session.commit()
    yield found


def carried_out(world: June, run_jobs: Any, monkeypatch: Any) -> Reorganisation:
    """Drafted by one administrator, approved by another, done by the worker on its day."""
    monkeypatch.setitem(staff.PEOPLE, "second", ("quan.tri.hai@dgs.test", "admin", None))
    staff.people("second")
    one, two = db.session.scalars(select(User.id).where(User.role == "admin").order_by(User.id))
    row = service.draft(plan_of(world), Actor("admin", one))
    problems = checks.problems(row.plan)
    assert not checks.blocked(problems), problems[:5]
    with pytest.raises(service.Refused, match="own_plan"):
        service.approve(row, service.digest(row.plan), Actor("admin", one))
    service.approve(row, service.digest(row.plan), Actor("admin", two))
    db.session.commit()
    schedule.plan()
    run_jobs()
    db.session.expire_all()
    assert row.state == APPROVED, "its day has not come"
    at(monkeypatch, JULY)
    schedule.plan()
    run_jobs()
    db.session.expire_all()
    assert row.state == APPLIED, row.refusal
    return row


def follow(world: June, row: Reorganisation) -> None:
    """Every open case is with the unit of today's commune; where only a person can know, one is asked."""
    for number, commune in (world.still_open | world.placeless).items():
        case = db.session.get_one(Report, number)
        assert (case.area_code, case.province_code) == (commune, world.today)
        assert (case.unit_code, case.supervisor_code) == (f"ubnd-{commune}", f"mttq-{commune}")
        assert (case.routing.get("check") == row.code) == (number in world.placeless)
        unit = units.by_code(case.unit_code)
        assert unit is not None and (unit.valid_from, unit.province_code) == (DAY, world.today)
        running = db.session.scalars(
            select(StepClock).where(StepClock.report_id == case.id, StepClock.ended_at.is_(None))
        ).one()
        assert (running.unit_code, running.due_at) == (case.unit_code, case.due_at)
        assert events.first_broken(events.history(reports.stream(case))) is None
    assert row.cases_doubtful == len(world.placeless)


def keep_their_names(world: June) -> None:
    """What was closed stays with the ward, under the names of then; of now there is exactly one heir."""
    assert world.closed
    for number, ward in world.closed.items():
        case = db.session.get_one(Report, number)
        assert (case.status, case.area_code, case.unit_code) == (life.CLOSED, ward, f"ubnd-{ward}")
        then = units.unit_of_then(case.unit_code, EVE)
        assert then is not None and then.name_vi == f"Ủy ban nhân dân {world.wards[ward]['name']}"
        assert case.closed_at is not None and units.unit_of_then(case.unit_code, case.closed_at.date()) == then
    for code, ward in world.wards.items():
        where = queries.by_code(code, on=EVE)
        assert where is not None and (where.name, where.parent_code) == (ward["name"], world.code)
        heir = code if code in ward["today"] else ward["today"][0]
        assert units.current_of(f"ubnd-{code}") == f"ubnd-{heir}"
        now = places.current(code)
        assert now is not None and (now.code, now.valid_from) == (heir, DAY)
        for commune in ward["today"]:
            point = world.inside(code, commune)
            located = [queries.locate(point.x, point.y, day) for day in (EVE, DAY)]
            assert [area and area.code for area in located] == [code, commune]
    assert {area.code for area in queries.communes_of(world.today)} >= world.communes
    if world.code != world.today:
        assert queries.by_code(world.code, PROVINCE) is None
        province = places.current(world.code, PROVINCE)
        assert province is not None and province.code == world.today


def belong_to_those_of_today(world: June) -> None:
    """Each closed case is open to the Front and the committee of the commune in which it lies, to the province, and
    to no other commune but one that still has its ward's code."""
    province = with_former(Identity(PROVINCE_FRONT, 1, f"mttq-{world.today}", None, world.today))
    fronts, offices = {}, {}
    for commune in {heir for ward in world.wards.values() for heir in ward["today"]}:
        front = Identity(COMMUNE_FRONT, 1, f"mttq-{commune}", commune, world.today)
        fronts[commune] = with_former(front)
        offices[commune] = with_former(Identity(UNIT_OFFICER, 1, f"ubnd-{commune}", commune, world.today))
    held: dict[str, set[int]] = {}
    for commune, front in fronts.items():
        ended = select(Report.id).where(Report.status == life.CLOSED, desk_queries.in_scope(front))
        held[commune] = set(db.session.scalars(ended))
    for number, ward in world.closed.items():
        case, commune = db.session.get_one(Report, number), world.lies_in[number]
        assert {c for c, cases in held.items() if number in cases} == {commune, ward} & held.keys() | {commune}
        assert may(fronts[commune], "report:reopen", case) and may(offices[commune], "report:view", case)
        assert may(province, "report:reopen", case)
        assert sum(may(office, "report:view", case) for office in offices.values()) <= 2
    ended = select(Report.id).where(Report.status == life.CLOSED, desk_queries.in_scope(province))
    assert set(db.session.scalars(ended)) == set(world.closed)
    shown = queue.page(province, "ended", queue.Filters(), clock.now(), size=200)
    assert {row.id for row in shown.rows} == set(world.closed)
    assert queue.counts(province, clock.now())["ended"] == len(world.closed)


def come_back(world: June) -> None:
    """A case that was closed with a ward and is reopened goes to whoever stands there today."""
    for number in sorted(world.closed)[:6]:
        case = db.session.get_one(Report, number)
        commune = world.lies_in[number]
        reports.move(case, life.REWORK, staff.FRONT, reason="Rác lại đầy")
        assert (case.area_code, case.province_code) == (commune, world.today)
        assert (case.unit_code, case.supervisor_code) == (f"ubnd-{commune}", f"mttq-{commune}")
        running = db.session.scalars(
            select(StepClock).where(StepClock.report_id == case.id, StepClock.ended_at.is_(None))
        ).one()
        assert (running.step, running.unit_code) == (life.ANSWER, f"ubnd-{commune}")


def old_links_and_addresses(world: June, client: Any) -> None:
    """A filter by an old code, a case's own link and an address in the old form lead to where things are today."""
    moment = clock.now()
    db.session.execute(update(Report).values(publish_at=moment - timedelta(hours=1)))
    everywhere = public.public_list(public.Filters(province=world.code), moment, limit=2000)
    assert len(everywhere.rows) == len(world.still_open | world.placeless | world.closed)
    by_id = {report.id: report for report in db.session.scalars(select(Report))}
    for number, ward in list(world.closed.items())[:10]:
        for filters in (public.Filters(commune=ward), public.Filters(unit=f"ubnd-{ward}")):
            assert by_id[number].public_id in {row.id for row in public.public_list(filters, moment, limit=500).rows}
        assert client.get(f"/cases/{by_id[number].public_id}").status_code == 200
        assert client.get(f"/map?commune={ward}").status_code == 200
    for ward in list(world.wards.values())[::6]:
        typed = f"{ward['name']}, {ward['within']}"
        found = places.find(typed)
        assert [f.area.code for f in found][: len(ward["today"])] == ward["today"], typed
        here = units.of_kind_for("commune_committee", found[0].area.code, world.today, clock.today())
        assert here is not None and here.code == f"ubnd-{ward['today'][0]}"


def add_up(world: June) -> None:
    """The score cards by unit of then and of now hold the same cases, and all that were passed on."""
    front = Identity(PROVINCE_FRONT, 1, f"mttq-{world.today}", None, world.today)
    below = scope.units_of(front, world.today)
    period = Period(date(2025, 6, 1), date(2025, 7, 31))
    own = scores.scores([unit.code for unit in below], period, scope.visible(front))
    totals = {}
    for by in (scope.UNIT, scope.NOW):
        lines = scope.groups(below, by)
        assert sorted(code for codes in lines.values() for code in codes) == sorted(unit.code for unit in below)
        found = {line: scores.together(own[c] for c in codes if c in own) for line, codes in lines.items()}
        totals[by] = scores.together(found.values())
        if by == scope.NOW:
            assert {line for line, score in found.items() if score.anything} <= {f"ubnd-{c}" for c in world.communes}
            for number, commune in world.still_open.items():
                assert found[f"ubnd-{commune}"].numbers["open"], number
    assert totals[scope.UNIT] == totals[scope.NOW]
    assert totals[scope.NOW].numbers["open"] == len(world.still_open | world.placeless)
    assert totals[scope.NOW].days and sum(totals[scope.NOW].days.values()) == len(world.closed)


def test_the_wards_of_june_are_the_communes_of_july(
    world: June, session: Any, client: Any, run_jobs: Any, monkeypatch: Any
) -> None:
    cases_of_june(world)
    everything = {r.id: r.public_id for r in session.scalars(select(Report))}
    row = carried_out(world, run_jobs, monkeypatch)
    assert {r.id: r.public_id for r in session.scalars(select(Report))} == everything, "no case is lost"
    follow(world, row)
    keep_their_names(world)
    belong_to_those_of_today(world)
    old_links_and_addresses(world, client)
    add_up(world)
    assert service.again() == 0
    come_back(world)
