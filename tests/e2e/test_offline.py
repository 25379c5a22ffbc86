"""Without a signal: what is written on the phone is sent later, once, and nothing of it is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from tests import factories, services
from tests.e2e import signal as weak
from tests.e2e.conftest import PHONE
from tests.e2e.signal import Signal, weak_signal
from webapp.reports.models import Photo, Report

CODE = re.compile(r"/r/(\d{16})\?sent=1")


@pytest.fixture
def served(embedded_server: services.Server) -> Iterator[tuple[Signal, Any]]:
    """A signal that can fail, and the app behind it for looking into its database."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with weak_signal(embedded_server.url) as signal:
        app = create_app(Settings.from_env(embedded_server.place.environ))
        app.config["BEFORE"] = 0
        app.config["BEFORE"] = max((report.id for report in stored(app)), default=0)
        yield signal, app
        with app.app_context():
            db.engine.dispose()


def stored(app: Any) -> list[Report]:
    """The reports that came in during this test, with the sizes of their photos."""
    from webapp.core.db import db, reading

    with app.app_context(), reading():
        new = select(Report).where(Report.id > app.config["BEFORE"]).order_by(Report.id)
        found = list(db.session.scalars(new))
        for report in found:
            report.sizes = sorted(db.session.scalars(select(Photo.size).where(Photo.report_id == report.id)))
        db.session.expunge_all()
        return found


def large(folder: Path, seed: int) -> Path:
    """A photo as phones take them, larger than what is sent."""
    path = folder / f"anh-{seed}.jpg"
    path.write_bytes(factories.jpeg(seed, (3000, 2250), quality=90))
    return path


def fill(page: Page, kind: str, words: str, *photos: Path, place: bool = True) -> None:
    page.locator(f"details:has(input[value={kind}]) > summary").click()
    page.locator(f"label.tile:has(input[value={kind}])").click()
    if place:
        page.locator("[data-locate]").click()
        expect(page.locator("[name=lat]")).not_to_have_value("")
    else:
        page.locator("[name=place_unknown]").check()
    page.locator("#field-description").fill(words)
    for number, photo in enumerate(photos, 1):
        page.locator("[name=photos]").set_input_files(photo)
        expect(page.locator("[data-file-list] li")).to_have_count(number)


def press_send(page: Page) -> None:
    page.locator("[data-report] button[type=submit]").click()


def until(page: Page, question: str) -> None:
    """Wait until an expression is true (Playwright's own wait is a string that our policy does not let run)."""
    for _ in range(150):
        if page.evaluate(question):
            return
        page.wait_for_timeout(200)
    raise AssertionError(question)


def ready(page: Page, signal: Signal) -> None:
    """Open the form once with a signal, until the phone has kept it."""
    page.goto(f"{signal.url}/report")
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "caches.match('/report/queue?lang=vi').then(Boolean)")


@contextmanager
def own_phone(browser: Browser, launch: dict[str, Any], folder: Path) -> Iterator[BrowserContext]:
    """A browser that keeps its data in `folder`, as a phone does when it is switched off."""
    context = browser.browser_type.launch_persistent_context(str(folder), **launch, **PHONE)
    try:
        yield context
    finally:
        context.close()


def test_two_reports_wait_through_a_restart(
    served: tuple[Signal, Any],
    browser: Browser,
    browser_type_launch_args: dict[str, Any],
    shots: Callable[..., Path],
    tmp_path: Path,
) -> None:
    signal, app = served
    with own_phone(browser, browser_type_launch_args, tmp_path / "phone") as phone:
        page = phone.new_page()
        ready(page, signal)
        signal.there = False
        phone.set_offline(True)
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("[data-offline]")).to_be_visible()
        assert page.locator("[name=csrf_token]").count() == 0
        shots("offline-form", page)
        fill(page, "coal_ash", "Tro bay trắng mái nhà", large(tmp_path, 1), large(tmp_path, 2))
        shots("offline-filled", page)
        press_send(page)
        expect(page.locator("[data-saved]")).to_be_visible()
        expect(page.locator("[name=category]:checked")).to_have_count(0)
        fill(page, "waste_household", "Đống rác ở bờ kênh", large(tmp_path, 3), place=False)
        press_send(page)
        expect(page.locator("[data-queue-list] li")).to_have_count(2)
        shots("offline-queue", page)
    assert not stored(app)
    with own_phone(browser, browser_type_launch_args, tmp_path / "phone") as phone:
        page = phone.new_page()
        page.goto(f"{signal.url}/report/queue")  # still no signal: the phone has the page
        expect(page.locator("[data-is=waiting]")).to_have_count(2)
        shots("queue-after-restart", page)
        signal.there = True
        page.reload()
        expect(page.locator("[data-is=sent]")).to_have_count(2, timeout=40_000)
        shots("queue-sent", page)
        codes = [re.sub(r"\D", "", link.inner_text()) for link in page.locator("[data-code] a").all()]
        page.goto(f"{signal.url}/r/{codes[0]}")
        expect(page.locator("h1")).to_be_visible()
        kept = page.evaluate("""async () => {
            const found = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
            return found;
        }""")
    assert not [path for path in kept if not re.match(r"/(static/|report/(offline|queue|communes/)|language)", path)], (
        kept
    )
    first, second = stored(app)
    assert first.description == "Tro bay trắng mái nhà"
    assert first.place_source == "device"
    assert len(first.sizes) == 2
    assert max(first.sizes) < 1_500_000
    assert second.place_source == "unknown"
    assert second.location is None
    assert len(second.sizes) == 1


def test_a_lost_answer_makes_no_second_report(served: tuple[Signal, Any], phone: Page, tmp_path: Path) -> None:
    signal, app = served
    ready(phone, signal)
    lost: list[str] = []

    def fate(method: str, path: str) -> str:
        if (method, path) == ("POST", "/report") and not lost:
            lost.append(path)
            return weak.LOST_AFTER
        return weak.PASS

    signal.fate = fate
    fill(phone, "coal_ash", "Tro bay", large(tmp_path, 4))
    press_send(phone)
    phone.wait_for_timeout(1000)
    # The worker may have tried again by itself by now, the page does when it is opened.
    phone.goto(f"{signal.url}/report/queue")
    expect(phone.locator("[data-is=sent]")).to_have_count(1, timeout=40_000)
    assert lost
    assert len(signal.of("POST", "/report")) >= 2
    assert len(stored(app)) == 1
    assert len(stored(app)[0].sizes) == 1


def test_a_photo_that_has_arrived_is_not_sent_again(served: tuple[Signal, Any], phone: Page, tmp_path: Path) -> None:
    signal, app = served
    ready(phone, signal)
    puts: list[str] = []

    def fate(method: str, _path: str) -> str:
        if method != "PUT":
            return weak.PASS
        puts.append(method)
        # The first arrives and we do not hear of it; the second, when its turn comes, breaks off half way.
        return {1: weak.LOST_AFTER, 2: weak.CUT}.get(len(puts), weak.PASS)

    signal.fate = fate
    fill(phone, "coal_ash", "Tro bay", *(large(tmp_path, n) for n in (5, 6, 7)))
    press_send(phone)
    phone.wait_for_timeout(2000)
    for _ in range(4):  # each opening tries once; the worker may be faster
        if stored(app):
            break
        phone.goto(f"{signal.url}/report/queue")
        phone.wait_for_timeout(2000)
    phone.goto(f"{signal.url}/report/queue")
    expect(phone.locator("[data-is=sent]")).to_have_count(1, timeout=40_000)
    assert len(puts) == 4, "one was cut, and one answer was lost"
    arrived = [headers["Content-Sha256"] for _, headers in signal.of("PUT", "/report/photos")]
    assert len(arrived) == len(set(arrived)) == 3
    assert len(stored(app)[0].sizes) == 3


def test_a_new_version_strands_nothing(served: tuple[Signal, Any], phone: Page, tmp_path: Path) -> None:
    signal, app = served
    ready(phone, signal)
    before = phone.evaluate("caches.keys()")
    signal.fate = lambda method, _path: weak.LOST_BEFORE if method in {"POST", "PUT"} else weak.PASS
    fill(phone, "coal_ash", "Trước bản mới", large(tmp_path, 8))
    press_send(phone)
    expect(phone.locator("[data-saved]")).to_be_visible()
    signal.edit = lambda path, body: body.replace(b'"shell-" + "', b'"shell-" + "new-') if path == "/sw.js" else body
    phone.reload()
    shells = "caches.keys().then((names) => names.filter((name) => name.startsWith('shell-')))"
    until(phone, f"{shells}.then((names) => names.length === 1 && names[0].startsWith('shell-new-'))")
    assert phone.evaluate("caches.keys()") != before
    expect(phone.locator("[data-is=waiting]")).to_have_count(1)
    signal.fate = lambda _method, _path: weak.PASS
    phone.reload()
    expect(phone.locator("[data-is=sent]")).to_have_count(1, timeout=40_000)
    assert [r.description for r in stored(app)] == ["Trước bản mới"]


def test_with_a_signal_it_goes_straight_to_the_code(
    served: tuple[Signal, Any], phone: Page, shots: Callable[..., Path], tmp_path: Path
) -> None:
    signal, app = served
    ready(phone, signal)
    # Nothing chosen: the message is at once at its field.
    press_send(phone)
    expect(phone.locator("#field-category [data-said]")).to_be_visible()
    fill(phone, "coal_ash", "Tro bay", large(tmp_path, 9))
    phone.locator("[data-next]").click()
    shots("step", phone, full=False)
    expect(phone.locator("[data-check-kind]")).not_to_have_text("–")
    press_send(phone)
    phone.wait_for_url(CODE)
    phone.go_back()
    expect(phone.locator("[name=category]:checked")).to_have_count(0)
    # What the server refuses is said at the field, and the same report goes on.
    fill(phone, "coal_ash", "Lần hai")
    phone.locator("[name=contact_email]").evaluate("e => { e.closest('details').open = true; }")
    phone.locator("[name=contact_email]").fill("không phải thư")
    press_send(phone)
    expect(phone.locator("[data-said]").first).to_be_visible()
    shots("refused-at-field", phone)
    phone.locator("[name=contact_email]").fill("")
    press_send(phone)
    phone.wait_for_url(CODE)
    assert [r.description for r in stored(app)] == ["Tro bay", "Lần hai"]


def test_a_full_phone_says_so_and_keeps_the_words(served: tuple[Signal, Any], phone: Page) -> None:
    signal, _ = served
    ready(phone, signal)
    signal.there = False
    phone.context.set_offline(True)
    fill(phone, "coal_ash", "Còn chữ này")
    phone.evaluate(
        """() => { IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); }; }"""
    )
    press_send(phone)
    expect(phone.locator("[data-full]")).to_be_visible()
    expect(phone.locator("#field-description")).to_have_value("Còn chữ này")
    expect(phone.locator("[name=category]:checked")).to_have_count(1)


def test_a_signal_that_goes_before_the_page_is_whole(
    served: tuple[Signal, Any], phones: Any, shots: Callable[..., Path]
) -> None:
    signal, app = served
    phone = phones(service_workers="block")
    phone.route("**/outbox.js*", lambda route: route.abort())
    phone.goto(f"{signal.url}/report")
    signal.there = False
    phone.context.set_offline(True)
    fill(phone, "coal_ash", "Còn chữ này")
    press_send(phone)
    expect(phone.locator("[data-unready]")).to_be_visible()
    expect(phone.locator("[data-full]")).to_be_hidden()
    shots("no-signal-page-not-whole", phone)
    signal.there = True
    phone.context.set_offline(False)
    press_send(phone)  # the plain form goes its way
    phone.wait_for_url(CODE)
    assert [report.description for report in stored(app)] == ["Còn chữ này"]


def test_cases_near_by_are_hinted_at(served: tuple[Signal, Any], phone: Page, shots: Callable[..., Path]) -> None:
    from tests.integration.public_world import case
    from webapp.core.db import committing

    signal, app = served
    with app.app_context(), committing():
        close = case(lon=106.5252, lat=9.5851, category_code="noise").public_id
        case(lon=106.56, lat=9.585, category_code="noise")
        case(lon=106.5252, lat=9.5851, category_code="wastewater")
        case(lon=106.5252, lat=9.5851, category_code="noise", publish_at=None)
    ready(phone, signal)
    fill(phone, "noise", "Ồn cả đêm")
    expect(phone.locator("[data-near] a")).to_have_count(1)
    assert phone.locator("[data-near] a").get_attribute("href") == f"/cases/{close}"
    shots("near", phone)
    press_send(phone)
    phone.wait_for_url(CODE)


def test_without_javascript_and_without_a_place(served: tuple[Signal, Any], phone_nojs: Page) -> None:
    signal, app = served
    page = phone_nojs
    page.goto(f"{signal.url}/report")
    assert not page.locator("[data-stepper]").is_visible()
    assert not page.locator("[data-queue]").is_visible()
    page.locator("details:has(input[value=coal_ash]) > summary").click()
    page.locator("label.tile:has(input[value=coal_ash])").click()
    page.locator("[name=place_unknown]").check()
    press_send(page)
    page.wait_for_url(CODE)
    assert stored(app)[0].place_source == "unknown"
