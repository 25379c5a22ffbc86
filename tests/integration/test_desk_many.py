"""Many cases at once after a preview; filters that are kept; two people on one case."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.integration.staff import FRONT, UNIT, act, case, field, people, sign_in
from webapp.accounts.models import User
from webapp.core import clock, events
from webapp.core.db import db
from webapp.reports import lifecycle, presence, service, unit_work
from webapp.reports.models import Report
from webapp.reports.saved import MAX_SAVED, SavedFilter
from webapp.units import queries as units


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def chosen(*reports: Report) -> list[str]:
    return [f"{r.public_id}:{r.version}" for r in reports]


def bulk(client: Any, action: str, cases: list[str], base: str = "/desk", **more: str) -> Any:
    token = field(client.get(base).get_data(as_text=True), "csrf_token")
    return client.post(f"{base}/bulk", data={"csrf_token": token, "action": action, "case": cases, **more})


def statuses(*reports: Report) -> list[str]:
    db.session.expire_all()
    return [r.status for r in reports]


def test_a_preview_says_what_will_happen_and_does_nothing(client: Any) -> None:
    people("commune")
    new, passed, elsewhere = case(), case(lifecycle.ASSIGNED), case(lon=106.625)
    stale = f"{case().public_id}:1"
    sign_in(client, "commune")
    response = bulk(client, "take", [*chosen(new, passed, elsewhere), stale, "nonsense", "abc:x", "abc1:2"])
    assert response.status_code == 200
    lines = dict(re.findall(r'href="/desk/cases/(\w+)">(.*?)</li>', response.get_data(as_text=True), re.DOTALL))
    happens = {number for number, line in lines.items() if "bulk-yes" in line}
    assert happens == {new.public_id}
    assert lines.keys() - happens == {passed.public_id, elsewhere.public_id, stale.partition(":")[0], "abc1"}
    assert statuses(new, passed) == [lifecycle.RECEIVED, lifecycle.ASSIGNED]
    assert "Rác" not in lines[elsewhere.public_id], "of a case elsewhere nothing is said"


def test_it_is_done_with_each_case_that_it_can_be_done_with(client: Any) -> None:
    people("commune")
    first, second, passed = case(), case(), case(lifecycle.ASSIGNED)
    cases = chosen(first, second, passed)
    sign_in(client, "commune")
    response = bulk(client, "take", cases, sure="1")
    assert response.status_code == 200
    assert statuses(first, second, passed) == [lifecycle.SCREENING, lifecycle.SCREENING, lifecycle.ASSIGNED]
    moves = [e for e in events.history(f"report:{first.id}") if e.data.get("to") == lifecycle.SCREENING]
    assert [(e.actor, e.user_id is not None) for e in moves] == [("front", True)]
    again = bulk(client, "take", cases, sure="1").get_data(as_text=True)
    assert "bulk-yes" not in again, "a page that is loaded again finds other versions and does nothing"


@pytest.mark.parametrize("action", ["ask", "out_of_scope", "duplicate"])
def test_what_an_action_asks_for_is_asked_once_and_missed_with_422(client: Any, action: str) -> None:
    people("commune")
    original, report = case(), case()
    sign_in(client, "commune")
    response = bulk(client, action, chosen(report), sure="1")
    assert response.status_code == 422
    assert 'class="error"' in response.get_data(as_text=True)
    assert statuses(report) == [lifecycle.RECEIVED]
    given = {
        "ask": {"ask_reason": "Ở đoạn nào của bờ kênh?"},
        "out_of_scope": {"out_of_scope_reason": "Không phải việc môi trường"},
        "duplicate": {"original_id": original.public_id},
    }[action]
    bulk(client, action, chosen(report), sure="1", **given)
    expected = {"ask": lifecycle.NEEDS_INFO, "out_of_scope": lifecycle.OUT_OF_SCOPE, "duplicate": lifecycle.DUPLICATE}
    assert statuses(report) == [expected[action]]


def test_a_case_that_fails_does_not_stop_the_others(client: Any) -> None:
    people("commune")
    original, report = case(), case()
    sign_in(client, "commune")
    response = bulk(client, "duplicate", chosen(original, report), sure="1", original_id=original.public_id)
    assert response.status_code == 200
    assert statuses(original, report) == [lifecycle.RECEIVED, lifecycle.DUPLICATE]


def test_passing_on_goes_to_the_proposed_unit_and_closing_ends(client: Any) -> None:
    people("commune")
    report, checked = case(), case(lifecycle.VERIFIED)
    unit = report.unit_code
    sign_in(client, "commune")
    bulk(client, "assign", chosen(report), sure="1")
    bulk(client, "close", chosen(checked), sure="1")
    assert statuses(report, checked) == [lifecycle.ASSIGNED, lifecycle.CLOSED]
    assert report.unit_code == unit


OTHER = "so-nnmt-86"  # acts in the whole province; the rules propose the commune's own unit


def test_what_was_given_back_goes_where_the_unit_said_and_never_back_by_itself(client: Any) -> None:
    people("commune")
    proposed, silent, fresh = case(lifecycle.ASSIGNED), case(lifecycle.ASSIGNED), case()
    unit_work.refuse(proposed, UNIT, "other_matter", "Việc của Sở", units.by_code("so-nnmt-86"))
    unit_work.refuse(silent, UNIT, "too_little", "Không rõ chỗ nào")
    db.session.flush()
    cases = chosen(proposed, silent, fresh)
    sign_in(client, "commune")
    preview = bulk(client, "assign", cases).text
    lines = dict(re.findall(r'href="/desk/cases/(\w+)">(.*?)</li>', preview, re.DOTALL))
    assert "Sở Nông nghiệp và Môi trường" in lines[proposed.public_id]
    assert "bulk-yes" not in lines[silent.public_id]
    bulk(client, "assign", cases, sure="1", shown_unit="")
    assert statuses(proposed, silent, fresh) == [lifecycle.ASSIGNED, lifecycle.SCREENING, lifecycle.ASSIGNED]
    assert [r.unit_code for r in (proposed, silent, fresh)] == ["so-nnmt-86", "ubnd-29512", "ubnd-29512"]


def test_another_unit_for_all_is_shown_before_it_is_done_and_needs_a_word(client: Any) -> None:
    people("commune", "province")
    first, second, elsewhere, passed = case(), case(), case(lon=106.625), case(lifecycle.ASSIGNED)
    assert OTHER not in {first.unit_code, elsewhere.unit_code}
    sign_in(client, "province")
    cases = chosen(first, second, elsewhere, passed)
    page = bulk(client, "assign", cases, sure="1", unit=OTHER, shown_unit="", assign_note="Sở đang xử lý chung")
    assert page.status_code == 200
    assert statuses(first, second, elsewhere) == [lifecycle.RECEIVED] * 3, "what was shown is not what was asked"
    lines = dict(re.findall(r'href="/desk/cases/(\w+)">(.*?)</li>', page.get_data(as_text=True), re.DOTALL))
    assert "Sở Nông nghiệp" in lines[first.public_id]
    assert "bulk-no" in lines[passed.public_id]
    missing = bulk(client, "assign", cases, sure="1", unit=OTHER, shown_unit=OTHER)
    assert missing.status_code == 422
    assert 'id="error-assign_note"' in missing.get_data(as_text=True)
    done = bulk(client, "assign", cases, sure="1", unit=OTHER, shown_unit=OTHER, assign_note="Sở đang xử lý chung")
    assert done.status_code == 200
    assert statuses(first, second, elsewhere) == [lifecycle.ASSIGNED] * 3
    assert {r.unit_code for r in (first, second, elsewhere)} == {OTHER}
    assert passed.unit_code != OTHER
    entry = next(e for e in events.history(f"report:{first.id}") if e.kind == "report:assigned")
    assert (entry.data["unit"], entry.data["note"]) == (OTHER, "Sở đang xử lý chung")


def test_a_unit_is_never_given_a_case_where_it_does_not_act(client: Any) -> None:
    people("province")
    here, elsewhere, feared = case(), case(lon=106.625), case(bypass_commune=True)
    sign_in(client, "province")
    more = {"sure": "1", "unit": "ubnd-29512", "shown_unit": "ubnd-29512", "assign_note": "Cùng một điểm"}
    bulk(client, "assign", chosen(here, elsewhere, feared), **more)
    assert statuses(here, elsewhere, feared) == [lifecycle.ASSIGNED, lifecycle.RECEIVED, lifecycle.RECEIVED]
    for unit in ("mttq-29512", "so-nnmt-31", "khong-co"):
        wrong = bulk(client, "assign", chosen(elsewhere), **more | {"unit": unit, "shown_unit": unit})
        assert wrong.status_code == 422
    assert statuses(elsewhere) == [lifecycle.RECEIVED]


def test_publishing_many_lets_out_what_units_wrote_and_nothing_else(client: Any) -> None:
    people("commune")
    report, private, none = case(lifecycle.ANSWERED), case(lifecycle.VERIFIED), case(lifecycle.VERIFYING)
    private.answers[0].text = "Gọi ông chủ theo số 0912 345 678"
    db.session.flush()
    sign_in(client, "commune")
    cases = chosen(report, private, none)
    preview = bulk(client, "publish", cases).get_data(as_text=True)
    lines = dict(re.findall(r'href="/desk/cases/(\w+)">(.*?)</li>', preview, re.DOTALL))
    assert {number for number, line in lines.items() if "bulk-yes" in line} == {report.public_id}
    assert not report.answers[0].public
    bulk(client, "publish", cases, sure="1")
    db.session.expire_all()
    assert [r.answers[0].public for r in (report, private)] == [True, False]
    assert not any(photo.public for photo in report.photos)
    assert report.public_text == ""


def colleague(unit_code: str = "ubnd-29512") -> User:
    made = factories.user("can.bo@dgs.test", "unit", unit_code)
    db.session.flush()
    return made  # type: ignore[no-any-return]


def test_a_unit_accepts_many_and_gives_them_to_an_officer(client: Any) -> None:
    people("unit")
    officer = colleague()
    first, second, begun = case(lifecycle.ASSIGNED), case(lifecycle.ASSIGNED), case(lifecycle.VERIFYING)
    foreign = case(lifecycle.ASSIGNED, lon=106.625)
    sign_in(client, "unit")
    stale = f"{begun.public_id}:1"
    preview = bulk(client, "accept", [*chosen(first, second, foreign), stale], "/unit").get_data(as_text=True)
    lines = dict(re.findall(r'href="/unit/cases/(\w+)">(.*?)</li>', preview, re.DOTALL))
    assert {number for number, line in lines.items() if "bulk-yes" in line} == {first.public_id, second.public_id}
    assert "Rác" not in lines[foreign.public_id]
    assert statuses(first, second) == [lifecycle.ASSIGNED] * 2
    bulk(client, "accept", chosen(first, second, foreign), "/unit", sure="1")
    assert statuses(first, second, foreign) == [lifecycle.VERIFYING, lifecycle.VERIFYING, lifecycle.ASSIGNED]
    for wrong in ("", "x", "999999"):
        refused = bulk(client, "delegate", chosen(first, begun), "/unit", sure="1", officer=wrong)
        assert refused.status_code == 422
    bulk(client, "delegate", chosen(first, begun), "/unit", sure="1", officer=str(officer.id))
    db.session.expire_all()
    assert [r.assignee_id for r in (first, second, begun)] == [officer.id, None, officer.id]
    assert officer.name in bulk(client, "delegate", chosen(first), "/unit").get_data(as_text=True)
    bulk(client, "delegate", chosen(first), "/unit", sure="1", officer="nobody")
    db.session.expire_all()
    assert first.assignee_id is None


def test_each_desk_has_its_own_deeds(client: Any) -> None:
    people("commune", "unit")
    report = case(lifecycle.ASSIGNED)
    sign_in(client, "unit")
    assert "/unit/bulk" in client.get("/unit").get_data(as_text=True)
    for action in ("close", "assign", "publish"):
        assert bulk(client, action, chosen(report), "/unit", sure="1").status_code == 303
    sign_in(client, "commune")
    token = field(client.get("/desk").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "action": "accept", "case": chosen(report), "sure": "1"}
    assert client.post("/unit/bulk", data=data).status_code == 403
    assert statuses(report) == [lifecycle.ASSIGNED]


def test_nothing_chosen_too_much_and_foreign_addresses(client: Any) -> None:
    people("commune", "unit")
    report = case()
    sign_in(client, "commune")
    for answer in (bulk(client, "take", []), bulk(client, "reopen", chosen(report), back="https://else.test/")):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")
    assert bulk(client, "take", [f"case{n}:1" for n in range(201)]).status_code == 413
    assert sign_in(client, "unit").post("/desk/bulk", data={}).status_code in {400, 403}


def test_a_filter_is_kept_under_a_name_by_and_for_its_owner(client: Any) -> None:
    people("commune", "province")
    report = case(description="Ghe hút cát")
    case(description="Đốt rơm")
    sign_in(client, "commune")
    page = client.get("/desk?q=hut+cat&group=waste").get_data(as_text=True)
    data = {"csrf_token": field(page, "csrf_token"), "q": "hút cát", "name": " Cát  tặc ", "tab": "triage"}
    assert client.post("/desk/filters", data=data).status_code == 303
    client.post("/desk/filters", data=data | {"q": "hut cat"})
    kept = db.session.scalars(select(SavedFilter)).one()
    assert (kept.name, kept.query) == ("Cát tặc", {"tab": "triage", "q": "hut cat"})
    assert "Cát tặc" in client.get("/desk").get_data(as_text=True)
    assert report.public_id in client.get("/desk?tab=triage&q=hut+cat").get_data(as_text=True)
    number, token = kept.id, {"csrf_token": data["csrf_token"]}
    for _ in range(MAX_SAVED + 2):
        client.post("/desk/filters", data=data | {"name": f"Lọc {_}"})
    assert len(db.session.scalars(select(SavedFilter)).all()) == MAX_SAVED
    assert client.post("/desk/filters", data=data | {"name": " "}).status_code == 303
    other = sign_in(client, "province")
    assert "Cát tặc" not in other.get("/desk").get_data(as_text=True)
    token = {"csrf_token": field(other.get("/desk?q=x").get_data(as_text=True), "csrf_token")}
    assert other.post(f"/desk/filters/{number}/delete", data=token).status_code == 404
    sign_in(client, "commune")
    token = {"csrf_token": field(client.get("/desk?q=x").get_data(as_text=True), "csrf_token")}
    assert client.post(f"/desk/filters/{number}/delete", data=token).status_code == 303
    assert db.session.get(SavedFilter, number, populate_existing=True) is None


def sign_of(client: Any, report: Report, base: str = "/desk", **data: str) -> Any:
    page = client.get(f"{base}/cases/{report.public_id}").get_data(as_text=True)
    token = {"csrf_token": field(page, "csrf_token")}
    return client.post(f"{base}/cases/{report.public_id}/here", data=token | data).json


def test_two_people_on_one_case_see_each_other(client: Any) -> None:
    people("commune", "province", "unit")
    report = case(lifecycle.ASSIGNED)
    assert sign_of(sign_in(client, "commune"), report) == {"others": []}
    seen = sign_of(sign_in(client, "province"), report)["others"]
    assert len(seen) == 1
    assert "Tài khoản thử front" in seen[0]
    seen = sign_of(sign_in(client, "unit"), report, "/unit")["others"]
    assert seen
    assert not any("Tài khoản" in who for who in seen), "the other side sees the office only"
    page = client.get(f"/unit/cases/{report.public_id}").get_data(as_text=True)
    assert seen[0] in page.split("data-presence", 1)[1][:800], "without JavaScript the page says it"


def test_who_has_gone_is_not_shown(client: Any) -> None:
    people("commune", "province")
    report = case()
    sign_of(sign_in(client, "commune"), report)
    db.session.execute(update(presence.Presence).values(seen_at=clock.now() - timedelta(minutes=3)))
    assert sign_of(sign_in(client, "province"), report)["others"] == []
    assert len(db.session.scalars(select(presence.Presence)).all()) == 1, "old signs are cleared away"
    sign_of(client, report, gone="1")
    assert db.session.scalars(select(presence.Presence)).all() == []


def test_a_stale_save_is_refused_with_what_changed(client: Any) -> None:
    people("commune")
    report = case()
    sign_in(client, "commune")
    client.get(f"/desk/cases/{report.public_id}")
    version, last = report.version, len(events.history(f"report:{report.id}"))
    service.move(report, lifecycle.SCREENING, FRONT)
    db.session.flush()
    response = act(client, report, "out_of_scope", version=str(version), seen=str(last), out_of_scope_reason="nhầm")
    assert response.status_code == 409
    shown = response.get_data(as_text=True).split('role="alert"', 1)[1].split("</ul>")[0]
    assert "<li>" in shown
    assert statuses(report) == [lifecycle.SCREENING]
