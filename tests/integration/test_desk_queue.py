"""The queues: who sees what, in which order, at what cost, and nothing private."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from tests import factories
from tests.integration.staff import SECRET, case, people, sign_in
from webapp.accounts import permissions as p
from webapp.accounts.permissions import Identity, in_scope
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reports import desk_queries, lifecycle, queue, service
from webapp.reports.models import Report
from webapp.reports.queue import Filters

COMMUNE = Identity(p.COMMUNE_FRONT, 1, "mttq-29512", "29512", "86")
PROVINCE = Identity(p.PROVINCE_FRONT, 1, "mttq-86", None, "86")
CENTRAL = Identity(p.CENTRAL_FRONT, 1, "mttq-tw", None, None)
UNIT = Identity(p.UNIT_OFFICER, 1, "ubnd-29512", "29512", "86")


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def mixed() -> list[Report]:
    """Cases here and there, at several points."""
    found = [case(status) for status in (lifecycle.RECEIVED, lifecycle.ASSIGNED, lifecycle.ANSWERED, lifecycle.CLOSED)]
    found += [case(lon=106.625, lat=9.585), case(lon=2.35, lat=48.85), case(category_code="coal_ash")]
    return found


@pytest.mark.parametrize("identity", [COMMUNE, PROVINCE, CENTRAL, UNIT], ids=lambda i: i.role)
def test_the_sql_scope_says_what_the_rule_says(identity: Identity) -> None:
    expected = set()
    for report in mixed():
        if in_scope(identity, report):
            expected.add(report.id)
    assert set(db.session.scalars(select(Report.id).where(desk_queries.in_scope(identity)))) == expected
    shown = {
        row.id for tab in queue.tabs_of(identity) for row in queue.page(identity, tab, Filters(), clock.now()).rows
    }
    assert shown == expected
    assert expected


def test_an_identity_without_a_place_sees_no_case() -> None:
    mixed()
    for role in (p.COMMUNE_FRONT, p.PROVINCE_FRONT, p.UNIT_OFFICER, p.ADMIN):
        assert queue.page(Identity(role, 1), "now", Filters(), clock.now()).rows == []


def test_late_first_then_by_due_time_and_counts_agree() -> None:
    calm, soon, late = case(), case(), case(lifecycle.ASSIGNED)
    now = clock.now()
    calm.due_at, soon.due_at, late.due_at = now + timedelta(days=9), now + timedelta(days=1), now - timedelta(days=2)
    db.session.flush()
    page = queue.page(COMMUNE, "now", Filters(), now)
    assert [row.id for row in page.rows] == [late.id, soon.id, calm.id]
    assert [row.why for row in page.rows] == ["overdue", "soon", "new"]
    for identity in (COMMUNE, PROVINCE, CENTRAL, UNIT):
        totals = queue.counts(identity, now)
        for tab, number in totals.items():
            rows = queue.page(identity, tab, Filters(), now).rows
            assert len(rows) == number, (identity.role, tab)


def test_pages_follow_each_other_without_gap_or_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 3)
    now = clock.now()
    for number in range(8):
        report = case()
        report.due_at = None if number == 7 else now + timedelta(hours=number // 2 - 2)
    db.session.flush()
    for tab in ("now", "all"):
        seen, after = [], ""
        for _ in range(5):
            page = queue.page(COMMUNE, tab, Filters(), now, after)
            seen += [row.id for row in page.rows]
            after = page.after
            if not after:
                break
        assert len(seen) == len(set(seen)) == 8, tab


@pytest.mark.parametrize(
    "after", ["x", "0_2026-01-01T00:00:00_1", "0_9_9", "1_2026-01-01T00:00:00+00:00_99999999999999999999", "__"]
)
def test_a_cursor_that_makes_no_sense_gives_the_first_page(after: str) -> None:
    case()
    assert len(queue.page(COMMUNE, "now", Filters(), clock.now(), after).rows) == 1


def test_how_a_case_came_back_is_said() -> None:
    refused, reopened = case(lifecycle.ASSIGNED), case()
    service.move(refused, lifecycle.SCREENING, Actor("unit", None, "ubnd-29512"), reason="không thuộc địa bàn")
    front = Actor("front", None, "mttq-29512")
    service.move(reopened, lifecycle.REJECTED, front, reason="thiếu")
    service.move(reopened, lifecycle.SCREENING, front, reason="có thêm")
    notes = {r.id: r.note for r in queue.page(COMMUNE, "triage", Filters(), clock.now()).rows}
    assert notes == {refused.id: "refused", reopened.id: "reopened"}


def test_filters_narrow(client: Any) -> None:
    people("province")
    here, there, ash = case(), case(lon=106.625, lat=9.585), case(category_code="coal_ash")
    ids = {r.id: r.public_id for r in (here, there, ash)}
    sign_in(client, "province")

    def shown(query: str) -> set[int]:
        html = client.get(f"/desk?tab=all&{query}").get_data(as_text=True)
        return {number for number, public_id in ids.items() if public_id in html.split("<main", 1)[1]}

    every = set(ids)
    assert shown("") == every
    assert shown("q=long+hoa") == {there.id}
    assert shown("q=Duyên+Hải") == {here.id, ash.id}
    assert shown(f"q={ash.public_id[:6].upper()}") == {ash.id}
    assert shown("commune=29413") == {there.id}
    assert shown("group=waste") >= {here.id}
    assert shown("group=nothing") == set()
    assert shown("tab=nonsense&after=nonsense") == every
    assert shown("q=%25_%25") == set()


def test_nothing_private_in_the_list(client: Any) -> None:
    people("commune", "unit")
    case(contact={"contact_phone": "0912345678"}, place_text="Số 5 hẻm nhỏ")
    case(lifecycle.ASSIGNED)
    for who, base in (("commune", "/desk"), ("unit", "/unit")):
        response = sign_in(client, who).get(base)
        html = response.get_data(as_text=True)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert SECRET not in html
        assert "0912345678" not in html
        assert "hẻm nhỏ" not in html
        assert "106.525" not in html


@pytest.mark.parametrize(("who", "base"), [("commune", "/desk"), ("province", "/desk"), ("unit", "/unit")])
def test_a_full_page_costs_few_statements(client: Any, who: str, base: str) -> None:
    people(who)
    first = case(lifecycle.ASSIGNED if who == "unit" else lifecycle.RECEIVED)
    sign_in(client, who)
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    client.get(base)
    event.listen(Engine, "before_cursor_execute", count)
    try:
        client.get(base)
        with_one = len(statements)
        event.remove(Engine, "before_cursor_execute", count)
        for number in range(59):
            status = lifecycle.ASSIGNED if number % 2 or who == "unit" else lifecycle.RECEIVED
            case(status, lon=106.525 if number % 3 or who != "province" else 106.625)
        client.get(base)  # names are kept for a while
        statements.clear()
        event.listen(Engine, "before_cursor_execute", count)
        client.get(base)
        with_fifty = len(statements)
    finally:
        if event.contains(Engine, "before_cursor_execute", count):
            event.remove(Engine, "before_cursor_execute", count)
    assert first.id
    assert with_fifty <= with_one + 1, statements
    assert with_fifty <= 6, statements


@pytest.mark.only_engine("postgis")  # SQLite's driver has no such limit
def test_the_driver_reads_long_statements_once(client: Any) -> None:
    from psycopg import _queries

    people("province")
    sign_in(client, "province")
    client.get("/desk")
    before = _queries._query2pg.cache_info()
    client.get("/desk")
    after = _queries._query2pg.cache_info()
    assert after.misses == before.misses
    assert after.hits >= before.hits + 6


def test_from_case_to_case_without_the_list(client: Any, session: Any) -> None:
    people("commune", "unit")
    for _ in range(3):
        case()
    session.commit()
    desk = sign_in(client, "commune")

    def onward(number: str) -> str:
        return str(desk.get(f"/desk/next?after={number}").headers["Location"]).rpartition("/")[2]

    first = onward("")
    second, third = onward(first), onward(onward(first))
    assert len({first, second, third}) == 3, "each once"
    assert onward(third) == first, "and round again"
    assert f"/desk/next?after={first}" in desk.get(f"/desk/cases/{first}").text
    unit = sign_in(client, "unit")
    nothing = unit.get("/unit/next?after=x")
    assert nothing.headers["Location"] == "/unit"
    assert "Không còn vụ việc nào" in unit.get("/unit").text
