"""Checklists in the browser: every change a version from a day on; what was begun keeps its questions."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import case, field, people, sign_in
from tests.integration.test_inspection_sheets import FILLED, hand_in
from webapp import data_loader
from webapp.core import clock, events, sheets
from webapp.inspections import versions
from webapp.inspections.models import Checklist, Sheet
from webapp.reports import lifecycle as life

HERE = "/admin/checklists"
HEAD = {"group": "waste", "name_vi": "Kiểm tra rác, chất thải", "name_en": "Inspection of waste", "source": "QĐ thử"}


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


def asked(*rows: dict[str, str]) -> dict[str, str]:
    """Rows of questions as the form sends them."""
    return {f"q{n}_{name}": value for n, row in enumerate(rows) for name, value in ({"vi": ""} | row).items()}


SMELL = {"vi": "Có mùi hôi không?", "kind": "yes_no", "required": "1"}
VOLUME = {"vi": "Ước lượng khối lượng", "kind": "number", "unit": "m³", "question": "volume"}


def save(client: Any, *rows: dict[str, str], code: str = "waste", seen: str = "1", **head: str) -> Any:
    return post(client, f"{HERE}/{code}", seen=seen, **(HEAD | head), **asked(*rows))


def inspection(client: Any, report: Any) -> str:
    return str(client.get(f"/unit/cases/{report.public_id}/inspection").text)


def test_an_inspection_that_was_begun_keeps_its_questions(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    begun = field(inspection(client, report), "checklist")
    assert begun == "waste.1"
    sign_in(client, "admin")
    assert save(client, SMELL, VOLUME).status_code == 303
    assert "phiên bản 2, từ" in client.get(HERE).text

    sign_in(client, "unit")
    fresh = inspection(client, report)
    assert "Có mùi hôi không?" in fresh
    assert "còn ở nơi được phản ánh" not in fresh
    assert "còn ở nơi được phản ánh" in client.get(f"/unit/cases/{report.public_id}/inspection?list={begun}").text
    assert hand_in(client, report, checklist=begun).status_code == 201
    old = session.query(Sheet).one()
    assert [q["code"] for q in old.questions][:2] == ["waste_there", "volume"]
    assert old.answers["waste_there"] == "yes"
    wrong = hand_in(client, report, checklist=begun, q_volume="hai")
    assert wrong.status_code == 422
    assert hand_in(client, report, checklist=field(fresh, "checklist"), q_co_mui_hoi_khong="no").status_code == 201
    new = session.query(Sheet).order_by(Sheet.id.desc()).first()
    assert (new.checklist_code, new.answers) == ("waste", {"co_mui_hoi_khong": "no", "volume": 2.5})
    assert hand_in(client, report, checklist="waste.99").status_code == 201, "nonsense is today's checklist"
    assert hand_in(client, report, **FILLED).status_code == 201, "a form from before there were versions"


def test_a_version_to_come_waits_for_its_day_and_an_ended_one_makes_room_for_the_general(
    client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = case(life.VERIFYING)
    day = clock.today() + timedelta(days=10)
    assert (
        save(client, SMELL, valid_from=day.isoformat(), valid_to=(day + timedelta(days=5)).isoformat()).status_code
        == 303
    )
    assert "phiên bản 2 từ" in client.get(HERE).text
    sign_in(client, "unit")
    assert "còn ở nơi được phản ánh" in inspection(client, report)
    assert "Có mùi" not in client.get(f"/unit/cases/{report.public_id}/inspection?list=waste.2").text
    start = clock.now()
    for days, words in ((10, "Có mùi hôi không?"), (15, "Có mùi hôi không?"), (16, "thấy việc như phản ánh")):
        monkeypatch.setattr(clock, "now", lambda days=days: start + timedelta(days=days))
        client.delete_cookie("dgs")
        sign_in(client, "unit")
        assert words in inspection(client, report), days


def test_a_preview_shows_it_as_an_officer_sees_it_and_saves_nothing(client: Any, session: Any) -> None:
    page = save(client, SMELL, VOLUME, preview="1")
    assert page.status_code == 200
    shown = page.text.split('class="phone-frame"', 1)[1].split("</section>", 1)[0]
    assert "Có mùi hôi không?" in shown
    assert "Ước lượng khối lượng (m³)" in shown
    assert "Chưa xác định được" in shown
    assert len(versions.of("waste")) == 1
    more = save(client, SMELL, more="1")
    assert more.text.count("Thêm câu hỏi</legend>") == 6
    assert "Có mùi hôi không?" in more.text


def test_questions_are_put_in_order_and_taken_out(client: Any, session: Any) -> None:
    first, second, third = ({"vi": f"Câu {n}", "kind": "text", "question": f"cau_{n}"} for n in "abc")
    assert save(client, first, second, third, q0_order="2,5", q2_drop="1").status_code == 303
    assert [q["code"] for q in versions.of("waste")[0].questions] == ["cau_b", "cau_a"]
    made = versions.of("waste")[0]
    assert (made.number, made.own, made.valid_from) == (2, True, clock.today())
    assert versions.of("waste")[1].questions[0]["code"] == "waste_there", "the version before stays as it was"
    [told] = [e for e in events.history("reference") if e.kind == "checklist:saved"]
    assert (told.data["what"], told.data["questions"]) == ("waste.2", 2)


def test_the_same_again_is_no_version_and_an_old_form_is_refused(client: Any, session: Any) -> None:
    assert save(client, SMELL).status_code == 303
    assert save(client, SMELL | {"question": "co_mui_hoi_khong"}, seen="2").status_code == 303
    assert len(versions.of("waste")) == 2
    refused = save(client, VOLUME, seen="1")
    assert refused.status_code == 409
    assert "Ước lượng khối lượng" in refused.text
    assert len(versions.of("waste")) == 2
    assert save(client, VOLUME, seen=field(refused.text, "seen")).status_code == 303
    assert [v.number for v in versions.of("waste")] == [3, 2, 1]


@pytest.mark.parametrize(
    ("rows", "head", "wrong"),
    [
        ([], {}, None),
        ([SMELL], {"name_vi": ""}, "name_vi"),
        ([SMELL], {"source": ""}, "source"),
        ([SMELL], {"group": "stars"}, "group"),
        ([SMELL], {"valid_from": "mai"}, "valid_from"),
        ([SMELL], {"valid_from": "2027-01-02", "valid_to": "2027-01-01"}, "valid_to"),
        ([SMELL | {"kind": "song"}], {}, "q0_kind"),
        ([SMELL | {"vi": "", "en": "Smell?"}], {}, "q0_vi"),
        ([SMELL, VOLUME | {"legal": "luat-la"}], {}, "q1_legal"),
        ([VOLUME, VOLUME], {}, "q1_question"),
        ([VOLUME | {"question": "Số"}], {}, "q0_question"),
        ([SMELL | {"vi": "x" * 301}], {}, "q0_vi"),
        ([{"vi": f"Câu {n}", "kind": "text"} for n in range(61)], {}, None),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    client: Any, session: Any, rows: list[dict[str, str]], head: dict[str, str], wrong: str | None
) -> None:
    refused = save(client, *rows, **head)
    assert refused.status_code == 422
    assert (f'id="error-{wrong}"' if wrong else "error-summary") in refused.text
    assert len(versions.of("waste")) == 1


def test_a_new_checklist_has_a_code_of_its_own(client: Any, session: Any) -> None:
    for code, status in (("waste", 422), ("Chợ", 422), ("", 422), ("cho_ca", 303)):
        made = save(client, SMELL, code="new", seen="0", checklist=code)
        assert made.status_code == status, code
    assert versions.of("cho_ca")[0].number == 1
    assert client.get(f"{HERE}/khong_co").status_code == 404


def test_what_was_written_here_outlives_an_upgrade(client: Any, session: Any, tmp_path: Any) -> None:
    assert save(client, SMELL).status_code == 303
    session.expire_all()
    loaded = data_loader.load()["checklists"]
    assert (loaded.added, loaded.changed, loaded.own) == (0, 0, 1)
    for file in data_loader.DATA.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / "checklists.toml"
    changed = file.read_text("utf-8").replace("Lúc kiểm tra có đang xả thải", "Lúc này có đang xả thải")
    file.write_text(changed, "utf-8")
    again = data_loader.load(tmp_path)["checklists"]
    assert (again.changed, again.own) == (1, 1)
    water = versions.of("water")
    assert [(v.number, v.own, v.valid_from == clock.today()) for v in water] == [(2, False, True), (1, False, False)]
    assert data_loader.load(tmp_path)["checklists"].changed == 0, "loaded twice is one version"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_table_goes_out_and_comes_in_again(client: Any, session: Any, form: str) -> None:
    taken = post(client, f"{HERE}/export.{form}")
    rows = [cells for _line, cells in sheets.read(taken.data)]
    assert {row["checklist"] for row in rows} >= {"general", "waste", "water"}

    def upload(rows: list[dict[str, str]]) -> Any:
        data = sheets.write(form, versions.COLUMNS, rows)
        return post(client, f"{HERE}/import", file=(io.BytesIO(data), f"x.{form}"))

    assert "Không có gì thay đổi" in upload(rows).text
    next(row for row in rows if row["checklist"] == "waste" and row["question"] == "volume")["vi"] = "Bao nhiêu khối?"
    preview = upload(rows)
    assert preview.status_code == 200
    assert "sửa: Bao nhiêu khối?" in preview.text
    assert len(versions.of("waste")) == 1, "looking saves nothing"
    given = {name: field(preview.text, name) for name in ("rows", "stamp")}
    assert post(client, f"{HERE}/import", **given).status_code == 303
    session.expire_all()
    assert [v.number for v in versions.of("waste")] == [2, 1]
    assert len(versions.of("water")) == 1
    assert post(client, f"{HERE}/import", **given).status_code == 409, "the same preview once more is an old one"
    rows[3]["kind"] = "song"
    refused = upload(rows)
    assert refused.status_code == 422
    assert "Dòng 5" in refused.text
    assert [(e.kind, e.data["what"]) for e in events.history("audit")] == [("reference:exported", "checklists")]


def test_a_provinces_front_looks_and_changes_nothing(client: Any, session: Any) -> None:
    sign_in(client, "province")
    assert client.get(HERE).status_code == 200
    assert "Lưu thành phiên bản tiếp theo" not in client.get(f"{HERE}/waste").text
    assert save(client, SMELL).status_code == 403
    assert client.get(f"{HERE}/new").status_code == 403
    for who in ("commune", "unit"):
        sign_in(client, who)
        assert client.get(HERE).status_code == 403
    assert len(versions.of("waste")) == 1


def test_the_operators_commands(app: Any, session: Any, tmp_path: Any) -> None:
    session.commit()
    run, file = app.test_cli_runner(), tmp_path / "phieu.csv"
    assert run.invoke(args=["checklists", "export", str(file)]).exit_code == 0
    rows = [cells for _line, cells in sheets.read(file.read_bytes())]
    rows[0]["vi"] = "Có thấy không?"
    file.write_bytes(sheets.write("csv", versions.COLUMNS, rows))
    looked = run.invoke(args=["checklists", "import", str(file), "--dry-run"])
    assert "Version 2, used from" in looked.output, looked.output
    assert session.query(Checklist).filter(Checklist.number == 2).count() == 0
    assert "1 checklists got" in run.invoke(args=["checklists", "import", str(file)]).output
    assert "version   2" in run.invoke(args=["checklists", "list"]).output
