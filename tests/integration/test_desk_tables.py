"""Reply templates and addresses of offices go out as a table and come in again, all of it or nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import field, people, sign_in
from webapp.core import events, sheets
from webapp.reports import replies
from webapp.reports.replies import ReplyTemplate
from webapp.units import contacts

REPLIES, ADDRESSES = "/desk/replies", "/admin/contacts"


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "admin")


def take_out(client: Any, where: str, form: str) -> bytes:
    token = field(client.get(where).text, "csrf_token")
    answer = client.post(f"{where}/export.{form}", data={"csrf_token": token})
    assert answer.status_code == 200
    return bytes(answer.data)


def bring_in(client: Any, where: str, data: bytes, name: str = "bang.csv") -> Any:
    token = field(client.get(where).text, "csrf_token")
    return client.post(f"{where}/import", data={"csrf_token": token, "file": (io.BytesIO(data), name)})


def confirmed(client: Any, where: str, data: bytes) -> Any:
    """A file, looked at and then taken; the preview if it cannot be."""
    preview = bring_in(client, where, data)
    if preview.status_code != 200:
        return preview
    given = {name: field(preview.text, name) for name in ("csrf_token", "rows", "stamp")}
    return client.post(f"{where}/import", data=given)


def own(session: Any, unit: str) -> dict[str, str]:
    session.expire_all()
    return {t.title: t.text for t in session.scalars(select(ReplyTemplate).where(ReplyTemplate.unit_code == unit))}


def table(*rows: dict[str, str]) -> bytes:
    return sheets.write("csv", ("code", "action", "category", "title", "text", "retired"), rows)


ASK = {"action": "ask", "category": "*", "title": "Hỏi giờ", "text": "Vụ {{so}}: lúc mấy giờ?"}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_fronts_templates_go_to_another_front(client: Any, session: Any, form: str) -> None:
    sign_in(client, "commune")
    looked = bring_in(client, REPLIES, table(ASK))
    assert ASK["title"] in looked.text
    assert own(session, "mttq-29512") == {}, "looking saves nothing"
    assert confirmed(client, REPLIES, table(ASK)).status_code == 303
    assert own(session, "mttq-29512") == {"Hỏi giờ": ASK["text"]}
    taken = take_out(client, REPLIES, form)
    assert "Không có gì thay đổi" in bring_in(client, REPLIES, taken).text
    assert [t.version for t in session.scalars(select(ReplyTemplate).where(ReplyTemplate.unit_code.is_not(None)))] == [
        1
    ], "what is the same is not written again"
    sign_in(client, "other")
    assert confirmed(client, REPLIES, taken).status_code == 303
    assert own(session, "mttq-29413") == {"Hỏi giờ": ASK["text"]}, "the program's own are no copies of theirs"
    changed = table(ASK | {"text": "Vụ {{so}}: hôm nào?"})
    assert "lúc mấy giờ? → Vụ {{so}}: hôm nào?" in bring_in(client, REPLIES, changed).text
    assert confirmed(client, REPLIES, changed).status_code == 303
    assert own(session, "mttq-29413") == {"Hỏi giờ": "Vụ {{so}}: hôm nào?"}, "the same title is the same template"
    assert own(session, "mttq-29512") == {"Hỏi giờ": ASK["text"]}, "nobody writes in another Front's"
    assert [e.kind for e in events.history("audit")] == ["replies:exported"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ASK, ASK | {"action": "dance"}], "Dòng 3"),
        ([ASK, ASK | {"title": "Khác", "text": "{{ten}}"}], "ten"),
        ([ASK, ASK], "Dòng 3"),
        ([], "cột"),
    ],
)
def test_one_wrong_template_stops_all(client: Any, session: Any, rows: list[dict[str, str]], words: str) -> None:
    sign_in(client, "commune")
    refused = confirmed(client, REPLIES, table(*rows))
    assert refused.status_code == 422
    assert words in refused.text
    assert ('id="error-file"' in refused.text) == (not rows)
    assert own(session, "mttq-29512") == {}


def test_nobody_has_templates_without_end(client: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "MOST_OWN", 2)
    sign_in(client, "commune")
    many = [ASK | {"title": f"Mẫu {n}"} for n in range(3)]
    assert confirmed(client, REPLIES, table(*many)).status_code == 422
    assert confirmed(client, REPLIES, table(*many[:2])).status_code == 303


def test_an_operator_takes_templates_from_one_front_to_another(app: Any, session: Any, tmp_path: Path) -> None:
    run, file = app.test_cli_runner(), tmp_path / "mau.csv"

    def said(*args: str, unit: str = "mttq-29413") -> tuple[int, str]:
        session.commit()
        done = run.invoke(args=["replies", *args, "--unit", unit])
        return done.exit_code, done.output

    file.write_bytes(table(ASK, ASK | {"title": "Hỏi thêm"}))
    assert said("import", str(file), "--dry-run")[1].count("new ") == 2
    assert own(session, "mttq-29413") == {}
    assert "2 templates changed" in said("import", str(file))[1]
    assert own(session, "mttq-29413") == {"Hỏi giờ": ASK["text"], "Hỏi thêm": ASK["text"]}
    assert "Hỏi thêm" in said("list")[1]
    assert "Hỏi thêm" not in said("list", unit="mttq-29512")[1]
    taken = tmp_path / "ra.xlsx"
    assert said("export", str(taken))[0] == 0
    assert "2 templates changed" in said("import", str(taken), unit="mttq-29512")[1]
    assert "0 templates changed" in said("import", str(taken))[1]
    file.write_bytes(table(ASK | {"text": "Khác"}, ASK | {"title": "Sai", "action": "dance"}))
    code, words = said("import", str(file))
    assert (code, "line 3" in words) == (1, True)
    assert own(session, "mttq-29413")["Hỏi giờ"] == ASK["text"]
    assert said("list", unit="khong-co")[0] == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_addresses_go_out_and_come_in_again(client: Any, session: Any, form: str) -> None:
    sign_in(client, "admin")
    given = sheets.write(
        form,
        ("unit_code", "email"),
        [{"unit_code": "ca-86", "email": "ca@example.vn"}, {"unit_code": "ubnd-29413", "email": "ub@example.vn"}],
    )
    looked = bring_in(client, ADDRESSES, given)
    assert "ca@example.vn" in looked.text
    assert contacts.of("ca-86") is None, "looking saves nothing"
    assert confirmed(client, ADDRESSES, given).status_code == 303
    rows = [row for _line, row in sheets.read(take_out(client, ADDRESSES, form))]
    assert [(row["unit_code"], row["email"]) for row in rows] == [
        ("ca-86", "ca@example.vn"),
        ("ubnd-29413", "ub@example.vn"),
    ]
    assert rows[1]["unit"] == "Ủy ban nhân dân xã Long Hoà"
    gone = sheets.write(form, ("unit_code", "email"), [{"unit_code": "ca-86", "email": ""}])
    assert confirmed(client, ADDRESSES, gone).status_code == 303
    session.expire_all()
    assert (contacts.of("ca-86"), contacts.of("ubnd-29413") is None) == (None, False)
    assert [(e.kind, e.data["rows"]) for e in events.history("audit")] == [("contacts:exported", 2)]


@pytest.mark.parametrize("wrong", ["mttq-29512,a@b.vn", "khong-co,a@b.vn", "ubnd-29413,khong phai thu"])
def test_one_wrong_address_stops_all(client: Any, session: Any, wrong: str) -> None:
    sign_in(client, "admin")
    refused = confirmed(client, ADDRESSES, f"unit_code,email\nca-86,ca@example.vn\n{wrong}\n".encode())
    assert refused.status_code == 422
    assert "Dòng 3" in refused.text
    assert contacts.of("ca-86") is None


def test_no_file_and_no_table_are_said_at_the_field(client: Any, session: Any) -> None:
    for who, where in (("commune", REPLIES), ("admin", ADDRESSES)):
        sign_in(client, who)
        for data in (b"", b"\x00\xff", b"a,b\n1,2\n"):
            refused = bring_in(client, where, data)
            assert refused.status_code == 422
            assert 'id="error-file"' in refused.text


def test_the_operators_commands(app: Any, session: Any, tmp_path: Any) -> None:
    given = tmp_path / "in.csv"
    given.write_text("unit_code,email\nca-86,ca@example.vn\n", "utf-8")
    run = app.test_cli_runner()
    session.commit()
    assert run.invoke(args=["contacts", "import", str(given)]).exit_code == 0
    out = tmp_path / "out.xlsx"
    assert run.invoke(args=["contacts", "export", str(out)]).exit_code == 0
    assert [row["email"] for _line, row in sheets.read(out.read_bytes())] == ["ca@example.vn"]
    given.write_text("unit_code,email\nkhong-co,x@example.vn\n", "utf-8")
    refused = run.invoke(args=["contacts", "import", str(given)])
    assert refused.exit_code == 1
    assert "nothing was taken" in refused.output
    assert run.invoke(args=["contacts", "export", str(tmp_path / "x.txt")]).exit_code == 2
