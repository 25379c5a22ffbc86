"""Deadlines and days off in the browser; the operator's own rows outlive an upgrade; missing years are said."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests import factories
from tests.integration.staff import field, people, sign_in
from tests.integration.test_routing_rules import run
from webapp import data_loader
from webapp.core import clock, events
from webapp.routing.models import CalendarDay, DeadlineRule, OfficeHours
from webapp.routing.reference import calendar_state
from webapp.routing.terms import calendar, due_at, office
from webapp.supervision import reminders
from webapp.supervision.models import Reminder, ReminderRule, StepClock

DAYS, DEADLINES = "/admin/tables/days", "/admin/tables/deadlines"
DAY = {"day": "15/06/2027", "kind": "holiday", "name_vi": "Ngày nghỉ của tỉnh", "source": "Quyết định (minh họa)"}


@pytest.fixture(autouse=True)
def admin(client: Any, session: Any) -> Any:
    factories.duyen_hai()
    people("admin")
    sign_in(client, "admin")
    client.set_cookie("lang", "en")
    return client


def post(client: Any, path: str, page: str, **data: Any) -> Any:
    token = field(client.get(page).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token} | data)


def bring_in(client: Any, page: str, data: bytes) -> Any:
    """A file, looked at and then confirmed; the preview if it cannot be taken."""
    preview = post(client, f"{page}/import", page, file=(io.BytesIO(data), "x"))
    if preview.status_code != 200:
        return preview
    given = {name: field(preview.text, name) for name in ("rows", "stamp")}
    return post(client, f"{page}/import", page, **given)


def test_a_day_off_of_the_operators_own_moves_the_due_date_and_outlives_an_upgrade(client: Any, session: Any) -> None:
    start = clock.now().replace(year=2027, month=6, day=14, hour=3)
    before = due_at("answer", "noise", start)
    assert post(client, f"{DAYS}/new", f"{DAYS}/new", **DAY).status_code == 303
    session.expire_all()
    after = due_at("answer", "noise", start)
    assert before is not None
    assert after is not None
    assert (after - before).days == 1
    data_loader.load()
    assert calendar()[date(2027, 6, 15)] == "holiday"
    assert "Ngày nghỉ của tỉnh" in client.get(DAYS).text
    [entry] = [e for e in events.history("reference") if e.kind == "reference:edited"]
    assert entry.data["before"] is None
    assert entry.data["after"]["day"] == "2027-06-15"
    # It was wrong: the day is worked after all.
    changed = DAY | {"kind": "working", "name_vi": "Đi làm bình thường"}
    assert post(client, f"{DAYS}/rows/2027-06-15", f"{DAYS}/rows/2027-06-15", **changed).status_code == 303
    session.expire_all()
    assert due_at("answer", "noise", start) == before


def test_a_deadline_is_changed_and_kept(client: Any, session: Any) -> None:
    row = session.get(DeadlineRule, "d-default-answer")
    page = f"{DEADLINES}/rows/d-default-answer"
    values = {
        "step": "answer",
        "category_code": "*",
        "working_days": "7",
        "valid_from": "2025-07-01",
        "source": row.source,
    }
    assert post(client, page, page, **values).status_code == 303
    session.expire_all()
    data_loader.load()
    assert session.get(DeadlineRule, "d-default-answer").working_days == 7
    assert "entered here" in client.get(DEADLINES).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"working_days": "", "hours_around_clock": ""}, "exactly one: working days"),
        ({"hours_around_clock": "3"}, "exactly one: working days"),
        ({"working_days": "many"}, "whole number"),
        ({"category_code": "burning"}, "none of the choices"),
        ({"step": "sleep"}, "none of the choices"),
        ({"valid_from": "soon"}, "not a day"),
        ({"valid_from": "", "source": ""}, "This is needed"),
        ({"valid_to": "2024-01-01"}, "before the first"),
        ({"code": "d-default-answer"}, "one already"),
        ({"source": "x" * 2000}, "too long"),
    ],
)
def test_a_deadline_that_makes_no_sense_is_refused_at_its_field(
    client: Any, session: Any, changes: Any, words: str
) -> None:
    good = {
        "code": "d-new",
        "step": "answer",
        "category_code": "noise",
        "working_days": "3",
        "valid_from": "2026-01-01",
        "source": "QĐ thử",
    }
    response = post(client, f"{DEADLINES}/new", f"{DEADLINES}/new", **good | changes)
    assert response.status_code == 422
    assert words in response.text
    assert session.get(DeadlineRule, "d-new") is None


def test_a_row_that_somebody_else_has_saved_meanwhile_is_not_overwritten(client: Any, session: Any) -> None:
    page = f"{DEADLINES}/rows/d-default-answer"
    values = {"step": "answer", "category_code": "*", "valid_from": "2025-07-01", "source": "QĐ thử"}
    mark = field(client.get(page).text, "mark")
    assert post(client, page, page, **values, working_days="7", mark=mark).status_code == 303
    refused = post(client, page, page, **values, working_days="9", mark=mark)
    assert refused.status_code == 409
    assert "Working days: 9 → 7" in refused.text
    session.expire_all()
    assert session.get(DeadlineRule, "d-default-answer").working_days == 7
    assert post(client, page, page, **values, working_days="9", mark=field(refused.text, "mark")).status_code == 303


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("table", ["days", "deadlines", "hours", "reminders"])
def test_a_table_goes_out_and_comes_in_again(client: Any, session: Any, table: str, form: str) -> None:
    page = f"/admin/tables/{table}"
    file = post(client, f"{page}/export.{form}", page).data
    assert "Nothing would change" in post(client, f"{page}/import", page, file=(io.BytesIO(file), "x")).text
    assert bring_in(client, page, file).status_code == 303
    assert not session.scalars(select(CalendarDay).where(CalendarDay.own)).all()
    assert not session.scalars(select(DeadlineRule).where(DeadlineRule.own)).all()
    assert not session.scalars(select(OfficeHours).where(OfficeHours.own)).all()
    assert not session.scalars(select(ReminderRule).where(ReminderRule.own)).all()
    [entry] = events.history("audit")
    assert (entry.kind, entry.data["what"], entry.data["format"]) == ("reference:exported", table, form)
    assert client.get(f"{page}/export.{form}").status_code in {404, 405}, "what is taken out is noted, so never by GET"
    seen = client.get("/admin/audit?kind=exports").text
    assert "took a table out" in seen


def test_the_programs_own_file_is_taken_and_a_wrong_line_stops_all(client: Any, session: Any) -> None:
    shipped = (data_loader.DATA / "holidays.csv").read_text("utf-8")
    lines = list(csv.reader(io.StringIO(shipped)))
    added = [*lines, ["2029-01-01", "holiday", "Tết Dương lịch", "provisional", "lịch dự kiến"]]
    for table, status in (([*added, ["never", "holiday", "x", "", "y"]], 422), (added, 303)):
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows(table)  # as spreadsheets set to Vietnamese write it
        response = bring_in(client, DAYS, out.getvalue().encode())
        assert response.status_code == status
        if status == 422:
            assert f"Line {len(table)}</span>" in response.text
            assert "Day: This is not a day" in response.text
            assert session.get(CalendarDay, date(2029, 1, 1)) is None
    session.expire_all()
    assert session.get(CalendarDay, date(2029, 1, 1)).own


def test_a_missing_year_is_said_everywhere(client: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    autumn = clock.now().replace(year=2027, month=10, day=1, hour=3)  # by Vietnam's day, whatever the hour is now
    monkeypatch.setattr(clock, "now", lambda: autumn)
    assert calendar_state()["short"] is False
    session.execute(delete(CalendarDay).where(CalendarDay.day >= date(2028, 1, 2)))
    session.commit()
    state = calendar_state()
    assert (state["short"], state["needed"], state["last"]) == (True, 2028, 2027), "one day makes no year"
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["warnings"] == ["days off of 2028 are missing; enter them at /admin/tables/days"]
    assert "dgs_days_off_until_year 2027" in client.get("/metrics").text
    summer = autumn.replace(month=9, day=30)
    monkeypatch.setattr(clock, "now", lambda: summer)
    assert calendar_state()["short"] is False
    assert "warnings" not in client.get("/readyz").json


def test_provisional_days_are_said_in_autumn() -> None:
    assert calendar_state(date(2026, 10, 1))["provisional"] is True
    assert calendar_state(date(2026, 9, 30))["provisional"] is False


HOURS, RUNGS = "/admin/tables/hours", "/admin/tables/reminders"
MORNING = {"opens": "07:00", "closes": "11:00", "valid_from": "2025-07-01", "source": "Quyết định (minh họa)"}


def test_the_provinces_own_office_hours_are_counted_by_and_outlive_an_upgrade(client: Any, session: Any) -> None:
    at = f"{HOURS}/rows/sang"
    assert post(client, at, at, **MORNING).status_code == 303
    session.expire_all()
    assert [(o.isoformat("minutes"), c.isoformat("minutes")) for o, c in office(clock.today())] == [
        ("07:00", "11:00"),
        ("13:00", "17:00"),
    ]
    data_loader.load()
    session.expire_all()
    assert session.get(OfficeHours, "sang").opens == "07:00"
    [entry] = [e for e in events.history("reference") if e.kind == "reference:edited"]
    assert (entry.data["before"]["opens"], entry.data["after"]["opens"]) == ("07:30", "07:00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opens": "7h"}, "no time of day"),
        ({"closes": "06:00"}, "later than it opens"),
        ({"closes": "13:30"}, "overlap with others"),
        ({"valid_to": "2025-01-01"}, "before the first"),
        ({"source": ""}, "needed"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_the_field(client: Any, session: Any, changes: Any, words: str) -> None:
    at = f"{HOURS}/rows/sang"
    response = post(client, at, at, **MORNING | changes)
    assert response.status_code == 422
    assert words in response.text
    assert session.get(OfficeHours, "sang").opens == "07:30"


def test_new_hours_begin_where_the_old_end_and_both_may_come_in_one_file(client: Any, session: Any) -> None:
    head = "code,opens,closes,valid_from,valid_to,source\n"
    change = (
        "sang,07:30,11:30,2025-07-01,2026-12-31,QĐ cũ\nchieu,13:00,17:00,2025-07-01,2026-12-31,QĐ cũ\n"
        "mot-ca,07:00,15:00,{day},,QĐ mới\n"
    )
    for day, status in (("2026-12-31", 422), ("2027-01-01", 303)):
        assert bring_in(client, HOURS, (head + change.format(day=day)).encode()).status_code == status
    session.expire_all()
    assert len(office(date(2026, 12, 31))) == 2
    assert [o.hour for o, _ in office(date(2027, 1, 1))] == [7]


def test_a_rung_of_the_operators_own_reaches_clocks_that_run_already(client: Any, session: Any, run_jobs: Any) -> None:
    report = factories.report()
    run_jobs()
    found = session.scalars(select(StepClock).where(StepClock.report_id == report.id)).one()
    before = found.next_rung_at
    rung = {
        "code": "n-som",
        "measure": found.measure if found.measure == "days" else "hours",
        "offset": "-1" if found.measure == "days" else "-2",
        "whom": "officer",
        "channel": "desk",
        "valid_from": "2025-07-01",
        "source": "Quy chế (minh họa)",
    }
    assert post(client, f"{RUNGS}/new", f"{RUNGS}/new", **rung).status_code == 303
    session.execute(delete(ReminderRule).where(ReminderRule.code != "n-som"))
    run_jobs()
    session.expire_all()
    assert found.next_rung_at is not None
    assert found.next_rung_at != before
    session.add(reminder_of(found, "n-som"))
    session.flush()
    assert reminders.plan_anew(0) is None
    assert found.next_rung_at is None, "what was said is not said again"


def reminder_of(found: StepClock, rung: str) -> Reminder:
    return Reminder(
        report_id=found.report_id, clock_id=found.id, rung=rung, whom="officer", unit_code=found.unit_code,
        due_at=found.due_at, days_late=0, created_at=clock.now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offset": "hai"}, "with a minus for before"),
        ({"offset": "-366"}, "At most 365 working days"),
        ({"whom": "everybody"}, "none of the choices"),
        ({"code": "Sớm"}, "Only small letters"),
        ({"code": "n-ngay-1"}, "There is one already"),
    ],
)
def test_a_rung_that_cannot_be_is_refused(client: Any, session: Any, changes: Any, words: str) -> None:
    good = {
        "code": "n-som", "measure": "days", "offset": "−3", "whom": "officer", "channel": "email",
        "valid_from": "2025-07-01", "source": "Quy chế",
    }  # fmt: skip
    response = post(client, f"{RUNGS}/new", f"{RUNGS}/new", **good | changes)
    assert response.status_code == 422
    assert words in response.text
    assert post(client, f"{RUNGS}/new", f"{RUNGS}/new", **good).status_code == 303
    session.expire_all()
    assert session.get(ReminderRule, "n-som").offset == -3


def test_there_is_no_other_table(client: Any) -> None:
    for path in (
        "/admin/tables/users",
        f"{DAYS}/rows/2027-13-01",
        f"{DEADLINES}/rows/none",
    ):
        assert client.get(path).status_code == 404, path


def test_commands(app: Any, session: Any, tmp_path: Any) -> None:
    file = tmp_path / "days.csv"
    assert run(app, session, "export", "days", str(file)).exit_code == 0
    file.write_text(
        file.read_text("utf-8-sig") + "2029-01-01,holiday,Tết Dương lịch,provisional,lịch dự kiến\n", "utf-8"
    )
    looked = run(app, session, "import", "days", str(file), "--dry-run")
    assert "new      2029-01-01" in looked.output
    assert session.get(CalendarDay, date(2029, 1, 1)) is None
    assert "1 rows changed" in run(app, session, "import", "days", str(file)).output
    file.write_text("day,kind,name_vi,source\n2029-01-01,party,x,y\n", "utf-8")
    refused = run(app, session, "import", "days", str(file))
    assert refused.exit_code == 1
    assert "line 2" in refused.output
