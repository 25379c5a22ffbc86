"""An administrator in a real browser hands a key to a program, and takes it back; without scripts too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from scripts.stack import Process
from tests import services

EMAIL, PASSWORD = "quantri@minhhoa.example", "bốn cái thuyền trên sông"
DESK = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "has_touch": False, "device_scale_factor": 1}
NAME = "Cổng phản ánh hiện trường tỉnh Vĩnh Long (minh họa)"


@pytest.fixture(scope="module")
def server(run: services.Run) -> Iterator[services.Server]:
    with services.embedded_server(run) as server:
        who = ("--email", EMAIL, "--role", "admin", "--name", "Quản trị (minh họa)", "--password", PASSWORD)
        server.processes.run_once(Process("admin", ("flask", "--app", "webapp", "users", "add", *who), once=True))
        yield server


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_a_key_from_the_form_to_its_end(
    server: services.Server, phones: Any, shots: Callable[..., Any], screen: str
) -> None:
    page = phones(**(DESK if screen == "desk" else {"java_script_enabled": False}))
    page.goto(f"{server.url}/auth/login")
    page.get_by_label("Địa chỉ email").fill(EMAIL)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.goto(f"{server.url}/admin")
    page.get_by_role("link", name="Khóa của các chương trình").click()
    shots(f"api-keys-{screen}-before", page)
    page.get_by_label("Chương trình").fill(f"{NAME} {screen}")
    page.get_by_label("Số phản ánh trong một giờ").fill("120")
    page.get_by_role("button", name="Cấp khóa").click()
    expect(page.get_by_text(re.compile(r"^dgs_"))).to_be_visible()
    shots(f"api-keys-{screen}-made", page)
    page.get_by_role("link", name="Chương trình kết nối").first.click()
    page.locator("main summary").first.click()
    page.get_by_role("button", name="Thu hồi khóa này").first.click()
    expect(page.locator(".error").first).to_be_visible()
    shots(f"api-keys-{screen}-refused", page)
    # No script runs in the page without them, but Playwright's own does.
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_label("Lý do").first.fill("Chương trình đã ngừng hoạt động")
    page.get_by_role("button", name="Thu hồi khóa này").first.click()
    expect(page.get_by_text("Đã thu hồi:")).to_be_visible()
    shots(f"api-keys-{screen}", page)
