"""Reports entered for others: by whom, with what, and what the slip gives away."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import segno
from sqlalchemy import func, select

from tests import factories
from tests.integration import staff
from webapp.core.events import Event
from webapp.reports import intake, service
from webapp.reports.models import Contact, Report


@pytest.fixture
def desk(client: Any, session: Any) -> Any:
    factories.duyen_hai()
    staff.people("commune", "unit")
    return staff.sign_in(client, "commune")


def form(client: Any, **changes: Any) -> dict[str, Any]:
    page = client.get("/entry").text
    given = {
        "csrf_token": staff.field(page, "csrf_token"),
        "client_id": staff.field(page, "client_id"),
        "kind": "40",
        "province": "86",
        "commune_name": "Phường Duyên Hải",
        "description": "Ghe hút cát ban đêm",
        "source": "pagoda",
        "received_at": "",
        "lang": "vi",
    }
    return given | changes


def code_in(page: str) -> str:
    found = re.search(r"<b>((?:\d{4} ?){4})</b>", page)
    assert found
    return found[1].replace(" ", "")


def test_the_form_begins_at_the_officers_own_place(desk: Any) -> None:
    page = desk.get("/entry")
    assert 'value="Phường Duyên Hải"' in page.text
    assert '<option value="86" selected>' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    following = desk.get("/entry?source=pagoda&province=86&commune_name=Xã Long Hòa").text
    assert '<option value="pagoda" selected>' in following
    assert 'value="Xã Long Hòa"' in following


def test_an_entered_report_is_one_like_any_other(desk: Any, session: Any, run_jobs: Any) -> None:
    picture = (io.BytesIO(factories.jpeg()), "anh.jpg")
    data = form(desk, photos=picture, contact_phone="0912345678", contact_agreed="1", received_at="2026-01-05T08:30")
    response = desk.post("/entry", data=data, content_type="multipart/form-data")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    report = service.by_code(code_in(response.text))
    assert report is not None
    assert (report.channel, report.source, report.entered_by_unit) == ("staff", "pagoda", "mttq-29512")
    assert (report.category_code, report.area_code) == ("sand_river", "29512")
    assert report.received_at.isoformat() == "2026-01-05T01:30:00+00:00"
    assert len(report.photos) == 1
    contact = session.scalars(select(Contact)).one()
    assert contact.consent == intake.CONSENT_TOLD
    sealed = contact.sealed
    assert b"0912345678" not in sealed
    entry = session.scalars(select(Event).where(Event.kind == "report:submitted")).one()
    assert (entry.actor, entry.unit_code) == ("front", "mttq-29512")
    assert entry.user_id is not None
    assert run_jobs() >= 1
    # The same form again is the same report, and says so.
    again = desk.post("/entry", data=form(desk) | {"client_id": data["client_id"]})
    assert code_in(again.text) == code_in(response.text)
    assert 'class="notice is-attention"' in again.text
    assert session.scalar(select(func.count()).select_from(Report)) == 1


def test_the_slip_is_neutral_and_carries_the_address(desk: Any, app: Any) -> None:
    response = desk.post("/entry", data=form(desk, lang="km"))
    code = code_in(response.text)
    slip = response.text[response.text.index("<article") : response.text.index("</article>")]
    address = f"{app.extensions['dgs'].settings.public_url}/r/{code}"
    assert segno.make_qr(address, error="m").svg_inline(border=4, omitsize=True, light="white") in slip
    assert 'lang="km"' in slip
    for word in ("cát", "Duyên Hải", "chùa", "sand", "ខ្សាច់", "mttq"):
        assert word not in slip.replace("Dân Giám Sát", ""), word
    assert "style=" not in slip
    assert code not in response.headers.get("Set-Cookie", "")
    outside = response.text.replace(slip, "")
    assert code not in outside
    # In another language, without another report.
    token, client_id = staff.field(response.text, "csrf_token"), staff.field(response.text, "client_id")
    again = desk.post("/entry/slip", data={"csrf_token": token, "client_id": client_id, "lang": "en"})
    assert code_in(again.text) == code
    assert '<article class="slip" lang="en"' in again.text
    assert desk.get("/entry/slip").status_code == 302


def test_another_unit_gets_no_slip(desk: Any, session: Any) -> None:
    page = desk.post("/entry", data=form(desk)).text
    client_id = staff.field(page, "client_id")
    staff.people("member")
    other = staff.sign_in(desk, "member")
    token = staff.field(other.get("/entry").text, "csrf_token")
    assert other.post("/entry/slip", data={"csrf_token": token, "client_id": client_id}).status_code == 404
    assert other.post("/entry", data=form(other) | {"client_id": client_id}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "chat thai"}, "kind"),
        ({"kind": "khong co"}, "kind"),
        ({"source": ""}, "source"),
        ({"source": "rumour"}, "source"),
        ({"received_at": "2999-01-01T00:00"}, "received_at"),
        ({"contact_phone": "0912345678"}, "contact_agreed"),
        ({"commune_name": "Không có"}, "commune_name"),
        ({"csrf_token": "made up"}, None),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    desk: Any, session: Any, changes: dict[str, str], name: str | None
) -> None:
    response = desk.post("/entry", data=form(desk) | changes)
    assert response.status_code == 422
    if name:
        assert f'id="error-{name}"' in response.text
        assert f'id="field-{name}"' in response.text
    assert "Ghe hút cát ban đêm" in response.text
    assert session.scalar(select(func.count()).select_from(Report)) == 0


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("40", "sand_river"),
        ("sand_river", "sand_river"),
        ("hút c", "sand_river"),
        ("HUT CAT", "sand_river"),
        ("muoi hoi", None),
        ("mùi", "odour"),
        ("40 Hút cát trái phép", "sand_river"),
        ("chất thải", None),
    ],
)
def test_a_kind_by_number_or_first_letters(app: Any, session: Any, typed: str, code: str | None) -> None:
    from webapp.pages.entry.form import matching

    with app.test_request_context(headers={"Accept-Language": "vi"}):
        found = matching(typed)
    assert (found[0].code if len(found) == 1 else None) == code


def test_a_choice_among_several_kinds_is_taken(desk: Any, session: Any) -> None:
    first = desk.post("/entry", data=form(desk, kind="chất thải"))
    assert 'name="category" value="waste_hospital"' in first.text
    assert desk.post("/entry", data=form(desk, kind="chất thải", category="waste_hospital")).status_code == 200
    assert session.scalars(select(Report)).one().category_code == "waste_hospital"


def test_a_member_organisation_enters_and_sees_nothing(client: Any, session: Any) -> None:
    factories.duyen_hai()
    staff.people("member")
    member = staff.sign_in(client, "member")
    assert member.get("/auth/home").headers["Location"] == "/entry"
    assert member.post("/entry", data=form(member, source="meeting")).status_code == 200
    report = session.scalars(select(Report)).one()
    assert (report.entered_by_unit, report.source) == ("phunu-86", "meeting")
    for path in ("/desk", f"/desk/cases/{report.public_id}", "/unit", f"/unit/cases/{report.public_id}"):
        assert member.get(path).status_code == 403


def test_the_unit_does_not_learn_whom_somebody_told(desk: Any, session: Any, run_jobs: Any) -> None:
    desk.post("/entry", data=form(desk, kind="10"))
    run_jobs()
    report = session.scalars(select(Report)).one()
    staff.act(desk, report, "take")
    session.refresh(report)
    staff.act(desk, report, "assign", unit="ubnd-29512")
    session.refresh(report)
    assert report.status == "assigned"
    front = desk.get(f"/desk/cases/{report.public_id}").text
    assert "pagoda" in front or "chùa" in front
    unit = staff.sign_in(desk, "unit").get(f"/unit/cases/{report.public_id}").text
    post = staff.PEOPLE["commune"][1]
    submitted = unit[unit.rindex("<li") :]
    assert f"Tài khoản thử {post}" not in submitted
    assert "pagoda" not in unit
    assert "chùa" not in unit


@pytest.mark.parametrize("lang", ["vi", "en", "km"])
def test_the_paper_form_has_every_kind(client: Any, session: Any, lang: str) -> None:
    from webapp.pages.resident.form import catalogue

    page = client.get("/report/paper", headers={"Accept-Language": lang})
    assert page.status_code == 200
    kinds = [kind for _, members in catalogue() for kind in members]
    assert len(kinds) >= 20
    for kind in kinds:
        assert f'<span class="no">{kind.position}</span>' in page.text
        assert str(kind.name[lang]).split(",")[0] in page.text
    assert len({kind.position for kind in kinds}) == len(kinds), "a number must mean one kind"
    for number in ("113", "114", "115"):
        assert f"<b>{number}</b>" in page.text
