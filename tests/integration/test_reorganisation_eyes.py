"""Four eyes on a plan; names in every field; new names are found, and what has ended keeps the name of its day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests import factories
from tests.integration import staff
from tests.integration.test_reorganisation_pages import BASE, post, the, upload
from tests.integration.test_reorganisations import LONG_HOA, done, merger, today
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db
from webapp.reorganisations import service, tables
from webapp.reorganisations.models import APPROVED, DRAFT
from webapp.reorganisations.plan import Plan, Step
from webapp.reports import lifecycle as life
from webapp.reports import search
from webapp.reports import service as reports

SECOND = ("quan.tri.hai@dgs.test", "admin", None)


@pytest.fixture(autouse=True)
def places(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.duyen_hai()
    monkeypatch.setitem(staff.PEOPLE, "second", SECOND)
    staff.people("admin", "commune")


def drafted(client: Any) -> str:
    """A plan of the first administrator's, for in a week; its digest."""
    staff.sign_in(client, "admin")
    upload(client, tables.as_csv(merger(today() + timedelta(days=7))))
    return service.digest(the(db.session).plan)


def approve(client: Any, digest: str) -> Any:
    return post(client, BASE, f"{BASE}/duyen-hai/approve", digest=digest, read="1")


def test_who_drafted_a_plan_cannot_approve_it_where_somebody_else_can(client: Any, session: Any) -> None:
    staff.people("second")
    digest = drafted(client)
    page = client.get(f"{BASE}/duyen-hai").text
    assert "Cần quản trị viên khác phê duyệt" in page
    assert f"{BASE}/duyen-hai/approve" not in page
    assert approve(client, digest).status_code == 403
    assert the(session).state == DRAFT
    staff.sign_in(client, "second")
    assert "Cần quản trị viên khác phê duyệt" not in client.get(f"{BASE}/duyen-hai").text
    assert approve(client, digest).status_code == 303
    assert the(session).state == APPROVED


def test_who_changed_a_step_had_a_hand_in_it_too(client: Any, session: Any) -> None:
    staff.people("second")
    drafted(client)
    staff.sign_in(client, "second")
    step = {"what": "unit", "action": "rename", "from_code": "ca-86", "name_vi": "Công an tỉnh Mới"}
    assert post(client, f"{BASE}/duyen-hai", f"{BASE}/duyen-hai/steps", **step).status_code == 303
    assert approve(client, service.digest(the(session).plan)).status_code == 403


@pytest.mark.parametrize("other", ["nobody", "off", "invited"])
def test_an_administrator_alone_may_and_is_told_so(client: Any, session: Any, other: str) -> None:
    if other != "nobody":
        staff.people("second")
        values = {"active": False} if other == "off" else {"password": ""}
        session.execute(update(User).where(User.email == SECOND[0]).values(**values))
    digest = drafted(client)
    assert "mời thêm một quản trị viên" in client.get(f"{BASE}/duyen-hai").text
    assert approve(client, digest).status_code == 303


def test_every_name_of_a_step_is_typed_in_the_browser(client: Any, session: Any) -> None:
    drafted(client)
    page = f"{BASE}/duyen-hai"
    step = {
        "what": "unit", "action": "rename", "from_code": "ca-86", "name_vi": "Công an tỉnh Mới",
        "name_en": "New Police", "short_name_vi": "CA Mới", "parent_code": "ubnd-86",
    }  # fmt: skip
    bad = post(client, page, f"{page}/steps", **step | {"short_name_vi": "x" * 81})
    assert bad.status_code == 422
    assert 'id="error-short_name_vi"' in bad.text
    assert 'value="New Police"' in bad.text
    assert post(client, page, f"{page}/steps", **step).status_code == 303
    made = the(session).plan.steps[-1]
    assert (made.name_en, made.short_name_vi, made.parent_code) == ("New Police", "CA Mới", "ubnd-86")
    assert "New Police" in client.get(page).text
    area = {"what": "area", "action": "rename", "from_code": "29512", "name_vi": "Phường Mới", "name_before": "Xã Cũ"}
    assert post(client, page, f"{page}/steps", **area).status_code == 303
    assert the(session).plan.steps[-1].name_before == "Xã Cũ"


def test_cases_are_found_by_the_new_name_of_their_unit_and_place(session: Any, run_jobs: Any) -> None:
    here, elsewhere = staff.case(life.ASSIGNED), staff.case(lon=106.625)
    steps = (
        Step("rename", "area", "29512", name_vi="Phường Bình Minh"),
        Step("rename", "unit", "ubnd-29512", name_vi="Ủy ban nhân dân phường Bình Minh"),
    )
    done(Plan("doi-ten", "Đổi tên (minh họa)", today(), steps=steps), run_jobs, session)
    words = {r.id: session.get(search.ReportSearch, r.id).shared for r in (here, elsewhere)}
    assert "phuong binh minh" in words[here.id]
    assert "uy ban nhan dan phuong binh minh" in words[here.id]
    assert "phuong duyen hai" in words[here.id], "the old name still finds it"
    assert "binh minh" not in words[elsewhere.id]


def test_what_has_ended_is_found_by_the_names_of_what_stands_there_today(session: Any, run_jobs: Any) -> None:
    lon, lat = LONG_HOA
    closed, merged = staff.case(life.CLOSED, lon=lon, lat=lat), staff.case(lon=lon, lat=lat)
    reports.mark_duplicate(merged, staff.case(), staff.FRONT)
    done(merger(), run_jobs, session)
    renamed = Step("rename", "area", "29512", name_vi="Phường Bình Minh")
    done(Plan("doi-ten", "Đổi tên (minh họa)", today(), steps=(renamed,)), run_jobs, session)
    for report in (closed, merged):
        assert report.area_code == "29413"
        words = session.get(search.ReportSearch, report.id).shared
        for name in ("xa long hoa", "phuong duyen hai moi", "phuong binh minh"):
            assert name in words, name
        assert ("ubnd moi" in words) == (report.unit_code is not None)


def test_what_has_ended_is_shown_under_the_name_of_its_day_with_todays_beside(
    client: Any, session: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, still = staff.case(life.CLOSED), staff.case(life.ASSIGNED)
    session.commit()
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=10))
    step = Step("rename", "unit", "ubnd-29512", name_vi="Ủy ban nhân dân phường Mới")
    done(Plan("doi-ten", "Đổi tên (minh họa)", today(), steps=(step,)), run_jobs, session)
    staff.sign_in(client, "commune")
    page = client.get(f"/desk/cases/{ended.public_id}").text
    assert "nay là: Ủy ban nhân dân phường Mới" in page
    assert page.index("Ủy ban nhân dân phường Duyên Hải") < page.index("nay là:")
    assert "nay là:" not in client.get(f"/desk/cases/{still.public_id}").text
