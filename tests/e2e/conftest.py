"""A phone: Chromium at 360 x 740, as a resident of the Mekong delta would hold it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scripts import programs
from tests import services

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
HERE = {"latitude": 9.585, "longitude": 106.525}  # phường Duyên Hải
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "vi-VN",
    "timezone_id": "Asia/Ho_Chi_Minh",
    "geolocation": HERE,
    "permissions": ["geolocation"],
}
QUIET = ("quic", "background-networking", "component-update", "sync")

expect.set_options(timeout=15_000)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A browser on a busy machine may be late in a way that no test foresaw: where nobody looks on, a test that fails
    is tried once more, and the run prints the first failure all the same. A fault fails both times."""
    if os.environ.get("CI"):
        item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which must not talk to anybody but us."""
    arguments = ["--no-first-run", *(f"--disable-{name}" for name in QUIET)]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    path = programs.ensure("Chromium")["Chromium"]
    return {**browser_type_launch_args, "executable_path": str(path), "args": arguments}


@pytest.fixture(scope="module")
def live_server(run: services.Run) -> Iterator[services.Server]:
    """The production shape on PostGIS and Redis with its own database: gunicorn, a worker, the relay."""
    with services.production_server(run) as server:
        yield server


@pytest.fixture(scope="module")
def embedded_server(run: services.Run) -> Iterator[services.Server]:
    """The embedded shape on SQLite with its own database: what `make run` serves."""
    with services.embedded_server(run) as server:
        yield server


class Phones:
    """Opens phones, remembers them, and in the end says what no page may ever do."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.pages: list[Page] = []
        self.wrongs: list[str] = []

    def __call__(self, **options: Any) -> Page:
        """A page in its own context; `options` are Playwright's and override those of the phone."""
        context = self.browser.new_context(**{**PHONE, **options})
        context.on("request", self._asks)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrongs.append(f"script error: {error}"))
        page.on("console", self._says)
        self.contexts.append(context)
        self.pages.append(page)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _asks(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.hostname not in {"127.0.0.1", "localhost"}:
            self.wrongs.append(f"asked somebody else: {request.url}")

    def _says(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.wrongs.append(message.text)


@pytest.fixture
def phones(browser: Browser) -> Iterator[Phones]:
    """Opens further phones: `phones(java_script_enabled=False, locale='km-KH')` gives a Page.

    The test fails if any page raised a script error, broke its content security policy or asked others.
    """
    opened = Phones(browser)
    yield opened
    opened.close()
    assert not opened.wrongs, opened.wrongs


@pytest.fixture
def phone(phones: Phones) -> Page:
    """A phone with JavaScript. Move it with `phone.context.set_geolocation({…})`."""
    return phones()


@pytest.fixture
def phone_nojs(phones: Phones) -> Page:
    """A phone on which no script runs."""
    return phones(java_script_enabled=False)


@pytest.fixture
def shots(phones: Phones) -> Callable[..., Path]:
    """`shots('name')` saves var/screenshots/name.png of the phone opened last, or of the page given."""

    def save(name: str, page: Page | None = None, *, full: bool = True) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (page or phones.pages[-1]).screenshot(path=str(path), full_page=full, animations="disabled")
        return path

    return save
