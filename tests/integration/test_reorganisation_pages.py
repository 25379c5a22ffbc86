"""An administrator drafts, reads and approves a plan in the browser; old names and codes on public pages."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration import staff
from tests.integration.test_reorganisations import SHIPPED, done, merger, today
from webapp.core import clock
from webapp.core.events import history
from webapp.notifications.models import Notice, Subscription
from webapp.notifications.service import plan_for_areas
from webapp.reorganisations import service, tables
from webapp.reorganisations.models import APPLIED, DRAFT, WITHDRAWN, Reorganisation
from webapp.reports import lifecycle as life

BASE = "/admin/reorganisations"


@pytest.fixture
def admin(session: Any, client: Any) -> Any:
    factories.duyen_hai()
    staff.people("admin", "other")
    return staff.sign_in(client, "admin")


def post(client: Any, page: str, to: str, **data: Any) -> Any:
    token = staff.field(client.get(page).text, "csrf_token")
    return client.post(to, data={"csrf_token": token} | data, content_type="multipart/form-data")


def upload(client: Any, data: bytes, name: str = "ke-hoach.csv") -> Any:
    return post(client, BASE, BASE, file=(io.BytesIO(data), name))


def the(session: Any, code: str = "duyen-hai") -> Reorganisation:
    session.expire_all()
    return session.scalars(select(Reorganisation).where(Reorganisation.code == code)).one()


def test_from_a_table_to_a_merged_commune(admin: Any, session: Any, run_jobs: Any) -> None:
    lon, lat = factories.DUYEN_HAI
    case = staff.case(life.ASSIGNED, lon=lon + 0.1, lat=lat)
    response = upload(admin, tables.as_xlsx(merger()), "ke-hoach.xlsx")
    assert (response.status_code, response.location) == (303, f"{BASE}/duyen-hai")
    page = admin.get(response.location).text
    for words in ("Xã Long Hòa", "Phường Duyên Hải Mới", "front.khac@dgs.test", "ubnd-29413"):
        assert words in page
    digest = staff.field(page, "digest")
    untold = post(admin, response.location, f"{BASE}/duyen-hai/approve", digest=digest)
    assert untold.status_code == 422 and the(session).state == DRAFT
    told = post(admin, response.location, f"{BASE}/duyen-hai/approve", digest=digest, read="1")
    assert told.status_code == 303
    run_jobs()
    assert the(session).state == APPLIED
    session.refresh(case)
    assert case.area_code == "29512"
    assert "đã chuyển 1 vụ việc" in admin.get(BASE).text
    assert admin.get(f"{BASE}/duyen-hai").status_code == 200


def test_step_by_step(admin: Any, session: Any) -> None:
    wrong = post(admin, BASE, BASE, title="Thử", code="Thử Nghiệm", effective_on="1/7/2027")
    assert wrong.status_code == 422 and 'value="Thử"' in wrong.text
    wrong = post(admin, BASE, BASE, title="Thử", code="thu", effective_on="hôm nay")
    assert wrong.status_code == 422 and "Hãy ghi ngày" in wrong.text
    assert post(admin, BASE, BASE, title="Thử", code="thu", effective_on="1/7/2027").status_code == 303
    again = post(admin, BASE, BASE, title="Khác", code="thu", effective_on="1/7/2027")
    assert again.status_code == 422 and the(session, "thu").title == "Thử"

    page = f"{BASE}/thu"
    bad = post(admin, page, f"{page}/steps", what="unit", action="melt", from_code="", name_vi="Đội mới", share="nửa")
    assert bad.status_code == 422
    assert bad.text.count('class="error"') >= 1 and "Đội mới" in bad.text
    good = {"what": "unit", "action": "rename", "from_code": "ca-86", "name_vi": "Công an mới"}
    assert post(admin, page, f"{page}/steps", **good).status_code == 303
    assert "Công an mới" in admin.get(page).text
    step = the(session, "thu").steps[0].id
    assert post(admin, page, f"{page}/steps/{step}/remove").status_code == 303
    assert the(session, "thu").steps == []
    assert post(admin, page, f"{page}/withdraw").status_code == 303
    assert the(session, "thu").state == WITHDRAWN
    assert post(admin, page, f"{page}/steps", **good).status_code == 422
    assert post(admin, page, f"{page}/reopen").status_code == 303
    assert the(session, "thu").state == DRAFT


def test_what_stands_in_the_way_is_shown_and_stops_the_approval(admin: Any, session: Any) -> None:
    head = b"code,sai\ntitle,Sai\neffective_on,2027-07-01\n\naction,what,from_code,to_code\n"
    upload(admin, head + b"merge,area,29413,29512\nmelt,unit,x,\n")
    page = admin.get(f"{BASE}/sai").text
    assert "merge (nhập)" in page and "melt" in page
    row = the(session, "sai")
    refused = post(admin, f"{BASE}/sai", f"{BASE}/sai/approve", digest=service.digest(row.plan), read="1")
    assert refused.status_code == 409 and the(session, "sai").state == DRAFT
    upload(admin, head + b"merge,area,29413,29512\n")
    assert "ubnd-29413" in admin.get(f"{BASE}/sai").text


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"code,x\n", b"a,b\n", "đ".encode() * 9])
def test_a_bad_file_is_refused_at_its_field(admin: Any, session: Any, data: bytes) -> None:
    response = upload(admin, data)
    assert response.status_code == 422 and 'id="error-file"' in response.text
    assert session.scalars(select(Reorganisation)).all() == []


def test_a_long_plan_is_paged_and_comes_back_as_a_table(admin: Any, session: Any) -> None:
    upload(admin, SHIPPED.read_bytes(), SHIPPED.name)
    assert admin.get(f"{BASE}/dong-nai-2026").status_code == 200
    assert admin.get(f"{BASE}/dong-nai-2026?after=50").status_code == 200
    plan = tables.read(SHIPPED.read_bytes(), SHIPPED.name)
    for form in ("csv", "xlsx"):
        file = post(admin, f"{BASE}/dong-nai-2026", f"{BASE}/dong-nai-2026/plan.{form}")
        assert tables.read(file.data, f"x.{form}") == plan
    taken = [(e.kind, e.data["what"], e.data["format"]) for e in history("audit")]
    assert taken == [("reorganisation:exported", "dong-nai-2026", form) for form in ("csv", "xlsx")]
    assert admin.get(f"{BASE}/khong-co").status_code == 404


def test_nobody_else_sees_plans(session: Any, client: Any) -> None:
    factories.duyen_hai()
    staff.people("province")
    staff.sign_in(client, "province")
    assert client.get(BASE).status_code == 403


# -- public pages -----------------------------------------------------------------------------------------------


def test_old_links_lead_to_today_and_what_has_ended_keeps_its_names(session: Any, client: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    lon, lat = factories.DUYEN_HAI
    closed = staff.case(life.CLOSED, lon=lon + 0.1, lat=lat)
    closed.closed_at = clock.now() - timedelta(days=2)
    done(merger(today() + timedelta(days=0)), run_jobs, session)
    closed.publish_at = clock.now() - timedelta(hours=1)
    for path in ("/map?commune=29413&province=86", "/map?unit=ubnd-29413"):
        page = client.get(path)
        assert page.status_code == 200 and f"/cases/{closed.public_id}" in page.text, path
    assert "Phường Duyên Hải Mới" in client.get("/map?commune=29413&province=86").text
    feed = client.get("/feeds/commune/29413.atom")
    assert feed.status_code == 200 and closed.public_id in feed.text
    assert "Phường Duyên Hải Mới" in client.get("/follow?commune=29413").text
    assert client.get("/map?commune=99999").status_code == 400


def test_who_followed_the_old_commune_goes_on_being_told(session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    follower = Subscription(
        area_code="29413",
        target="area:29413",
        channel="email",
        sealed=b"x",
        address_key="k",
        token_hash="t",
        lang="vi",
        created_at=clock.now() - timedelta(days=9),
        confirmed_at=clock.now() - timedelta(days=9),
    )
    session.add(follower)
    done(merger(), run_jobs, session)
    case = staff.case()
    assert case.area_code == "29512"
    case.publish_at = clock.now() - timedelta(hours=2)
    session.flush()
    plan_for_areas()
    assert [n.about for n in session.scalars(select(Notice))] == [f"case:{case.id}"]


@pytest.mark.template("areas")
def test_a_resident_may_write_the_old_name(session: Any, client: Any) -> None:
    from webapp.pages.resident import communes

    def names(typed: str, province: str) -> list[str]:
        with client.application.test_request_context("/"):
            return [choice.name for choice in communes.offers(typed, province)]

    old = "Xã Long Đức, Thành phố Trà Vinh, Tỉnh Trà Vinh, nay là Phường Long Đức"
    assert names("xã Long Đức, TP Trà Vinh, Trà Vinh", "86") == [old]
    assert names("Phường Long Đức", "86") == ["Phường Long Đức"]
    assert names("p. 9 tp trà vinh", "") == [
        "Phường 9, Thành phố Trà Vinh, Tỉnh Trà Vinh, nay là Phường Trà Vinh, Tỉnh Vĩnh Long"
    ]
    assert names("Phường 9", "86") == [name for name in names("phuong 9", "86") if "nay là" in name] != []
    token = staff.field(client.get("/report").text, "csrf_token")
    form = {"csrf_token": token, "category": "waste_household", "description": "Rác đổ đầy mương", "province": "86"}
    page = client.post("/report", data=form | {"commune_name": "Phường 9"})
    assert page.status_code == 422 and "nay là Phường Trà Vinh" in page.text
