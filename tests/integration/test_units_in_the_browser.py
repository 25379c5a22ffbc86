"""Units in the browser: an office that is missing is added and gets its cases; a slip is put right; what moves cases is
left to reorganisations."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import field, people, sign_in
from webapp import data_loader
from webapp.core import events, sheets
from webapp.routing.router import router
from webapp.units import register
from webapp.units.models import Unit

HERE = "/admin/units"
# The model ward of the tests has a committee; nobody has entered its Farmers' Union yet.
NEW = {
    "code": "hnd-minh-hoa",
    "kind": "org_farmers",
    "name_vi": "Hội Nông dân phường Duyên Hải (minh họa)",
    "level": "commune",
    "area_code": "29512",
    "parent_code": "ubnd-86",
    "valid_from": "2025-07-01",
    "certainty": "check",
}


@pytest.fixture(autouse=True)
def office(client: Any, session: Any) -> Any:
    factories.duyen_hai()
    people("admin", "province")
    sign_in(client, "admin")
    client.set_cookie("lang", "vi")
    return client


def post(client: Any, path: str, **data: Any) -> Any:
    token = field(client.get(HERE).text, "csrf_token")
    return client.post(path, data={"csrf_token": token} | data)


def change(client: Any, code: str, **changes: str) -> Any:
    """The form of a unit as it stands, with these changes."""
    page = client.get(f"{HERE}/{code}").text
    unit = register.rows_of([code])[code][-1]
    return post(client, f"{HERE}/{code}", **register.as_cells(unit) | {"stamp": field(page, "stamp")} | changes)


def upload(client: Any, rows: list[dict[str, str]], form: str = "csv") -> Any:
    data = sheets.write(form, register.COLUMNS, rows)
    return post(client, f"{HERE}/import", file=(io.BytesIO(data), f"x.{form}"))


def confirm(client: Any, preview: Any) -> Any:
    return post(client, f"{HERE}/import", rows=field(preview.text, "rows"), stamp=field(preview.text, "stamp"))


def rows(session: Any, code: str) -> list[Unit]:
    session.expire_all()
    return list(session.scalars(select(Unit).where(Unit.code == code).order_by(Unit.valid_from)))


def test_an_office_that_is_missing_is_added_and_found(client: Any, session: Any) -> None:
    page = post(client, f"{HERE}/new", **NEW)
    assert (page.status_code, page.location) == (303, f"{HERE}/hnd-minh-hoa")
    (unit,) = rows(session, "hnd-minh-hoa")
    assert (unit.province_code, unit.own, unit.name_en) == ("86", True, NEW["name_vi"])
    assert "Hội Nông dân" in client.get(f"{HERE}?q=hoi+nong+dan+phuong+duyen+hai").text
    assert "chưa có tài khoản, chưa có địa chỉ" not in client.get(f"{HERE}?q=hnd-minh-hoa").text, "it answers no case"
    assert "hnd-minh-hoa" in client.get(f"{HERE}/hnd-minh-hoa").text
    # The rules see it at once, and loading the program's files leaves it.
    assert router().units.find("org_farmers", "29512", "86", unit.valid_from) == "hnd-minh-hoa"
    data_loader.load()
    assert rows(session, "hnd-minh-hoa")[0].valid_to is None
    last = session.scalars(select(events.Event).where(events.Event.kind == "unit:saved")).all()[-1]
    assert last.data["what"] == "hnd-minh-hoa"


def test_a_slip_is_put_right_and_loading_files_does_not_bring_it_back(client: Any, session: Any) -> None:
    assert change(client, "ubnd-86", short_name_vi="UBND Vĩnh Long").status_code == 303
    (unit,) = rows(session, "ubnd-86")
    assert (unit.short_name_vi, unit.own) == ("UBND Vĩnh Long", True)
    assert data_loader.load()["units"].own == 1
    assert rows(session, "ubnd-86")[0].short_name_vi == "UBND Vĩnh Long"


def test_what_would_leave_cases_behind_is_for_a_reorganisation(client: Any, session: Any) -> None:
    cells = register.as_cells(rows(session, "ubnd-86")[0])
    moved = upload(client, [cells | {"valid_from": "2026-05-01", "name_vi": "Tên khác"}])
    assert moved.status_code == 422
    assert "sắp xếp" in moved.text
    elsewhere = upload(client, [cells | {"kind": "health_dept"}])
    assert elsewhere.status_code == 422
    # The form does not even ask; a forged field changes nothing.
    assert change(client, "ubnd-86", kind="health_dept", level="central").status_code == 303
    assert rows(session, "ubnd-86")[0].kind == "province_committee"


def test_a_second_unit_of_a_kind_in_a_place_is_refused(client: Any, session: Any) -> None:
    twin = NEW | {"code": "ubnd-khac", "kind": "province_committee", "level": "province", "area_code": "86"}
    page = post(client, f"{HERE}/new", **twin | {"parent_code": ""})
    assert page.status_code == 422
    assert "Tên khác" not in page.text
    assert NEW["name_vi"] in page.text, "what was typed is kept"
    two = [NEW, NEW | {"code": "hnd-hai"}]
    assert upload(client, two).status_code == 422
    assert rows(session, "hnd-hai") == []


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"code": "Mã có dấu"}, "code"),
        ({"code": "new"}, "code"),
        ({"kind": "police_galaxy"}, "kind"),
        ({"area_code": ""}, "area_code"),
        ({"area_code": "86"}, "area_code"),  # a province is no commune
        ({"level": "central"}, "area_code"),
        ({"parent_code": "khong-co"}, "parent_code"),
        ({"valid_from": "32/13/2025"}, "valid_from"),
        ({"name_vi": " "}, "name_vi"),
        ({"name_vi": "x" * 161}, "name_vi"),
    ],
)
def test_bad_rows_are_told_at_their_field(client: Any, session: Any, wrong: dict[str, str], column: str) -> None:
    page = post(client, f"{HERE}/new", **NEW | wrong)
    assert page.status_code == 422
    assert f'id="error-{column}"' in page.text
    assert rows(session, "hnd-minh-hoa") == []


def test_two_who_save_one_unit_do_not_lose_each_others_words(client: Any, session: Any) -> None:
    page = client.get(f"{HERE}/ubnd-86").text
    assert change(client, "ubnd-86", note="Người thứ nhất").status_code == 303
    cells = register.as_cells(rows(session, "ubnd-86")[0])
    late = post(client, f"{HERE}/ubnd-86", **cells | {"note": "Người thứ hai", "stamp": field(page, "stamp")})
    assert late.status_code == 409
    assert "Người thứ nhất" in late.text
    assert "Người thứ hai" in late.text
    assert rows(session, "ubnd-86")[0].note == "Người thứ nhất"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_goes_out_and_comes_in_again(client: Any, session: Any, form: str) -> None:
    out = post(client, f"{HERE}/export.{form}")
    there = [cells for _number, cells in sheets.read(out.data)]
    assert {"ubnd-86", "mttq-tw"} <= {cells["code"] for cells in there}
    same = upload(client, there, form)
    assert same.status_code == 200
    assert "Không có gì thay đổi" in same.text
    below = NEW | {"code": "hnd-hai", "kind": "org_women", "parent_code": NEW["code"]}  # of a row of the same file
    preview = upload(client, [below, NEW], form)
    assert preview.status_code == 200
    assert rows(session, "hnd-hai") == [], "nothing is saved by looking"
    assert confirm(client, preview).status_code == 303
    assert rows(session, "hnd-hai")[0].parent_code == "hnd-minh-hoa"


def test_pages_of_units_follow_each_other_without_gap(client: Any, session: Any) -> None:
    seen: list[str] = []
    after = ""
    while found := register.page(province="86", after=after):
        seen += [unit.code for unit in found[: register.PAGE]]
        after = seen[-1]
    assert seen == sorted(set(seen))
    assert len(seen) > register.PAGE
    assert client.get(f"{HERE}?province=86&kind=front_commune").status_code == 200
    assert client.get(f"{HERE}/khong-co").status_code == 404


def test_the_province_looks_and_changes_nothing(client: Any, session: Any) -> None:
    sign_in(client, "province")
    page = client.get(f"{HERE}/ubnd-86")
    assert page.status_code == 200
    assert '<fieldset class="panel" disabled>' in page.text
    token = field(client.get("/account").text, "csrf_token")
    cells = register.as_cells(rows(session, "ubnd-86")[0])
    assert client.post(f"{HERE}/ubnd-86", data=cells | {"csrf_token": token, "note": "x"}).status_code == 403
    assert rows(session, "ubnd-86")[0].note != "x"


def test_commands_say_first_and_do_then(app: Any, session: Any, tmp_path: Any) -> None:
    runner = app.test_cli_runner()
    file = tmp_path / "don-vi.csv"
    file.write_bytes(sheets.write("csv", register.COLUMNS, [NEW]))
    said = runner.invoke(args=["units", "import", "--dry-run", str(file)])
    assert said.exit_code == 0, said.output
    assert "hnd-minh-hoa" in said.output
    assert rows(session, "hnd-minh-hoa") == []
    assert runner.invoke(args=["units", "import", str(file)]).exit_code == 0
    assert rows(session, "hnd-minh-hoa")[0].own
    out = tmp_path / "ra.xlsx"
    assert runner.invoke(args=["units", "export", str(out)]).exit_code == 0
    assert "hnd-minh-hoa" in {cells["code"] for _number, cells in sheets.read(out.read_bytes())}
    assert "hnd-minh-hoa" in runner.invoke(args=["units", "list", "--province", "86"]).output
