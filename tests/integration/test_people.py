"""Accounts of others: invited by link, switched off and on, helped after a loss, each level for the one below."""

from __future__ import annotations

import contextvars
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.staff import PEOPLE, field, people, sign_in
from webapp.accounts import people as accounts
from webapp.accounts.models import Invitation, User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event, first_broken, history

HERE = "/admin/people"
NEW = {"email": "moi@mattran.test", "name": "Cán bộ môi trường", "unit": "mttq-29512"}
PASSWORD = "bốn cái thuyền trên sông"
REASON = "Chuyển công tác từ tháng sau"


def post(client: Any, path: str, page: str = "/auth/security", **data: str) -> Any:
    token = field(client.get(page).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token, **data})


def account(email: str) -> User:
    db.session.expire_all()
    found = accounts.by_email(email)
    assert found, email
    return found


def head(name: str) -> User:
    people(name)
    user = account(PEOPLE[name][0])
    user.head = True
    db.session.flush()
    return user


def told() -> list[tuple[str, str]]:
    """(kind, about) of the audit trail."""
    db.session.expire_all()
    return [(e.kind, e.data["what"]) for e in history("audit")]


def test_an_invitation_from_the_office_above_to_the_first_page(
    app: Any, client: Any, session: Any, run_jobs: Any, place: Any
) -> None:
    people("province")
    sign_in(client, "province")
    page = post(client, f"{HERE}/invite", f"{HERE}/invite", **NEW)
    assert page.status_code == 200
    run_jobs()
    letters = [path.read_text("utf-8") for path in (place.home / "outbox").glob("invitation-*.txt")]
    assert len(letters) == 1
    link = re.search(r"http://127\.0\.0\.1:8000(/auth/invitation/\S+)", letters[0])
    assert link
    assert link[1] in page.text, "without e-mail the link is handed over"
    assert "To: moi@mattran.test" in letters[0]
    assert "notices/" not in letters[0], "a letter to staff has nothing to stop"

    client.delete_cookie("dgs")
    for typed, again, wrong in (
        ("ngắn", "ngắn", "password"),
        ("matkhau123456", "x", "password"),
        (PASSWORD, "x", "again"),
    ):
        refused = post(client, link[1], link[1], password=typed, again=again)
        assert refused.status_code == 422
        assert f'id="error-{wrong}"' in refused.text
    assert post(client, link[1], link[1], password=PASSWORD, again=PASSWORD).status_code == 303
    assert client.get(link[1]).status_code == 404, "it works once"
    token = field(client.get("/auth/login").text, "csrf_token")
    given = {"email": NEW["email"], "password": PASSWORD, "csrf_token": token}
    assert client.post("/auth/login", data=given).status_code == 302
    assert client.get("/desk").status_code == 200
    user = account(NEW["email"])
    assert told() == [("user:invited", f"user:{user.id}"), ("user:accepted", f"user:{user.id}")]
    assert NEW["email"] not in str([e.data for e in history("audit")]), "what is kept for ever holds no address"
    assert first_broken(history("audit")) is None


@pytest.mark.parametrize("spoil", ["late", "replaced", "off", "altered", "junk"])
def test_a_link_that_is_no_longer_good(client: Any, session: Any, spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    people("admin")
    actor = accounts.Actor("admin", account(PEOPLE["admin"][0]).id)
    made = accounts.invite(actor, email="a@b.vn", name="Cán bộ", role="unit", unit_code="ubnd-29512", head=False)
    path = accounts.link_of(made).removeprefix("http://127.0.0.1:8000")
    assert client.get(path).status_code == 200
    token = field(client.get(path).text, "csrf_token")
    user = account("a@b.vn")
    if spoil == "late":
        start = clock.now()
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=7, minutes=1))
    elif spoil == "replaced":
        accounts.new_link(user, actor)
    elif spoil == "off":
        accounts.switch_off(user, actor, REASON)
    elif spoil == "altered":
        path = path[:-1] + ("0" if path[-1] != "0" else "1")
    else:
        path = "/auth/invitation/9" + "9" * 30 + "-é"
    assert client.get(path).status_code == 404
    response = client.post(path, data={"csrf_token": token, "password": PASSWORD, "again": PASSWORD})
    assert response.status_code == 404
    assert account("a@b.vn").invited


def test_the_database_alone_opens_no_account(app: Any, session: Any) -> None:
    people("admin")
    made = accounts.invite(
        accounts.Actor("admin"), email="a@b.vn", name="x", role="unit", unit_code="ubnd-29512", head=False
    )
    kept = {str(value) for value in vars(made).values()}
    assert not any(accounts.token_of(made).partition("-")[2] in value for value in kept)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"email": "không phải"}, "email"),
        ({"email": ""}, "email"),
        ({"email": PEOPLE["commune"][0].upper()}, "email"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"unit": ""}, "unit"),
        ({"unit": "khong-co"}, "unit"),
        ({"unit": "mttq-75"}, "unit"),  # another province
        ({"unit": "ubnd-29512"}, "unit"),  # not the Front's
        ({"unit": "mttq-86", "head": "1"}, "unit"),  # more than the inviter has
    ],
)
def test_a_wrong_invitation_says_what_is_wrong_and_keeps_the_rest(
    client: Any, session: Any, change: dict[str, str], wrong: str
) -> None:
    people("province", "commune")
    sign_in(client, "province")
    response = post(client, f"{HERE}/invite", f"{HERE}/invite", **{**NEW, **change})
    assert response.status_code == 422
    assert f'id="error-{wrong}"' in response.text
    if wrong != "name":
        assert NEW["name"] in response.text
    assert session.scalars(select(Invitation)).all() == []


REACH = {
    # who -> whom they may switch off
    "province": {"commune", "other", "member"},  # its own unit is the officer's too, but not oneself
    "commune": set(),
    "central": {"province", "commune", "other", "unit", "unit2", "far", "member"},
    "admin": {"province", "commune", "other", "unit", "unit2", "far", "member", "central"},
}


@pytest.mark.parametrize("who", list(REACH))
def test_each_level_looks_after_the_one_below(client: Any, session: Any, who: str) -> None:
    people()
    ids = {name: account(PEOPLE[name][0]).id for name in PEOPLE}
    ids["far"] = factories.user("xa@dgs.test", "front", "mttq-75").id
    db.session.commit()
    sign_in(client, who)
    reached = set()
    for name, user_id in ids.items():
        response = post(client, f"{HERE}/{user_id}/off", HERE, reason=REASON)
        assert response.status_code in {303, 403, 404}, name
        if response.status_code == 303:
            reached.add(name)
    assert reached == REACH[who]
    off = {user.email for user in session.scalars(select(User).where(User.active.is_(False)))}
    assert len(off) == len(REACH[who])


def test_a_unit_is_looked_after_by_its_head(client: Any, session: Any) -> None:
    people("unit2")
    colleague = factories.user("dong.nghiep@dgs.test", "unit", "so-nnmt-86").id
    below = factories.user("kiem.lam@dgs.test", "unit", "kiemlam-86").id
    elsewhere = factories.user("khac@dgs.test", "unit", "ubnd-29512").id
    sign_in(client, "unit2")
    assert client.get(HERE).status_code == 403
    assert client.get(f"{HERE}/invite").status_code == 403
    account(PEOPLE["unit2"][0]).head = True
    db.session.commit()
    page = client.get(HERE).text
    assert "dong.nghiep@dgs.test" in page
    assert "kiem.lam@dgs.test" in page
    assert "khac@dgs.test" not in page
    for user_id, expected in ((colleague, 303), (below, 303), (elsewhere, 404)):
        assert post(client, f"{HERE}/{user_id}/off", HERE, reason=REASON).status_code == expected
    assert post(client, f"{HERE}/{below}/on", HERE, reason=REASON).status_code == 303
    assert post(client, f"{HERE}/{colleague}/reset", HERE, reason=REASON).status_code == 403, "not by a colleague"
    assert post(client, f"{HERE}/{below}/reset", HERE, reason=REASON).status_code == 303


def test_nobody_works_on_their_own_account(client: Any, session: Any) -> None:
    mine = head("unit2").id
    people("admin")
    sign_in(client, "unit2")
    for name in ("off", "reset", "head", "member", "link"):
        assert post(client, f"{HERE}/{mine}/{name}", HERE, reason=REASON).status_code == 403, name
    assert account(PEOPLE["unit2"][0]).active


def test_a_link_is_handed_over_from_above_where_there_is_no_mail(client: Any, session: Any) -> None:
    head("unit2")
    colleague = factories.user("dong.nghiep@dgs.test", "unit", "so-nnmt-86").id
    below = factories.user("kiem.lam@dgs.test", "unit", "kiemlam-86").id
    sign_in(client, "unit2")
    assert post(client, f"{HERE}/{colleague}/link", HERE).status_code == 403
    page = post(client, f"{HERE}/{below}/link", HERE)
    assert "/auth/invitation/" in page.text


def test_only_a_head_makes_a_head(client: Any, session: Any) -> None:
    people("province")
    colleague = factories.user("dong.nghiep@dgs.test", "front", "mttq-86").id
    boss = factories.user("truong.ban@dgs.test", "front", "mttq-86")
    boss.head = True
    sign_in(client, "province")
    assert post(client, f"{HERE}/{colleague}/head", HERE).status_code == 403
    assert post(client, f"{HERE}/{boss.id}/off", HERE, reason=REASON).status_code == 403
    account(PEOPLE["province"][0]).head = True
    db.session.commit()
    assert post(client, f"{HERE}/{colleague}/head", HERE).status_code == 303
    assert account("dong.nghiep@dgs.test").head
    assert post(client, f"{HERE}/{colleague}/head", HERE).status_code == 409, "it is done already"
    assert post(client, f"{HERE}/{colleague}/member", HERE).status_code == 303


def test_switching_off_ends_every_session_at_once_and_deletes_nothing(app: Any, client: Any, session: Any) -> None:
    people("commune", "admin")
    other = app.test_client()

    def there(path: str, **data: str) -> Any:
        ask = (lambda: other.post(path, data=data)) if data else (lambda: other.get(path))
        return contextvars.Context().run(ask)

    db.session.commit()
    token = field(there("/auth/login").text, "csrf_token")
    given = {"email": PEOPLE["commune"][0], "password": factories.PASSWORD, "csrf_token": token}
    assert there("/auth/login", **given).status_code == 302
    assert there("/desk").status_code == 200
    user_id = account(PEOPLE["commune"][0]).id
    sign_in(client, "admin")
    for reason in ("", "ngắn", "x" * 301):
        refused = post(client, f"{HERE}/{user_id}/off", HERE, reason=reason)
        assert refused.status_code == 422
        assert 'id="error-reason"' in refused.text
        assert reason in refused.text
    assert post(client, f"{HERE}/{user_id}/off", HERE, reason=REASON).status_code == 303
    assert there("/desk").status_code == 302
    assert account(PEOPLE["commune"][0]).name
    assert post(client, f"{HERE}/{user_id}/off", HERE, reason=REASON).status_code == 409
    assert post(client, f"{HERE}/{user_id}/on", HERE, reason=REASON).status_code == 303
    assert there("/desk").status_code == 302, "switching on brings no session back"
    entry = session.scalars(select(Event).where(Event.kind == "user:switched_off")).one()
    assert (entry.data["reason"], entry.data["what"]) == (REASON, f"user:{user_id}")


def test_a_reset_asks_for_a_new_second_factor(client: Any, session: Any) -> None:
    people("commune", "province")
    user = account(PEOPLE["commune"][0])
    user.totp_secret, user.recovery_codes = "{}", ["x"]
    db.session.commit()
    sign_in(client, "commune")
    assert client.get("/desk").headers["Location"].startswith("/auth/second")
    sign_in(client, "province")
    assert post(client, f"{HERE}/{user.id}/reset", HERE, reason=REASON).status_code == 303
    user = account(PEOPLE["commune"][0])
    assert (user.totp_secret, user.recovery_codes) == (None, [])
    assert told() == [("user:factor_reset", f"user:{user.id}")]
    sign_in(client, "commune")
    assert client.get("/desk").status_code == 200


def test_the_list_goes_on_page_by_page(client: Any, session: Any) -> None:
    people("admin")
    for number in range(120):
        db.session.add(
            User(
                email=f"n{number:03}@dgs.test", password="x", fs_uniquifier=f"{number}", name="Cán bộ",
                role="unit", unit_code="ubnd-29512", created_at=clock.now(), active=number % 3 != 0,
            )
        )  # fmt: skip
    sign_in(client, "admin")
    seen, path = [], f"{HERE}?q=n&state=active"
    while path:
        page = client.get(path).text
        seen += re.findall(r">(n\d+@dgs\.test)<", page)
        following = re.search(r'href="([^"]+)" ?rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == sorted(f"n{n:03}@dgs.test" for n in range(120) if n % 3)


@pytest.mark.parametrize("path", [f"{HERE}/999999999999", f"{HERE}/999999", f"{HERE}?after=%00&q=%25&state=x"])
def test_odd_addresses_are_no_error_of_ours(client: Any, session: Any, path: str) -> None:
    people("admin")
    sign_in(client, "admin")
    assert client.get(path).status_code in {200, 400, 404}


def test_the_commands_of_the_operator(app: Any, session: Any) -> None:
    run = app.test_cli_runner()

    def users(*words: str, ok: bool = True) -> str:
        db.session.commit()
        result = contextvars.Context().run(lambda: run.invoke(args=["users", *words]))
        assert (result.exit_code == 0) == ok, result.output
        return str(result.output)

    made = users("invite", "--email", "x@y.vn", "--role", "front", "--unit", "mttq-86", "--name", "Cán bộ", "--head")
    assert "/auth/invitation/" in made
    users("invite", "--email", "X@Y.vn", "--role", "front", "--unit", "mttq-86", "--name", "Cán bộ", ok=False)
    users("invite", "--email", "z@y.vn", "--role", "unit", "--unit", "mttq-86", "--name", "Cán bộ", ok=False)
    assert re.search(r"x@y\.vn +front +mttq-86 +invited +head", users("list"))
    users("switch-off", "x@y.vn", "--reason", REASON)
    users("switch-off", "x@y.vn", "--reason", REASON, ok=False)
    users("switch-on", "x@y.vn", "--reason", REASON)
    users("reset-second-factor", "x@y.vn", "--reason", REASON)
    users("reset-second-factor", "nobody@y.vn", "--reason", REASON, ok=False)
    kinds = [kind for kind, _ in told()]
    assert kinds == ["user:invited", "user:switched_off", "user:switched_on", "user:factor_reset"]
