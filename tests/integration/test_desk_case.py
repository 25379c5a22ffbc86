"""The Front's case page: each action by the right role, every error at its field, nothing overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.integration.staff import FRONT, SECRET, act, case, people, sign_in
from webapp.core import events
from webapp.core.events import Actor
from webapp.reports import lifecycle as life
from webapp.reports import service


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "other", "province", "central", "unit", "unit2", "admin")


def kinds(report: Any) -> list[str]:
    return [e.kind for e in events.history(service.stream(report))]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("commune", 200),
        ("province", 200),
        ("central", 200),
        ("other", 404),
        ("unit", 403),
        ("unit2", 403),
        ("admin", 403),
    ],
)
def test_who_may_open_a_case(client: Any, who: str, status: int) -> None:
    report = case()
    assert sign_in(client, who).get(f"/desk/cases/{report.public_id}").status_code == status
    wanted = 403 if status == 200 else status
    response = client.post(f"/desk/cases/{report.public_id}/take", data={"version": "1"})
    assert response.status_code == 400, "no token, no action"
    if wanted != 403:
        assert act(client, report, "take").status_code in (400, 403, 404)
        assert report.status == life.RECEIVED


def test_the_public_is_sent_to_sign_in(client: Any) -> None:
    report = case()
    response = client.get(f"/desk/cases/{report.public_id}")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/auth/login?next=/desk/cases/{report.public_id}"


def test_the_page_says_everything(client: Any) -> None:
    report = case(accuracy_m=12.0, place_text="Cạnh cầu sắt", contact={"contact_phone": "0912345678"})
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    for words in (
        SECRET,
        "Phường Duyên Hải",
        "9.585000, 106.525000",
        "12 m",
        "Cạnh cầu sắt",
        "r-waste-household",
        "UBND phường Duyên Hải",
    ):
        assert words in html, words
    assert "0912345678" not in html
    assert "{" not in html.split("<main", 1)[1].split("</main>")[0]


def test_from_received_to_closed_and_public(client: Any, session: Any, run_jobs: Any) -> None:
    report = case()
    sign_in(client, "commune")
    assert act(client, report, "take").status_code == 303
    assert report.status == life.SCREENING
    assert act(client, report, "assign", unit="ubnd-29512").status_code == 303
    assert report.status == life.ASSIGNED
    unit = Actor("unit", None, "ubnd-29512")
    service.move(report, life.VERIFYING, unit)
    from webapp.media.intake import keep
    from webapp.reports.intake import StoredPhoto

    class Upload:
        filename = "a.jpg"

        def __init__(self) -> None:
            import io

            self.stream = io.BytesIO(factories.jpeg())

    kept = keep(Upload(), "user-1")  # type: ignore[arg-type]
    service.answer(report, unit, "Đã dọn", (StoredPhoto(kept.name, kept.sha256, kept.size, kept.mime),))
    run_jobs()
    assert act(client, report, "verify").status_code == 303
    assert act(client, report, "close").status_code == 303
    assert report.status == life.CLOSED
    photo, given = report.photos[0], report.answers[0]
    response = client.get(f"/desk/photos/{photo.public_id}?s=1")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data[:4] == b"RIFF"
    done = act(client, report, "publish", public_text="Rác đổ ven kênh", photos=photo.public_id, answers=str(given.id))
    assert done.status_code == 303
    assert (report.public_text, photo.public, given.public) == ("Rác đổ ven kênh", True, True)
    assert act(client, report, "publish", public_text="").status_code == 303
    assert (report.public_text, photo.public, given.public) == ("", False, False)
    assert events.first_broken(events.history(service.stream(report))) is None


@pytest.mark.parametrize("name", ["reject", "out_of_scope", "ask"])
def test_a_reason_is_required_and_kept(client: Any, name: str) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, name, **{f"{name}_reason": " \n "})
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'id="error-{name}_reason"' in html
    assert 'id="error-summary"' in html
    assert report.status == life.RECEIVED
    long = "dài " * 600
    response = act(client, report, name, **{f"{name}_reason": long})
    assert response.status_code == 422
    assert long.strip() in response.get_data(as_text=True)
    assert act(client, report, name, **{f"{name}_reason": "Xin cho biết giờ"}).status_code == 303
    assert report.status == {"reject": "rejected", "out_of_scope": "out_of_scope", "ask": "needs_info"}[name]
    if name != "ask":
        assert act(client, report, "reopen").status_code == 422
        assert act(client, report, "reopen", reopen_reason="Có thêm ảnh").status_code == 303
        assert report.status == life.SCREENING


def test_a_question_stands_in_the_talk(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    act(client, report, "ask", ask_reason="Vào giờ nào?")
    assert [m.text for m in report.messages] == ["Vào giờ nào?"]
    assert "Vào giờ nào?" in client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)


def test_passing_to_another_unit_needs_a_note(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, "assign", unit="so-nnmt-86")
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert 'id="error-assign_note"' in html
    assert '<option value="so-nnmt-86" selected>' in html
    assert report.unit_code == "ubnd-29512"
    for wrong in ("", "mttq-86", "lhpn-86", "ubnd-10714", "x"):
        assert act(client, report, "assign", unit=wrong, assign_note="vì").status_code == 422, wrong
    assert act(client, report, "assign", unit="so-nnmt-86", assign_note="Quy mô lớn").status_code == 303
    assert (report.status, report.unit_code) == (life.ASSIGNED, "so-nnmt-86")
    entry = next(e for e in events.history(service.stream(report)) if e.kind == "report:assigned")
    assert (entry.data["proposed"], entry.data["note"]) == ("ubnd-29512", "Quy mô lớn")
    assert not entry.public


def test_correcting_the_category_routes_anew_and_says_so(client: Any) -> None:
    report = case()
    sign_in(client, "province")
    response = act(client, report, "correct", category="coal_ash", commune="29512", lat="", lon="")
    assert response.status_code == 303
    assert (report.category_code, report.unit_code) == ("coal_ash", "so-nnmt-86")
    html = client.get(response.headers["Location"]).get_data(as_text=True)
    assert "UBND phường Duyên Hải → Sở NN&amp;MT tỉnh Vĩnh Long" in html
    # Once the message is gone, the page still says who had it, who has it now, and by which rule.
    html = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert "UBND phường Duyên Hải → Sở NN&amp;MT tỉnh Vĩnh Long" in html
    assert "r-waste-household → r-coal-ash-29512" in html


def test_a_conflict_of_interest_takes_the_case_from_the_commune(client: Any) -> None:
    report = case()
    sign_in(client, "province")
    client.set_cookie("lang", "en")
    no_reason = act(client, report, "bypass", bypass_reason=" ")
    assert no_reason.status_code == 422
    assert not report.bypass_commune
    assert act(client, report, "bypass", bypass_reason="Người bị phản ánh là lãnh đạo xã").status_code == 303
    assert (report.unit_code, report.supervisor_code, report.routing["why"]) == (None, "mttq-86", "bypass")
    html = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    for words in ("from which the Front keeps the case", "Người bị phản ánh là lãnh đạo xã", "Kept from the commune"):
        assert words in html, words
    assert act(client, report, "bypass", bypass_reason="Nữa").status_code == 409, "once is enough"
    # A later correction keeps it, and still says that it was the Front.
    act(client, report, "correct", category="noise", commune="29512", lat="", lon="")
    assert (report.unit_code, report.routing["bypass"]) == (None, "front")
    sign_in(client, "commune")
    assert client.get(f"/desk/cases/{report.public_id}").status_code == 404


def test_the_commune_front_may_give_a_case_up_for_a_conflict_of_interest(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, "bypass", bypass_reason="Liên quan đến cán bộ Mặt trận xã")
    assert response.headers["Location"] == "/desk", "it is nobody's business here any more"
    assert report.bypass_commune


def test_the_senders_own_wish_is_named_as_theirs(client: Any) -> None:
    report = case(bypass_commune=True)
    assert (report.routing["why"], report.routing["bypass"]) == ("bypass", "sender")
    sign_in(client, "province")
    assert act(client, report, "bypass", bypass_reason="x").status_code == 409


def test_correcting_the_place_may_move_the_case_to_another_desk(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, "correct", category=report.category_code, commune="", lat="9.585", lon="106.625")
    assert (response.status_code, response.headers["Location"]) == (303, "/desk")
    assert (report.area_code, report.unit_code, report.supervisor_code) == ("29413", "ubnd-29413", "mttq-29413")
    assert "Xã Long Hòa" in client.get("/desk").get_data(as_text=True)
    assert client.get(f"/desk/cases/{report.public_id}").status_code == 404


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"lat": "106.5", "lon": "9.5"}, "lat"),
        ({"lat": "abc", "lon": "106"}, "lat"),
        ({"lat": "nan", "lon": "inf"}, "lat"),
        ({"commune": "99999"}, "commune"),
        ({"category": "no_such"}, "category"),
    ],
)
def test_a_wrong_correction_says_so_at_its_field(client: Any, data: dict[str, str], where: str) -> None:
    report = case()
    sign_in(client, "commune")
    given = {"category": report.category_code, "commune": "29512", "lat": "", "lon": ""} | data
    response = act(client, report, "correct", **given)
    assert response.status_code == 422
    assert f'id="error-{where}"' in response.get_data(as_text=True)
    assert (report.area_code, kinds(report)[-1]) == ("29512", "report:moved")


def test_a_correction_that_changes_nothing_is_refused(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    assert act(client, report, "correct", category=report.category_code, commune="29512").status_code == 422


def test_duplicates(client: Any) -> None:
    first, second, elsewhere = case(), case(), case(lon=106.625)
    sign_in(client, "commune")
    html = client.get(f"/desk/cases/{second.public_id}").get_data(as_text=True)
    assert f'name="original" value="{first.public_id}"' in html
    assert elsewhere.public_id not in html
    for wrong in ("", second.public_id, "khongco", elsewhere.public_id):
        response = act(client, second, "duplicate", original_id=wrong)
        assert response.status_code == 422, wrong
        assert 'id="error-original_id"' in response.get_data(as_text=True)
    assert second.duplicate_of_id is None
    assert act(client, second, "duplicate", original=first.public_id).status_code == 303
    assert (second.status, second.duplicate_of_id) == (life.DUPLICATE, first.id)
    third = case()
    assert act(client, third, "duplicate", original_id=second.public_id).status_code == 422, "no chain"
    assert act(client, second, "reopen", reopen_reason="Khác chỗ").status_code == 303
    assert second.duplicate_of_id is None


def test_rework_needs_a_reason_and_restarts_the_clock(client: Any) -> None:
    report = case(life.ANSWERED)
    before = report.due_at
    sign_in(client, "commune")
    assert act(client, report, "rework").status_code == 422
    assert act(client, report, "rework", rework_reason="Ảnh cũ").status_code == 303
    assert report.status == life.REWORK
    assert report.due_at >= before
    assert kinds(report)[-1] == "report:clock_restarted"


def test_a_stale_save_is_refused_with_what_changed(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    seen = len(kinds(report))
    service.move(report, life.SCREENING, FRONT)
    response = act(
        client, report, "reject", version=str(report.version - 1), seen=str(seen), reject_reason="Đã viết dở"
    )
    html = response.get_data(as_text=True)
    assert response.status_code == 409
    assert "Đã viết dở" in html
    assert report.status == life.SCREENING
    notice = html.split('role="alert"')[1].split("</ul>")[0]
    assert notice.count("<li>") == 1
    for junk in ("", "x", "-1", "9" * 40):
        assert act(client, report, "reject", version=junk, seen=junk, reject_reason="x").status_code == 409


def test_an_action_that_is_over_is_refused(client: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "commune")
    for name in ("take", "assign", "verify", "close", "duplicate"):
        assert act(client, report, name, unit="ubnd-29512").status_code == 409, name
    assert report.status == life.ASSIGNED
    assert act(client, report, "delete").status_code == 404


@pytest.mark.parametrize("text", ["Gọi 0912 345 678", "viết a.b@example.org", "xe 84A-123.45 chở", "số 086123456789"])
def test_a_public_text_with_a_number_or_plate_is_asked_about(client: Any, text: str) -> None:
    report = case()
    sign_in(client, "commune")
    response = act(client, report, "publish", public_text=text)
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert text in html
    assert 'name="checked"' in html
    assert report.public_text == ""
    assert act(client, report, "publish", public_text=text, checked="1").status_code == 303
    assert report.public_text == text


def test_an_ordinary_text_with_numbers_passes(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    text = "Ngày 12/10/2026 khoảng 23 giờ, dài 200 m, thiệt hại 15.000.000 đồng."
    assert act(client, report, "publish", public_text=text).status_code == 303


def test_outcome_is_published_by_the_front_only(client: Any, session: Any) -> None:
    from datetime import timedelta

    from webapp.core import clock
    from webapp.inspections import service as inspections

    report = case(life.ANSWERED)
    outcome = inspections.record(
        report,
        Actor("unit", None, "ubnd-29512"),
        inspected_on=clock.today() - timedelta(days=1),
        finding="violation",
        measure="reminder",
        summary="Đã nhắc nhở",
    )
    assert act(sign_in(client, "unit"), report, f"outcomes/{outcome.public_id}/publish").status_code == 403
    assert act(sign_in(client, "other"), report, f"outcomes/{outcome.public_id}/publish").status_code in (400, 404)
    assert not outcome.public
    sign_in(client, "commune")
    assert act(client, report, "outcomes/khongco/publish").status_code == 404
    assert act(client, report, f"outcomes/{outcome.public_id}/publish").status_code == 303
    assert outcome.public


def test_photos_elsewhere_and_unclean_are_not_found(client: Any, session: Any) -> None:
    report = case(life.ANSWERED)
    photo = report.photos[0]
    assert sign_in(client, "commune").get(f"/desk/photos/{photo.public_id}").status_code == 404, "still waiting"
    photo.state = "clean"
    assert sign_in(client, "other").get(f"/desk/photos/{photo.public_id}").status_code == 404
    assert client.get("/desk/photos/nothing").status_code == 404


def test_a_case_from_nowhere_is_placed_by_the_central_front(client: Any) -> None:
    report = case(lon=2.35, lat=48.85)
    assert report.province_code is None
    sign_in(client, "central")
    assert client.get(f"/desk/cases/{report.public_id}").status_code == 200
    given = {"category": report.category_code, "lat": "", "lon": ""}
    for wrong in ("khong co xa nay", "99999", "vinh long"):
        assert act(client, report, "correct", commune=wrong, **given).status_code == 422, wrong
    assert act(client, report, "correct", commune="Duyên Hải, Vĩnh Long".replace(",", ""), **given).status_code == 303
    assert (report.area_code, report.unit_code) == ("29512", "ubnd-29512")
    assert report.location is None
