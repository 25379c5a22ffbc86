"""A report arrives, is routed, and is never doubled or lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import orjson
import pytest
from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.exc import DBAPIError

from tests import factories
from webapp.core import clock, events
from webapp.core.db import committing, db, reading
from webapp.core.events import Event
from webapp.core.instance import instance
from webapp.core.outbox import Job
from webapp.core.sealing import CannotOpen, Seal
from webapp.inspections import service as inspections
from webapp.reports import lifecycle, privacy, service
from webapp.reports.models import Contact, Report
from webapp.routing import service as routing


def test_a_report_of_coal_ash_goes_to_the_department_of_the_province(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    assert report.status == lifecycle.NEW
    run_jobs()
    session.refresh(report)
    assert report.status == lifecycle.RECEIVED
    assert (report.area_code, report.province_code) == ("29512", "86")
    assert report.unit_code == "so-nnmt-86"
    assert report.supervisor_code == "mttq-86"
    assert report.lead_code == "ccb-86"
    assert report.routing["why"] == "rule"
    assert report.routing["commune"] == "29512"
    assert report.routing["rule_valid_from"] == "2025-07-01"
    assert report.due_at is not None
    assert report.due_at > clock.now()


def test_household_waste_goes_to_the_commune(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report(category_code="waste_household")
    run_jobs()
    session.refresh(report)
    assert (report.unit_code, report.supervisor_code) == ("ubnd-29512", "mttq-29512")


def test_nothing_is_lost_where_nobody_is_responsible(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    other = factories.report(category_code="other")
    at_sea = factories.report(lon=107.3, lat=9.6)  # 27 km off the square coast of Long Hòa's province
    abroad = factories.report(lon=2.35, lat=48.85)
    run_jobs()
    for report, why, supervisor in (
        (other, "no_rule", "mttq-29512"),
        (at_sea, "no_area", "mttq-tw"),
        (abroad, "no_area", "mttq-tw"),
    ):
        session.refresh(report)
        assert report.status == lifecycle.RECEIVED
        assert report.unit_code is None
        assert report.routing["why"] == why
        assert report.supervisor_code == supervisor


def test_just_off_the_coast_the_nearest_provinces_front_decides(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report(lon=106.85, lat=9.585)  # 19 km east of Long Hòa
    run_jobs()
    session.refresh(report)
    assert (report.area_code, report.province_code, report.supervisor_code) == (None, "86", "mttq-86")


def test_the_same_submission_twice_is_one_report_with_one_code(session: Any) -> None:
    sent = factories.submission()
    first = service.submit(sent)
    session.commit()
    again = service.submit(sent)
    assert (again.report.id, again.code) == (first.report.id, first.code)
    assert (first.created, again.created) == (True, False)
    assert session.scalar(select(func.count()).select_from(Report)) == 1
    assert session.scalar(select(func.count()).select_from(Job).where(Job.name == "reports.route")) == 1
    assert service.by_code(first.code).id == first.report.id


def test_the_same_submission_at_the_same_moment_is_one_report(app: Any, session: Any) -> None:
    sent = factories.submission(contact={"contact_phone": "0912345678"})
    together = Barrier(4)

    def send(_number: int) -> tuple[int, str, bool]:
        with app.app_context():
            together.wait()
            with committing():
                found = service.submit(sent)
            return found.report_id, found.code, found.created

    with ThreadPoolExecutor(4) as phones:
        answers = list(phones.map(send, range(4)))
    assert len({(report_id, code) for report_id, code, _ in answers}) == 1
    assert [created for *_, created in answers].count(True) == 1
    for rows in (Report, Contact, Job):
        assert session.scalar(select(func.count()).select_from(rows)) == 1, rows
    entries = events.history(f"report:{answers[0][0]}")
    assert (len(entries), events.first_broken(entries)) == (1, None)


def test_a_report_rolled_back_leaves_neither_record_nor_job(session: Any) -> None:
    sent = factories.submission()
    assert service.submit(sent).created
    session.rollback()
    for rows in (Report, Job):
        assert session.scalar(select(func.count()).select_from(rows)) == 0, rows
    assert session.scalar(select(func.count()).where(Event.stream.startswith("report:"))) == 0
    assert service.submit(sent).created


def test_a_report_without_photos_and_contact_is_written_at_once(session: Any) -> None:
    service.submit(factories.submission())
    session.commit()
    said: list[str] = []
    watched = (db.engine, "before_cursor_execute", lambda *about: said.append(about[2]))
    event.listen(*watched)
    service.submit(factories.submission())
    session.commit()
    event.remove(*watched)
    tables = [re.findall(r"INSERT INTO (\w+)", words) for words in said if not words.startswith("BEGIN")]
    if db.engine.dialect.name == "postgresql":
        assert [sorted(names) for names in tables] == [["events", "jobs", "reports"]]
    else:
        assert tables == [["reports"], ["events"], ["jobs"]]


def test_nothing_is_written_while_only_reading(session: Any) -> None:
    with reading(), pytest.raises(RuntimeError):
        service.submit(factories.submission())


@pytest.mark.only_engine("postgis")
def test_a_database_that_was_restarted_costs_no_report(app: Any, session: Any) -> None:
    other = create_engine(app.extensions["dgs"].settings.database_url)
    with db.engine.connect() as idle:
        pid = idle.scalar(text("SELECT pg_backend_pid()"))
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        assert admin.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with db.engine.connect() as again:
        assert again.scalar(text("SELECT pg_backend_pid()")) != pid


def test_routing_twice_changes_nothing(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    session.refresh(report)
    before = len(events.history(service.stream(report)))
    routing.route(report)
    assert len(events.history(service.stream(report))) == before


def test_the_contact_is_sealed_even_from_this_process(session: Any) -> None:
    report = factories.report(contact={"contact_phone": "0912345678"})
    sealed = session.scalars(select(Contact.sealed).where(Contact.report_id == report.id)).one()
    assert b"0912345678" not in sealed
    with pytest.raises(CannotOpen):
        Seal(instance().identity.public_key).open(sealed)
    with pytest.raises(CannotOpen):
        instance().evidence.open(sealed)
    assert orjson.loads(instance().identity.open(sealed)) == {"contact_phone": "0912345678"}


def test_the_code_and_the_client_id_are_nowhere_in_the_database(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    sent = factories.submission()
    code = service.submit(sent).code
    run_jobs()
    for table in ("reports", "events", "jobs", "photos", "contacts"):
        for row in session.execute(text(f"SELECT * FROM {table}")):
            assert code not in str(row)
            assert sent.client_id not in str(row)


def test_the_record_is_chained_and_cannot_be_changed(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    stream = service.stream(report)
    entries = events.history(stream)
    assert [e.kind for e in entries] == ["report:submitted", "report:routed", "report:moved"]
    assert events.first_broken(entries) is None
    session.expunge_all()
    entries[1].data = entries[1].data | {"unit": "ubnd-29512"}
    assert events.first_broken(entries) is entries[1]
    for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events"):
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))
        session.rollback()
    assert session.scalar(select(func.count()).where(Event.stream == stream)) == 3


def test_correcting_the_category_routes_anew_and_keeps_what_was(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    run_jobs()
    session.refresh(report)
    from webapp.reports.models import Category

    routing.reroute(report, events.SYSTEM, category=session.get(Category, "waste_household"))
    session.commit()
    assert report.unit_code == "ubnd-29512"
    entry = events.history(service.stream(report))[-1]
    assert entry.kind == "report:corrected"
    before = {"category": "coal_ash", "area": "29512", "unit": "so-nnmt-86"}
    assert entry.data["before"] == before | {"supervisor": "mttq-86", "rule": "r-coal-ash-29512"}
    routing.reroute(report, events.SYSTEM, position=(106.625, 9.585))
    session.commit()
    assert (report.area_code, report.unit_code) == ("29413", "ubnd-29413")
    routing.reroute(report, events.SYSTEM, commune_code="29512")
    assert (report.area_code, report.unit_code) == ("29512", "ubnd-29512")


class TestWhatThePublicSees:
    def test_the_position_is_blurred_once_and_for_all(self, session: Any, run_jobs: Any) -> None:
        factories.duyen_hai()
        report = factories.report(category_code="wastewater")
        run_jobs()
        session.refresh(report)
        metres = report.category.public_blur_m
        if metres:
            assert (report.public_lon, report.public_lat) != factories.DUYEN_HAI
        first = report.public_lon, report.public_lat
        routing.place(report)
        assert (report.public_lon, report.public_lat) == first

    def test_sand_is_shown_at_the_commune_and_two_days_later(self, session: Any, run_jobs: Any) -> None:
        factories.duyen_hai()
        report = factories.report(category_code="sand_river", lon=106.54, lat=9.60)
        run_jobs()
        session.refresh(report)
        assert (report.public_lon, report.public_lat) == factories.DUYEN_HAI  # the middle of the square
        assert privacy.public_case(report, clock.now()) is None
        assert privacy.public_case(report, clock.now() + timedelta(hours=47)) is None
        shown = privacy.public_case(report, clock.now() + timedelta(hours=49))
        assert shown is not None
        assert shown.blurred_to_commune

    def test_words_answers_and_unit_wait_for_the_front(self, session: Any, run_jobs: Any) -> None:
        factories.duyen_hai()
        report = factories.report()
        run_jobs()
        session.refresh(report)
        shown = privacy.public_case(report, clock.now())
        assert shown is not None
        assert (shown.text, shown.answers, shown.unit_code) == ("", (), None)
        assert "Tro xỉ bay" not in repr(shown)
        service.publish(report, events.SYSTEM, text="Tro xỉ bay", photo_ids=set(), answer_ids=set())
        assert privacy.public_case(report, clock.now()).text == "Tro xỉ bay"


def test_an_outcome_names_every_wrong_field_at_once(session: Any) -> None:
    report = factories.report()
    with pytest.raises(inspections.OutcomeError) as raised:
        inspections.record(
            report, events.SYSTEM, inspected_on=None, finding="", measure="fine", summary="", fine_vnd=None
        )
    assert set(raised.value.errors) == {"inspected_on", "finding", "summary", "fine_vnd"}
