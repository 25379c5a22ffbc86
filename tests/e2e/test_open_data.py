"""Open data on a phone: found from the front page, read and fetched without any script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import services
from tests.integration.public_world import case, many


@pytest.fixture(scope="module")
def served(run: services.Run) -> Iterator[str]:
    """The address of an instance with some cases and two versions."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db
    from webapp.opendata import service

    with services.embedded_server(run) as server:
        app = create_app(Settings.from_env(server.place.environ))
        with app.app_context():
            with committing():
                many(80)
                case(public_text="Bãi rác tự phát cạnh kênh (minh họa)")
            service.build()
            service.build()
            db.engine.dispose()
        yield server.url


@pytest.mark.parametrize(("lang", "word"), [("vi-VN", "Dữ liệu mở"), ("km-KH", "ទិន្នន័យបើក"), ("en-GB", "Open data")])
def test_from_the_front_page_to_a_file_that_is_whole(
    served: str, phones: Any, shots: Callable[..., Path], lang: str, word: str
) -> None:
    page = phones(java_script_enabled=False, locale=lang)
    page.goto(served)
    page.get_by_role("link", name=word, exact=True).click()
    expect(page.locator("h1")).to_have_text(word)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    row = page.locator(".files").first.locator("li", has_text="reports.csv")
    with page.expect_download() as waiting:
        row.get_by_role("link").click()
    data = Path(waiting.value.path()).read_bytes()
    assert waiting.value.suggested_filename.startswith("dan-giam-sat-20")
    assert row.locator("code").inner_text() == hashlib.sha256(data).hexdigest()
    shots(f"open-data-{lang[:2]}", page)
    page.locator("summary").first.click()
    shots(f"open-data-{lang[:2]}-older", page, full=False)


def test_on_a_wide_screen(served: str, phones: Any, shots: Callable[..., Path]) -> None:
    page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, device_scale_factor=1)
    page.goto(f"{served}/open-data")
    expect(page.locator(".files li").first).to_contain_text("reports.csv")
    shots("open-data-wide", page)
