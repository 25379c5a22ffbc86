"""The unit's side in a browser: an inspection without a signal, and an office that has no account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services
from tests.e2e.signal import Signal, weak_signal
from webapp.core.events import SYSTEM, Actor
from webapp.reports.models import Report

FRONT = Actor("front", None, "mttq-29512")
OFFICER = "canbo.duyenhai@thu.example"
SUPERVISOR = "mattran.duyenhai@thu.example"
DESKTOP = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}


@pytest.fixture(scope="module")
def world(embedded_server: services.Server) -> Iterator[Any]:
    """The app behind the server, with a commune whose committee can sign in and a neighbour that cannot."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db
    from webapp.units import contacts
    from webapp.units import queries as units

    app = create_app(Settings.from_env(embedded_server.place.environ))
    with app.app_context(), committing():
        factories.user(OFFICER, "unit", "ubnd-29512")
        factories.user(SUPERVISOR, "front", "mttq-29512")
        neighbour = units.by_code("ubnd-29413")
        assert neighbour is not None
        contacts.put(neighbour, "vanthu@longhoa.example", SYSTEM)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def signal(embedded_server: services.Server, world: Any) -> Iterator[Signal]:
    with weak_signal(embedded_server.url) as weak:
        yield weak


def case_for(app: Any, unit_code: str) -> str:
    """A case of household waste that the Front has passed to this unit; its number."""
    from webapp.core.db import committing
    from webapp.routing import assign
    from webapp.routing import service as routing
    from webapp.units import queries as units

    with app.app_context(), committing():
        report: Report = factories.report(category_code="waste_household", description="Bãi rác sau chợ")
        routing.route(report)
        unit = units.by_code(unit_code)
        assert unit is not None
        assign.assign(report, unit, FRONT, "thử")
        return report.public_id


def sign_in(page: Page, url: str, who: str = OFFICER) -> None:
    page.goto(f"{url}/auth/login")
    page.locator("#field-email").fill(who)
    page.locator("#field-password").fill(factories.PASSWORD)
    page.locator("form[action='/auth/login'] button").click()
    page.wait_for_url(re.compile(r"/(unit|desk)"))


def until(page: Page, question: str) -> None:
    for _ in range(150):
        if page.evaluate(question):
            return
        page.wait_for_timeout(200)
    raise AssertionError(question)


def test_an_inspection_without_a_signal_is_sent_on_return_and_signed_on_a_desktop(
    signal: Signal, world: Any, phones: Any, shots: Callable[..., Path], tmp_path: Path
) -> None:
    number = case_for(world, "ubnd-29512")
    address = f"{signal.url}/unit/cases/{number}"
    picture = tmp_path / "bãi rác.jpg"
    picture.write_bytes(factories.jpeg(7, (3000, 2250)))

    phone = phones()
    sign_in(phone, signal.url)
    phone.goto(address)
    phone.locator("form[action$='/accept'] button").click()
    phone.wait_for_load_state()
    phone.locator(f"a[href='/unit/cases/{number}/inspection']").click()
    expect(phone.locator("[data-offline-box]")).to_be_visible()
    until(phone, "navigator.serviceWorker.getRegistration('/unit/cases/').then(r => Boolean(r?.active))")

    # Out of reach: the page opens all the same, and a restart of the page loses nothing
    signal.there = False
    phone.goto(f"{address}/inspection")
    expect(phone.locator("h1")).to_contain_text("Kiểm tra")
    assert phone.locator("[name=csrf_token]").count() == 0
    phone.locator("[name=q_waste_there][value=yes]").check()
    phone.locator("[name=q_volume]").fill("2,5")
    phone.locator("[data-locate]").click()
    expect(phone.locator("[name=lat]")).to_have_value("9.585000")
    phone.locator("[name=p_overview]").set_input_files(picture)
    expect(phone.locator("[data-file-list] img")).to_have_count(1)
    phone.locator("[name=findings]").fill("Bãi rác khoảng hai khối sau chợ")
    phone.locator("[name=findings]").blur()
    phone.wait_for_timeout(800)
    phone.reload()
    expect(phone.locator("[name=findings]")).to_have_value("Bãi rác khoảng hai khối sau chợ")
    expect(phone.locator("[name=q_waste_there][value=yes]")).to_be_checked()
    expect(phone.locator("[data-file-list] img")).to_have_count(1)
    shots("inspection-offline", phone)
    phone.locator("[data-inspection] button:not([type=button])").click()
    expect(phone.locator("[data-sheet-state]")).to_be_visible()

    # The session has ended meanwhile: the officer is asked to sign in, and nothing is lost
    kept_cookies = phone.context.cookies()
    phone.context.clear_cookies()
    signal.there = True
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(phone.locator("[data-signin-link]")).to_be_visible()
    shots("inspection-signin", phone)
    assert kept_cookies
    sign_in(phone, signal.url)
    until(
        phone,
        "import(document.querySelector('[data-waiting-sheets]').dataset.sheets)"
        ".then(s => s.list()).then(l => l.length === 0)",
    )
    assert (
        phone.evaluate("caches.open('inspections').then(c => c.match(location.origin + '/unit/cases/x')).then(Boolean)")
        is False
    )
    left = f"caches.match('/unit/cases/{number}/inspection?keep=1').then(Boolean)"
    assert phone.evaluate(left) is False, "handed in, the phone forgets the page"

    # On the desktop it is a draft; read once more, signed, and put to the answer
    desktop = phones(**DESKTOP)
    sign_in(desktop, signal.url)
    desktop.goto(address)
    shots("unit-case-desktop", desktop)
    desktop.locator("a[href*='/unit/sheets/']").first.click()
    expect(desktop.locator("[name=findings]")).to_have_value("Bãi rác khoảng hai khối sau chợ")
    shots("sheet-draft", desktop)
    desktop.locator("button[name=do][value=sign]").click()
    expect(desktop.locator(".notice.is-good").first).to_be_visible()
    shots("sheet-signed", desktop)
    desktop.goto(address)
    desktop.locator("#do-answer").evaluate("e => { e.open = true; }")
    desktop.locator("[name=answer_text]").fill("Đã dọn sạch và nhắc nhở")
    desktop.locator("[name=sheets]").check()
    desktop.locator("form[action$='/answer'] button[type=submit]").click()
    desktop.wait_for_load_state()
    expect(desktop.locator("main")).to_contain_text("Đã trả lời")


def test_signing_out_with_an_unsent_inspection_warns_first(
    signal: Signal, world: Any, phones: Any, shots: Callable[..., Path]
) -> None:
    number = case_for(world, "ubnd-29512")
    phone = phones()
    sign_in(phone, signal.url)
    phone.goto(f"{signal.url}/unit/cases/{number}/inspection")
    expect(phone.locator("[data-offline-box]")).to_be_visible()
    phone.locator("[name=findings]").fill("Viết dở")
    phone.locator("[name=findings]").blur()
    phone.wait_for_timeout(800)
    phone.goto(f"{signal.url}/unit")
    leave = phone.locator("form[action='/auth/logout'] button")
    leave.click()
    expect(phone.locator("[data-sign-out]")).to_be_visible()
    shots("sign-out-warning", phone)
    leave.click()
    phone.wait_for_url(re.compile(r"127\.0\.0\.1:\d+/$"))
    assert phone.evaluate("caches.has('inspections')") is False
    names = phone.evaluate(
        "new Promise(d => { const r = indexedDB.open('dan-giam-sat-unit');"
        " r.onsuccess = () => { const q = r.result.transaction('sheets').objectStore('sheets').count();"
        " q.onsuccess = () => d(q.result); }; })"
    )
    assert names == 0


def test_given_back_with_a_proposal_and_passed_on_with_one_press(
    embedded_server: services.Server, world: Any, phones: Any, shots: Callable[..., Path]
) -> None:
    number = case_for(world, "ubnd-29512")
    unit = phones(java_script_enabled=False)
    sign_in(unit, embedded_server.url)
    unit.goto(f"{embedded_server.url}/unit/cases/{number}")
    unit.locator("#do-refuse > summary").click()
    shots("refuse-form", unit)
    unit.locator("[name=refuse_why][value=other_matter]").check()
    unit.locator("[name=refuse_reason]").fill("Bãi rác do Sở quản lý")
    unit.locator("[name=refuse_search]").fill("so nong nghiep")
    unit.locator("form[action$='/refuse'] button[type=submit]").click()
    unit.wait_for_url(re.compile(r"/unit$"))
    front = phones(**DESKTOP)
    sign_in(front, embedded_server.url, SUPERVISOR)
    expect(front.locator("[data-row]").first).to_contain_text("Đơn vị trả lại")
    front.goto(f"{embedded_server.url}/desk/cases/{number}")
    shots("desk-given-back", front, full=False)
    front.locator(".notice form[action$='/assign'] button").click()
    front.wait_for_load_state()
    expect(front.locator("main")).to_contain_text("Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long")


def letter_to(app: Any, folder: Path, after: set[Path]) -> str:
    found = sorted(set((folder / "outbox").glob("u*.txt")) - after, key=lambda f: f.stat().st_mtime)
    return found[-1].read_text("utf-8") if found else ""


def test_an_office_without_an_account_answers_by_its_link_without_javascript(
    embedded_server: services.Server, world: Any, phones: Any, shots: Callable[..., Path], tmp_path: Path
) -> None:
    folder = Path(embedded_server.place.environ["DGS_HOME"])
    before = set((folder / "outbox").glob("u*.txt"))
    number = case_for(world, "ubnd-29413")
    page = phones(java_script_enabled=False)
    letter = ""
    for _ in range(100):
        letter = letter_to(world, folder, before)
        if letter:
            break
        page.wait_for_timeout(200)
    found = re.search(r"(/unit-link/\S+)", letter)
    assert found, "the office was written to"
    page.goto(embedded_server.url + found[1])
    expect(page.locator("main")).not_to_contain_text("Bãi rác")
    shots("unit-link-door", page)
    page.locator(f"form[action='{found[1]}'] button").click()
    page.wait_for_url(re.compile(rf"/unit-link/cases/{number}$"))
    expect(page.locator("main")).to_contain_text("Bãi rác sau chợ")
    shots("unit-link-case", page)
    page.locator("form[action$='/accept'] button").click()
    page.wait_for_load_state()
    picture = tmp_path / "đã dọn.jpg"
    picture.write_bytes(factories.jpeg(9))
    page.locator("[name=answer_text]").fill("Đã thu gom ngày hôm nay")
    page.locator("form[action$='/answer'] button").last.click()
    page.wait_for_load_state()
    expect(page.locator("#error-evidence")).to_be_visible()
    expect(page.locator("[name=answer_text]")).to_have_value("Đã thu gom ngày hôm nay")
    page.locator("[name=evidence]").set_input_files(picture)
    page.locator("form[action$='/answer'] button").last.click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("Đã thu gom ngày hôm nay")
    shots("unit-link-answered", page)
    # The link itself is spent; its page offers a new one to the same address
    page.goto(embedded_server.url + found[1])
    shots("unit-link-spent", page)
    expect(page.locator("form[action$='/again'] button")).to_be_visible()
