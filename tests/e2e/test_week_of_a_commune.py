"""The week before Tết in one commune, and on until its cases are done: forty reports, by hand and in the browser.

THE LEDGER. Days of 2026; offices are closed on Saturdays, Sundays and from 16 to 20 February (Tết). Due times are
those of webapp/data/deadlines.csv: to screen 2 working days, to accept 1, to answer 10, to check 5; sand is screened
and accepted in 4 hours and answered in 5 working days; an emergency is screened and accepted within the hour and
answered within a day, around the clock. "3 d": so many working days from acceptance to answer.

ubnd-29512, the committee of the ward
  1   sent by phone 9/2, accepted 11/2, answered 12/2: 1 d; verified; solved, mark 4
  2   accepted 11/2, answered 13/2: 2 d; verified        3   answered 23/2: 3 d; verified
  4   answered 24/2: 4 d; verified                       5   answered 25/2: 5 d; verified
  6   answered 26/2: 6 d; verified
  7, 8  the same as 1, merged into it                    9   the same as 2, marked as its duplicate
  17  accepted 13/2, due 6/3, answered 10/3: late, 12 d; verified
  18  accepted 13/2, due 6/3, never answered: overdue; reminded, reported up to the committee and Front above
  19  due to be accepted 13/2, accepted 23/2: late; answered 26/2: 3 d; verified
  20  accepted 13/2, answered 26/2: 4 d; found not sufficient, answered again after 3 d; verified
  21  accepted 13/2, answered 26/2: 4 d; closed; not solved says the sender (2), reopened, again after 3 d; solved (4)
  22  the sender was asked first; accepted 23/2, answered 27/2: 4 d; verified
  23  out of scope     24  rejected     25  withdrawn by the sender: none was passed on
  28  given back by the police, accepted 13/2, answered 26/2: 4 d; verified
  31  accepted 24/2, begun 25/2, answered 2/3: 4 d; verified    32  the same, answered 3/3: 5 d; verified
  33  accepted 24/2, begun 25/2, due 17/3, never answered: overdue
  34  accepted 24/2, handed over to the department 25/2
  35  accepted 24/2, answered 9/3: 9 d; sufficient in part, the rest by 18/3, done 17/3 after 5 d; verified
  36  given back 24/2
  37  emergency on the eve of Tết at 22:00: accepted 22:45, answered on New Year's day: 0 d; verified
  38  entered at the desk 18/3, passed on 19/3, not accepted yet   39  accepted 20/3, not answered yet
  40  sent 18/3, still with the Front
so-nnmt-86, the department of the province
  12  against the ward itself, goes round it; accepted 11/2, answered 23/2: 3 d; verified
  13  accepted 13/2, answered 25/2: 3 d; verified; "partly", mark 3
  14  answered 26/2: 4 d; sufficient in part, answered again after 4 d; verified
  15  accepted 13/2, due 6/3, answered 10/3: late, 12 d; verified
  16  given back 13/2
  34  accepted 26/2, counts on from 24/2, answered 6/3: 8 d; verified
  36  accepted 25/2, answered 11/3: 10 d; not checked yet
kcn-86, the board of the economic zone
  16  passed on 13/2, accepted 23/2: in time, for Tết does not count; answered 26/2: 3 d; verified
ca-29512, the police of the ward
  26  accepted 13/2, answered 24/2: 2 d; verified        30  answered 25/2: 3 d; verified; solved, mark 5
  27  due to be accepted 13/2 19:30, accepted 14/2: late; answered 26/2: 4 d; verified
  28  given back 13/2 within the half hour
  29  more time until 4/3, answered 3/3: 7 d; verified
ubnd-29413, the committee of the neighbouring commune, where 10 and 11 belonged
  10  accepted 11/2, answered 23/2: 3 d; verified        11  accepted 12/2: late; answered 4/3: 9 d; verified
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, services
from tests.e2e.commune import PEOPLE, Commune, Front, Offices, Person, commune, press
from webapp.core import clock

DESKTOP = {"viewport": {"width": 1280, "height": 900}, "is_mobile": False, "has_touch": False}
PERIOD = "from=2026-02-09&to=2026-03-20"
COMMITTEE = "Ủy ban nhân dân phường Duyên Hải"
DEPARTMENT = "Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long"
ZONE = "Ban Quản lý Khu kinh tế tỉnh Vĩnh Long"
POLICE = "Công an phường Duyên Hải"
NEIGHBOUR = "Ủy ban nhân dân xã Long Hoà"

# received, in time, late, handed on, overdue, open, refused, to do again, verified, found insufficient, solved, not
# solved; median and 90th percentile of the days of each answer, mark. Counted from the ledger above, line by line.
FIGURES = {
    COMMITTEE: "22 19 2 1 2 4 1 3 16 2 2 1 4 9 3,3",
    DEPARTMENT: "7 6 1 0 0 0 1 1 5 1 0 0 4 12 3,0",
    ZONE: "1 1 0 0 0 0 0 0 1 0 0 0 3 3 –",
    POLICE: "5 4 1 0 0 0 1 0 4 0 1 0 3 7 5,0",
    NEIGHBOUR: "2 1 1 0 0 0 0 0 2 0 0 0 3 9 –",
    "Tổng cộng": "37 31 5 1 2 4 3 4 28 3 3 1 4 9 3,6",
}
BEHIND: dict[tuple[str, str], set[int]] = {
    ("ubnd-29512", "received"): {*range(1, 7), *range(17, 23), 28, *range(31, 40)},
    # 18 and 33 have finished their first steps in time; 34 was accepted in time before it was handed on, and 36 was
    # given back in time
    ("ubnd-29512", "in_time"): {*range(1, 7), 18, 20, 21, 22, 28, *range(31, 38), 39},
    ("ubnd-29512", "late"): {17, 19},
    ("ubnd-29512", "handed_on"): {34},  # its answer, not done, is neither in time nor late
    ("ubnd-29512", "overdue"): {18, 33},
    ("ubnd-29512", "open"): {18, 33, 38, 39},
    ("ubnd-29512", "refused"): {36},
    ("ubnd-29512", "came_back"): {20, 21, 35},
    ("ubnd-29512", "accepted"): {*range(1, 7), 17, 19, 20, 21, 22, 28, 31, 32, 35, 37},
    ("ubnd-29512", "sent_back"): {20, 35},
    ("ubnd-29512", "solved"): {1, 21},
    ("ubnd-29512", "unsolved"): {21},
    ("so-nnmt-86", "received"): {12, 13, 14, 15, 16, 34, 36},
    ("so-nnmt-86", "in_time"): {12, 13, 14, 16, 34, 36},
    ("so-nnmt-86", "late"): {15},
    ("so-nnmt-86", "refused"): {16},
    ("so-nnmt-86", "came_back"): {14},
    ("so-nnmt-86", "accepted"): {12, 13, 14, 15, 34},
    ("so-nnmt-86", "sent_back"): {14},
    ("kcn-86", "received"): {16},
    ("kcn-86", "in_time"): {16},
    ("kcn-86", "accepted"): {16},
    ("ca-29512", "received"): {26, 27, 28, 29, 30},
    ("ca-29512", "in_time"): {26, 28, 29, 30},
    ("ca-29512", "late"): {27},
    ("ca-29512", "refused"): {28},
    ("ca-29512", "accepted"): {26, 27, 29, 30},
    ("ca-29512", "solved"): {30},
    ("ubnd-29413", "received"): {10, 11},
    ("ubnd-29413", "in_time"): {10},
    ("ubnd-29413", "late"): {11},
    ("ubnd-29413", "accepted"): {10, 11},
}
AT_THE_END = {
    "closed": 28,  # all that were verified
    "duplicate": 3,  # 7 8 9
    "out_of_scope": 1,  # 23
    "rejected": 1,  # 24
    "withdrawn": 1,  # 25
    "verifying": 2,  # 18 39
    "in_progress": 1,  # 33
    "answered": 1,  # 36
    "assigned": 1,  # 38
    "received": 1,  # 40
}


@pytest.fixture
def ward(run: services.Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commune]:
    with commune(run, monkeypatch) as made:
        yield made


@pytest.fixture
def people(ward: Commune, phones: Any) -> dict[str, Person]:
    """Those who sit in the offices, each with a browser; the police with a phone."""
    made: dict[str, Person] = {}
    for name, (email, role, _unit) in PEOPLE.items():
        page = phones() if name == "police" else phones(**DESKTOP)
        made[name] = (Front if role == "front" else Person)(ward, page, email)
    return made


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "đã dọn.jpg"
    path.write_bytes(factories.jpeg(5, (1600, 1200)))
    return path


def sent_by_phone(
    ward: Commune, line: int, phone: Page, group: str, kind: str, words: str, *, around: bool = False
) -> None:
    """A resident stands there with a phone and sends a report through the form."""
    phone.goto(f"{ward.url}/report")
    tile = f"input[name=category][value={kind}]"
    if not phone.locator(f"label.tile:has({tile})").is_visible():
        phone.locator(f"details:has({tile}) > summary").click()
    phone.locator(f"label.tile:has({tile})").click()
    if phone.locator("[data-locate]").is_visible():
        phone.locator("[data-locate]").click()
        expect(phone.locator("[name=lat]")).to_have_value("9.585000")
    else:  # no script: the commune is chosen
        phone.locator("[name=province]").select_option("86")
        phone.locator("[name=commune_name]").fill("duyen hai")
    phone.locator("#field-description").fill(words)
    if around:
        phone.locator("details:has([name=bypass_commune]) > summary").click()
        phone.locator("[name=bypass_commune]").check()
    phone.locator("[data-report] button[type=submit]").click()
    phone.wait_for_url(re.compile(r"/r/\d{16}"))
    found = re.search(r"/r/(\d{16})", phone.url)
    assert found
    ward.sent(line, found[1])


def due(ward: Commune, line: int) -> str:
    """When the step that runs is due, in Vietnam."""
    with ward.case(line) as report:
        assert report.due_at is not None
        return f"{clock.local(report.due_at):%d/%m %H:%M}"


def status(ward: Commune, line: int) -> str:
    with ward.case(line) as report:
        return report.status


def before_tet(ward: Commune, offices: Offices, people: dict[str, Any], phones: Any, picture: Path, shots: Any) -> None:
    """From Monday to the Friday before Tết."""
    front, province, committee = people["front"], people["province"], people["committee"]
    nojs = phones(java_script_enabled=False)

    ward.at("2026-02-09 08:00")
    sent_by_phone(ward, 1, phones(), "waste", "waste_household", "Rác đổ ven kênh (minh họa)")
    offices.send(2, 7, 8, 9, kind="waste_household")
    offices.send(3, kind="waste_market")
    offices.send(4, kind="noise")
    offices.send(5, kind="landfill")
    offices.send(6, kind="straw_burning")
    offices.send(10, 11, kind="waste_household")
    sent_by_phone(ward, 12, nojs, "waste", "waste_household", "Phường tự đổ rác (minh họa)", around=True)

    ward.at("2026-02-10 09:00")  # triage
    shots("week-1-queue", front.go("/desk"))
    front.do(1, "take")
    front.do(1, "assign")
    assert due(ward, 1) == "11/02 23:59"
    merging = front.open(1)
    merging.locator("a[href$='/merge']").first.click()
    merging.locator("[name=number]").fill(f"{ward.numbers[7]} {ward.numbers[8]}")
    press(merging, merging.locator("form[method=get] button").last)
    shots("week-2-merge", merging)
    press(merging, merging.locator("form[method=post][action$='/merge'] button").last)
    front.do(9, "duplicate", original_id=ward.numbers[2])
    front.do(10, "correct", commune="29413")
    with ward.case(11) as report:
        from webapp.routing import service as routing

        routing.reroute(report, offices._front(report), commune_code="29413")
    assert front.go(f"/desk/cases/{ward.numbers[12]}").locator("h1").inner_text() == "Không có trang này"
    province.do(12, "assign", unit="so-nnmt-86")
    offices.assign(2, 3, 4, 5, 6, 10, 11)

    ward.at("2026-02-11 08:30")
    committee.do(1, "accept")
    offices.accept(2, 3, 4, 5, 6, 10, 12)
    ward.at("2026-02-11 10:00")
    offices.send(13, 14, 15, 16, kind="coal_ash")
    offices.send(17, 20, kind="waste_household")
    offices.send(18, kind="landfill")
    offices.send(19, kind="noise")
    offices.send(21, kind="waste_market")
    offices.send(22, 23, 24, 25, kind="land_use")

    ward.at("2026-02-12 09:00")
    committee.do(1, "answer", files=picture, answer_text="Đã dọn sạch ven kênh")
    offices.accept(11)
    offices.assign(*range(13, 22))
    front.do(22, "ask", ask_reason="Chỗ nào của bờ kênh?")
    front.do(23, "out_of_scope", out_of_scope_reason="Việc dân sự giữa hai nhà")
    front.do(24, "reject", reject_reason="Chỉ là thử máy")
    nojs.goto(f"{ward.url}/r/{ward.codes[25]}")
    nojs.locator("details:has(form[action$='/withdraw']) > summary").click()
    press(nojs, nojs.locator("form[action$='/withdraw'] button"))

    ward.at("2026-02-13 09:00")
    offices.accept(13, 14, 15, 17, 18, 20, 21)
    offices.answer(2)
    front.do(1, "verify", verify_text="Đã đến xem, sạch")
    front.do(1, "close")
    nojs.goto(f"{ward.url}/r/{ward.codes[22]}")
    expect(nojs.locator("main")).to_contain_text("Chỗ nào của bờ kênh?")
    shots("week-3-asked", nojs)
    nojs.locator("[name=more]").fill("Sau trạm bơm")
    press(nojs, nojs.locator(f"form[action='/r/{ward.codes[22]}'] button").last)
    department = people["department"]
    department.do(16, "refuse", refuse_why="other_matter", refuse_reason="Nằm trong khu kinh tế", refuse_unit="kcn-86")
    ward.at("2026-02-13 10:00")
    page = province.open(16)
    shots("week-4-given-back", page, full=False)
    press(page, page.locator(".notice form[action$='/assign'] button"))
    assert due(ward, 16) == "23/02 23:59", "Tết is no working day"
    offices.assign(22)
    ward.at("2026-02-13 15:00")
    offices.send(26, 27, 28, 29, 30, kind="sand_river")
    offices.send(31, 32, 33, kind="noise")
    offices.send(34, 35, 36, kind="waste_household")
    assert due(ward, 26) == "13/02 19:00"
    assert due(ward, 31) == "24/02 23:59"
    ward.at("2026-02-13 15:30")
    offices.assign(26, 27, 28, 29, 30)
    ward.at("2026-02-13 16:00")
    offices.refuse(28, "ubnd-29512")
    ward.at("2026-02-13 16:30")
    people["police"].do(26, "accept")
    offices.accept(29, 30)
    offices.assign(28, unit="ubnd-29512", note="Bãi tập kết thuộc phường")
    ward.at("2026-02-13 17:00")
    offices.accept(28)
    ward.at("2026-02-14 08:00")
    offices.accept(27)


def on_the_eve_of_tet(ward: Commune, people: dict[str, Any], phones: Any, picture: Path, shots: Any) -> None:
    """An emergency at night: the clocks of urgent steps do not stop for Tết."""
    ward.at("2026-02-16 22:00")
    phone = phones()
    sent_by_phone(ward, 37, phone, "emergency", "emergency", "Bể hóa chất vỡ, chảy ra kênh (minh họa)")
    shots("week-5-emergency-sent", phone)
    assert due(ward, 37) == "16/02 23:00"
    ward.at("2026-02-16 22:20")
    queue = people["front"].go("/desk")
    rows = queue.locator("[data-row]").all_inner_texts()
    first = next(row for row in rows if "Quá hạn" not in row)
    assert ward.numbers[37] in first, "what is overdue comes first, then what is due within the hour"
    people["front"].do(37, "assign")
    assert due(ward, 37) == "16/02 23:20"
    ward.at("2026-02-16 22:45")
    people["committee"].do(37, "accept")
    assert due(ward, 37) == "17/02 22:45"
    ward.at("2026-02-17 10:00")
    people["committee"].do(37, "answer", files=picture, answer_text="Đã khóa van, thu gom xong lúc 9 giờ")
    assert due(ward, 37) == "25/02 23:59", "the Front checks in working days"


def after_tet(ward: Commune, offices: Offices, people: dict[str, Any], phones: Any, shots: Any) -> None:
    """The week in which the offices open again."""
    front, province, police = people["front"], people["province"], people["police"]
    ward.at("2026-02-23 09:00")
    offices.accept(16, 19, 22)
    offices.answer(3, 10, 12)
    offices.check(2, 37)
    offices.assign(*range(31, 37))
    ward.at("2026-02-24 09:00")
    offices.answer(4, 26)
    offices.accept(31, 32, 33, 34, 35)
    offices.refuse(36, "so-nnmt-86")
    offices.assign(36, unit="so-nnmt-86", note="Sở quản lý bãi này")
    ward.at("2026-02-25 10:00")
    offices.answer(5, 13, 30)
    offices.accept(36)
    people["committee"].do(31, "start")
    offices.start(32, 33)
    people["committee"].do(34, "pass_on", pass_on_unit="so-nnmt-86", pass_on_reason="Bãi rác do Sở quản lý")
    ward.at("2026-02-25 11:00")
    shots("week-6-handover", front.open(34), full=False)
    front.do(34, "hand_over")
    police.do(29, "more_time", more_time_day="2026-03-04", more_time_reason="Chờ nước ròng")
    shots("week-7-police-phone", police.open(29))
    front.do(29, "extend", extend_reason="Đồng ý")
    assert due(ward, 29) == "04/03 23:59"
    ward.at("2026-02-26 09:00")
    offices.answer(6, 14, 16, 19, 20, 21, 27, 28)
    offices.accept(34)
    ward.at("2026-02-27 09:00")
    offices.answer(22)
    offices.check(3, 4, 5, 6, 10, 12, 13, 16, 19, 21, 26, 27, 28, 30)
    front.do(20, "rework", verdict="not", rework_reason="Rác còn nguyên phía sau")
    province.do(14, "rework", verdict="partly", rework_reason="Mới phủ bạt một nửa")
    for line, word, mark in ((1, "yes", 4), (13, "partly", 3), (30, "yes", 5)):
        offices.say(line, word, mark)


def in_march(ward: Commune, offices: Offices, people: dict[str, Any], phones: Any, shots: Any) -> None:
    """What was not enough, what is late, and what comes in at the end."""
    front, province = people["front"], people["province"]
    ward.at("2026-03-02 09:00")
    offices.answer(31)
    offices.check(22)
    resident = phones()
    resident.goto(f"{ward.url}/r/{ward.codes[21]}")
    resident.locator("[name=verdict][value=no]").check()
    resident.locator("[name=rating][value='2']").check()
    resident.locator("[name=comment]").fill("Chợ lại đầy rác")
    press(resident, resident.locator("form[action$='/feedback'] button"))
    expect(resident.locator("#solved")).to_contain_text("chưa giải quyết")
    shots("week-8-not-solved", resident)
    ward.at("2026-03-03 09:00")
    front.do(21, "reopen", reopen_reason="Người phản ánh cho biết rác lại đầy")
    offices.answer(29, 32)
    ward.at("2026-03-04 09:00")
    offices.answer(11, 20)
    offices.check(29, 31)
    ward.at("2026-03-05 09:00")
    offices.answer(14)
    ward.at("2026-03-06 09:00")
    offices.answer(21, 34)
    offices.check(11, 14, 20, 32)
    ward.at("2026-03-09 09:00")
    offices.answer(35)
    offices.check(21, 34)
    offices.say(21, "yes", 4)
    ward.at("2026-03-10 09:00")
    front.do(35, "rework", verdict="partly", rework_reason="Còn bao bì dưới mương", rest_day="2026-03-18")
    offices.answer(15, 17)
    ward.at("2026-03-11 09:00")
    offices.answer(36)
    ward.at("2026-03-12 09:00")
    offices.check(15, 17)
    ward.at("2026-03-13 09:00")
    above = province.go("/desk/escalated")
    expect(above.locator("main")).to_contain_text(ward.numbers[18])
    expect(above.locator("main")).to_contain_text("Quá hạn 5 ngày")
    shots("week-9-escalated", above)
    expect(people["committee"].open(18).locator("main")).to_contain_text("Mặt trận cấp trên")
    ward.at("2026-03-16 07:30")
    monday(ward, front, shots)
    ward.at("2026-03-17 09:00")
    offices.answer(35)
    ward.at("2026-03-18 09:00")
    offices.send(39, 40, kind="waste_household")
    entered(ward, front, 38)
    ward.at("2026-03-19 09:00")
    front.do(38, "assign")
    offices.assign(39)
    ward.at("2026-03-20 09:00")
    offices.accept(39)
    offices.check(35)
    ward.at("2026-03-20 17:00")


def entered(ward: Commune, front: Front, line: int) -> None:
    """Somebody tells it at a pagoda, and the officer enters it for them."""
    page = front.go("/entry")
    page.locator("[name=kind]").fill("rac sinh hoat")
    page.locator("[name=province]").select_option("86")
    page.locator("[name=commune_name]").fill("Phường Duyên Hải")
    page.locator("#field-description").fill("Rác sau chùa (minh họa)")
    page.locator("[name=source]").select_option("pagoda")
    press(page, page.locator("form.entry button[type=submit]").first)
    ward.sent(line, re.sub(r"\D", "", page.locator(".slip-code b").inner_text()))


def monday(ward: Commune, front: Front, shots: Any) -> None:
    """The digest of the week goes out, and the page behind it says the same."""
    from workers import schedule

    with ward.app.app_context():
        assert "digests.plan" in schedule.plan()
    ward.jobs()
    letter = next(m for m in ward.letters() if "tuần 11/2026" in m and f"To: {front.email}" in m)
    assert f"{ward.numbers[18]}: UBND phường Duyên Hải; Đơn vị trả lời; Quá hạn 6 ngày" in letter
    # In the week of 9 March the committee did 17 and 35; the verdicts of 17, 21 and 35 and the word on 21 fall into it.
    path = re.search(r"(/desk/digest\?week=2026-W11)", letter)
    assert path
    page = front.go(path[1])
    expect(page.locator("main")).to_contain_text(ward.numbers[18])
    shots("week-10-digest", page)
    linked = set(re.findall(r"(/desk/scores/[^/\s]+/\w+)\?", letter))
    assert linked == {
        re.sub(r"\?.*", "", str(a.get_attribute("href")))
        for a in page.locator("table.scores tr:not(.total) td:not(.derived) a").all()
    }


def test_forty_reports_from_the_week_before_tet_are_all_accounted_for(
    ward: Commune, people: dict[str, Any], phones: Any, picture: Path, shots: Callable[..., Path]
) -> None:
    offices = Offices(ward)
    before_tet(ward, offices, people, phones, picture, shots)
    on_the_eve_of_tet(ward, people, phones, picture, shots)
    after_tet(ward, offices, people, phones, shots)
    in_march(ward, offices, people, phones, shots)

    # Forty came in, each is one case with an end or an owner
    assert sorted(ward.numbers) == list(range(1, 41))
    assert len(set(ward.numbers.values())) == 40
    assert Counter(status(ward, line) for line in ward.numbers) == AT_THE_END
    from sqlalchemy import func, select

    from webapp.core.db import db
    from webapp.reports.models import Report

    with ward.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Report)) == 40

    # The score cards say what was counted by hand
    province = people["province"]
    page = province.go(f"/desk/scores?{PERIOD}")
    shots("week-11-scores", page)
    assert table(page) == FIGURES
    assert page.locator("#longest ~ ul .mono").all_inner_texts() == [ward.numbers[n] for n in (18, 33, 38, 39)]

    # and a click on a number opens exactly those cases
    lines = {number: line for line, number in ward.numbers.items()}
    numbers = page.locator("table.scores tbody tr:not(.total) td:not(.derived) a")
    links = {str(a.get_attribute("href")): int(a.inner_text()) for a in numbers.all()}
    opened = {}
    for href, number in links.items():
        province.go(f"/desk/scores?{PERIOD}")
        press(page, page.locator(f"table.scores td a[href='{href}']"))
        shown = [lines[text] for text in page.locator("main .mono").all_inner_texts()]
        assert len(shown) == number, href
        unit, measure = href.partition("?")[0].split("/")[-2:]
        opened[unit, measure] = set(shown)
    assert opened == BEHIND

    # the sum opens them all, a case of two units for each; a median opens what it is made of
    sums = province.go(f"/desk/scores?{PERIOD}")
    press(sums, sums.locator("table.scores tr.total a").first)
    everything = [lines[text] for text in sums.locator("main .mono").all_inner_texts()]
    assert Counter(everything) == Counter(
        line for (_, name), some in BEHIND.items() if name == "received" for line in some
    )
    province.go(f"/desk/scores?{PERIOD}")
    press(sums, sums.locator("table.scores td.derived a[href*='/kcn-86/took']").first)
    assert [lines[text] for text in sums.locator("main .mono").all_inner_texts()] == [16]
    expect(sums.locator("main li.case")).to_contain_text("3 ngày làm việc")

    # The commune's own Front finds nothing of what goes round the commune, nor of what is not its business
    own = table(people["front"].go(f"/desk/scores?{PERIOD}"))
    assert {name: own[name] for name in (COMMITTEE, POLICE)} == {name: FIGURES[name] for name in (COMMITTEE, POLICE)}
    assert set(own) == {COMMITTEE, POLICE, "Tổng cộng"}
    phone = people["police"].page
    for name, path in (("scores", f"/unit/scores?{PERIOD}"), ("digest", "/unit/digest?week=2026-W09")):
        shots(f"week-12-{name}-phone", people["police"].go(path))
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path


def table(page: Page) -> dict[str, str]:
    """The score cards as a person reads them."""
    rows = page.locator("table.scores tbody tr").all()
    return {
        row.locator("th").inner_text(): " ".join(cell.strip() for cell in row.locator("td").all_inner_texts())
        for row in rows
    }
