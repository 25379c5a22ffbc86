"""Staff in a real browser: an invitation, a passkey of Chromium's own virtual authenticator, and back in with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from scripts.stack import Process
from tests import services

PASSWORD = "bốn cái thuyền trên sông"
EMAIL = "mattran.moi@minhhoa.example"
DESK = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "has_touch": False, "device_scale_factor": 1}


@pytest.fixture(scope="module")
def server(run: services.Run) -> Iterator[services.Server]:
    """An instance that asks all staff for a second factor, under a name: passkeys want one."""
    with services.embedded_server(run, host="localhost", SECOND_FACTOR="required") as server:
        yield server


def invite(server: services.Server) -> str:
    """The link that the operator's command prints."""
    who = ("--email", EMAIL, "--role", "front", "--unit", "mttq-86", "--name", "Cán bộ Mặt trận (minh họa)", "--head")
    server.processes.run_once(Process("invite", ("flask", "--app", "webapp", "users", "invite", *who), once=True))
    found = re.search(r"http://\S+", server.log("invite"))
    assert found, server.log("invite")
    return found[0]


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A key store in the device, and a user who agrees to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def sign_in(page: Page, base: str, email: str = EMAIL) -> None:
    page.goto(f"{base}/auth/login")
    page.get_by_label("Địa chỉ email").fill(email)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()


def add_passkey(page: Page) -> None:
    """From the page of one's own security to the recovery codes that it shows."""
    page.get_by_label("Tên thiết bị").fill("Máy tính ở cơ quan")
    page.get_by_role("button", name="Thêm khóa truy cập").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)


@pytest.fixture
def officer(server: services.Server, phones: Any, request: pytest.FixtureRequest) -> str:
    """An account of the test's own with a passkey on another device. A server may have seen no other test."""
    email = f"{request.node.originalname.replace('_', '-')}@minhhoa.example"
    who = ("--email", email, "--role", "front", "--unit", "mttq-86", "--name", "Cán bộ Mặt trận (minh họa)")
    add = ("flask", "--app", "webapp", "users", "add", *who, "--password", PASSWORD)
    server.processes.run_once(Process("add", add, once=True))
    page = phones(**DESK)
    authenticator(page)
    sign_in(page, server.url, email)
    add_passkey(page)
    return email


def test_from_the_link_to_the_desk_with_a_passkey(
    server: services.Server, phones: Any, shots: Callable[..., Any]
) -> None:
    page = phones(**DESK)
    keys, device = authenticator(page)
    page.goto(invite(server))
    shots("people-invitation", page)
    page.get_by_label("Mật khẩu mới").fill(PASSWORD)
    page.get_by_label("Nhập lại lần nữa").fill(PASSWORD)
    page.get_by_role("button", name="Đặt mật khẩu").click()
    sign_in(page, server.url)
    expect(page).to_have_url(f"{server.url}/auth/security")
    shots("people-security-missing", page)

    add_passkey(page)
    shots("people-recovery-codes", page)
    assert len(keys.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    page.get_by_role("link", name="Tôi đã cất giữ").click()
    expect(page.locator("b", has_text="Máy tính ở cơ quan")).to_be_visible()
    shots("people-security", page)
    page.goto(f"{server.url}/desk")
    expect(page).to_have_url(f"{server.url}/desk")
    page.goto(f"{server.url}/admin/people")
    shots("people-list", page)
    page.goto(f"{server.url}/admin/people/invite")
    shots("people-invite", page)

    page.set_viewport_size({"width": 360, "height": 740})
    for name in ("admin/people", "admin/people/invite", "auth/security", "auth/security/app"):
        page.goto(f"{server.url}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        shots(f"people-phone-{name.replace('/', '-')}", page)
    page.set_viewport_size(DESK["viewport"])

    page.get_by_role("button", name="Đăng xuất", exact=True).click()
    sign_in(page, server.url)
    expect(page.get_by_role("button", name="Dùng khóa truy cập")).to_be_visible()
    shots("people-second", page)
    page.get_by_role("button", name="Dùng khóa truy cập").click()
    expect(page).to_have_url(f"{server.url}/desk")


def test_a_key_of_another_device_is_not_accepted(
    server: services.Server, officer: str, phones: Any, shots: Callable[..., Any]
) -> None:
    page = phones()
    authenticator(page)  # a device that has never heard of this account
    sign_in(page, server.url, officer)
    page.get_by_role("button", name="Dùng khóa truy cập").click()
    expect(page.locator("[data-message]")).to_be_visible()
    shots("people-second-phone", page)
    page.goto(f"{server.url}/desk")
    expect(page).to_have_url(re.compile("/auth/second"))


def test_without_scripts_the_other_ways_are_there(server: services.Server, officer: str, phones: Any) -> None:
    page = phones(java_script_enabled=False)
    sign_in(page, server.url, officer)
    expect(page.get_by_role("button", name="Dùng khóa truy cập")).to_be_hidden()
    page.get_by_text("Không có điện thoại hoặc khóa bên mình?").click()
    page.get_by_label("Mã dự phòng").fill("0000-0000-0000")
    page.get_by_role("button", name="Dùng mã dự phòng").click()
    expect(page.locator("#error-recovery")).to_be_visible()
