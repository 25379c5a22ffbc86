"""An administrator changes the rules in the browser: drafted, taken in as a table, checked, tried, published, asked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services

ADMIN = "quy.tac@thu.example"
DRAFT = "/admin/routing/draft"
Shots = Callable[..., Path]


@pytest.fixture
def office(embedded_server: services.Server) -> services.Server:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db

    app = create_app(Settings.from_env(embedded_server.place.environ))
    with app.app_context(), committing():
        factories.user(ADMIN, "admin", None)
        for category in ("waste_household", "waste_household", "odour"):
            factories.report(category_code=category)
    with app.app_context():
        db.engine.dispose()
    return embedded_server


def press(page: Page, address: str) -> None:
    """The button of the form that posts there."""
    page.locator(f"form[action='{address}'] button[type=submit]").click()


def taken_out(page: Page, form: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f"button[formaction='/admin/routing/export.{form}']").click()
    return Path(download.value.path()).read_bytes()


def changed(table: bytes) -> bytes:
    """Without the rule about noise, and with one that another always comes before."""
    lines = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    usual = next(line for line in lines if line["code"] == "r-waste-household")
    hidden = usual | {"code": "r-waste-later", "priority": "200", "target_kind": "police_commune"}
    out = io.StringIO()
    writer = csv.DictWriter(out, lines[0].keys())
    writer.writeheader()
    writer.writerows([line for line in lines if line["code"] != "r-noise"] + [hidden])
    return out.getvalue().encode()


def tried(page: Page) -> None:
    press(page, f"{DRAFT}/try")
    expect(page.locator("#trial .stats")).to_be_visible(timeout=60_000)  # the page looks again by itself


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_the_rules_are_changed_in_the_browser(
    phones: Any, office: services.Server, shots: Shots, tmp_path: Path
) -> None:
    page: Page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False)
    page.goto(f"{office.url}/auth/login")
    page.locator("#field-email").fill(ADMIN)
    page.locator("#field-password").fill(factories.PASSWORD)
    press(page, "/auth/login")
    page.wait_for_url(re.compile("/admin"))
    phone: Page = phones(storage_state=page.context.storage_state())

    def seen(name: str, path: str) -> None:
        """The page as it stands on both screens."""
        fits(page)
        shots(f"rules-{name}", page)
        phone.goto(f"{office.url}{path}")
        fits(phone)
        shots(f"rules-{name}-phone", phone)

    page.goto(f"{office.url}/admin/routing")
    seen("list", "/admin/routing")
    press(page, DRAFT)
    page.wait_for_url(f"**{DRAFT}")

    # Out as a table, in each form, and in again with a gap and a rule that never decides.
    table = taken_out(page, "csv")
    assert taken_out(page, "xlsx").startswith(b"PK"), "a form that gives a file can be pressed again"
    file = tmp_path / "quy-tac.csv"
    file.write_bytes(changed(table))
    page.set_input_files("#field-file", file)
    press(page, f"{DRAFT}/import")
    expect(page.locator("#changes-h .tally")).to_have_text("2")
    seen("draft", DRAFT)
    tried(page)
    trial = page.locator("#trial")
    expect(trial).to_contain_text("r-waste-later")
    expect(trial).to_contain_text("Tiếng ồn")
    expect(trial.locator(".stat").nth(1)).to_contain_text("0")
    seen("checks-of-a-draft", DRAFT)

    # One row is edited, the gap is closed by a rule of its own.
    page.goto(f"{office.url}{DRAFT}/rules/r-waste-later")
    page.locator("#field-priority").fill("nhất")
    press(page, f"{DRAFT}/rules/r-waste-later")
    expect(page.locator("#error-priority")).to_be_visible()
    seen("row", f"{DRAFT}/rules/r-waste-later")
    page.locator("#field-priority").fill("50")
    press(page, f"{DRAFT}/rules/r-waste-later")
    page.wait_for_url(f"**{DRAFT}")
    page.goto(f"{office.url}{DRAFT}/rules/new")
    page.locator("#field-category_code").select_option("noise")
    page.locator("#field-target_kind").select_option("commune_committee")
    page.locator("#field-valid_from").fill("2025-07-01")
    page.locator("#field-code").fill("r-noise-again")
    page.locator("#field-source").fill("Quy chế (minh họa)")
    press(page, f"{DRAFT}/rules/new")
    page.wait_for_url(f"**{DRAFT}")

    tried(page)
    moved = page.locator("#trial .stat")
    expect(moved.nth(0)).to_contain_text("3")
    expect(moved.nth(1)).to_contain_text("2")
    expect(page.locator("#trial")).not_to_contain_text("Tiếng ồn")
    page.locator("#trial details summary").first.click()
    seen("trial", DRAFT)

    press(page, f"{DRAFT}/publish")
    expect(page.locator("#error-note")).to_be_visible()
    page.locator("#field-note").fill("Rác sinh hoạt giao công an xã (minh họa)")
    press(page, f"{DRAFT}/publish")
    page.wait_for_url("**/admin/routing/versions/2")
    seen("version", "/admin/routing/versions/2")

    page.goto(f"{office.url}/admin/routing/simulate")
    page.locator("#field-category").select_option("waste_household")
    page.locator("#field-commune").fill("29512")
    page.locator("form[data-simulate] button[type=submit]").click()
    expect(page.locator(".rule-trace .is-good")).to_contain_text("r-waste-later")
    seen("simulator", page.url.removeprefix(office.url))

    for name in ("hours", "reminders"):
        page.goto(f"{office.url}/admin/tables/{name}")
        seen(name, f"/admin/tables/{name}")
    page.goto(f"{office.url}/admin/audit?kind=exports")
    expect(page.locator("tbody tr")).to_have_count(2)
    seen("exports", "/admin/audit?kind=exports")
