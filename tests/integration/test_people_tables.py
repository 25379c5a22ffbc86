"""Accounts as a table: taken out within one's reach and with its filter, many invited at once, none twice."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.integration.staff import PEOPLE, field, people, sign_in
from webapp.accounts import people as accounts
from webapp.accounts.models import Invitation, User
from webapp.core import clock, events, sheets
from webapp.core.db import db

HERE = "/admin/people"
ROWS = [
    {"email": "Moi.1@mattran.test", "name": "Cán bộ môi trường", "unit": "mttq-29512"},
    {"email": "moi.2@mattran.test", "name": "Cán bộ thường trực", "unit": "29413", "role": "front"},
    {"email": "moi.3@phunu.test", "name": "Chi hội trưởng", "unit": "phunu-86", "role": "member"},
]


@pytest.fixture(autouse=True)
def office(client: Any, session: Any) -> Any:
    factories.duyen_hai()
    people()
    client.set_cookie("lang", "vi")
    return client


def post(client: Any, path: str, **data: Any) -> Any:
    token = field(client.get("/auth/security").text, "csrf_token")
    return client.post(path, data={"csrf_token": token} | data)


def upload(client: Any, *rows: dict[str, str], form: str = "csv") -> Any:
    data = sheets.write(form, ("email", "name", "unit", "role", "head"), rows)
    return post(client, f"{HERE}/import", file=(io.BytesIO(data), f"x.{form}"))


def confirm(client: Any, preview: Any) -> Any:
    given = {name: field(preview.text, name) for name in ("rows", "stamp")}
    return post(client, f"{HERE}/import", **given)


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def number() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0


def test_the_list_goes_out_within_ones_reach_and_says_its_filter(client: Any, session: Any) -> None:
    sign_in(client, "province")
    made = upload(client, ROWS[0])
    confirm(client, made)
    taken = post(client, f"{HERE}/export.csv", q="", state="")
    assert taken.status_code == 200
    table = lines(taken.data)
    heading = next(n for n, row in enumerate(table) if len(row) > 9)
    rows = {row[0]: row for row in table[heading + 1 :]}
    own = {"front.tinh@dgs.test", "front.xa@dgs.test", "front.khac@dgs.test", "phunu@dgs.test", "moi.1@mattran.test"}
    assert set(rows) == own, "not the units of the state, not the centre, no administrator"
    new = rows["moi.1@mattran.test"]
    assert new[2:8] == ["Mặt trận cấp xã", "không", "mttq-29512", new[5], "29512", "86"]
    assert new[12] == PEOPLE["province"][0], "who invited them"
    assert rows["front.tinh@dgs.test"][10] == f"{clock.today():%d/%m/%Y}", "last signed in"
    assert new[10] == ""
    filtered = lines(post(client, f"{HERE}/export.csv", q="front.xa@", state="active").data)
    assert [row[0] for row in filtered if len(row) > 9 and row[0].endswith(".test")] == ["front.xa@dgs.test"]
    assert any("front.xa@" in "".join(row) for row in filtered[:4]), "the filter is written on it"
    told = [e for e in events.history("audit") if e.kind == "users:exported"]
    assert [(e.data["rows"], e.data["filters"]) for e in told] == [(5, {}), (1, {"q": "@", "state": "active"})]
    assert "front.xa" not in str([e.data for e in told]), "what is kept for ever holds no address"
    assert told[0].user_id == accounts.by_email(PEOPLE["province"][0]).id  # type: ignore[union-attr]
    assert post(client, f"{HERE}/export.xlsx").data.startswith(b"PK")


@pytest.mark.parametrize(("who", "status", "rows"), [("admin", 200, 8), ("central", 200, 7), ("unit", 403, 0)])
def test_what_others_take_out(client: Any, session: Any, who: str, status: int, rows: int) -> None:
    sign_in(client, who)
    taken = post(client, f"{HERE}/export.csv")
    assert taken.status_code == status
    if status == 200:
        found = [row[0] for row in lines(taken.data) if len(row) > 9 and row[0].endswith("@dgs.test")]
        assert len(found) == rows
    client.delete_cookie("dgs")
    assert client.post(f"{HERE}/export.csv").status_code in (400, 403)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_many_are_invited_once(client: Any, session: Any, form: str, run_jobs: Any, place: Any) -> None:
    sign_in(client, "province")
    before = number()
    preview = upload(client, *ROWS, form=form)
    assert preview.status_code == 200
    for words in ("moi.1@mattran.test", "Mặt trận cấp xã", "Mời những người này"):
        assert words in preview.text, words
    assert number() == before, "looking invites nobody"
    done = confirm(client, preview)
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "no-store"
    assert done.text.count("/auth/invitation/") == 3, "without e-mail the links are handed over"
    made = [accounts.by_email(row["email"]) for row in ROWS]
    assert [(u.email, u.role, u.unit_code) for u in made if u] == [
        ("moi.1@mattran.test", "front", "mttq-29512"),
        ("moi.2@mattran.test", "front", "mttq-29413"),
        ("moi.3@phunu.test", "member", "phunu-86"),
    ]
    again = upload(client, *ROWS, form=form)
    assert "Đã có tài khoản" in again.text
    assert "Mời những người này" not in again.text
    assert confirm(client, preview).status_code == 409, "what was looked at is no more"
    assert number() == before + 3
    assert session.scalar(select(func.count()).select_from(Invitation)) == 3
    invited = [e for e in events.history("audit") if e.kind == "user:invited"]
    assert len(invited) == 3
    run_jobs()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"email": "không phải"}, "địa chỉ email"),
        ({"name": ""}, "chức danh"),
        ({"unit": ""}, "mã đơn vị"),
        ({"unit": "khong-co"}, "Không có đơn vị"),
        ({"unit": "29512"}, "vai trò"),
        ({"unit": "mttq-75"}, "không mời được"),  # another province
        ({"unit": "ubnd-29512"}, "không mời được"),  # not the Front's
        ({"unit": "mttq-86", "head": "1"}, "không mời được"),  # more than the inviter has
        ({"unit": "29512", "role": "unit"}, "không mời được"),
        ({"unit": "mttq-29512", "role": "member"}, "không hợp với vai trò"),
        ({"unit": "", "role": "admin"}, ""),
        ({"role": "king"}, "Vai trò phải"),
        ({"head": "có"}, "Ghi 1"),
        ({"email": "moi.3@phunu.test"}, "Một dòng phía trên"),  # the row below has the same
    ],
)
def test_one_wrong_row_invites_nobody(client: Any, session: Any, row: dict[str, str], words: str) -> None:
    sign_in(client, "province")
    before = number()
    refused = upload(client, ROWS[2], ROWS[0] | row)
    assert refused.status_code == 422
    assert "Dòng 3" in refused.text
    assert words.lower() in refused.text.lower()
    assert confirm(client, refused).status_code == 422
    assert number() == before


def test_an_administrator_is_only_made_by_saying_so(client: Any, session: Any) -> None:
    sign_in(client, "admin")
    row = {"email": "quantri@dgs.test", "name": "Quản trị", "unit": "", "role": ""}
    assert upload(client, row).status_code == 422
    assert confirm(client, upload(client, row | {"role": "admin"})).status_code == 200
    made = accounts.by_email("quantri@dgs.test")
    assert made is not None
    assert (made.role, made.unit_code, made.invited) == ("admin", None, True)


def test_who_looks_after_nobody_invites_nobody(client: Any, session: Any) -> None:
    for who in ("unit", "member"):
        sign_in(client, who)
        assert upload(client, ROWS[0]).status_code == 403
    assert client.get(f"{HERE}/import").status_code in (404, 405)


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"email\na@b.vn\n"])
def test_no_file_and_no_table_are_said_at_the_field(client: Any, session: Any, data: bytes) -> None:
    sign_in(client, "province")
    refused = post(client, f"{HERE}/import", file=(io.BytesIO(data), "x.csv"))
    assert refused.status_code == 422
    assert 'id="error-file"' in refused.text


def test_the_operators_commands(app: Any, session: Any, tmp_path: Any) -> None:
    session.commit()
    run, file = app.test_cli_runner(), tmp_path / "nguoi.csv"
    file.write_bytes(sheets.write("csv", ("email", "name", "unit", "role"), ROWS))
    before = number()
    looked = run.invoke(args=["users", "import", str(file), "--dry-run"])
    assert (looked.exit_code, looked.output.count("new ")) == (0, 3), looked.output
    assert number() == before
    taken = run.invoke(args=["users", "import", str(file)])
    assert taken.output.count("/auth/invitation/") == 3, taken.output
    again = run.invoke(args=["users", "import", str(file)])
    assert (again.exit_code, again.output.count("/auth/invitation/")) == (0, 0), again.output
    out = tmp_path / "ra.csv"
    assert run.invoke(args=["users", "export", str(out), "--state", "invited"]).output == "3 accounts\n"
    assert "moi.1@mattran.test" in out.read_text("utf-8-sig")
    file.write_text("email,name,unit\nx,y,z\n", "utf-8")
    refused = run.invoke(args=["users", "import", str(file)])
    assert (refused.exit_code, "nothing was taken" in refused.output) == (1, True)
