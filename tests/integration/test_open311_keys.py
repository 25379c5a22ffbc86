"""Keys of programs: handed out, listed and taken back by an administrator and by the operator; each with its limits."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from sqlalchemy import select

from tests.integration import staff
from webapp.accounts import api_keys
from webapp.accounts.api_keys import ApiKey
from webapp.accounts.audit import STREAM
from webapp.core import clock
from webapp.core.events import SYSTEM, Event
from webapp.reports.models import Report

V2 = "/open311/v2"
HERE = "/admin/api-keys"
OUTSIDE = {"REMOTE_ADDR": "203.0.113.7"}
NAME = "Ứng dụng minh họa của tỉnh"


def post(client: Any, key: str, **fields: str) -> Any:
    form = {"api_key": key, "service_code": "noise", "lat": "9.585", "long": "106.525"} | fields
    return client.post(f"{V2}/requests.json", data=form, headers={"Accept-Language": "en"})


def read(client: Any, query: str = "", ending: str = "json") -> Any:
    return client.get(f"{V2}/requests.{ending}?{query}", environ_base=OUTSIDE, headers={"Accept-Language": "en"})


def issued(reports_per_hour: int = 0, reads_per_minute: int = 0, name: str = NAME) -> str:
    limits = {"reports_per_hour": reports_per_hour, "reads_per_minute": reads_per_minute}
    return api_keys.issue(SYSTEM, name, **limits)[1]


def fill(client: Any, path: str = HERE, **fields: str) -> Any:
    token = staff.field(client.get(HERE).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token} | fields)


def few_reads(app: Any, number: int) -> None:
    here = app.extensions["dgs"]
    settings = dataclasses.replace(here.settings, open311_reads_per_minute=number)
    app.extensions["dgs"] = dataclasses.replace(here, settings=settings)


def test_an_administrator_hands_out_a_key_and_takes_it_back(client: Any, session: Any) -> None:
    staff.people("admin")
    staff.sign_in(client, "admin")
    page = fill(client, name=NAME, reports_per_hour="5", reads_per_minute="0")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    (shown,) = set(re.findall(r"dgs_[\w-]{32}", page.text))
    assert post(client, shown).status_code == 200
    listed = client.get(HERE).text
    assert shown not in listed
    assert shown[:10] in listed
    assert NAME in listed
    key = session.scalars(select(ApiKey)).one()
    assert key.used_on == clock.today()
    assert shown not in str(key.__dict__)
    refused = fill(client, f"{HERE}/{key.id}/revoke", reason="ngắn")
    assert (refused.status_code, "ngắn" in refused.text) == (422, True)
    assert fill(client, f"{HERE}/{key.id}/revoke", reason="Chương trình đã ngừng chạy").status_code == 303
    answer = post(client, shown)
    assert (answer.status_code, answer.json[0]["description"]) == (403, "api_key: wrong.")
    assert fill(client, f"{HERE}/{key.id}/revoke", reason="Chương trình đã ngừng chạy").status_code == 409
    assert fill(client, f"{HERE}/999/revoke", reason="Chương trình đã ngừng chạy").status_code == 404
    trail = session.scalars(select(Event).where(Event.stream == STREAM).order_by(Event.seq)).all()
    assert [entry.kind for entry in trail][-2:] == ["api_key:issued", "api_key:revoked"]
    assert trail[-1].data["reason"] == "Chương trình đã ngừng chạy"
    assert not any(shown in str(entry.data) for entry in trail)
    assert "thu hồi khóa của một chương trình" in client.get("/admin/audit?kind=accounts").text


def test_what_is_wrong_with_a_new_key_is_told_and_kept(client: Any, session: Any) -> None:
    staff.people("admin")
    staff.sign_in(client, "admin")
    issued()
    for fields, kept in (
        ({"name": "", "reports_per_hour": "5", "reads_per_minute": "7"}, 'value="7"'),
        ({"name": "x" * 121, "reports_per_hour": "5", "reads_per_minute": "7"}, "x" * 121),
        ({"name": "A", "reports_per_hour": "-1", "reads_per_minute": "7"}, 'value="-1"'),
        ({"name": "A", "reports_per_hour": "5", "reads_per_minute": "10000000"}, 'value="10000000"'),
        ({"name": "A", "reports_per_hour": "٣", "reads_per_minute": ""}, 'value="٣"'),
        ({"name": NAME, "reports_per_hour": "5", "reads_per_minute": "7"}, NAME),
    ):
        page = fill(client, **fields)
        assert (page.status_code, kept in page.text) == (422, True), fields
    assert len(session.scalars(select(ApiKey)).all()) == 1


def test_a_key_has_its_own_limit_of_reports(client: Any, session: Any) -> None:
    few, many = issued(reports_per_hour=2), issued(name="Khác")
    first = post(client, few, client_id="1")
    assert post(client, few, client_id="2").status_code == 200
    over = post(client, few, client_id="3")
    assert over.status_code == 429
    assert 1 <= int(over.headers["Retry-After"]) <= 3600
    assert over.json[0]["code"] == 429
    assert len(session.scalars(select(Report.id)).all()) == 2, "one too many leaves nothing behind"
    # What was sent before is answered again, and others are not held up.
    assert post(client, few, client_id="1").json == first.json
    assert post(client, many, client_id="1").status_code == 200
    assert post(client, "demo").status_code == 200


def test_reading_has_a_limit_for_a_network_and_one_for_a_key(app: Any, client: Any, session: Any) -> None:
    few_reads(app, 3)
    one, own = issued(reads_per_minute=5), issued(name="Khác")
    assert [read(client).status_code for _ in range(4)] == [200, 200, 200, 429]
    over = read(client, ending="xml")
    assert over.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert b"<code>429</code>" in over.data
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert read(client, "api_key=wrong").status_code == 429, "a wrong key is none"
    assert [read(client, f"api_key={one}").status_code for _ in range(6)] == [200] * 5 + [429]
    assert {read(client, f"api_key={own}").status_code for _ in range(8)} == {200}
    assert {read(client, "api_key=demo").status_code for _ in range(8)} == {200}
    # Whoever asks from the machine itself is the operator, or a proxy that hides who asks.
    assert {client.get(f"{V2}/requests.json").status_code for _ in range(8)} == {200}


def test_two_keys_do_not_share_client_ids(client: Any, session: Any) -> None:
    one, other = issued(), issued(name="Khác")
    first, second = (post(client, key, client_id="7").json[0]["service_request_id"] for key in (one, other))
    assert first != second


def test_the_operator_hands_out_lists_and_takes_back(app: Any, client: Any, session: Any) -> None:
    session.commit()
    runner = app.test_cli_runner()
    made = runner.invoke(args=["api-keys", "issue", "--name", NAME, "--reports-per-hour", "9"])
    assert made.exit_code == 0, made.output
    shown = re.search(r"dgs_[\w-]{32}", made.output)
    assert shown
    assert post(client, shown[0]).status_code == 200
    again = runner.invoke(args=["api-keys", "issue", "--name", NAME])
    assert again.exit_code != 0
    listed = runner.invoke(args=["api-keys", "list"]).output
    assert NAME in listed
    assert "9/h" in listed
    assert shown[0] not in listed
    number = listed.split()[0]
    reason = ["--reason", "Không còn dùng"]
    assert runner.invoke(args=["api-keys", "revoke", number, *reason]).exit_code == 0
    assert runner.invoke(args=["api-keys", "revoke", number, *reason]).exit_code != 0
    assert runner.invoke(args=["api-keys", "revoke", "99", *reason]).exit_code != 0
    assert post(client, shown[0]).status_code == 403
    assert "revoked" in runner.invoke(args=["api-keys", "list"]).output


@pytest.mark.only_engine("sqlite")  # who may enter does not depend on the database
def test_nobody_else_comes_near_the_keys(client: Any, session: Any) -> None:
    staff.people("central", "unit")
    for name in ("central", "unit"):
        staff.sign_in(client, name)
        assert client.get(HERE).status_code == 403


def test_many_keys_are_listed_by_pages(client: Any, session: Any) -> None:
    staff.people("admin")
    for number in range(api_keys.PAGE + 3):
        issued(name=f"Chương trình {number:03d}")
    staff.sign_in(client, "admin")
    first = client.get(HERE).text
    assert first.count("Chương trình ") >= api_keys.PAGE
    older = re.search(r'href="(/admin/api-keys\?before=\d+)"', first)
    assert older
    second = client.get(older[1]).text
    assert "Chương trình 000" in second
    assert "Chương trình 000" not in first
    assert client.get(f"{HERE}?before=x").status_code == 200
