"""What a page costs a phone: requests and compressed bytes, held to the budgets; and how soon something is seen.

Bytes are those of gzip level 6, as the proxy sends them. Times are printed and never fail: they depend on the
machine. `python -m tests.bench.weight --bytes` looks at the bytes only; the check of every change runs that.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
from statistics import median
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from scripts import programs
from tests import services
from tests.bench._report import Figure, figure, write
from tests.e2e.conftest import PHONE
from tests.e2e.signal import weak_signal
from tests.factories import submission

KB = 1000
# name -> (requests, KB in all, KB of JavaScript); None where nothing is asked
BUDGETS: dict[str, tuple[int | None, int, int | None]] = {
    "form": (6, 60, 25),
    "code page": (None, 40, None),
    "map": (None, 130, None),
}
# Bytes a second and ms of the slow-3G profile, and how many times slower than this machine the processor is.
DOWN, LATENCY, SLOWER = 400_000 // 8, 400, 4
TIMES = 3


def first_view(context: BrowserContext, address: str) -> dict[str, int]:
    """Compressed bytes by address of everything that is asked for until the page has loaded and stands still."""
    page = context.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (Playwright refuses built-ins)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    sizes: dict[str, int] = {}
    for answer in answers:
        if answer.ok and answer.request.service_worker is None:
            body = answer.body()
            sizes[answer.url] = min(len(body), len(gzip.compress(body, 6)))
    page.close()
    return sizes


def slow(page: Page) -> None:
    """The slow-3G profile and the slow processor."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    profile = {"offline": False, "latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": DOWN}
    devtools.send("Network.emulateNetworkConditions", profile)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def first_paint(page: Page, address: str) -> float:
    """Milliseconds until something is seen."""
    page.goto(address, wait_until="load")
    for _ in range(100):
        found = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
        if found:
            return float(found)
        page.wait_for_timeout(50)
    return 0.0


def times(browser: Any, url: str, *, offline: bool) -> list[float]:
    """First paint of the form on slow phones that have never been here, or that have the form already."""
    found = []
    for _ in range(TIMES):
        context = browser.new_context(**PHONE)
        page = context.new_page()
        if offline:
            page.goto(f"{url}/report")
            for _ in range(100):
                if page.evaluate("caches.match('/report/queue?lang=vi').then(Boolean)"):
                    break
                page.wait_for_timeout(100)
            page.goto("about:blank")
            context.set_offline(True)
        slow(page)
        found.append(first_paint(page, f"{url}/report"))
        context.close()
    return found


def code_page(server: services.Server) -> str:
    """The address of a new report's page."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db
    from webapp.reports import service

    app = create_app(Settings.from_env(server.place.environ))
    with app.app_context():
        with committing():
            code = service.submit(submission()).code
        db.engine.dispose()
    return f"{server.url}/r/{code}"


def main(*, bytes_only: bool = False) -> int:
    """Measure, print, write var/bench/weight.json; 1 if a budget of bytes or requests is exceeded."""
    run = services.Run.begin()
    figures: list[Figure] = []
    wrong: list[str] = []
    try:
        with (
            services.embedded_server(run) as server,
            weak_signal(server.url) as signal,
            sync_playwright() as playwright,
        ):
            signal.compress = True
            browser = playwright.chromium.launch(
                executable_path=str(programs.ensure("Chromium")["Chromium"]),
                args=["--no-first-run", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            )
            pages = {"form": f"{server.url}/report", "code page": code_page(server), "map": f"{server.url}/map"}
            for name, address in pages.items():
                context = browser.new_context(**PHONE, service_workers="block")
                sizes = first_view(context, address)
                context.close()
                if name == "map":  # before map data
                    sizes = {a: s for a, s in sizes.items() if not re.search(r"\.json(\?|$)", a)}
                script = sum(size for a, size in sizes.items() if ".js" in a)
                measured = (len(sizes), sum(sizes.values()) / KB, script / KB)
                for unit, value, most in zip(("requests", "KB", "KB JS"), measured, BUDGETS[name], strict=True):
                    figures.append(figure(f"{name}: {unit}", value, unit, floor=most, less_is_better=True))
                    if most is not None and value > most:
                        wrong.append(f"{name}: {value:.1f} {unit}, at most {most}: {sorted(sizes.items())}")
            for name, offline, most in (
                () if bytes_only else (("first visit", False, 2500), ("from the worker", True, 1000))
            ):
                found = times(browser, signal.url, offline=offline)
                figures.append(
                    figure(f"form seen, {name}", median(found), "ms", floor=most, n=TIMES, less_is_better=True)
                )
            browser.close()
    finally:
        run.end()
    write("bytes" if bytes_only else "weight", figures)
    for line in wrong:
        print(f"Too heavy: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(bytes_only="--bytes" in sys.argv))
