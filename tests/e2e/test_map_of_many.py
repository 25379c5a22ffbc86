"""The map page on a phone over a country's worth of cases: every way to look, to search, to share, to go back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests import services
from tests.bench import map as bench
from tests.bench._fill import fill
from tests.e2e.test_accessibility import LOCALES, findings
from tests.e2e.waiting import until

# Enough for every journey. DGS_MAP_CASES=100000 says another number: filling takes a minute or two of processor time.
CASES = int(os.environ.get("DGS_MAP_CASES", "10000"))
SIGN = "#map .m-sign:has(.m-pin, .m-cluster)"


# The middle of the square of zoom 16 with the most cases, those that are shown at one point left out.
DENSEST = """
SELECT avg(lat), avg(lon) FROM (SELECT min(lat) AS lat, min(lon) AS lon, cell FROM map_points GROUP BY cell
HAVING count(*) = 1) AS spots GROUP BY cell >> 16 ORDER BY count(*) DESC LIMIT 1
"""


@dataclass(frozen=True)
class World:
    """An instance on PostGIS with `CASES` cases spread like people, and where most of them lie."""

    url: str
    spot: str  # "lat/lon"


@pytest.fixture(scope="module")
def world(run: services.Run) -> Iterator[World]:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with services.production_server(run) as server:
        url = server.place.environ["DATABASE_URL"]
        fill(url, CASES)
        app = create_app(Settings.from_env(server.place.environ))
        bench.add_up(app, url.replace("+psycopg", ""))
        with app.app_context():
            lat, lon = db.session.execute(text(DENSEST)).one()
            db.session.remove()
            db.engine.dispose()
        yield World(server.url, f"{lat:.5f}/{lon:.5f}")


def in_view(page: Page) -> int:
    """How many cases the page says are in view."""
    # Read in the page at one go: the words may be replaced between two looks.
    said = until(
        page,
        "() => (document.querySelector('[data-tally] span')?.textContent ?? '')"
        ".match(/(\\d[\\d.]*).*(trong vùng|ក្នុងផ្នែក)/)?.[1]",
    )
    return int(str(said).replace(".", ""))


def settled(page: Page) -> None:
    """The signs of this view have come."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(SIGN).first).to_be_visible()


def test_country_province_street_and_the_list_keeps_step(world: World, phone: Page, shots: Callable[..., Any]) -> None:
    phone.goto(f"{world.url}/map")
    settled(phone)
    whole = in_view(phone)
    assert whole > CASES * 0.6
    shots("map-many-country", full=False)
    phone.locator(".leaflet-control-zoom-in").tap()
    phone.wait_for_url(re.compile(r"#6/"))
    settled(phone)
    assert 0 < in_view(phone) <= whole
    phone.goto(f"{world.url}/map#13/{world.spot}")
    phone.reload()
    settled(phone)
    near = in_view(phone)
    assert 0 < near < whole / 50
    before = phone.url
    frame = phone.locator("#map").bounding_box()
    assert frame
    phone.mouse.move(frame["x"] + 180, frame["y"] + 150)
    phone.mouse.down()
    phone.mouse.move(frame["x"] + 60, frame["y"] + 90, steps=6)
    phone.mouse.up()
    expect(phone).not_to_have_url(before)
    # The list is of the cases in view: page by page it comes to their number, if they are few. A sign at the edge
    # stands for the cases of its square on both sides of it, so the signs may say one or two more or fewer.
    phone.goto(f"{world.url}/map#16/{world.spot}")
    phone.reload()
    phone.wait_for_load_state("networkidle")
    phone.locator("#list").scroll_into_view_if_needed()
    few = in_view(phone)
    more = phone.locator("[data-list] [data-more]")
    while few > 22 and phone.locator("[data-list] .case").count() < few - 2:
        shown = phone.locator("[data-list] .case").count()
        more.tap()
        expect(phone.locator("[data-list] .case").nth(shown)).to_be_visible()
    until(
        phone,
        "few => Math.abs(document.querySelectorAll('[data-list] .case').length - few) <= 2"
        " && !document.querySelector('[data-list] [data-more]')",
        few,
    )


def test_filters_are_chips_that_a_link_carries(world: World, phone: Page, phones: Any) -> None:
    phone.goto(f"{world.url}/map")
    settled(phone)
    whole = in_view(phone)
    phone.locator(".map-filters summary").tap()
    phone.locator("label.chip:has(input[name=status][value=done])").tap()
    phone.select_option("select[name=category]", "noise")
    expect(phone.locator("[data-active] .chip")).to_have_count(2)
    expect(phone).to_have_url(re.compile(r"category=noise&status=done#"))
    phone.wait_for_load_state("networkidle")
    expect(phone.locator("[data-tally] span").first).not_to_contain_text(f"{whole:,}".replace(",", "."))
    few = in_view(phone)
    assert 0 < few < whole
    # Somebody else opens the link and sees the same, at the same place.
    other = phones()
    other.goto(phone.url)
    settled(other)
    assert in_view(other) == few
    expect(other.locator("[data-active] .chip")).to_have_count(2)
    other.locator("[data-active] .chip").first.tap()
    expect(other.locator("[data-active] .chip")).to_have_count(1)
    expect(other).to_have_url(re.compile(r"\?status=done#"))
    # The most urgent first, and that too is in the address.
    other.locator("[data-order]").tap()
    expect(other).to_have_url(re.compile(r"order=urgent"))
    # A person who comes back finds the map where they left it.
    other.goto(f"{world.url}/map")
    expect(other).to_have_url(re.compile(re.escape(phone.url.partition("#")[2])))


def test_a_place_is_found_by_the_name_it_had(world: World, phone: Page, phone_nojs: Page) -> None:
    phone.goto(f"{world.url}/map")
    phone.locator("[name=q]").fill("xa long duc tp tra vinh")
    choice = phone.locator("[data-found] a").first
    expect(choice).to_contain_text("Long Đức")
    expect(choice.locator("small")).to_contain_text("Trà Vinh")
    phone.keyboard.press("ArrowDown")
    expect(choice).to_be_focused()
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(re.compile(r"commune=\d+"))
    expect(phone.locator(".map-place")).to_be_visible()
    expect(phone.locator(".m-asked").first).to_be_attached()
    assert int(phone.url.partition("#")[2].split("/")[0]) >= 10
    # Without script the form does it.
    phone_nojs.goto(f"{world.url}/map?status=done")
    phone_nojs.locator("[name=q]").fill("xa long duc tp tra vinh")
    phone_nojs.locator("[data-search] button").tap()
    phone_nojs.wait_for_url(re.compile("commune=|q="))
    if "commune=" not in phone_nojs.url:
        phone_nojs.locator("[data-found] a").first.tap()
    expect(phone_nojs).to_have_url(re.compile(r"status=done&province=86&commune=\d+"))
    phone_nojs.goto(f"{world.url}/map?q=khong+dau+co")
    expect(phone_nojs.locator("[data-found] .error")).to_be_visible()
    assert phone_nojs.locator("[name=q]").input_value() == "khong dau co"


def test_the_sheet_has_the_steps_and_the_way_back_closes_it(world: World, phone: Page) -> None:
    phone.goto(f"{world.url}/map")
    phone.goto(f"{world.url}/map#18/{world.spot}")
    phone.reload()
    phone.wait_for_load_state("networkidle")
    for zoom in (17, 16, 15):
        if phone.locator(".m-sign:has(.m-pin)").count():
            break
        phone.locator(".leaflet-control-zoom-out").tap()
        phone.wait_for_url(re.compile(rf"#{zoom}/"))
        phone.wait_for_load_state("networkidle")
    pin = phone.locator(".m-sign:has(.m-pin)").first
    pin.focus()
    expect(phone.locator(".leaflet-pan-anim")).to_have_count(0)  # at the edge of the map it comes into view first
    phone.keyboard.press("Enter")
    sheet = phone.locator("[data-sheet]")
    expect(sheet).to_be_visible()
    expect(sheet.locator("h2")).to_be_focused()
    expect(sheet.locator(".timeline, .badges").first).to_be_visible()
    address = phone.url
    phone.go_back()
    expect(sheet).to_be_hidden()
    assert phone.url == address  # still the map, where it was
    pin.focus()
    phone.keyboard.press("Enter")
    expect(sheet).to_be_visible()
    phone.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(pin).to_be_focused()
    # Gone on to the case and back again, the sheet is still open.
    phone.keyboard.press("Enter")
    sheet.locator("a.btn").tap()
    expect(phone).to_have_url(re.compile(r"/cases/\w+$"))
    phone.go_back()
    expect(sheet).to_be_visible()


def test_density_shading_and_months(world: World, phone: Page, shots: Callable[..., Any]) -> None:
    phone.goto(f"{world.url}/map")
    settled(phone)
    view = phone.locator("[data-views]")
    view.locator("label:has([value=heat])").tap()
    expect(phone.locator("canvas.m-heat")).to_be_visible()
    expect(phone.locator(SIGN)).to_have_count(0)
    inked = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
    until(phone, f"({inked})(document.querySelector('canvas.m-heat'))")
    shots("map-many-heat", full=False)
    view.locator("label:has([value=count])").tap()
    expect(phone.locator("canvas.m-heat")).to_have_count(0)
    expect(phone.locator("path.m-shade.is-4").first).to_be_attached()
    expect(phone.get_by_text("Quần đảo Hoàng Sa")).to_be_visible()
    expect(phone.get_by_text("Quần đảo Trường Sa")).to_be_visible()
    assert phone.locator("path.m-island.m-shade").count() > 10  # shaded with their provinces
    # The same as a table, for whoever does not see colours.
    phone.locator(".shade-table summary").tap()
    assert phone.locator(".shade-table tr").count() == 34
    expect(phone).to_have_url(re.compile("view=count"))
    phone.reload()
    expect(phone.locator("path.m-shade.is-4").first).to_be_attached()
    view.locator("label:has([value=ontime])").tap()
    expect(phone.locator("path.m-shade[class*=is-t]").first).to_be_attached()
    shots("map-many-ontime", full=False)
    view.locator("label:has([value=''])").tap()
    expect(phone.locator("path.m-shade")).to_have_count(0)
    settled(phone)
    whole = in_view(phone)
    phone.locator("[data-months]").tap()
    slider = phone.locator(".time-range")
    expect(slider).to_be_focused()
    for _ in range(3):
        phone.keyboard.press("ArrowLeft")
    expect(phone).to_have_url(re.compile(r"from=20\d\d-\d\d-01&to=20\d\d-\d\d-\d\d"))
    phone.wait_for_load_state("networkidle")
    said = int(re.findall(r"([\d.]+) vụ việc", phone.locator(".time-head output").inner_text())[0].replace(".", ""))
    assert 0 < in_view(phone) <= said < whole
    phone.locator(".time-head button").tap()
    expect(phone).not_to_have_url(re.compile("from="))


def test_a_picture_and_a_print_of_what_is_seen(world: World, phone: Page, tmp_path: Any) -> None:
    phone.goto(f"{world.url}/map?status=working#10/21.03/105.85")
    settled(phone)
    with phone.expect_download() as download:
        phone.locator("[data-picture]").tap()
    saved = tmp_path / "map.png"
    download.value.save_as(saved)
    from PIL import Image

    with Image.open(saved) as picture:
        assert picture.width >= 700
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 50  # something is drawn
    phone.evaluate("window.print = () => { window.printed = document.querySelector('[data-paper]').textContent; }")
    phone.locator("[data-print]").tap()
    words = until(phone, "window.printed")
    # Title, filter, day, source; and the country in the corner, with what is Vietnam's.
    for word in (
        "Bản đồ vụ việc",
        "Đơn vị đang xử lý",
        "Tính đến ngày",
        "Nguồn: Dân Giám Sát",
        "Hoàng Sa",
        "Trường Sa",
    ):
        assert word in words, word


def test_khmer_and_no_script(world: World, phones: Any, shots: Callable[..., Any]) -> None:
    khmer = phones(locale="km-KH")
    khmer.goto(f"{world.url}/map?view=ontime")
    expect(khmer.locator("path.m-shade[class*=is-t]").first).to_be_attached()
    assert re.search("[\u1780-\u17ff]", khmer.locator(".shade-table summary").inner_text())
    expect(khmer.locator("#map").get_by_text("Quần đảo Hoàng Sa")).to_be_visible()
    shots("map-many-khmer", full=False)
    plain = phones(java_script_enabled=False)
    plain.goto(f"{world.url}/map?order=urgent&status=overdue")
    assert plain.locator("[data-list] .case").count() == 20
    first = plain.locator("[data-list] .case-title a").first.get_attribute("href")
    plain.get_by_role("link", name="Cũ hơn").tap()
    expect(plain).to_have_url(re.compile("order=urgent&after="))
    assert plain.locator("[data-list] .case").count() == 20
    assert plain.locator("[data-list] .case-title a").first.get_attribute("href") != first
    plain.locator("[data-active] .chip").first.tap()
    expect(plain).to_have_url(re.compile(r"/map\?order=urgent$"))


@pytest.mark.parametrize("language", LOCALES)
def test_axe_finds_nothing_however_one_looks(world: World, phones: Any, language: str) -> None:
    page = phones(locale=LOCALES[language])
    page.goto(f"{world.url}/map?status=working&days=365")
    settled(page)
    page.locator(".map-filters summary").tap()
    page.locator(".map-legend summary").tap()
    page.locator("[data-months]").tap()
    expect(page.locator(".time-range")).to_be_focused()
    page.locator("[name=q]").fill("minh")
    expect(page.locator("[data-found] a").first).to_be_visible()
    found = findings(page, "all open")
    for code, there in (("heat", "canvas.m-heat"), ("count", ".shade-key"), ("ontime", ".shade-key .is-few")):
        page.goto(f"{world.url}/map?view={code}")
        expect(page.locator(there).first).to_be_attached()
        if code != "heat":
            page.locator(".shade-table summary").tap()
        found += findings(page, code)
    page.goto(f"{world.url}/map")
    page.evaluate("history.replaceState({sheet: '/map/list?bbox=102,8,110,23', title: 'x'}, '', location.href)")
    page.reload()
    expect(page.locator("[data-sheet] .case").first).to_be_visible()
    found += findings(page, "sheet")
    page.goto(f"{world.url}/map?q=a&from=2026-05-01&to=2026-04-01&view=x")
    found += findings(page, "wrong")
    assert not found, "\n".join(found)
