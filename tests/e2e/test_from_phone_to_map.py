"""The whole way, in a browser: a resident's report from the phone, through the desks, to a published outcome.

The processes are those of production: gunicorn, an RQ worker and the relay, on PostGIS and Redis.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import boundary_samples, factories, services

SAID = "Bụi than, tro xỉ bay vào nhà, phơi đồ không được"
FRONT = "mattran.duyenhai@thu.example"
PROVINCE_FRONT = "mattran.vinhlong@thu.example"
UNIT = "snnmt.vinhlong@thu.example"


@pytest.fixture(scope="module")
def duyen_hai(live_server: services.Server) -> services.Server:
    """The server with real boundaries where there are any, and with staff for Duyên Hải."""
    from webapp import create_app
    from webapp.areas.service import import_boundaries
    from webapp.config import Settings
    from webapp.core.db import committing, db

    app = create_app(Settings.from_env(live_server.place.environ))
    with app.app_context(), committing():
        folder = boundary_samples.real_folder()
        if folder is not None:
            import_boundaries(folder / "upstream_sample.zip", source="thử")
        factories.user(FRONT, "front", "mttq-29512")
        factories.user(PROVINCE_FRONT, "front", "mttq-86")
        factories.user(UNIT, "unit", "so-nnmt-86")
    with app.app_context():
        db.engine.dispose()
    return live_server


def sign_in(page: Page, server: services.Server, email: str) -> None:
    page.goto(f"{server.url}/auth/login")
    page.locator("#field-email").fill(email)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.locator("form[action='/auth/login'] button").click()
    page.wait_for_url(re.compile(r"/(desk|unit)"))


def do(page: Page, name: str, **fields: str) -> None:
    """One action of a case page, by its name; its form is opened if it is folded."""
    this = f"form[action$='/{name}']:not([action*='/outcomes/'])"
    form = page.locator(this).first
    if not form.locator("button[type=submit]").last.is_visible():  # the first may put a template in
        page.locator(f"details:has({this}) > summary").first.click()
    for field, value in fields.items():
        target = form.locator(f"[name={field}]").first
        if target.evaluate("e => e.tagName") == "SELECT":
            target.select_option(value)
        elif target.get_attribute("type") in {"radio", "checkbox"}:
            form.locator(f"[name={field}][value='{value}']").first.check()
        else:
            target.fill(value)
    form.locator("button[type=submit]").last.click()
    page.wait_for_load_state()


def test_from_the_phone_to_a_published_outcome(
    duyen_hai: services.Server, phones: Any, shots: Callable[..., Path], tmp_path: Path
) -> None:
    picture, evidence = tmp_path / "tro xỉ.jpg", tmp_path / "hiện trường.jpg"
    picture.write_bytes(factories.jpeg(1, (1600, 1200)))
    evidence.write_bytes(factories.jpeg(2, (1600, 1200)))

    # The resident, on a phone at 9.585 N 106.525 E
    resident = phones()
    resident.goto(f"{duyen_hai.url}/")
    shots("home")
    resident.goto(f"{duyen_hai.url}/report")
    shots("report-empty")
    tile = resident.locator("label.tile:has(input[value=coal_ash])")
    resident.locator("details:has(input[value=coal_ash]) > summary").click()
    tile.click()
    resident.locator("[data-locate]").click()
    expect(resident.locator("[name=lat]")).to_have_value("9.585000")
    resident.locator("#field-description").fill(SAID)
    resident.locator("[name=photos]").set_input_files(picture)
    shots("report-filled")
    resident.locator("[data-report] button[type=submit]").click()
    resident.wait_for_url(re.compile(r"/r/\d{16}"))
    code = re.search(r"/r/(\d{16})", resident.url).group(1)
    expect(resident.locator("output")).to_contain_text(code[:4])
    shots("report-sent")

    # The worker has routed it to the department of the province, and the map shows it
    expect(resident.locator("main")).to_contain_text(code[:4])
    for _ in range(40):
        resident.goto(f"{duyen_hai.url}/r/{code}")
        if "Vĩnh Long" in resident.locator("main").inner_text():
            break
        resident.wait_for_timeout(250)
    expect(resident.locator("main")).to_contain_text("Phường Duyên Hải")
    expect(resident.locator("main")).to_contain_text("Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long")
    resident.goto(f"{duyen_hai.url}/map?commune=29512")
    expect(resident.locator("[data-map] .m-sign").first).to_be_visible()
    shots("map", full=False)

    # The Front of the commune takes it on, lets out text and picture, and passes it on
    front = phones(viewport={"width": 1280, "height": 900}, is_mobile=False)
    sign_in(front, duyen_hai, FRONT)
    shots("desk-queue", page=front)
    front.locator(".case-title a").first.click()
    expect(front.locator("main")).to_contain_text(SAID)
    case = front.url.rstrip("/").rsplit("/", 1)[1].split("?")[0].split("#")[0]
    shots("desk-case", page=front)
    do(front, "take")
    do(front, "publish", public_text="Bụi than, tro xỉ bay vào khu dân cư.")
    do(front, "assign", unit="so-nnmt-86")
    expect(front.locator(".badge").first).to_be_visible()

    # The unit accepts, answers with evidence, and records what its inspection found
    unit = phones()
    sign_in(unit, duyen_hai, UNIT)
    shots("unit-queue", page=unit)
    unit.goto(f"{duyen_hai.url}/unit/cases/{case}")
    expect(unit.locator("main")).not_to_contain_text(code)
    do(unit, "accept")
    do(unit, "start")
    do(unit, "answer", answer_text="Chưa kèm ảnh")
    expect(unit.locator("#field-evidence")).to_be_attached()
    expect(unit.locator("[name=answer_text]")).to_have_value("Chưa kèm ảnh")
    unit.locator("[name=evidence]").set_input_files(evidence)
    do(unit, "answer", answer_text="Ngày 20/11 đã kiểm tra bãi xỉ, yêu cầu phun nước và phủ bạt.")
    do(
        unit,
        "outcome",
        inspected_on="2026-11-20",
        finding="violation",
        measure="reminder",
        summary="Bãi xỉ chưa phủ bạt khi có gió.",
    )
    shots("unit-case", page=unit)

    # The Front of the province checks the answer, publishes it and the outcome, and closes the case
    province = phones(viewport={"width": 1280, "height": 900}, is_mobile=False)
    sign_in(province, duyen_hai, PROVINCE_FRONT)
    province.goto(f"{duyen_hai.url}/desk/cases/{case}")
    do(province, "verify")
    answer = province.locator("[name=answers]").first.get_attribute("value")
    do(province, "publish", public_text="Bụi than, tro xỉ bay vào khu dân cư.", answers=str(answer))
    province.locator("form[action*='/outcomes/'] button[type=submit]").first.click()
    province.wait_for_load_state()
    do(province, "close")
    shots("desk-closed", page=province)

    # Everybody sees what came of it; the resident too
    public = phones()
    public.goto(f"{duyen_hai.url}/cases/{case}")
    expect(public.locator("main")).to_contain_text("phủ bạt")
    expect(public.locator("main")).not_to_contain_text(SAID)
    shots("case", page=public)
    public.goto(f"{duyen_hai.url}/outcomes")
    shots("outcomes", page=public)
    public.locator("main a[href^='/outcomes/']").first.click()
    expect(public.locator("main")).to_contain_text("Bãi xỉ chưa phủ bạt")
    resident.goto(f"{duyen_hai.url}/r/{code}")
    expect(resident.locator("main")).to_contain_text("yêu cầu phun nước")
    shots("code-page", page=resident)


def test_without_javascript(
    duyen_hai: services.Server, phone_nojs: Page, shots: Callable[..., Path], tmp_path: Path
) -> None:
    page = phone_nojs
    picture = tmp_path / "rác.jpg"
    picture.write_bytes(factories.jpeg(3))
    page.goto(f"{duyen_hai.url}/report")
    page.locator("details:has(input[value=waste_household]) > summary").click()
    page.locator("label.tile:has(input[value=waste_household])").click()
    page.locator("[name=photos]").set_input_files(picture)
    page.locator("[data-report] button[type=submit]").click()
    # No place yet: the message stands at its field, and kind and picture are kept
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator("input[value=waste_household]")).to_be_checked()
    expect(page.locator("[name=photos_kept]")).to_have_count(1)
    shots("nojs-error")
    page.locator("[name=province]").select_option("86")
    page.locator("[name=commune_name]").fill("duyen hai")
    page.locator("[data-report] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/r/\d{16}"))
    code = re.search(r"/r/(\d{16})", page.url).group(1)
    for _ in range(40):
        page.goto(f"{duyen_hai.url}/r/{code}")
        if "UBND" in page.content() or "Ủy ban nhân dân" in page.content():
            break
        page.wait_for_timeout(250)
    expect(page.locator("main")).to_contain_text("Ủy ban nhân dân phường Duyên Hải")
    shots("nojs-code-page")
    page.goto(f"{duyen_hai.url}/track")
    page.locator("[name=code]").fill(f"{code[:4]} {code[4:8]} {code[8:12]} {code[12:]}")
    page.locator("form[action='/track'] button").click()
    page.wait_for_url(re.compile(rf"/r/{code}"))
    page.goto(f"{duyen_hai.url}/map")
    expect(page.locator("#list")).to_be_visible()
    shots("nojs-map")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_khmer_and_the_dark(duyen_hai: services.Server, phones: Any, shots: Callable[..., Path], scheme: str) -> None:
    page = phones(locale="km-KH", color_scheme=scheme)
    page.goto(f"{duyen_hai.url}/report")
    expect(page.locator("html")).to_have_attribute("lang", "km")
    expect(page.locator("h1")).to_contain_text("ការរាយការណ៍")
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, "the page scrolls sideways"
    shots(f"report-khmer-{scheme}")
