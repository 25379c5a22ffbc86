"""The figures on a phone, on a desk and on paper: nothing is wider than the screen, axe finds nothing, a box in a frame
of another site works."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import services
from tests.e2e.test_accessibility import LOCALES, WIDEST, findings, printed

PAGES = {
    "figures-country": "/figures",
    "figures-province": "/figures/86?period=2026",
    "figures-commune": "/figures/29512",
    "figures-unit": "/figures/units/ubnd-29512",
    "figures-order": "/figures/86/ranking",
    "figures-provinces-in-order": "/figures/ranking",
    "figures-year": "/figures/29512/2026",
    "figures-definitions": "/figures/definitions",
    "figures-cases": "/figures/cases?measure=answered&unit=ubnd-29512",
    "figures-wrong": "/figures?from=thang+5",
    "figures-box": "/embed/29512",
}


@pytest.fixture(scope="module")
def world(run: services.Run) -> Iterator[str]:
    from tests.integration.figures_world import lived
    from tests.integration.public_world import on_the_map
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db

    with services.embedded_server(run) as server:
        app = create_app(Settings.from_env(server.place.environ))
        with app.app_context(), pytest.MonkeyPatch.context() as patch:
            with committing():
                lived(patch)
            patch.undo()
            with committing():
                on_the_map()
            db.engine.dispose()
        yield server.url


@pytest.mark.parametrize("language", LOCALES)
def test_axe_finds_nothing_and_large_text_fits(world: str, phones: Any, language: str) -> None:
    found, wide = [], []
    page = phones(locale=LOCALES[language])
    for name, path in PAGES.items():
        page.goto(world + path + (f"?lang={language}" if "embed" in path else ""))
        expect(page.locator("html")).to_have_attribute("lang", language)
        found += findings(page, name)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide.append(f"{name}: {over} px {page.evaluate(WIDEST)}")
    assert not found, "\n".join(found)
    assert not wide, "\n".join(wide)


def test_on_a_phone_without_scripts(world: str, phones: Any, shots: Callable[..., Path]) -> None:
    page = phones(java_script_enabled=False)
    for name, path in PAGES.items():
        page.goto(world + path)
        shots(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.goto(f"{world}/figures")
    page.locator(".figure-filter summary").click()
    page.locator("#field-period").select_option("2026")
    page.locator(".figure-filter button").click()
    expect(page.locator(".lead b")).to_have_text("Năm 2026")
    page.locator("#provinces ~ .table-box tbody th a", has_text="Vĩnh Long").click()
    expect(page.locator("h1")).to_contain_text("Vĩnh Long")
    number = page.locator(".figure-facts dd a").first
    count = int(number.inner_text())
    number.click()
    expect(page.locator(".rows > li")).to_have_count(min(count, 20))


def test_on_a_desk_and_on_paper(world: str, phones: Any, shots: Callable[..., Path]) -> None:
    page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False, device_scale_factor=1)
    for name, path in PAGES.items():
        page.goto(world + path)
        shots(f"{name}-wide")
    page.goto(f"{world}/figures/29512/2026")
    pages, size = printed(page)
    assert size == (595, 842), "A4"
    assert pages <= 4


def test_the_box_in_another_sites_frame(world: str, phones: Any, tmp_path: Path) -> None:
    """And no other page of ours in it."""
    page = phones(viewport={"width": 800, "height": 700}, is_mobile=False, has_touch=False)
    frames = "".join(
        f'<iframe src="{world}{path}" width="340" height="280"></iframe>' for path in ("/embed/86", "/figures/86")
    )
    (tmp_path / "index.html").write_text(f"<!doctype html><title>x</title>{frames}", "utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page.goto(f"http://localhost:{other.server_port}/")
        expect(page.frame_locator("iframe").first.locator("h1")).to_have_text("Tỉnh Vĩnh Long")
        assert not page.context.cookies()
        inside = [frame for frame in page.frames if frame.url.endswith("/figures/86")]
        assert not inside or not inside[0].locator("h1").count()
        other.shutdown()
    phones.wrongs[:] = [wrong for wrong in phones.wrongs if "frame-ancestors" not in wrong]
