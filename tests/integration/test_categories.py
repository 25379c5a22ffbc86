"""Categories in the browser: added, changed, ended, never lost; as a table that is looked at before it is taken."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import case, field, people, sign_in
from tests.integration.test_resident_pages import form, send
from webapp import data_loader
from webapp.core import clock, events, sheets
from webapp.reports import categories
from webapp.reports.models import Category, Report

HERE = "/admin/categories"
NEW = {
    "code": "light_night",
    "group": "air",
    "position": "900",
    "icon": "icon-other",
    "name_vi": "Đèn chiếu ban đêm",
    "description_vi": "Đèn công suất lớn chiếu vào nhà dân.",
    "evidence_vi": "Ảnh chụp ban đêm\nGiờ bật đèn",
    "reportable": "1",
    "public_blur_m": "100",
    "publish_delay_hours": "0",
}


@pytest.fixture(autouse=True)
def office(client: Any, session: Any) -> Any:
    factories.duyen_hai()
    people("admin", "province", "commune", "unit")
    sign_in(client, "admin")
    client.set_cookie("lang", "vi")
    return client


def post(client: Any, path: str, **data: Any) -> Any:
    token = field(client.get(HERE).text, "csrf_token")
    return client.post(path, data={"csrf_token": token} | data)


def change(client: Any, code: str, **changes: str) -> Any:
    """The form of a category as it stands, with these changes."""
    db_row = categories.by_code(code)
    assert db_row is not None
    cells: dict[str, Any] = categories.as_cells(db_row) | {"version": str(db_row.version)} | changes
    cells["legal"] = cells["legal"].split()
    return post(client, f"{HERE}/{code}", **cells)


def offered(client: Any) -> str:
    return str(client.get("/report").text)


def upload(client: Any, rows: list[dict[str, str]], form: str = "csv") -> Any:
    data = sheets.write(form, categories.COLUMNS, rows)
    return post(client, f"{HERE}/import", file=(io.BytesIO(data), f"x.{form}"))


def confirm(client: Any, preview: Any) -> Any:
    return post(client, f"{HERE}/import", rows=field(preview.text, "rows"), stamp=field(preview.text, "stamp"))


def saved(session: Any, code: str) -> Category:
    session.expire_all()
    found = session.get(Category, code)
    assert found is not None
    return found  # type: ignore[no-any-return]


def test_a_new_category_is_offered_and_ended_again_and_no_case_is_lost(client: Any, session: Any) -> None:
    page = post(client, f"{HERE}/new", **NEW)
    assert page.status_code == 303
    assert "Đèn chiếu ban đêm" in offered(client)
    own = client.get(f"{HERE}/light_night").text
    assert "Chưa có quy tắc nào" in own
    assert "chưa có tên" in own
    assert "chưa có tên tiếng Khmer" in client.get(HERE).text
    services = client.get("/open311/v2/services.json").get_json()
    assert "light_night" in {s["service_code"] for s in services}
    client.set_cookie("lang", "km")
    assert "Đèn chiếu ban đêm" in offered(client), "where Khmer is missing, Vietnamese is shown"
    client.set_cookie("lang", "vi")

    waiting = form(client, category="light_night")
    report = case(category_code="light_night")
    assert change(client, "light_night", ended_from=clock.today().isoformat()).status_code == 303
    assert "Đèn chiếu ban đêm" not in offered(client)
    assert client.get("/open311/v2/services/light_night.json").status_code == 404
    assert send(client, waiting).status_code == 303, "a form that was open already is still taken"
    assert len(session.scalars(select(Report).where(Report.category_code == "light_night")).all()) == 2
    assert "ngừng dùng từ ngày" in client.get(HERE).text
    assert "Đã có vụ việc" in client.get(f"{HERE}/light_night").text
    sign_in(client, "commune")
    assert "Đèn chiếu ban đêm" in client.get(f"/desk/cases/{report.public_id}").text
    told = [e for e in events.history("reference") if e.kind == "category:saved"]
    assert [e.data["what"] for e in told] == ["light_night", "light_night"]
    assert (told[0].data["before"], told[1].data["before"]["ended_from"]) == (None, "")


def test_an_end_that_is_to_come_counts_from_its_day_and_a_phone_has_a_month(
    client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, f"{HERE}/new", **NEW)
    ends = clock.today() + timedelta(days=3)
    assert change(client, "light_night", ended_from=ends.isoformat()).status_code == 303
    assert "Đèn chiếu ban đêm" in offered(client)
    start = clock.now()
    for days, status in ((3, 303), (32, 303), (34, 422)):
        monkeypatch.setattr(clock, "now", lambda days=days: start + timedelta(days=days))
        client.application.extensions.pop("public_catalogue", None)
        assert "Đèn chiếu ban đêm" not in offered(client)
        assert send(client, form(client, category="light_night")).status_code == status, days


def test_what_was_written_here_outlives_an_upgrade_and_that_is_said(app: Any, client: Any, session: Any) -> None:
    post(client, f"{HERE}/new", **NEW)
    assert change(client, "noise", name_vi="Tiếng ồn, loa kéo").status_code == 303
    assert change(client, "odour", ended_from="2026-01-01").status_code == 303
    session.expire_all()
    loaded = data_loader.load()["categories"]
    assert (loaded.changed, loaded.retired, loaded.own) == (0, 0, 2)
    assert saved(session, "noise").name["vi"] == "Tiếng ồn, loa kéo"
    assert saved(session, "odour").retired
    assert not saved(session, "light_night").retired, "no file knows it, and yet it stays"
    session.commit()
    said = app.test_cli_runner().invoke(args=["data", "load"])
    assert "2 kept as entered in the browser" in said.output


def test_a_category_that_a_file_has_no_more_is_ended_and_comes_back(session: Any, tmp_path: Any) -> None:
    for file in data_loader.DATA.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "categories.toml").read_text("utf-8")
    without = re.sub(r'\[\[category\]\]\ncode = "odour".*?(?=\n\[\[category\]\])', "", text, flags=re.DOTALL)
    assert without != text
    for name in ("routing_rules.csv", "deadlines.csv"):
        lines = (tmp_path / name).read_text("utf-8").splitlines(keepends=True)
        (tmp_path / name).write_text("".join(line for line in lines if ",odour," not in line), "utf-8")
    (tmp_path / "categories.toml").write_text(without, "utf-8")
    replies = tmp_path / "reply_templates.toml"
    replies.write_text(replies.read_text("utf-8").replace('category = "odour"', 'category = "*"'), "utf-8")
    assert data_loader.load(tmp_path)["categories"].retired == 1
    assert saved(session, "odour").ended_from == clock.today()
    version = saved(session, "odour").version
    assert data_loader.load()["categories"].changed == 1
    assert not saved(session, "odour").retired
    assert saved(session, "odour").version == version + 1, "whoever has its form open is told"


def test_a_save_against_another_version_is_refused_with_what_differs(client: Any, session: Any) -> None:
    assert change(client, "noise", name_vi="Tiếng ồn thứ nhất").status_code == 303
    refused = change(client, "noise", name_vi="Tiếng ồn thứ hai", version="1")
    assert refused.status_code == 409
    assert "Tiếng ồn thứ hai → Tiếng ồn thứ nhất" in refused.text
    assert 'value="Tiếng ồn thứ hai"' in refused.text, "what was typed is still there"
    assert saved(session, "noise").name["vi"] == "Tiếng ồn thứ nhất"
    again = change(client, "noise", name_vi="Tiếng ồn thứ hai", version=field(refused.text, "version"))
    assert again.status_code == 303
    assert saved(session, "noise").name["vi"] == "Tiếng ồn thứ hai"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"code": "Đèn"}, "code"),
        ({"code": "new"}, "code"),
        ({"code": "noise"}, "code"),
        ({"code": ""}, "code"),
        ({"group": "stars"}, "group"),
        ({"icon": "icon-none"}, "icon"),
        ({"name_vi": ""}, "name_vi"),
        ({"name_en": "x" * 41}, "name_en"),
        ({"description_vi": ""}, "description_vi"),
        ({"evidence_vi": "\n".join("abcdefg")}, "evidence_vi"),
        ({"warning_en": "Keep away"}, "warning_vi"),
        ({"position": "-1"}, "position"),
        ({"publish_delay_hours": "9999"}, "publish_delay_hours"),
        ({"public_blur_m": "7"}, "public_blur_m"),
        ({"sensitive": "1"}, "sensitive"),
        ({"sensitive": "1", "public_blur_m": "commune", "publish_delay_hours": "47"}, "sensitive"),
        ({"ended_from": "mai"}, "ended_from"),
        ({"legal": "luat-la"}, "legal"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    client: Any, session: Any, changes: dict[str, str], wrong: str
) -> None:
    before = len(session.scalars(select(Category)).all())
    refused = post(client, f"{HERE}/new", **NEW | changes)
    assert refused.status_code == 422
    assert f'id="error-{wrong}"' in refused.text
    session.expire_all()
    assert len(session.scalars(select(Category)).all()) == before


def test_how_exactly_a_place_is_shown_stays_once_somebody_has_sent_something(client: Any, session: Any) -> None:
    case(category_code="forest")
    row = categories.by_code("forest")
    assert row is not None
    assert row.public_blur_m is None
    refused = change(client, "forest", public_blur_m="0", sensitive="")
    assert refused.status_code == 422
    assert 'id="error-public_blur_m"' in refused.text
    assert change(client, "burial", public_blur_m="250").status_code == 303, "nobody has reported under it"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_table_goes_out_and_comes_in_again(client: Any, session: Any, form: str) -> None:
    taken = post(client, f"{HERE}/export.{form}")
    assert taken.status_code == 200
    rows = [cells for _line, cells in sheets.read(taken.data)]
    assert len(rows) == 26
    same = upload(client, rows, form)
    assert same.status_code == 200
    assert "Không có gì thay đổi" in same.text
    rows[0]["name_vi"] = "Sự cố khẩn cấp"
    preview = upload(client, [*rows, NEW], form)
    assert "Sự cố khẩn → Sự cố khẩn cấp" in preview.text
    assert saved(session, "emergency").name["vi"] == "Sự cố khẩn", "looking saves nothing"
    assert confirm(client, preview).status_code == 303
    assert saved(session, "emergency").name["vi"] == "Sự cố khẩn cấp"
    assert saved(session, "light_night").own
    assert not saved(session, "odour").own, "what is the same is not written"
    assert [(e.kind, e.data["what"]) for e in events.history("audit")] == [("reference:exported", "categories")]


def test_a_preview_that_has_grown_old_is_shown_again(client: Any, session: Any) -> None:
    row = categories.by_code("noise")
    assert row is not None
    preview = upload(client, [categories.as_cells(row) | {"name_vi": "Từ tệp"}])
    assert change(client, "noise", name_vi="Từ trình duyệt").status_code == 303
    refused = confirm(client, preview)
    assert refused.status_code == 409
    assert "Từ trình duyệt → Từ tệp" in refused.text
    assert saved(session, "noise").name["vi"] == "Từ trình duyệt"
    assert confirm(client, refused).status_code == 303
    assert saved(session, "noise").name["vi"] == "Từ tệp"


def test_one_wrong_row_stops_all(client: Any, session: Any) -> None:
    refused = upload(client, [NEW, NEW | {"code": "other_one", "icon": "icon-none"}, NEW])
    assert refused.status_code == 422
    for words in ("Dòng 3", "Biểu tượng", "Dòng 4"):
        assert words in refused.text, words
    assert confirm(client, refused).status_code == 422
    assert session.get(Category, "light_night") is None


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"a,b\n1,2\n"])
def test_no_file_and_no_table_are_said_at_the_field(client: Any, session: Any, data: bytes) -> None:
    refused = post(client, f"{HERE}/import", file=(io.BytesIO(data), "x.csv"))
    assert refused.status_code == 422
    assert 'id="error-file"' in refused.text


@pytest.mark.parametrize("rows", ["x", "AAAA", "eJyrVjJUsjLUUTJSsjLWUTJRqgUAHRYDhg=="])
def test_rows_that_nobody_was_shown_are_no_rows(client: Any, session: Any, rows: str) -> None:
    assert post(client, f"{HERE}/import", rows=rows, stamp="x").status_code == 422


def test_a_provinces_front_looks_and_changes_nothing(client: Any, session: Any) -> None:
    sign_in(client, "province")
    assert client.get(HERE).status_code == 200
    page = client.get(f"{HERE}/noise")
    assert page.status_code == 200
    assert "disabled" in page.text
    assert client.get(f"{HERE}/new").status_code == 403
    assert change(client, "noise", name_vi="Khác").status_code == 403
    assert upload(client, [NEW]).status_code == 403
    assert post(client, f"{HERE}/export.csv").status_code == 200
    for who in ("commune", "unit"):
        sign_in(client, who)
        assert client.get(HERE).status_code == 403
    assert saved(session, "noise").name["vi"] != "Khác"


def test_the_operators_commands(app: Any, session: Any, tmp_path: Any) -> None:
    session.commit()
    run = app.test_cli_runner()
    file = tmp_path / "loai.xlsx"
    assert run.invoke(args=["categories", "export", str(file)]).exit_code == 0
    rows = [cells for _line, cells in sheets.read(file.read_bytes())]
    file.write_bytes(sheets.write("xlsx", categories.COLUMNS, [*rows, NEW]))
    looked = run.invoke(args=["categories", "import", str(file), "--dry-run"])
    assert (looked.exit_code, "new      light_night" in looked.output) == (0, True), looked.output
    assert session.get(Category, "light_night") is None
    taken = run.invoke(args=["categories", "import", str(file)])
    assert "1 categories changed" in taken.output, taken.output
    assert run.invoke(args=["categories", "end", "light_night"]).exit_code == 0
    assert saved(session, "light_night").retired
    assert "light_night" in run.invoke(args=["categories", "list"]).output
    file.write_bytes(sheets.write("xlsx", categories.COLUMNS, [NEW | {"icon": "none"}]))
    refused = run.invoke(args=["categories", "import", str(file)])
    assert refused.exit_code == 1
    assert "nothing was taken" in refused.output
    assert run.invoke(args=["categories", "end", "khong_co"]).exit_code == 1
