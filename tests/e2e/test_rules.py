"""An administrator changes a rule in the browser: draft, dry run, publishing, the simulator with its map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services

ADMIN = "quantri@thu.example"
WIDE = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False, "device_scale_factor": 1}


@pytest.fixture(scope="module")
def office(embedded_server: services.Server) -> services.Server:
    """The server with an administrator and a few cases of last month."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db
    from webapp.routing import service as routing

    app = create_app(Settings.from_env(embedded_server.place.environ))
    with app.app_context():
        with committing():
            factories.user(ADMIN, "admin", None)
            for category in ("noise", "waste_household", "waste_household", "odour"):
                routing.route(factories.report(category_code=category))
        db.engine.dispose()
    return embedded_server


def sign_in(page: Page, server: services.Server) -> None:
    page.goto(f"{server.url}/auth/login")
    page.locator("#field-email").fill(ADMIN)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.locator("form[action='/auth/login'] button").click()
    page.wait_for_url("**/admin")


@pytest.mark.parametrize("screen", ["phone", "wide"])
def test_a_rule_is_changed_tried_published_and_simulated(
    office: services.Server, phones: Callable[..., Page], shots: Callable[..., Path], screen: str
) -> None:
    options: dict[str, Any] = WIDE if screen == "wide" else {}
    page = phones(**options)
    code = f"r-thu-{screen}"
    sign_in(page, office)
    page.goto(f"{office.url}/admin/routing")
    shots(f"rules-list-{screen}")
    page.locator("form[action='/admin/routing/draft'] button").click()
    page.wait_for_url("**/admin/routing/draft")
    page.locator("a[href='/admin/routing/draft/rules/new']").first.click()
    for name, value in {
        "area_code": "duyen hai vinh long",
        "code": code,
        "priority": "9" if screen == "wide" else "10",
        "source": "Kế hoạch thử (minh họa)",
        "note_vi": "Rác thải sinh hoạt tại phường (minh họa)",
    }.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=valid_from]").fill("2025-07-01")
    page.locator("[name=category_code]").select_option("waste_household")
    page.locator("[name=target_kind]").select_option("police_commune" if screen == "phone" else "agri_env_dept")
    shots(f"rules-form-{screen}")
    page.locator("form.rule-form button[type=submit]").click()
    expect(page.locator("form[action$='/try']")).to_be_visible()
    page.locator("form[action$='/try'] button").click()
    # The page looks again by itself until the worker is done.
    expect(page.locator("form[action$='/publish'] textarea")).to_be_visible(timeout=60_000)
    expect(page.locator("#trial .stat b").nth(1)).to_have_text("2")
    shots(f"rules-draft-{screen}")
    page.locator("[name=note]").fill("Thử thay đổi (minh họa)")
    page.locator("form[action$='/publish'] button").click()
    page.wait_for_url("**/admin/routing/versions/*")
    shots(f"rules-version-{screen}")

    page.goto(f"{office.url}/admin/routing/simulate")
    page.locator("[name=category]").select_option("waste_household")
    page.locator("[name=lat]").fill("9.585")
    page.locator("[name=lon]").fill("106.525")
    page.locator("[data-pick]").click()
    expect(page.locator(".pick-map.leaflet-container")).to_be_visible()
    page.locator("form[data-simulate] button[type=submit]").click()
    expect(page.locator(".rule-trace .is-good")).to_contain_text(code)
    shots(f"rules-simulator-{screen}")
    for name in ("checks", "versions"):
        page.goto(f"{office.url}/admin/routing/{name}")
        shots(f"rules-{name}-{screen}")
    for name in ("deadlines", "days"):
        page.goto(f"{office.url}/admin/tables/{name}")
        shots(f"rules-{name}-{screen}")
    page.goto(f"{office.url}/admin/tables/deadlines/rows/d-default-answer")
    shots(f"rules-row-{screen}")
