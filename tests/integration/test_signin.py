"""Signing in and out: right and wrong, slowly for those who guess, and never on to a foreign site."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urljoin

import pytest

from tests import factories
from tests.integration.staff import PEOPLE, field, people, sign_in
from webapp.pages import limits


def attempt(client: Any, email: str, password: str, path: str = "/auth/login", **environ: Any) -> Any:
    page = client.get(path).get_data(as_text=True).split('action="/auth/login"')[1]
    data = {"email": email, "password": password, "csrf_token": field(page, "csrf_token"), "next": field(page, "next")}
    return client.post(path, data=data, **environ)


@pytest.mark.parametrize(
    ("who", "desk"), [("commune", "/desk"), ("province", "/desk"), ("unit", "/unit"), ("admin", "/admin")]
)
def test_each_role_comes_to_its_desk(client: Any, session: Any, who: str, desk: str) -> None:
    people(who)
    response = attempt(client, PEOPLE[who][0].upper(), factories.PASSWORD)
    assert (response.status_code, response.headers["Location"]) == (302, "/auth/home")
    assert client.get("/auth/home").headers["Location"] == desk
    assert client.get(desk).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("front.xa@dgs.test", "sai-mat-khau-roi"),
        ("nobody@dgs.test", "sai-mat-khau-roi"),
        ("không phải", "x"),
        ("a@b.c" * 300, "x"),
    ],
)
def test_a_wrong_sign_in_says_no_more_than_that(client: Any, session: Any, email: str, password: str) -> None:
    people("commune")
    response = attempt(client, email, password)
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert html.count('id="error-email"') == 1
    assert 'id="error-password"' not in html
    assert password not in html.split("<main")[1].replace("password", "") or password == "x"
    assert email in html, "the e-mail address is kept"


def test_empty_fields_are_named(client: Any, session: Any) -> None:
    html = attempt(client, "", "").get_data(as_text=True)
    assert 'id="error-email"' in html
    assert 'id="error-password"' in html


def test_an_account_that_is_off_cannot_sign_in(client: Any, session: Any) -> None:
    user = factories.user(*PEOPLE["commune"])
    user.active = False
    assert attempt(client, PEOPLE["commune"][0], factories.PASSWORD).status_code == 422


@pytest.mark.parametrize(
    "role_and_unit", [("front", "ubnd-29512"), ("unit", "mttq-29512"), ("unit", None), ("front", "x")]
)
def test_an_account_that_contradicts_itself_can_do_nothing(client: Any, session: Any, role_and_unit: Any) -> None:
    factories.user("odd@dgs.test", *role_and_unit)
    attempt(client, "odd@dgs.test", factories.PASSWORD)
    for path in ("/desk", "/unit", "/admin"):
        assert client.get(path).status_code in (302, 403)


def test_next_stays_on_this_site(client: Any, session: Any) -> None:
    people("commune")
    response = attempt(client, PEOPLE["commune"][0], factories.PASSWORD, "/auth/login?next=/desk?tab=all")
    assert response.headers["Location"] == "/desk?tab=all"
    for foreign in ("https://example.org/", "//example.org", "/\\example.org", "///example.org", "javascript:alert(1)"):
        client.delete_cookie("dgs")
        response = attempt(client, PEOPLE["commune"][0], factories.PASSWORD, f"/auth/login?next={foreign}")
        where = urljoin("http://localhost/auth/login", response.headers.get("Location", "").replace("\\", "/"))
        assert where.startswith("http://localhost/"), foreign


def test_signing_out_is_a_post(client: Any, session: Any) -> None:
    people("commune")
    sign_in(client, "commune")
    token = field(client.get("/desk").get_data(as_text=True), "csrf_token")
    assert client.get("/auth/logout").status_code == 405
    assert client.post("/auth/logout", data={"csrf_token": token}).status_code == 302
    assert client.get("/desk").status_code == 302


def test_guessing_is_slowed_down_and_others_are_not(client: Any, session: Any, caplog: Any) -> None:
    people("commune")
    caplog.set_level(logging.DEBUG)
    here, there = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}
    for number in range(10):
        response = attempt(client, f"x{number}@dgs.test", "sai", environ_overrides=here)
        assert response.status_code == 422, number
    assert attempt(client, "y@dgs.test", "sai", environ_overrides=here).status_code == 429
    assert client.get("/auth/login", environ_overrides=here).status_code == 200
    response = attempt(client, PEOPLE["commune"][0], factories.PASSWORD, environ_overrides=there)
    assert response.status_code == 302
    assert "203.0.113" not in caplog.text


def test_guessing_one_account_from_many_places_is_slowed_down(client: Any, session: Any) -> None:
    people("commune", "province")
    for number in range(10):
        where = {"REMOTE_ADDR": f"2001:db8:{number:x}::1"}
        assert attempt(client, PEOPLE["commune"][0], "sai", environ_overrides=where).status_code == 422
    where = {"REMOTE_ADDR": "2001:db8:99::1"}
    assert attempt(client, PEOPLE["commune"][0].upper(), "sai", environ_overrides=where).status_code == 429
    assert attempt(client, PEOPLE["province"][0], factories.PASSWORD, environ_overrides=where).status_code == 302


def test_the_right_password_costs_nothing(client: Any, session: Any) -> None:
    people("commune")
    for _ in range(14):
        assert attempt(client, PEOPLE["commune"][0], factories.PASSWORD).status_code == 302
        client.delete_cookie("dgs")
        client.delete_cookie("remember_token")


def test_neighbours_of_one_network_are_one(app: Any) -> None:
    keys = []
    for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "192.0.2.1", "junk"):
        with app.test_request_context("/", environ_overrides={"REMOTE_ADDR": address}):
            keys.append(limits.network())
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert not any("192" in key and "." in key for key in keys)


@pytest.mark.only_engine("sqlite")  # no table is asked
def test_a_real_instance_hashes_passwords_slowly(settings: Any) -> None:
    """Tests sign in with cheap hashes (`services.hurried`); nobody else does."""
    from webapp import create_app

    passwords = create_app(settings).extensions["security"].pwd_context
    assert passwords.hash("mot mat khau").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
