"""An administrator merges two communes in the browser, on the embedded instance, and a phone finds the new one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services

ADMIN = "quan.tri@thu.example"
TABLE = """code,duyen-hai-thu
title,Nhập xã Long Hòa vào phường Duyên Hải (minh họa)
effective_on,{day}
legal_basis,Nghị quyết minh họa

action,what,from_code,to_code,name_vi,short_name_vi
merge,area,29413,29512,Phường Duyên Hải Mới,
merge,unit,ubnd-29413,ubnd-29512,Ủy ban nhân dân phường Duyên Hải Mới,UBND phường Duyên Hải Mới
merge,unit,ca-29413,ca-29512,,
"""


@pytest.fixture
def office(embedded_server: services.Server) -> services.Server:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db

    app = create_app(Settings.from_env(embedded_server.place.environ))
    with app.app_context(), committing():
        factories.user(ADMIN, "admin", None)
        factories.user("mattran.longhoa@thu.example", "front", "mttq-29413")
        factories.report(lon=106.5, lat=9.72)
    with app.app_context():
        db.engine.dispose()
    return embedded_server


def test_two_communes_become_one(
    phones: Any, office: services.Server, shots: Callable[..., Path], tmp_path: Path
) -> None:
    from webapp.core import clock

    page: Page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False)
    page.goto(f"{office.url}/auth/login")
    page.locator("#field-email").fill(ADMIN)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.locator("form[action='/auth/login'] button").click()
    page.wait_for_url(re.compile("/admin"))
    page.goto(f"{office.url}/admin/reorganisations")
    shots("reorganisations-empty", page)
    table = tmp_path / "ke-hoach.csv"
    table.write_text(TABLE.format(day=clock.today().isoformat()), "utf-8")
    page.set_input_files("#field-file", table)
    page.get_by_role("button", name="Nạp").click()

    # The Front of the old commune was forgotten, and it has an account.
    expect(page.get_by_text("Địa bàn kết thúc nhưng phương án chưa nói đến đơn vị này")).to_be_visible()
    shots("reorganisation-problem", page)
    page.get_by_text("Thêm một bước").click()
    page.locator("#field-what").select_option("unit")
    page.locator("#field-action").select_option("merge")
    page.locator("#field-from_code").fill("mttq-29413")
    page.locator("#field-to_code").fill("mttq-29512")
    shots("reorganisation-step", page)
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.get_by_text("mattran.longhoa@thu.example")).to_be_visible()
    shots("reorganisation-preview", page)

    phone = phones(storage_state=page.context.storage_state())
    phone.goto(page.url)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    shots("reorganisation-preview-phone", phone)
    phone.goto(f"{office.url}/admin/reorganisations")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    shots("reorganisations-phone", phone)

    page.get_by_label("Tôi đã đọc những thay đổi của phương án.").check()
    page.get_by_role("button", name="Duyệt").click()
    expect(page.get_by_text("Đã duyệt. Đang thực hiện.")).to_be_visible()
    done = page.get_by_text("Kết quả thực hiện")
    for _ in range(60):
        page.reload()
        if done.count():
            break
        page.wait_for_timeout(500)
    expect(done).to_be_visible()
    shots("reorganisation-applied", page)

    resident = phones()
    resident.goto(f"{office.url}/follow?commune=29413")
    expect(resident.locator("#field-commune_name")).to_have_value("Phường Duyên Hải Mới")
