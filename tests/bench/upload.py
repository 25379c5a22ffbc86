"""What a report with three 12-megapixel photos costs a phone on a weak signal, with a cut in the middle.

The phone is Chromium with a processor slowed down; the signal is a proxy that takes bodies at 400 kbit/s with
400 ms before each request (Chromium's own slow-3G does not reach what a service worker sends). The second photo
breaks off half way. What has arrived must not be sent again: that fails the run, times never do.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageFilter
from playwright.sync_api import Page, expect, sync_playwright

from scripts import programs
from tests import services
from tests.bench._report import figure, write
from tests.bench.weight import DOWN, LATENCY, SLOWER
from tests.e2e import signal as weak
from tests.e2e.conftest import PHONE
from tests.e2e.signal import Signal, weak_signal

SIZE = (4032, 3024)


def photo(number: int) -> bytes:
    """A JPEG of 12 megapixels with as much in it as a phone's picture of a river bank: about 4 MB."""
    bands = [Image.effect_noise((SIZE[0] // 2, SIZE[1] // 2), 70 + number) for _ in range(3)]
    rough = Image.merge("RGB", bands).filter(ImageFilter.GaussianBlur(1.2)).resize(SIZE)
    sky = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    out = io.BytesIO()
    Image.blend(rough, sky, 0.45).save(out, "JPEG", quality=92)
    return out.getvalue()


def filled(page: Page, files: list[Path]) -> float:
    """Fill the form in; seconds until the phone has made the photos smaller."""
    page.locator("details:has(input[value=coal_ash]) > summary").click()
    page.locator("label.tile:has(input[value=coal_ash])").click()
    page.locator("[name=place_unknown]").check()
    began = time.perf_counter()
    page.locator("[name=photos]").set_input_files(files)
    expect(page.locator("[data-file-list] li")).to_have_count(len(files), timeout=120_000)
    return time.perf_counter() - began


def main() -> int:
    """Measure, print, write var/bench/upload.json; 1 if a photo that had arrived was sent again."""
    run = services.Run.begin()
    tries: list[str] = []

    def fate(method: str, path: str) -> str:
        if (method, path) != ("PUT", "/report/photos"):
            return weak.PASS
        tries.append(path)
        return weak.CUT if len(tries) == 2 else weak.PASS

    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            services.embedded_server(run) as server,
            weak_signal(server.url) as signal,
            sync_playwright() as playwright,
        ):
            files = [Path(folder) / f"anh-{number}.jpg" for number in range(3)]
            for number, file in enumerate(files):
                file.write_bytes(photo(number))
            browser = playwright.chromium.launch(
                executable_path=str(programs.ensure("Chromium")["Chromium"]),
                args=["--no-first-run", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            )
            page = browser.new_context(**PHONE).new_page()
            page.goto(f"{signal.url}/report")
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            smaller = filled(page, files)
            signal.fate, signal.rate, signal.latency = fate, DOWN, LATENCY / 1000
            signal.received = 0
            began = time.perf_counter()
            page.locator("[data-report] button[type=submit]").click()
            page.wait_for_timeout(3000)
            sent = _wait_until_sent(page, signal)
            took = time.perf_counter() - began
            browser.close()
            taken = sum(file.stat().st_size for file in files)
    finally:
        run.end()
    arrived = [(size, headers["Content-Sha256"]) for size, headers in signal.of("PUT", "/report/photos")]
    once = sum(size for size, _ in arrived)
    write(
        "upload",
        [
            figure("three photos as taken", taken / 1e6, "MB", n=3),
            figure("three photos as sent", once / 1e6, "MB", floor=taken / 1e6, n=3, less_is_better=True),
            figure("made smaller on the phone", smaller, "s", n=3),
            figure("all bytes sent, one photo cut half way", signal.received / 1e6, "MB", floor=once / 1e6),
            figure("from pressing send to stored", took, "s", floor=signal.received / DOWN, less_is_better=True),
            figure("photos sent again after they had arrived", len(arrived) - len({name for _, name in arrived}), ""),
        ],
    )
    ok = sent and len(arrived) == len({name for _, name in arrived}) == 3 and len(tries) == 4
    if not ok:
        print(f"Not as it should be: sent {sent}, {len(tries)} tries, {len(arrived)} arrived", file=sys.stderr)
    return 0 if ok else 1


def _wait_until_sent(page: Page, signal: Signal) -> bool:
    """Look at the queue until the report has its code, at most five minutes. Each look tries again, as a person who
    opens the app does."""
    for _ in range(30):
        if re.search(r"/r/\d{16}", page.url) or signal.of("POST", "/report"):
            return True
        for _ in range(100):
            page.wait_for_timeout(100)
            if signal.of("POST", "/report"):
                return True
        page.evaluate("window.dispatchEvent(new Event('online'))")
    return False


if __name__ == "__main__":
    sys.exit(main())
