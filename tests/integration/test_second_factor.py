"""The second factor of staff: set up before anything else, asked at each sign-in, lost and found again."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from passlib.totp import TOTP
from sqlalchemy import func, select

from tests import factories
from tests.integration.staff import PEOPLE, field, people, sign_in
from webapp.accounts import people as accounts
from webapp.accounts import second_factor
from webapp.accounts.models import StaffSession, User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event

SECURITY = "/auth/security"


@pytest.fixture
def settings(settings: Any) -> Any:
    return dataclasses.replace(settings, second_factor=True)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`later(seconds=…)`: so much time passes."""
    start, passed = clock.now(), [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: start + passed[0])

    def move(**by: int) -> None:
        passed[0] += timedelta(**by)

    return move


def post(client: Any, path: str, page: str = SECURITY, **data: str) -> Any:
    token = field(client.get(page).get_data(as_text=True), "csrf_token")
    return client.post(path, data={"csrf_token": token, **data})


def account(name: str) -> User:
    db.session.expire_all()
    found = accounts.by_email(PEOPLE[name][0])
    assert found
    return found


def letters(client: Any) -> str:
    """The app's secret as the page spells it out."""
    found = re.search(r'mono letters">([^<]+)<', client.get(f"{SECURITY}/app").text)
    assert found
    return found[1]


def code(secret: str, *, later_by: int = 0) -> str:
    return str(TOTP(key=secret.replace("-", "").replace(" ", "")).generate(clock.now().timestamp() + later_by).token)


def with_app(client: Any, name: str = "commune") -> tuple[str, list[str]]:
    """Sign in for the first time and set up an app: its secret and the recovery codes."""
    people(name)
    sign_in(client, name)
    secret = letters(client)
    page = post(client, f"{SECURITY}/app", f"{SECURITY}/app", code=code(secret))
    assert page.status_code == 200, page.text
    return secret, re.findall(r'<li class="mono">([^<]+)<', page.text)


def test_nothing_opens_before_the_second_factor_is_set_up(client: Any, session: Any) -> None:
    people("commune")
    sign_in(client, "commune")
    for path in ("/desk", "/auth/home", "/entry", "/admin/people"):
        assert client.get(path).headers["Location"] == SECURITY, path
    assert "Set up a second step first" in client.get(SECURITY, headers={"Accept-Language": "en"}).text
    secret = letters(client)
    assert letters(client) == secret, "a page loaded again shows the same picture"
    wrong = post(client, f"{SECURITY}/app", f"{SECURITY}/app", code="000000")
    assert wrong.status_code == 422
    assert 'id="error-code"' in wrong.text
    assert letters(client) == secret, "a wrong code does not cost the scan"
    page = post(client, f"{SECURITY}/app", f"{SECURITY}/app", code=code(secret))
    assert len(set(re.findall(r'<li class="mono">([^<]+)<', page.text))) == second_factor.RECOVERY_CODES
    assert client.get("/desk").status_code == 200


def test_the_secret_and_the_codes_are_not_in_the_database(client: Any, session: Any) -> None:
    secret, codes = with_app(client)
    user = account("commune")
    plain = secret.replace("-", "").replace(" ", "")
    assert user.totp_secret
    assert plain not in user.totp_secret
    assert not any(part in str(user.recovery_codes) for part in codes)


def test_the_app_is_asked_at_the_next_sign_in(client: Any, session: Any, later: Any) -> None:
    secret, _codes = with_app(client)
    later(minutes=2)
    sign_in(client, "commune")
    assert client.get("/desk?tab=all").headers["Location"] == "/auth/second?next=/desk%3Ftab%3Dall"
    assert client.get(SECURITY).headers["Location"].startswith("/auth/second")
    assert "Đăng xuất" not in client.get("/").text, "whoever has only the password is nobody"
    for wrong in ("", "123", "abcdef", "١٢٣٤٥٦", code(secret, later_by=600)):
        refused = post(client, "/auth/second", "/auth/second", code=wrong)
        assert refused.status_code == 422, wrong
        assert 'id="error-code"' in refused.text
    right = post(client, "/auth/second", "/auth/second", code=code(secret), next="/desk?tab=all")
    assert (right.status_code, right.headers["Location"]) == (303, "/desk?tab=all")
    assert client.get("/desk").status_code == 200


def test_no_token_goes_around_the_second_step(client: Any, session: Any) -> None:
    """Flask-Security can hand out tokens for programs; none of them opens anything here."""
    with_app(client)
    user = account("commune")
    client.delete_cookie("dgs")
    token = field(client.get("/auth/login").text, "csrf_token")
    given = {"email": PEOPLE["commune"][0], "password": factories.PASSWORD}
    client.post("/auth/login?include_auth_token", json=given, headers={"X-CSRFToken": token})
    client.delete_cookie("dgs")
    earned = user.get_auth_token()
    for ask in ({"headers": {"Authentication-Token": earned}}, {"query_string": {"auth_token": earned}}):
        assert client.get("/desk", **ask).status_code == 302
        assert client.get(SECURITY, **ask).status_code == 302


def test_a_code_counts_once(client: Any, session: Any, later: Any) -> None:
    secret, _codes = with_app(client)
    later(minutes=2)
    used = code(secret)
    sign_in(client, "commune")
    assert post(client, "/auth/second", "/auth/second", code=used).status_code == 303
    sign_in(client, "commune")
    assert post(client, "/auth/second", "/auth/second", code=used).status_code == 422


def test_next_stays_on_this_site(client: Any, session: Any, later: Any) -> None:
    secret, _codes = with_app(client)
    later(minutes=2)
    sign_in(client, "commune")
    response = post(client, "/auth/second", "/auth/second", code=code(secret), next="//example.org/")
    assert response.headers["Location"] == "/auth/home"


def test_the_first_step_waits_ten_minutes(client: Any, session: Any, later: Any) -> None:
    secret, _codes = with_app(client)
    sign_in(client, "commune")
    token = field(client.get("/auth/second").text, "csrf_token")
    later(minutes=11)
    response = client.post("/auth/second", data={"csrf_token": token, "code": code(secret)})
    assert response.headers["Location"] == "/auth/login"
    assert client.get("/desk").headers["Location"].startswith("/auth/login")


def test_a_recovery_code_lets_in_once(client: Any, session: Any) -> None:
    _secret, codes = with_app(client)
    for expected in (303, 422):
        sign_in(client, "commune")
        given = post(client, "/auth/second", "/auth/second", way="recovery", recovery=f" {codes[3].upper()} ")
        assert given.status_code == expected
    assert len(account("commune").recovery_codes) == second_factor.RECOVERY_CODES - 1
    kinds = session.scalars(select(Event.kind).where(Event.stream == "audit").order_by(Event.seq)).all()
    assert kinds == ["user:app_added", "user:recovery_code_used"]


def test_another_ones_recovery_code_is_worth_nothing(client: Any, session: Any) -> None:
    _secret, codes = with_app(client)
    with_app(client, "province")
    sign_in(client, "province")
    assert post(client, "/auth/second", "/auth/second", way="recovery", recovery=codes[0]).status_code == 422


def test_guessing_codes_is_slowed_down(client: Any, session: Any, later: Any) -> None:
    secret, _codes = with_app(client)
    later(minutes=2)
    sign_in(client, "commune")
    for number in range(10):
        assert post(client, "/auth/second", "/auth/second", code=f"{number:06}").status_code == 422
    assert post(client, "/auth/second", "/auth/second", code=code(secret)).status_code == 429


def test_new_recovery_codes_need_the_password(client: Any, session: Any) -> None:
    with_app(client)
    before = account("commune").recovery_codes
    assert post(client, f"{SECURITY}/recovery", current="sai").status_code == 422
    assert account("commune").recovery_codes == before
    assert post(client, f"{SECURITY}/recovery", current=factories.PASSWORD).status_code == 200
    assert not set(account("commune").recovery_codes) & set(before)


def test_the_last_factor_stays_where_one_is_required(client: Any, session: Any) -> None:
    with_app(client)
    assert post(client, f"{SECURITY}/app/remove", current=factories.PASSWORD).status_code == 422
    assert account("commune").totp_secret


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}']
)
def test_a_made_up_passkey_is_refused(client: Any, session: Any, settings: Any, app: Any, answer: str) -> None:
    from webapp.core.instance import Instance

    there: Instance = app.extensions["dgs"]
    app.extensions["dgs"] = dataclasses.replace(
        there, settings=dataclasses.replace(settings, public_url="http://localhost")
    )
    with_app(client)
    ask = {"key_name": "máy cơ quan", "current": factories.PASSWORD}
    assert post(client, f"{SECURITY}/passkeys/options", **ask).json["rp"]["id"] == "localhost"
    refused = post(client, f"{SECURITY}/passkeys", credential=answer, **ask)
    assert refused.status_code == 422
    assert "máy cơ quan" in refused.text, "what was typed is kept"
    sign_in(client, "commune")
    assert post(client, "/auth/second/passkey", "/auth/second").json["challenge"]
    assert post(client, "/auth/second", "/auth/second", way="passkey", credential=answer).status_code == 422
    assert client.get("/desk").status_code == 302


# -- sessions --------------------------------------------------------------------------------------------------


def test_each_place_is_listed_coarsely_and_can_be_ended(app: Any, client: Any, session: Any) -> None:
    import contextvars

    with_app(client)
    other = app.test_client()
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 13; SM-A136) Chrome/120.0.0.0 Mobile Safari/537.36"}
    user = account("commune")
    second_factor.reset(user)
    db.session.commit()

    def there(method: str, path: str, **options: Any) -> Any:
        return contextvars.Context().run(lambda: other.open(path, method=method, headers=phone, **options))

    token = field(there("GET", "/auth/login").text, "csrf_token")
    given = {"email": PEOPLE["commune"][0], "password": factories.PASSWORD, "csrf_token": token}
    assert there("POST", "/auth/login", data=given).status_code == 302
    assert there("GET", SECURITY).status_code == 200
    page = client.get(SECURITY, headers={"Accept-Language": "en"}).text
    assert "Phone" in page
    assert "SM-A136" not in page
    assert (page.count("Sign out there"), page.count(">here<")) == (1, 1)
    row = session.scalars(select(StaffSession).where(StaffSession.machine == "phone")).one()
    assert (row.program, "SM-A136" in str(vars(row))) == ("chrome", False)
    end = f"{SECURITY}/sessions/{row.id}/end"
    assert post(client, end).status_code == 303
    assert there("GET", SECURITY).status_code == 302
    assert client.get(SECURITY).status_code == 200
    assert post(client, end).status_code == 404


def test_nobody_ends_the_session_of_another(client: Any, session: Any) -> None:
    people("commune", "province")
    sign_in(client, "commune")
    row = session.scalars(select(StaffSession)).one()
    sign_in(client, "province")
    assert post(client, f"{SECURITY}/sessions/{row.id}/end").status_code == 404
    assert session.scalar(select(func.count()).select_from(StaffSession)) == 2


def test_a_new_password_ends_the_other_sessions(client: Any, session: Any) -> None:
    with_app(client)
    kept = client.get_cookie("dgs").value
    sign_in(client, "commune")  # pending, elsewhere
    client.set_cookie("dgs", kept)
    new = "bốn cái thuyền trên sông"
    answers = [
        post(client, f"{SECURITY}/password", current=factories.PASSWORD, password=p, again=a).status_code
        for p, a in (("ngắn", "ngắn"), ("matkhau-cua-toi-1", "matkhau-cua-toi-1"), (new, "khác"), (new, new))
    ]
    assert answers == [422, 422, 422, 303]
    assert session.scalar(select(func.count()).select_from(StaffSession)) == 1
    assert client.get(SECURITY).status_code == 200


def test_a_session_ends_by_itself(client: Any, session: Any, later: Any) -> None:
    with_app(client)
    for _ in range(5):
        later(minutes=50)
        assert client.get("/desk").status_code == 200, "whoever works stays signed in"
    later(minutes=61)
    assert client.get("/desk").status_code == 302, "left idle"
    _secret = with_app(client, "province")
    for _ in range(14):
        later(minutes=50)
        assert client.get("/desk").status_code == 200
    later(minutes=50)
    assert client.get("/desk").status_code == 302, "twelve hours are over"


def test_a_copied_cookie_is_worth_nothing_after_signing_out(client: Any, session: Any) -> None:
    with_app(client)
    copied = client.get_cookie("dgs").value
    assert post(client, "/auth/logout").status_code == 302
    client.set_cookie("dgs", copied)
    assert client.get("/desk").status_code == 302


def test_who_guesses_does_not_lock_the_owner_out(client: Any, session: Any) -> None:
    people("commune")
    sign_in(client, "commune")
    known = client.get_cookie("dgs_known", path="/auth/login").value
    client.delete_cookie("dgs")
    client.delete_cookie("dgs_known", path="/auth/login")

    def attempt(password: str, address: str) -> int:
        token = field(client.get("/auth/login").text, "csrf_token")
        given = {"email": PEOPLE["commune"][0], "password": password, "csrf_token": token}
        where = {"REMOTE_ADDR": address}
        return int(client.post("/auth/login", data=given, environ_overrides=where).status_code)

    assert [attempt("sai", f"203.0.113.{n}") for n in range(12)] == [422] * 10 + [429] * 2
    client.set_cookie("dgs_known", known, path="/auth/login")
    assert attempt(factories.PASSWORD, "203.0.113.200") == 302
