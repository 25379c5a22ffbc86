"""Communes merge, units split, a province becomes a city: open cases follow, history keeps its names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import MultiPolygon, Point, box
from sqlalchemy import select, update

from geo.boundaries import BoundaryFeature
from tests import factories
from tests.integration import staff
from webapp.accounts.models import User
from webapp.areas import queries as areas
from webapp.areas import service as area_service
from webapp.areas import succession
from webapp.areas.models import Area
from webapp.core import clock, events
from webapp.core.events import Actor
from webapp.core.outbox import Job
from webapp.reorganisations import checks, service, tables
from webapp.reorganisations.models import APPLIED, APPROVED, REFUSED, Reorganisation
from webapp.reorganisations.plan import Plan, Step
from webapp.reorganisations.preview import preview
from webapp.reports import handovers, queries
from webapp.reports import lifecycle as life
from webapp.reports.models import Report
from webapp.reports.service import move, stream
from webapp.supervision import clocks
from webapp.units import contacts
from webapp.units import queries as units
from webapp.units.models import Unit
from workers import schedule

ADMIN = Actor("admin", 1)
LON, LAT = factories.DUYEN_HAI
LONG_HOA = (LON + 0.1, LAT)
SHIPPED = Path(__file__).parents[2] / "webapp" / "data" / "reorganisations" / "dong-nai-2026.csv"


def today() -> date:
    return clock.today()


def merger(on: date | None = None, *more: Step) -> Plan:
    """Xã Long Hòa into phường Duyên Hải, with its three bodies."""
    steps = [Step("merge", "area", "29413", "29512", "Phường Duyên Hải Mới")]
    steps += [Step("merge", "unit", f"{kind}-29413", f"{kind}-29512") for kind in ("ubnd", "mttq", "ca")]
    steps[1] = Step(
        "merge", "unit", "ubnd-29413", "ubnd-29512", "Ủy ban nhân dân phường Duyên Hải Mới", short_name_vi="UBND Mới"
    )
    return Plan("duyen-hai", "Nhập xã Long Hòa (minh họa)", on or today(), "minh họa", steps=(*steps, *more))


def approved(plan: Plan) -> Reorganisation:
    row = service.draft(plan, ADMIN)
    service.approve(row, service.digest(row.plan), ADMIN)
    return row


def done(plan: Plan, run_jobs: Any, session: Any) -> Reorganisation:
    row = approved(plan)
    run_jobs(failing=True)  # the made-up pictures of answers cannot be cleaned
    session.expire_all()
    assert row.state == APPLIED, row.refusal
    return row


def names(code: str, day: date) -> str:
    found = units.unit_of_then(code, day)
    assert found is not None
    return found.name_vi


# -- merging ----------------------------------------------------------------------------------------------------


def test_two_communes_merge_and_open_cases_follow_while_closed_ones_stay(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    open_case = staff.case(life.ASSIGNED, lon=lon, lat=lat)
    closed = staff.case(life.CLOSED, lon=lon, lat=lat)
    elsewhere = staff.case(life.ASSIGNED)
    assert (open_case.area_code, open_case.unit_code) == ("29413", "ubnd-29413")
    row = done(merger(), run_jobs, session)

    assert (open_case.area_code, open_case.unit_code, open_case.supervisor_code) == (
        "29512",
        "ubnd-29512",
        "mttq-29512",
    )
    assert (closed.area_code, closed.unit_code) == ("29413", "ubnd-29413")
    assert (elsewhere.area_code, elsewhere.unit_code) == ("29512", "ubnd-29512")
    assert (row.cases_moved, row.cases_doubtful) == (1, 0)
    last = events.history(stream(open_case))[-1]
    assert last.kind == "report:reorganised"
    assert (last.data["before"]["unit"], last.data["after"]["unit"]) == ("ubnd-29413", "ubnd-29512")
    kinds = [event.kind for event in service.history(row)]
    assert kinds == [f"reorganisation:{what}" for what in ("drafted", "approved", "applied", "cases_moved")]
    assert events.first_broken(events.history(stream(open_case))) is None


def test_names_of_then_and_now(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    done(merger(), run_jobs, session)
    eve = today() - timedelta(days=1)
    assert names("ubnd-29413", eve) == "Ủy ban nhân dân xã Long Hoà"
    assert names("ubnd-29512", eve) == "Ủy ban nhân dân phường Duyên Hải"
    assert names("ubnd-29512", today()) == "Ủy ban nhân dân phường Duyên Hải Mới"
    now = units.unit_of_now("ubnd-29413")
    assert now is not None and now.name_vi == "Ủy ban nhân dân phường Duyên Hải Mới"
    assert units.unit_of_now("ubnd-29413", eve).name_vi == "Ủy ban nhân dân xã Long Hoà"  # type: ignore[union-attr]
    assert units.currents_of({"ubnd-29413", "ca-86", "mttq-29413"}) == {
        "ubnd-29413": "ubnd-29512",
        "mttq-29413": "mttq-29512",
        "ca-86": "ca-86",
    }


def test_the_merged_area_covers_both_and_history_keeps_the_old_ones(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    done(merger(), run_jobs, session)
    eve = today() - timedelta(days=1)
    lon, lat = LONG_HOA
    found = areas.locate(lon, lat)
    assert found is not None and (found.code, found.name) == ("29512", "Phường Duyên Hải Mới")
    before = areas.locate(lon, lat, eve)
    assert before is not None and before.code == "29413"
    assert areas.by_code("29413") is None
    assert areas.by_code("29512", on=eve).name == "Phường Duyên Hải"  # type: ignore[union-attr]
    # A report of today is routed by today's map.
    late = staff.case(lon=lon, lat=lat)
    assert (late.area_code, late.unit_code) == ("29512", "ubnd-29512")


def test_accounts_follow_and_see_their_cases(session: Any, client: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    staff.people("other")
    lon, lat = LONG_HOA
    case = staff.case(lon=lon, lat=lat)
    done(merger(), run_jobs, session)
    user = session.scalars(select(User).where(User.email == staff.PEOPLE["other"][0])).one()
    assert user.unit_code == "mttq-29512"
    staff.sign_in(client, "other")
    assert client.get(f"/desk/cases/{case.public_id}").status_code == 200


def test_clocks_requests_and_office_addresses_go_along(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    moved, asking = staff.case(life.ASSIGNED, lon=lon, lat=lat), staff.case(life.VERIFYING)
    due, police = moved.due_at, units.by_code("ca-29413")
    assert police is not None
    contacts.put(police, "van-thu@example.vn", ADMIN)
    handovers.ask(asking, Actor("unit", None, "ubnd-29512"), police, "Việc của công an")
    session.commit()
    done(merger(), run_jobs, session)
    assert [clock.unit_code for clock in clocks.history(moved)][-2:] == ["ubnd-29413", "ubnd-29512"]
    assert moved.due_at == due, "a reorganisation gives no time"
    request, kept = handovers.pending(asking), contacts.of("ca-29512")
    assert request is not None and request.to_code == "ca-29512"
    assert kept is not None and kept.email == "van-thu@example.vn"


def test_carried_out_twice_is_carried_out_once(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    case = staff.case(life.ASSIGNED, lon=lon, lat=lat)
    row = done(merger(), run_jobs, session)
    before = len(events.history(stream(case)))
    rows = session.scalar(select(Unit.id).order_by(Unit.id.desc()).limit(1))
    row.state, row.moved_at = APPROVED, None
    assert service.apply(row)
    assert session.scalar(select(Unit.id).order_by(Unit.id.desc()).limit(1)) == rows
    assert len(events.history(stream(case))) == before
    assert row.cases_moved == 1


def test_many_cases_follow_in_batches(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    cases = [staff.case(lon=lon, lat=lat) for _ in range(5)]
    monkeypatch.setattr(service, "AT_ONCE", 2)
    row = done(merger(), run_jobs, session)
    assert {case.area_code for case in cases} == {"29512"}
    assert row.cases_moved == 5 and row.moved_at is not None
    assert session.scalars(select(Job).where(Job.name == "reorganisations.move")).all()


def test_what_takes_another_in_and_is_renamed_has_both_lands_and_the_new_name(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    steps = [Step("rename", "area", "29512", name_vi="Phường Bình Minh"), Step("merge", "area", "29413", "29512")]
    steps += [Step("merge", "unit", f"{kind}-29413", f"{kind}-29512") for kind in ("ubnd", "mttq", "ca")]
    done(Plan("ca-hai", "Nhập và đổi tên (minh họa)", today(), "minh họa", steps=tuple(steps)), run_jobs, session)
    for lon, lat in (LONG_HOA, factories.DUYEN_HAI):
        found = areas.locate(lon, lat)
        assert found is not None and (found.code, found.name) == ("29512", "Phường Bình Minh")
    assert service.again() == 0


@pytest.mark.parametrize("action", ["rename", "merge"])
def test_boundaries_imported_for_that_very_day_keep_their_shape(session: Any, run_jobs: Any, action: str) -> None:
    """The new shape comes with the resolution; the plan says what it is called from then on."""
    factories.duyen_hai()
    lon, lat = LONG_HOA
    shape = MultiPolygon([box(lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03)])
    fresh = BoundaryFeature("29413", "commune", "Xã", "Xã Long Hòa", "Long Hoa Commune", "86", None, shape)
    area_service.store([fresh], source="nghị quyết", valid_from=today(), missing="keep")
    steps = [Step("rename", "area", "29413", name_vi="Phường Long Hòa")]
    if action == "merge":
        steps = [Step("merge", "area", "29512", "29413", "Phường Long Hòa")]
        steps += [Step("merge", "unit", f"{kind}-29512", f"{kind}-29413") for kind in ("ubnd", "mttq", "ca")]
    done(Plan("doi-ten", "Đổi tên (minh họa)", today(), "minh họa", steps=tuple(steps)), run_jobs, session)
    now, before = areas.by_code("29413"), areas.by_code("29413", on=today() - timedelta(days=1))
    assert now is not None and before is not None
    assert (now.name, now.kind, now.source) == ("Phường Long Hòa", "Phường", "nghị quyết")
    assert now.boundary.equals(shape)
    assert before.name == "Xã Long Hòa" and not before.boundary.equals(shape)
    assert service.again() == 0
    again = area_service.store([fresh], source="nghị quyết", valid_from=today(), missing="keep")
    assert again.touched, "the file still has the old name"
    assert service.again() == 1
    session.expire_all()
    assert areas.by_code("29413").name == "Phường Long Hòa"  # type: ignore[union-attr]


# -- splitting --------------------------------------------------------------------------------------------------


def split_commune(session: Any, on: date) -> None:
    """Boundaries of two new communes, west and east, in the place of Duyên Hải, as an import brings them."""
    for code, name, west, east in (
        ("29998", "Phường Duyên Hải Tây", LON - 0.05, LON),
        ("29999", "Phường Duyên Hải Đông", LON, LON + 0.05),
    ):
        area = factories.square(code, name, parent="86", lon=(west + east) / 2, lat=LAT, half=0.025)
        area.min_lat, area.max_lat = LAT - 0.05, LAT + 0.05
        area.boundary = MultiPolygon([box(west, LAT - 0.05, east, LAT + 0.05)])
        area.valid_from, area.digest = on, code
    session.flush()


def splitting(on: date) -> Plan:
    steps = [Step("split", "area", "29512", "29998", share=0.6), Step("split", "area", "29512", "29999", share=0.4)]
    for kind, name in (("ubnd", "Ủy ban nhân dân"), ("mttq", "Mặt trận"), ("ca", "Công an")):
        steps += [
            Step("split", "unit", f"{kind}-29512", f"{kind}-29998", f"{name} Duyên Hải Tây", area_code="29998"),
            Step("split", "unit", f"{kind}-29512", f"{kind}-29999", f"{name} Duyên Hải Đông", area_code="29999"),
        ]
    return Plan("tach", "Tách phường Duyên Hải (minh họa)", on, steps=tuple(steps))


def test_a_split_sends_cases_by_their_place_and_asks_a_person_where_there_is_none(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    split_commune(session, today())
    # Reports of before: the new boundaries hold from today on.
    west = staff.case(life.ASSIGNED, lon=LON - 0.02, lat=LAT)
    east = staff.case(life.ASSIGNED, lon=LON + 0.02, lat=LAT)
    placeless = staff.case(life.ASSIGNED, lon=LON - 0.02, lat=LAT)
    for case in (west, east, placeless):
        case.area_code, case.unit_code, case.supervisor_code = "29512", "ubnd-29512", "mttq-29512"
    placeless.location = None
    row = done(splitting(today()), run_jobs, session)

    assert (west.area_code, west.unit_code, west.supervisor_code) == ("29998", "ubnd-29998", "mttq-29998")
    assert (east.area_code, east.unit_code, east.supervisor_code) == ("29999", "ubnd-29999", "mttq-29999")
    assert (placeless.area_code, placeless.unit_code) == ("29998", "ubnd-29998")
    assert placeless.routing["check"] == "tach" and "check" not in west.routing
    assert (row.cases_moved, row.cases_doubtful) == (3, 1)
    assert succession.currents_of("area", {"29512"})["29512"] == ("29998", "29999")
    assert units.current_of("ubnd-29512") == "ubnd-29998"


def test_a_split_whose_parts_do_not_cover_the_whole_is_refused(session: Any) -> None:
    factories.duyen_hai()
    split_commune(session, today())
    session.execute(update(Area).where(Area.code == "29999").values(boundary=MultiPolygon([box(0, 0, 1, 1)])))
    session.expire_all()
    assert "gap" in {p.code for p in checks.problems(splitting(today()))}


# -- checks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ((Step("merge", "unit", "ubnd-khong-co", "ubnd-29512"),), "unknown_code"),
        ((Step("merge", "unit", "ubnd-29413", "ubnd-moi"),), "target_missing"),
        ((Step("merge", "area", "29413", "86"),), "level_differs"),
        ((Step("rename", "area", "29413", name_vi="Thôn Long Hòa"),), "kind_unknown"),
        ((Step("abolish", "area", "29413"),), "land_left"),
        ((Step("split", "area", "29413", "29998", name_vi="Xã Mới"),), "split_boundary"),
        ((Step("merge", "area", "29413", "29512"),), "unit_left"),
        ((Step("abolish", "unit", "mttq-29413"),), "account_left"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_happens(session: Any, steps: Any, code: str) -> None:
    factories.duyen_hai()
    staff.people("other")
    row = service.draft(Plan("thu", "Thử", today(), steps=steps), ADMIN)
    found = checks.problems(row.plan)
    assert code in {p.code for p in found if p.blocking}, found
    with pytest.raises(service.Refused) as refused:
        service.approve(row, service.digest(row.plan), ADMIN)
    assert refused.value.code == "has_problems"


def test_a_later_state_is_not_overlapped(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    done(merger(), run_jobs, session)
    earlier = Plan(
        "truoc", "Trước đó", today() - timedelta(days=10), steps=(Step("rename", "unit", "ubnd-29512", name_vi="X"),)
    )
    assert {p.code for p in checks.problems(earlier)} == {"overlap"}


def test_the_preview_counts_what_would_happen(session: Any) -> None:
    factories.duyen_hai()
    staff.people("other")
    lon, lat = LONG_HOA
    staff.case(life.ASSIGNED, lon=lon, lat=lat)
    staff.case(life.CLOSED, lon=lon, lat=lat)
    found = preview(merger())
    assert found.cases == 1
    assert next((c.step.from_code, c.was, c.becomes, c.cases) for c in found.changes) == (
        "29413",
        "Xã Long Hòa",
        "Phường Duyên Hải Mới",
        1,
    )
    assert [(f.code, f.as_unit, f.as_supervisor) for f in found.flows] == [("mttq-29413", 0, 1), ("ubnd-29413", 1, 0)]
    assert found.accounts == [(staff.PEOPLE["other"][0], "mttq-29413", "mttq-29512")]


def test_what_is_approved_is_what_was_read(session: Any) -> None:
    factories.duyen_hai()
    row = service.draft(merger(), ADMIN)
    seen = service.digest(row.plan)
    service.add_step(row, Step("rename", "unit", "ca-86", name_vi="Công an khác"), ADMIN)
    with pytest.raises(service.Refused) as refused:
        service.approve(row, seen, ADMIN)
    assert refused.value.code == "changed_meanwhile"


# -- later ------------------------------------------------------------------------------------------------------


def test_a_plan_for_later_waits_for_its_day(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    case = staff.case(lon=lon, lat=lat)
    row = approved(merger(today() + timedelta(days=3)))
    session.commit()
    schedule.plan()
    run_jobs()
    session.expire_all()
    assert (row.state, case.area_code) == (APPROVED, "29413")

    later = clock.now() + timedelta(days=3, hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    schedule.plan()
    run_jobs()
    session.expire_all()
    assert (row.state, case.area_code) == (APPLIED, "29512")


def test_what_came_in_between_stops_it_whole(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    factories.duyen_hai()
    row = approved(merger(today() + timedelta(days=3)))
    session.execute(update(Unit).where(Unit.code == "ubnd-29413").values(valid_to=today()))
    later = clock.now() + timedelta(days=4)
    monkeypatch.setattr(clock, "now", lambda: later)
    session.commit()
    schedule.plan()
    run_jobs()
    session.expire_all()
    assert row.state == REFUSED and "ubnd-29413" in row.refusal
    assert areas.by_code("29413") is not None


# -- links ------------------------------------------------------------------------------------------------------


def test_filters_by_an_old_code_find_what_it_became(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    lon, lat = LONG_HOA
    closed = staff.case(life.CLOSED, lon=lon, lat=lat)
    moved = staff.case(life.ASSIGNED, lon=lon, lat=lat)
    done(merger(), run_jobs, session)
    for case in (closed, moved):
        case.publish_at = clock.now() - timedelta(hours=1)
    session.flush()

    def shown(**filters: str) -> set[str]:
        return {row.id for row in queries.public_list(queries.Filters(**filters), clock.now()).rows}

    both = {closed.public_id, moved.public_id}
    assert shown(commune="29413") == shown(commune="29512") == both
    assert shown(unit="ubnd-29413") == shown(unit="ubnd-29512") == both


# -- the real thing ---------------------------------------------------------------------------------------------


def before_the_city(session: Any) -> dict[str, str]:
    """Put the units of Đồng Nai back to 29 April 2026; gives their names of 30 April."""
    since = session.scalars(select(Unit).where(Unit.valid_from == date(2026, 4, 30))).all()
    names_since = {unit.code: unit.name_vi for unit in since}
    for unit in since:
        session.delete(unit)
    session.execute(update(Unit).where(Unit.valid_to == date(2026, 4, 29)).values(valid_to=None))
    session.flush()
    return names_since


@pytest.mark.template("areas")
def test_dong_nai_becomes_a_city_on_30_april_2026(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    expected = before_the_city(session)
    assert len(expected) == 42
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 10, 3, tzinfo=UTC))
    where = areas.by_code("25270", on=date(2026, 4, 10))
    closed, still_open = (
        staff.case(status, lon=where.point_lon, lat=where.point_lat)  # type: ignore[union-attr]
        for status in (life.ASSIGNED, life.ASSIGNED)
    )
    move(closed, life.VERIFYING, staff.UNIT)
    closed.status, closed.closed_at = life.CLOSED, clock.now()
    row = approved(tables.read(SHIPPED.read_bytes(), SHIPPED.name))
    session.commit()
    run_jobs()
    session.expire_all()
    assert row.state == APPROVED

    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 5, 4, 3, tzinfo=UTC))
    schedule.plan()
    run_jobs()
    session.expire_all()
    assert row.state == APPLIED, row.refusal
    eve, day = date(2026, 4, 29), date(2026, 4, 30)
    assert areas.by_code("75", "province", eve).name == "Tỉnh Đồng Nai"  # type: ignore[union-attr]
    assert areas.by_code("75", "province", day).name == "Thành phố Đồng Nai"  # type: ignore[union-attr]
    assert areas.by_code("25270", on=eve).name == "Xã Lộc Ninh"  # type: ignore[union-attr]
    assert areas.by_code("25270", on=day).name == "Phường Lộc Ninh"  # type: ignore[union-attr]
    kinds = [area.kind for area in areas.communes_of("75", day)]
    assert (len(kinds), kinds.count("Phường")) == (95, 33)
    assert [area.kind for area in areas.communes_of("75", eve)].count("Phường") == 23
    assert {code: names(code, day) for code in expected} == expected
    assert names("so-nnmt-75", eve) == "Sở Nông nghiệp và Môi trường tỉnh Đồng Nai"
    assert names("mttq-75", day) == "Ủy ban Mặt trận Tổ quốc Việt Nam thành phố Đồng Nai"
    # Codes have not changed, so no case moves; both still say who they were with, each under the name of its day.
    for case in (closed, still_open):
        assert (case.province_code, case.area_code, case.unit_code) == ("75", "25270", "ubnd-25270")
    assert names(closed.unit_code, closed.closed_at.date()) == "Ủy ban nhân dân xã Lộc Ninh"
    assert names(still_open.unit_code, today()) == "Ủy ban nhân dân phường Lộc Ninh"


@pytest.mark.template("areas")
def test_the_shipped_plan_gives_the_time_before_its_names_back(session: Any, run_jobs: Any) -> None:
    """As on a new instance, where boundaries and units came with their names of today."""
    units_before = session.scalars(select(Unit.id)).all()
    row = done(tables.read(SHIPPED.read_bytes(), SHIPPED.name), run_jobs, session)
    assert len(session.scalars(select(Unit.id)).all()) == len(units_before)
    assert areas.by_code("75", "province", date(2026, 4, 29)).name == "Tỉnh Đồng Nai"  # type: ignore[union-attr]
    assert areas.by_code("75", "province").name == "Thành phố Đồng Nai"  # type: ignore[union-attr]
    assert len(session.scalars(select(Area.code).where(Area.valid_from == date(2026, 4, 30))).all()) == 11
    assert service.again() == 0 and row.state == APPLIED
    point = Point(106.6, 11.84)
    assert areas.locate(point.x, point.y, date(2026, 4, 29)) is not None


def test_reference_data_that_are_loaded_again_bring_nothing_back(session: Any, run_jobs: Any) -> None:
    from webapp import data_loader

    factories.duyen_hai()
    done(merger(), run_jobs, session)
    data_loader.load()
    assert units.by_code("ubnd-29413").valid_to == today() - timedelta(days=1)  # type: ignore[union-attr]
    assert session.scalars(select(Report)).all() == []


def test_real_boundaries_take_the_place_of_approximate_ones_and_the_names_are_said_again(
    session: Any, run_jobs: Any
) -> None:
    factories.duyen_hai()
    session.execute(update(Area).values(approximate=True))
    session.expire_all()
    renamed = Plan(
        "doi-ten",
        "Đổi tên (minh họa)",
        date(2026, 4, 30),
        steps=(Step("rename", "area", "29413", name_vi="Phường Long Hòa", name_before="Xã Long Hòa"),),
    )
    done(renamed, run_jobs, session)
    eve = date(2026, 4, 29)
    assert (areas.by_code("29413", on=eve).name, areas.by_code("29413").name) == ("Xã Long Hòa", "Phường Long Hòa")  # type: ignore[union-attr]

    lon, lat = LONG_HOA
    shape = MultiPolygon([box(lon - 0.04, lat - 0.04, lon + 0.04, lat + 0.04)])
    real = BoundaryFeature("29413", "commune", "Phường", "Phường Long Hòa", "Long Hoa Ward", "86", None, shape)
    area_service.store([real], source="thật", valid_from=area_service.TWO_LEVELS_SINCE, missing="keep")
    assert areas.by_code("29413", on=eve).name == "Phường Long Hòa"  # type: ignore[union-attr]
    assert service.again() == 1
    session.expire_all()
    before, now = areas.by_code("29413", on=eve), areas.by_code("29413")
    assert (before.name, before.approximate) == ("Xã Long Hòa", False)  # type: ignore[union-attr]
    assert (now.name, now.approximate, now.source) == ("Phường Long Hòa", False, "thật")  # type: ignore[union-attr]
    again = area_service.store([real], source="thật", valid_from=area_service.TWO_LEVELS_SINCE, missing="keep")
    assert again.touched == 0
