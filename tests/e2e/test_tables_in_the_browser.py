"""An administrator adds a category, writes a checklist's next version and invites many, on both screens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services
from tests.e2e.waiting import until

ADMIN = "bang.bieu@thu.example"
OFFICER = "kiem.tra@thu.example"
Shots = Callable[..., Path]


@pytest.fixture
def office(embedded_server: services.Server) -> tuple[str, str]:
    """(its address, the number of a case that waits for an inspection)."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db

    app = create_app(Settings.from_env(embedded_server.place.environ))
    with app.app_context(), committing():
        from tests.integration.staff import case
        from webapp.reports import lifecycle as life

        factories.user(ADMIN, "admin", None)
        factories.user(OFFICER, "unit", "ubnd-29512")
        number = case(life.VERIFYING).public_id
    with app.app_context():
        db.engine.dispose()
    return embedded_server.url, number


def sign_in(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/auth/login")
    page.locator("#field-email").fill(email)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.locator("form[action='/auth/login'] button[type=submit]").click()
    page.wait_for_url(re.compile("/(admin|unit)"))


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_tables_in_the_browser(phones: Any, office: tuple[str, str], shots: Shots, tmp_path: Path) -> None:
    url, number = office
    page: Page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False)
    sign_in(page, url, ADMIN)
    phone: Page = phones(storage_state=page.context.storage_state())

    def seen(name: str, path: str = "") -> None:
        fits(page)
        shots(f"tables-{name}", page)
        if path:
            phone.goto(f"{url}{path}")
            fits(phone)
            shots(f"tables-{name}-phone", phone)

    # A category, with a mistake first.
    page.goto(f"{url}/admin/categories/new")
    page.locator("#field-code").fill("light_night")
    page.locator("#field-group").select_option("air")
    page.locator("#field-name_vi").fill("Đèn chiếu ban đêm")
    page.locator(".icons-choice input[value=icon-other]").check()
    page.get_by_role("button", name="Lưu").click()
    expect(page.locator("#error-description_vi")).to_be_visible()
    seen("category-mistake")
    page.locator("#field-description_vi").fill("Đèn công suất lớn chiếu vào nhà dân.")
    page.get_by_role("button", name="Lưu").click()
    page.wait_for_url("**/admin/categories/light_night")
    seen("category", "/admin/categories/light_night")
    page.goto(f"{url}/admin/categories")
    seen("categories", "/admin/categories")

    # A file that is looked at first.
    with page.expect_download() as download:
        page.locator("button[formaction='/admin/categories/export.csv']").click()
    text = Path(download.value.path()).read_text("utf-8-sig").replace("Tiếng ồn,", "Tiếng ồn và loa,")
    file = tmp_path / "loai.csv"
    file.write_text(text, "utf-8")
    page.set_input_files("#field-file", file)
    page.get_by_role("button", name="Xem trước khi nhập").click()
    expect(page.locator("h1")).to_contain_text("tệp sẽ thay đổi")
    seen("import")

    # An inspection is begun on a phone; then others are the questions.
    officer: Page = phones()
    sign_in(officer, url, OFFICER)
    sheet = f"{url}/unit/cases/{number}/inspection"
    officer.goto(sheet)
    officer.locator("#field-findings").fill("Đống rác khoảng hai khối")
    officer.locator("[data-offline-box]").wait_for(state="visible")
    officer.locator("#field-findings").blur()
    until(
        officer,
        """async (number) => {
            const db = await new Promise((done) => {
                const asked = indexedDB.open("dan-giam-sat-unit");
                asked.onsuccess = () => done(asked.result);
            });
            const got = await new Promise((done) => {
                const asked = db.transaction("sheets").objectStore("sheets").get(number);
                asked.onsuccess = () => done(asked.result);
            });
            db.close();
            return got?.fields.some(([name, value]) => name === "findings" && value);
        }""",
        number,
    )
    page.goto(f"{url}/admin/checklists/waste")
    page.locator("#field-q0_vi").fill("Có mùi hôi không?")
    page.locator("#field-q0_question").evaluate("(field) => { field.value = 'smell'; }")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator(".phone-frame")).to_contain_text("Có mùi hôi không?")
    seen("checklist-preview")
    page.get_by_role("button", name="Lưu thành phiên bản tiếp theo").click()
    expect(page.locator("main, body").first).to_contain_text("Phiên bản 2 được dùng từ ngày")
    seen("checklist", "/admin/checklists/waste")
    page.goto(f"{url}/admin/checklists")
    seen("checklists", "/admin/checklists")
    officer.goto(sheet)
    officer.wait_for_url("**/inspection?list=waste.1")
    expect(officer.locator("#field-findings")).to_have_value("Đống rác khoảng hai khối")
    expect(officer.locator("form[data-inspection]")).not_to_contain_text("Có mùi hôi không?")
    shots("tables-inspection-begun", officer)

    # Many people at once.
    people = tmp_path / "nguoi.csv"
    people.write_text(
        "email,name,unit,role\nmoi.1@thu.example,Cán bộ môi trường,29512,front\n"
        "moi.2@thu.example,Cán bộ địa chính,29512,unit\n" + ADMIN + ",Đã có,,admin\n",
        "utf-8",
    )
    page.goto(f"{url}/admin/people/invite")
    seen("invite", "/admin/people/invite")
    page.set_input_files("#field-file", people)
    page.get_by_role("button", name="Xem trước khi nhập").click()
    seen("people-import")
    page.get_by_role("button", name="Mời những người này").click()
    expect(page.locator("h1")).to_contain_text("Đã mời 2 người")
    seen("people-invited")
    page.goto(f"{url}/admin/people")
    seen("people", "/admin/people")
    # An office: found by a few letters without accents, and its page.
    page.goto(f"{url}/admin/units?q=ubnd tinh vinh long")
    seen("units", "/admin/units")
    page.get_by_role("link", name="Ủy ban nhân dân tỉnh Vĩnh Long").click()
    page.fill("input[name=short_name_vi]", "UBND Vĩnh Long")
    page.get_by_role("button", name="Lưu").click()
    expect(page.locator("input[name=short_name_vi]")).to_have_value("UBND Vĩnh Long")
    seen("unit", "/admin/units/ubnd-86")

    page.goto(f"{url}/admin")
    seen("overview", "/admin")
