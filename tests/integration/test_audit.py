"""The audit trail: who saw whose identity, who changed what, who took what out; and that it cannot be bent."""

from __future__ import annotations

import contextvars
import csv
import io
import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import PEOPLE, case, field, people, sign_in
from webapp.accounts import audit
from webapp.accounts import people as accounts
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor, first_broken, history

HERE = "/admin/audit"
REASON = "Gọi lại để hỏi chỗ đổ rác"


def export(client: Any, **filters: str) -> Any:
    token = field(client.get("/auth/security").text, "csrf_token")
    return client.post(f"{HERE}/export", data={"csrf_token": token, **filters})


def rows(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    lines = csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff")))
    names = ("moment", "who", "unit", "done", "about", "reason", "details")
    return [dict(zip(names, line, strict=True)) for line in lines][1:]


def test_who_opened_a_contact_is_seen(client: Any, session: Any) -> None:
    factories.duyen_hai()
    people("commune", "central", "admin")
    report = case()
    user = accounts.by_email(PEOPLE["commune"][0])
    assert user
    actor = Actor("front", user.id, "mttq-29512")
    events.append(f"report:{report.id}", "contact:opened", actor, reason=REASON)
    for who in ("central", "admin"):
        sign_in(client, who)
        page = client.get(f"{HERE}?kind=identities").text
        assert REASON in page
        assert PEOPLE["commune"][0] in page
        assert report.public_id in page
    assert REASON not in client.get(f"{HERE}?kind=accounts").text
    assert REASON not in client.get(f"{HERE}?who={PEOPLE['central'][0]}").text
    assert REASON in client.get(f"{HERE}?who={PEOPLE['commune'][0].upper()}").text


def test_an_export_is_itself_an_entry(client: Any, session: Any) -> None:
    people("admin")
    user = accounts.by_email(PEOPLE["admin"][0])
    assert user
    audit.record("rules:exported", Actor("admin", user.id), "routing_rules", rows=812)
    audit.record("user:switched_off", Actor("admin", user.id), accounts.what(user), reason='=HYPERLINK("x")')
    sign_in(client, "admin")
    table = rows(export(client))
    # What follows is from when the instance was set up.
    assert [row["done"] for row in table][:2] == ["user:switched_off", "rules:exported"]
    assert table[0]["about"] == PEOPLE["admin"][0]
    assert table[0]["reason"].startswith("'="), "a spreadsheet must not run what somebody wrote"
    again = rows(export(client, kind="exports"))
    assert [row["done"] for row in again] == ["audit:exported", "rules:exported"]
    last = history("audit")[-1]
    assert (last.kind, last.data["rows"], last.data["filters"]) == ("audit:exported", 2, {"kind": "exports"})
    assert first_broken(history("audit")) is None


def test_reading_is_no_entry(client: Any, session: Any) -> None:
    people("admin")
    sign_in(client, "admin")
    client.get(HERE)
    assert history("audit") == []


def test_days_are_those_of_vietnam(client: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people("admin")
    mine = PEOPLE["admin"][0]
    user = accounts.by_email(mine)
    assert user
    now = clock.now()
    midnight = clock.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for hours, what in ((-1, "yesterday"), (1, "today"), (25, "tomorrow")):
        monkeypatch.setattr(clock, "now", lambda at=midnight + timedelta(hours=hours): at)
        audit.record("rules:changed", Actor("admin", user.id), what)
    monkeypatch.setattr(clock, "now", lambda: now)
    sign_in(client, "admin")
    day = f"{midnight:%Y-%m-%d}"
    assert [row["about"] for row in rows(export(client, since=day, until=day, who=mine))] == ["today"]


@pytest.mark.parametrize(
    ("filters", "wrong"), [("who=nobody@x.vn", "who"), ("since=32/13", "since"), ("until=9999-99-99", "until")]
)
def test_a_filter_that_cannot_be_read_is_said(client: Any, session: Any, filters: str, wrong: str) -> None:
    people("admin")
    sign_in(client, "admin")
    response = client.get(f"{HERE}?{filters}")
    assert response.status_code == 422
    assert f'id="error-{wrong}"' in response.text
    name, _, value = filters.partition("=")
    assert export(client, **{name: value}).status_code == 422
    assert history("audit") == []


@pytest.mark.parametrize("odd", ["before=x", "before=9999999999999999999", "kind=%27", "who=%00", "until=9999-12-31"])
def test_odd_filters_are_no_error_of_ours(client: Any, session: Any, odd: str) -> None:
    people("admin")
    sign_in(client, "admin")
    assert client.get(f"{HERE}?{odd}").status_code in {200, 400, 422}


def test_the_trail_goes_on_page_by_page(client: Any, session: Any) -> None:
    people("admin")
    for number in range(130):
        audit.record("rules:changed", Actor("admin"), f"rule:{number}")
    sign_in(client, "admin")
    seen, path = [], HERE
    while path:
        page = client.get(path).text
        seen += [int(n) for n in re.findall(r">rule:(\d+)<", page)]
        following = re.search(r'href="([^"]+)" ?rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == list(range(129, -1, -1))
    table = rows(export(client, kind="rules"))
    assert sum(row["done"] == "rules:changed" for row in table) == 130


@pytest.mark.parametrize("who", ["commune", "province", "unit"])
def test_it_is_nobody_elses_business(client: Any, session: Any, who: str) -> None:
    people(who)
    sign_in(client, who)
    assert client.get(HERE).status_code == 403
    assert export(client).status_code == 403


def test_two_at_once_both_stand_in_the_chain(app: Any, session: Any) -> None:
    """What is recorded never costs somebody their work: writers of the one chain wait for each other."""
    session.commit()
    start, failures = threading.Barrier(4), []

    def write(number: int) -> None:
        try:
            with app.app_context():
                for part in range(5):
                    start.wait(20)
                    audit.record("rules:changed", Actor("system"), f"{number}-{part}")
                    db.session.commit()
        except Exception as error:
            failures.append(error)

    writers = [threading.Thread(target=contextvars.Context().run, args=(write, n)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failures
    entries = history("audit")
    assert len(entries) == 20
    assert first_broken(entries) is None
