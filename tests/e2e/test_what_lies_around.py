"""What lies around a case in space and time, as an officer reads it on a phone and at a desk, scripts or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.e2e.commune import PEOPLE, Commune, Front, Offices, commune, press

DESKTOP = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}


@pytest.fixture
def ward(run: services.Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commune]:
    with commune(run, monkeypatch) as made:
        offices = Offices(made)
        for day, lines in (("2026-02-16", (1, 9)), ("2026-09-01", (2,)), ("2026-10-03", (3, 4, 10, 11))):
            made.at(f"{day} 09:00")
            offices.send(*lines, kind="waste_household")
        made.at("2026-10-05 09:00")
        yield made


def numbers(page: Page, what: str) -> list[str]:
    return sorted(page.locator(what).all_text_contents(), key=int)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth"), page.url


def test_signs_in_space_signs_in_time_and_rows_have_one_number_each(
    ward: Commune, phones: Any, shots: Callable[..., Path]
) -> None:
    for name, options in (("phone", {"java_script_enabled": False}), ("desk", DESKTOP)):
        front = Front(ward, phones(**options), PEOPLE["front"][0])
        page = front.go(f"/desk/cases/{ward.numbers[10]}?list=%3Ftab%3Dall")
        drawn, along = numbers(page, ".near-map .near-sign text"), numbers(page, ".near-strip .near-sign text")
        rows = [text.split()[-1] for text in page.locator("li .near-n:has(.hide)").all_text_contents()]
        assert drawn == along == sorted(rows, key=int)
        assert len(drawn) >= 5
        expect(page.locator(".near-key")).to_contain_text("trong vòng một tuần")
        fits(page)
        page.locator(".near-both").scroll_into_view_if_needed()
        shots(f"around-1-{name}", page)
        page.locator(".near-both").screenshot(path=f"var/screenshots/around-2-{name}.png")


def test_found_out_later_on_a_phone_without_scripts(ward: Commune, phones: Any, shots: Callable[..., Path]) -> None:
    Offices(ward).assign(3)
    Offices(ward).accept(3)
    front = Front(ward, phones(java_script_enabled=False), PEOPLE["front"][0])
    page = front.go("/desk?tab=units&q=viec")
    press(page, page.locator(f"[data-row] a[href*='{ward.numbers[3]}']"))
    page.locator("#do-correct > summary").click()
    page.locator("#do-correct [name=category]").select_option("coal_ash")
    fits(page)
    shots("around-3-correct", page)
    press(page, page.locator("#do-correct button[type=submit]").first)
    expect(page.locator("#error-correct_reason")).to_be_visible()
    page.locator("#do-correct [name=correct_reason]").fill("Tro xỉ, không phải rác (minh họa)")
    press(page, page.locator("#do-correct button[type=submit]").first)
    expect(page.locator("main")).to_contain_text("Lấy lại từ UBND phường Duyên Hải")
    expect(page.locator("main")).to_contain_text("được báo là không còn thụ lý")
    fits(page)
    shots("around-4-corrected", page)
    press(page, page.locator("a.back").first)
    assert page.url.endswith("/desk?tab=units&q=viec"), "back in the list as it was"
