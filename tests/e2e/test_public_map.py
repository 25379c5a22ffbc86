"""The map on a phone: signs, sheet, filters that survive a reload, a list in step, and all of it by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.integration.public_world import case
from webapp.reports import lifecycle
from workers import mapping


@pytest.fixture(scope="module")
def served(run: services.Run) -> Iterator[str]:
    """The address of an instance with a few cases around Duyên Hải, and two far from there."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core import clock
    from webapp.core.db import committing, db

    with services.embedded_server(run) as server:
        app = create_app(Settings.from_env(server.place.environ))
        with app.app_context(), committing():
            late = clock.now() - timedelta(days=3)
            case(lon=106.525, lat=9.585, status=lifecycle.ASSIGNED, due_at=late, unit_code="so-nnmt-86")
            case(lon=106.535, lat=9.595, status=lifecycle.CLOSED, category_code="noise")
            case(lon=106.5, lat=9.56, status=lifecycle.RECEIVED, category_code="wastewater")
            for _ in range(2):
                case(lon=106.51, lat=9.57, status=lifecycle.ANSWERED, category_code="sand_river")
            for _ in range(2):
                case(lon=106.6, lat=20.8, province_code=None, area_code=None)
            db.session.flush()
        mapping.follow(app)  # the server does it too, each second: a busy machine's seconds are long
        yield server.url


def titles(page: Page) -> int:
    return page.locator("[data-list] .case").count()


def test_the_figures_still_add_up_after_moving_about(served: str, phone: Page) -> None:
    phone.goto(f"{served}/map")
    expect(phone.locator("#map .m-cluster")).to_have_count(2)
    for key in ("+", "+", "-", "-", "+", "-"):
        phone.locator(f".leaflet-control-zoom-{'in' if key == '+' else 'out'}").tap()
        phone.wait_for_timeout(400)
    tally = phone.locator("[data-tally]")
    expect(tally.locator("span").first).to_contain_text("7")
    late = tally.locator(".tallied", has=phone.locator("use[href$='st-overdue']"))
    numbers = [int(text) for text in tally.locator(".tallied b").all_inner_texts()]
    assert sum(numbers) - sum(int(text) for text in late.locator("b").all_inner_texts()) == 7


def test_from_the_country_to_a_case_and_back(served: str, phone: Page, shots: Callable[..., Any]) -> None:
    phone.goto(f"{served}/map")
    expect(phone.locator("#map .m-cluster")).to_have_count(2)
    expect(phone.get_by_text("Quần đảo Hoàng Sa")).to_be_visible()
    expect(phone.get_by_text("Quần đảo Trường Sa")).to_be_visible()
    shots("map-country")
    phone.goto(f"{served}/map#13/9.58/106.515")
    phone.reload()
    expect(phone.locator(".m-pin")).to_have_count(3)
    expect(phone.locator("#map .m-cluster")).to_have_count(1)
    # Each sign says in words what it says in colour and shape.
    for sign in phone.locator(".m-sign").all():
        assert sign.get_attribute("aria-label")
    assert phone.locator(".m-pin.is-overdue").count() == 1
    phone.locator(".m-pin.is-overdue").tap()
    sheet = phone.locator("[data-sheet]")
    expect(sheet).to_be_visible()
    expect(sheet.locator("h2")).to_be_focused()
    link = sheet.locator("a.btn")
    box = link.bounding_box()
    assert box and box["y"] + box["height"] <= 740  # in sight without scrolling
    shots("map-sheet", full=False)
    link.tap()
    expect(phone.locator("h1")).to_be_visible()
    assert re.search(r"/cases/\w{10}$", phone.url)
    phone.go_back()
    expect(phone.locator(".m-pin")).to_have_count(3)
    assert phone.url.endswith("#13/9.5800/106.5150")


def test_the_list_keeps_step_and_filters_stay(served: str, phone: Page) -> None:
    phone.goto(f"{served}/map#13/9.58/106.515")
    phone.locator("#list").scroll_into_view_if_needed()
    expect(phone.locator("[data-list] .case")).to_have_count(5)
    expect(phone.locator("[data-tally]")).to_contain_text("5")
    phone.locator(".map-filters summary").tap()
    phone.locator("label.chip:has(input[name=status][value=done])").tap()
    expect(phone.locator(".m-pin")).to_have_count(1)
    expect(phone.locator("#map .m-cluster")).to_have_count(0)
    assert "/map?status=done#13/" in phone.url
    phone.locator("#list").scroll_into_view_if_needed()
    expect(phone.locator("[data-list] .case")).to_have_count(1)
    phone.reload()
    expect(phone.locator(".m-pin")).to_have_count(1)
    expect(phone.locator("[data-list] .case")).to_have_count(1)
    # Away from all cases the list is empty, too, and says what to do.
    phone.goto("about:blank")
    phone.goto(f"{served}/map?status=done#13/12.0/108.0")
    phone.locator("#list").scroll_into_view_if_needed()
    expect(phone.locator("[data-list] .case")).to_have_count(0)
    expect(phone.locator("[data-list]")).not_to_be_empty()


def test_cases_at_one_point_open_as_a_list(served: str, phone: Page) -> None:
    phone.goto(f"{served}/map#15/9.57/106.51")
    cluster = phone.locator("#map .m-cluster")
    expect(cluster).to_have_count(1)
    cluster.tap()
    expect(phone.locator("[data-sheet] .case")).to_have_count(2)


def test_the_map_works_by_keyboard(served: str, phones: Any) -> None:
    page = phones(viewport={"width": 1280, "height": 800}, is_mobile=False, has_touch=False)
    page.goto(f"{served}/map#13/9.58/106.515")
    expect(page.locator(".m-pin")).to_have_count(3)
    # Past the map in one step.
    page.locator(".skip-map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#list")).to_be_focused()
    sign = page.locator(".m-sign:has(.m-pin.is-overdue)")
    sign.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-sheet]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-sheet]")).to_be_hidden()
    expect(sign).to_be_focused()
    # A chip by arrow key, as with any group of radio buttons.
    page.locator(".map-filters summary").click()
    page.locator("input[name=status][value='']").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"status=waiting"))
    expect(page.locator(".m-sign:has(.m-pin)")).to_have_count(1)


def test_near_me_is_asked_only_on_a_tap(served: str, phone: Page) -> None:
    phone.goto(f"{served}/map")
    expect(phone.locator("#map .m-cluster")).to_have_count(2)
    assert phone.locator(".m-me").count() == 0
    phone.locator("[data-locate]").tap()
    expect(phone.locator(".m-me")).to_have_count(1)
    expect(phone).to_have_url(re.compile(r"#14/9\.58\d*/106\.52\d*"))


def test_without_script_the_list_does_it_all(served: str, phone_nojs: Page, shots: Callable[..., Any]) -> None:
    phone_nojs.goto(f"{served}/map")
    assert not phone_nojs.locator("[data-map-stage]").is_visible()
    assert titles(phone_nojs) == 7
    shots("map-noscript")
    phone_nojs.locator(".map-filters summary").tap()
    phone_nojs.locator("label.chip:has(input[name=status][value=overdue])").tap()
    phone_nojs.locator("[data-apply]").tap()
    expect(phone_nojs.locator("[data-list] .case")).to_have_count(1)
    phone_nojs.locator(".map-filters summary").tap()
    phone_nojs.select_option("select[name=province]", "86")
    phone_nojs.locator("[data-apply]").tap()
    phone_nojs.locator(".map-filters summary").tap()
    phone_nojs.select_option("select[name=commune]", "29512")
    phone_nojs.locator("[data-apply]").tap()
    expect(phone_nojs.locator("[data-list] .case")).to_have_count(1)
    phone_nojs.locator(".case-title a").first.tap()
    expect(phone_nojs.locator("h1")).to_be_visible()


def test_the_map_page_is_light(served: str, phone: Page) -> None:
    """At most 12 requests and 130 KB, compressed, before map data."""
    import gzip

    answers: list[Any] = []
    phone.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (Playwright refuses built-ins)
    phone.goto(f"{served}/map")
    expect(phone.locator("#map .m-cluster")).to_have_count(2)
    ours = [a for a in answers if "/static/" in a.url or re.search(r"/map$", a.url)]
    sizes = {a.url: len(gzip.compress(a.body(), 6)) for a in ours}
    assert len(sizes) <= 12, list(sizes)
    assert sum(sizes.values()) <= 130_000, sizes
