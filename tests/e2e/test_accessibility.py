"""Everybody can go the whole way: axe finds nothing, the keyboard suffices, large text fits, paper comes out right.

WCAG 2.2 AA as far as a program can check it, on every page of the journey, in three languages, light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests import factories, services
from webapp.reports import lifecycle

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOCALES = {"vi": "vi-VN", "en": "en-GB", "km": "km-KH"}
OFFICER = "mattran.tiepcan@thu.example"


@dataclass(frozen=True)
class World:
    """An instance with one case that has come all the way, and one that has just arrived."""

    url: str
    code: str
    case: str
    outcome: str

    @property
    def public(self) -> dict[str, str]:
        return {
            "home": "/",
            "report": "/report",
            "paper": "/report/paper",
            "track": "/track",
            "code": f"/r/{self.code}",
            "code-sent": f"/r/{self.code}?sent=1",
            "map": "/map",
            "cases": "/cases",
            "case": f"/cases/{self.case}",
            "outcomes": "/outcomes",
            "open-data": "/open-data",
            "outcome": f"/outcomes/{self.outcome}",
            "sign-in": "/auth/login",
            "nowhere": "/r/1",
        }

    @property
    def staff(self) -> dict[str, str]:
        return {"entry": "/entry", "desk": "/desk", "desk-case": f"/desk/cases/{self.case}"}


@pytest.fixture(scope="module")
def world(run: services.Run) -> Iterator[World]:
    from tests.integration.public_world import case
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db
    from webapp.reports import service

    with services.embedded_server(run) as server:
        app = create_app(Settings.from_env(server.place.environ))
        with app.app_context():
            with committing():
                shown = case(
                    lon=106.525, lat=9.585, status=lifecycle.ANSWERED, unit_code="so-nnmt-86", area_code="29512"
                )
                shown.supervisor_code = "mttq-29512"
                outcome = published_outcome(shown)
                factories.user(OFFICER, "front", "mttq-29512")
                public_id = shown.public_id
            with committing():
                code = service.submit(factories.submission(description="Bụi bay vào nhà")).code
            db.engine.dispose()
        yield World(server.url, code, public_id, outcome)


def published_outcome(report: Any) -> Any:
    from webapp.core import clock
    from webapp.core.events import Actor
    from webapp.inspections import service as inspections

    actor = Actor("unit", None, "so-nnmt-86")
    found = inspections.record(
        report,
        actor,
        inspected_on=clock.today(),
        finding="violation",
        measure="reminder",
        summary="Bãi xỉ chưa phủ bạt.",
    )
    inspections.publish(found, Actor("front", None, "mttq-86"))
    return found.id


def sign_in(page: Page, world: World) -> None:
    page.goto(f"{world.url}/auth/login")
    page.locator("#field-email").fill(OFFICER)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/desk"))


def findings(page: Page, name: str) -> list[str]:
    """What axe finds by day, and of colours by night, one line for each element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    by_day = _axe(page, name, {"type": "tag", "values": TAGS})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # nothing on its way from one colour to another
    by_night = _axe(page, f"{name} by night", {"type": "rule", "values": ["color-contrast"]})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return by_day + by_night


def _axe(page: Page, name: str, only: dict[str, Any]) -> list[str]:
    found = page.evaluate("only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
    assert found["passes"] or found["incomplete"], f"axe looked at nothing: {name}"
    return [
        f"{name}: {violation['id']}: {node['html'][:160]} {node['any'][:1] and node['any'][0]['message']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def with_errors(page: Page, world: World, path: str) -> None:
    """The page as the server gives it back, with its list of errors."""
    page.goto(f"{world.url}{path}")
    # submit() passes by the scripts, as a phone without them does.
    page.locator("form:not(.langs):not(.contents)").last.evaluate("form => form.submit()")
    expect(page.locator("#error-summary")).to_be_focused()


def with_errors_at_their_fields(page: Page, world: World) -> None:
    """The report form where the script sends it: the page stays, the errors come to their fields."""
    page.goto(f"{world.url}/report")
    page.locator("[data-report] button[type=submit]").click()
    expect(page.locator("#field-category [data-said]")).to_be_visible()
    expect(page.locator("#field-category")).to_be_focused()


@pytest.mark.parametrize("language", LOCALES)
def test_axe_finds_nothing(world: World, phones: Any, language: str) -> None:
    page = phones(locale=LOCALES[language])
    found = []
    for name, path in world.public.items():
        page.goto(f"{world.url}{path}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("html")).to_have_attribute("lang", language)
        found += findings(page, name)
    page.goto(f"{world.url}/report")
    page.locator("details:has(input[value=sand_river]) > summary").click()
    page.locator("label.tile:has(input[value=sand_river])").click()
    found += findings(page, "report-kind")
    with_errors_at_their_fields(page, world)
    found += findings(page, "report with errors at their fields")
    for path in ("/report", "/track", "/auth/login"):
        with_errors(page, world, path)
        found += findings(page, f"{path} with errors")
    sign_in(page, world)
    for name, path in world.staff.items():
        page.goto(f"{world.url}{path}")
        found += findings(page, name)
    with_errors(page, world, "/entry")
    found += findings(page, "entry with errors")
    page.locator("#field-kind").fill("40")
    page.locator("#field-source").select_option("paper")
    page.locator("#field-lang").select_option(language)
    page.keyboard.press("Enter")
    page.locator("[accesskey='6']").click()
    expect(page.locator(".slip")).to_be_visible()
    found += findings(page, "slip")
    assert not found, "\n".join(found)


def tab_to(page: Page, selector: str, limit: int = 80) -> None:
    """Press Tab until such an element has the focus."""
    for _ in range(limit):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to {selector}")


def test_the_report_form_by_keyboard_alone(world: World, phones: Any) -> None:
    page = phones(is_mobile=False, has_touch=False)
    page.goto(f"{world.url}/report")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_visible()
    page.keyboard.press("Enter")
    tab_to(page, "details:has(input[value=noise]) > summary")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "the focus is seen"
    page.keyboard.press("Enter")
    tab_to(page, "input[name=category]")
    while not page.locator("input[value=noise]").is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, "[data-locate]")
    page.keyboard.press("Space")
    expect(page.locator("[name=lat]")).to_have_value("9.585000")
    tab_to(page, "#field-description")
    page.keyboard.type("Loa kéo suốt đêm")
    tab_to(page, "[data-report] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/r/\d{16}"))


def test_a_report_is_entered_by_keyboard_alone(world: World, phones: Any, shots: Callable[..., Path]) -> None:
    page = phones(viewport={"width": 1280, "height": 900}, is_mobile=False, has_touch=False)
    sign_in(page, world)
    page.goto(f"{world.url}/entry")
    expect(page.locator("#field-kind")).to_be_focused()
    shots("entry")
    page.keyboard.type("10")
    tab_to(page, "#field-description")
    page.keyboard.type("Đống rác sau chợ")
    tab_to(page, "#field-source")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".slip-code b")).to_have_text(re.compile(r"^(\d{4} ){3}\d{4}$"))
    assert page.url == f"{world.url}/entry", "no code in the address"
    shots("entry-slip")
    tab_to(page, "main a[href^='/entry?']")
    page.keyboard.press("Enter")
    expect(page.locator("#field-kind")).to_be_focused()
    expect(page.locator("#field-source")).to_have_value("paper")
    expect(page.locator("#field-commune_name")).to_have_value("Phường Duyên Hải")


@pytest.mark.parametrize("language", LOCALES)
def test_what_is_printed(world: World, phones: Any, language: str, tmp_path: Path) -> None:
    page = phones(locale=LOCALES[language], is_mobile=False, has_touch=False)
    page.goto(f"{world.url}/report/paper")
    assert printed(page) == (2, (595, 842)), "two A4 pages"
    sign_in(page, world)
    page.goto(f"{world.url}/entry")
    page.locator("#field-kind").fill("10")
    page.locator("#field-source").select_option("phone")
    page.locator("#field-lang").select_option(language)
    page.locator("[accesskey='6']").click()
    expect(page.locator(".slip")).to_be_visible()
    assert printed(page) == (1, (298, 420)), "one A6 page"


def printed(page: Page) -> tuple[int, tuple[int, int]]:
    """(pages, (width, height) in points) of the page as it is printed."""
    document = page.pdf(prefer_css_page_size=True)
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document))
    assert len(boxes) == 1, boxes
    width, height = boxes.pop()
    return len(re.findall(rb"/Type /Page\b(?!s)", document)), (round(float(width)), round(float(height)))


@pytest.mark.parametrize("language", LOCALES)
def test_large_text_fits(world: World, phones: Any, language: str) -> None:
    """Text at 200 % on a small phone: nothing is wider than the screen."""
    page = phones(locale=LOCALES[language])
    wide = []

    def look(paths: dict[str, str]) -> None:
        for name, path in paths.items():
            page.goto(f"{world.url}{path}", wait_until="networkidle")
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wide.append(f"{name}: {over} px {page.evaluate(WIDEST)}")

    look(world.public)
    sign_in(page, world)
    look({"entry": "/entry"})
    assert not wide, "\n".join(wide)


WIDEST = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .slice(-3).map(e => e.outerHTML.slice(0, 90)).join(' | ')"""


@pytest.mark.parametrize("language", LOCALES)
def test_the_masthead_is_one_row(world: World, phones: Any, language: str, shots: Callable[..., Path]) -> None:
    page = phones(locale=LOCALES[language])
    page.goto(f"{world.url}/")
    page.evaluate("document.fonts.ready")
    brand = page.locator(".mast .brand").bounding_box()
    switch = page.locator(".mast .langs").bounding_box()
    assert brand
    assert switch
    assert switch["y"] < brand["y"] + brand["height"] / 2, "the languages have slipped below the name"
    for button in page.locator(".mast .langs button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
    shots(f"masthead-{language}", full=False)


def test_only_khmer_pages_fetch_the_khmer_face(world: World, phones: Any) -> None:
    fetched: dict[str, list[str]] = {}
    for language, locale in LOCALES.items():
        page = phones(locale=locale)
        asked = fetched.setdefault(language, [])
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(f"{world.url}/report")
        page.evaluate("document.fonts.ready.then(() => 1)")
        loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.weight)")
        assert ("400" in loaded) == (language == "km")
    fonts = {language: [u for u in urls if u.endswith(".woff2")] for language, urls in fetched.items()}
    assert not fonts["vi"]
    assert not fonts["en"]
    assert len(fonts["km"]) <= 2  # none where the device has the face
    for weight in (400, 700):
        answer = page.request.get(f"{world.url}/static/vendor/@fontsource/noto-sans-khmer/khmer-{weight}.woff2")
        assert answer.ok
        assert len(answer.body()) < 25_000


def test_nothing_moves_for_those_who_do_not_want_it(world: World, phones: Any) -> None:
    moving = """() => [...document.querySelectorAll('*')].filter(e => {
      const s = getComputedStyle(e);
      return [s.transitionDuration, s.animationDuration].some(d => d.split(',').some(x => parseFloat(x) > 0));
    }).map(e => e.outerHTML.slice(0, 90))"""
    calm = phones(reduced_motion="reduce")
    for path in ("/", "/report", "/map", "/outcomes", f"/r/{world.code}"):
        calm.goto(f"{world.url}{path}")
        assert calm.evaluate(moving) == [], path
    lively = phones(reduced_motion="no-preference")
    lively.goto(f"{world.url}/report")
    assert lively.evaluate(moving), "the check sees what moves"
