"""An officer with many cases: by keyboard, from case to case, on a wide screen and on a phone, without scripts too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.e2e.commune import PEOPLE, Commune, Front, Offices, Person, commune, press

DESKTOP = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}


@pytest.fixture
def ward(run: services.Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commune]:
    with commune(run, monkeypatch) as made:
        made.at("2026-10-05 09:00")
        yield made


@pytest.fixture
def offices(ward: Commune) -> Offices:
    return Offices(ward)


def chosen(page: Page) -> int:
    return page.locator("[name=case]:checked").count()


def fits(page: Page) -> None:
    wide = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide, page.url
    for box in (badge.bounding_box() for badge in page.locator(".badges > :visible").all()):
        assert box is None or box["x"] + box["width"] <= wide, page.url


def test_a_list_is_walked_chosen_from_and_searched_without_a_mouse(
    ward: Commune, offices: Offices, phones: Any, shots: Callable[..., Path]
) -> None:
    offices.send(1, 2, 3, kind="waste_household")
    front = Front(ward, phones(**DESKTOP), PEOPLE["front"][0])
    page = front.go("/desk")
    rows = [re.sub(r".*/", "", str(a.get_attribute("href"))) for a in page.locator("[data-row] a").all()]
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(page.locator("[data-row] a").nth(at)).to_be_focused()
    page.keyboard.press("x")
    assert chosen(page) == 1
    page.keyboard.press("x")
    assert chosen(page) == 0
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_have_attribute("open", "")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jx")
    expect(page.locator("[data-search]")).to_have_value("jx")
    assert chosen(page) == 0, "what is typed is no command"
    page.locator("[data-row] a").nth(1).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(rows[1])
    seen = []
    for _ in rows:
        press(page, page.locator("a[href*='/desk/next']"))
        seen.append(re.sub(r".*/", "", page.url))
    assert sorted(seen) == sorted(rows), "each case once, without the list"
    shots("desk-1-case", page)


def test_a_case_given_back_is_passed_on_on_a_phone_without_scripts(
    ward: Commune, offices: Offices, phones: Any, shots: Callable[..., Path]
) -> None:
    offices.send(1, 2, kind="waste_household")
    offices.assign(1, 2)
    offices.refuse(1, "so-nnmt-86")
    front = Front(ward, phones(java_script_enabled=False), PEOPLE["front"][0])
    page = front.open(1)
    assert page.locator("#field-unit").input_value() == "so-nnmt-86"
    fits(page)
    shots("desk-2-given-back", page)
    front.do(1, "assign")
    page = front.open(2)
    page.locator("#do-take_away > summary").click()
    shots("desk-3-take-away", page)
    front.do(2, "take_away", unit="so-nnmt-86", take_away_reason="Đơn vị không tiếp nhận")
    fits(page)
    department = Person(ward, phones(java_script_enabled=False), PEOPLE["department"][0])
    listed = department.go("/unit?tab=accept").locator("main")
    for line in (1, 2):
        expect(listed).to_contain_text(ward.numbers[line])


def test_pages_of_the_desk_fit_a_phone_and_a_wide_screen(
    ward: Commune, offices: Offices, phones: Any, shots: Callable[..., Path]
) -> None:
    offices.send(*range(1, 9), kind="waste_household")
    offices.assign(*range(1, 8))
    offices.accept(1, 2, 3)
    offices.answer(1)
    ward.at("2026-10-12 09:00")
    for size, options in (("phone", {}), ("wide", DESKTOP)):
        province = Front(ward, phones(**options), PEOPLE["province"][0])
        for name, path in (
            ("queue", "/desk"),
            ("scores", "/desk/scores?by=now"),
            ("scores-behind", "/desk/scores/all/received"),
            ("scores-took", "/desk/scores/ubnd-29512/took"),
            ("replies", "/desk/replies"),
            ("reply", "/desk/replies/new"),
            ("escalated", "/desk/escalated"),
        ):
            page = province.go(path)
            fits(page)
            shots(f"desk-4-{name}-{size}", page)
        committee = Person(ward, phones(**options), PEOPLE["committee"][0])
        for name, line in (("accept", 4), ("answer", 2)):
            page = committee.open(line)
            fits(page)
            shots(f"desk-5-unit-{name}-{size}", page)
