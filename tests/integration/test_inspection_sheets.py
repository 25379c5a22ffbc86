"""An inspection on the spot: handed in once, a draft until it is signed, then fixed and in the record."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import SECRET, act, case, people, sign_in
from webapp.core import events
from webapp.inspections import sheets
from webapp.inspections.models import Sheet
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.reports.codes import new_client_id
from webapp.reports.models import Photo

FILLED = {
    "q_waste_there": "yes",
    "q_volume": "2,5",
    "q_done_on_spot": "Yêu cầu dọn trong ngày",
    "findings": "Đống rác khoảng hai khối",
    "lat": "9.585",
    "lon": "106.525",
    "accuracy": "12",
    "began_at": "2026-01-05T08:00",
    "ended_at": "2026-01-05T08:30",
}


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "unit", "unit2")


def token(client: Any) -> str:
    found: str = client.get("/unit/inspections/token").get_json()["csrf_token"]
    return found


def hand_in(client: Any, report: Any, client_id: str | None = None, **changes: Any) -> Any:
    """As the phone's queue does it."""
    data = {"client_id": client_id or new_client_id()} | FILLED | changes
    head = {"Accept": "application/json", "X-CSRFToken": token(client)}
    return client.post(f"/unit/cases/{report.public_id}/inspection", data=data, headers=head)


def put_photo(client: Any, data: bytes) -> Any:
    head = {"X-CSRFToken": token(client), "Content-Sha256": hashlib.sha256(data).hexdigest()}
    return client.put("/unit/inspections/photos", data=data, headers=head)


def test_the_page_that_a_phone_keeps_holds_nothing_of_the_case(client: Any) -> None:
    report = case(life.ASSIGNED, place_text="Cạnh cầu sắt")
    sign_in(client, "unit")
    for address in ("inspection", "inspection?keep=1"):
        html = client.get(f"/unit/cases/{report.public_id}/{address}").text
        assert report.public_id in html
        assert "Rác, chất thải còn ở nơi" in html
        for private in (SECRET, "Cạnh cầu sắt", "9.585", "106.525", "ubnd@dgs.test"):
            assert private not in html, private
    kept = client.get(f"/unit/cases/{report.public_id}/inspection?keep=1").text
    assert 'name="csrf_token"' not in kept
    assert sign_in(client, "unit2").get(f"/unit/cases/{report.public_id}/inspection?keep=1").status_code == 404


def test_handed_in_twice_is_one_sheet(client: Any, session: Any) -> None:
    report, client_id = case(life.VERIFYING), new_client_id()
    sign_in(client, "unit")
    first, second = hand_in(client, report, client_id), hand_in(client, report, client_id, findings="khác")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    sheet = session.query(Sheet).one()
    assert sheet.answers == {"waste_there": "yes", "volume": 2.5, "done_on_spot": "Yêu cầu dọn trong ngày"}
    assert (sheet.lat, sheet.lon, sheet.accuracy_m) == (9.585, 106.525, 12)
    assert sheet.findings == FILLED["findings"]
    assert [e.kind for e in events.history(service.stream(report))].count("inspection:handed_in") == 1


def test_a_photo_of_the_queue_is_taken_once_and_one_that_was_cut_is_not(client: Any, session: Any) -> None:
    report, data = case(life.VERIFYING), factories.jpeg()
    sign_in(client, "unit")
    sha = hashlib.sha256(data).hexdigest()
    assert client.get(f"/unit/inspections/photos/{sha}").status_code == 404
    cut = client.put(
        "/unit/inspections/photos", data=data[:100], headers={"X-CSRFToken": token(client), "Content-Sha256": sha}
    )
    assert cut.status_code == 409
    kept = put_photo(client, data).get_json()["token"]
    assert client.get(f"/unit/inspections/photos/{sha}").get_json() == {"token": kept}
    assert put_photo(client, b"no picture").status_code == 422
    assert hand_in(client, report, p_overview_kept=kept).status_code == 201
    assert session.query(Photo).one().purpose == "sheet"
    assert session.query(Sheet).one().answers["overview"] == [sha]
    foreign = sign_in(client, "unit2").get(f"/unit/inspections/photos/{sha}")
    assert foreign.status_code == 404, "another officer's upload"


def test_the_queue_learns_who_it_writes_for_and_that_the_session_has_ended(client: Any) -> None:
    mark = sign_in(client, "unit").get("/unit/inspections/token").get_json()["by"]
    assert sign_in(client, "unit2").get("/unit/inspections/token").get_json()["by"] != mark
    client.delete_cookie("dgs")
    assert client.get("/unit/inspections/token").status_code == 302


@pytest.mark.parametrize(
    ("change", "where"),
    [({"q_volume": "hai"}, "q_volume"), ({"lat": "200"}, "lat"), ({"ended_at": "2199-01-01T00:00"}, "ended_at")],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_written_is_kept(
    client: Any, session: Any, change: dict[str, str], where: str
) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    address = f"/unit/cases/{report.public_id}/inspection"
    stamp = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert stamp
    data = {"csrf_token": stamp[1], "client_id": new_client_id()} | FILLED | change
    data["p_overview"] = (io.BytesIO(factories.jpeg()), "anh.jpg")  # type: ignore[assignment]
    response = client.post(address, data=data, content_type="multipart/form-data")
    assert response.status_code == 422
    assert f'id="error-{where}"' in response.text
    assert FILLED["findings"] in response.text
    assert 'name="p_overview_kept"' in response.text
    assert session.query(Sheet).count() == 0
    expired = client.post(address, data={"client_id": new_client_id()} | FILLED)
    assert expired.status_code == 422
    assert FILLED["findings"] in expired.text


def change(client: Any, sheet: Sheet, do: str, **changes: str) -> Any:
    page = client.get(f"/unit/sheets/{sheet.public_id}").text
    stamps = {n: m[1] for n in ("csrf_token", "version") if (m := re.search(rf'name="{n}" value="([^"]*)"', page))}
    return client.post(f"/unit/sheets/{sheet.public_id}", data=stamps | FILLED | {"do": do} | changes)


def test_signed_off_it_is_fixed_and_its_hash_is_in_the_record(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    hand_in(client, report)
    sheet = session.query(Sheet).one()
    assert change(client, sheet, "save", findings="").status_code == 303
    incomplete = change(client, sheet, "sign", findings="")
    assert incomplete.status_code == 422
    assert 'id="error-findings"' in incomplete.text
    assert 'id="error-p_overview"' in incomplete.text, "the required photo"
    kept = put_photo(client, factories.jpeg()).get_json()["token"]
    assert change(client, sheet, "sign", version="0", p_overview_kept=kept).status_code == 409
    assert change(client, sheet, "sign", findings="Đã đọc lại", p_overview_kept=kept).status_code == 303
    session.refresh(sheet)
    assert sheet.signed_at
    assert sheets.is_intact(sheet)
    entry = events.history(service.stream(report))[-1]
    assert (entry.kind, entry.data["sha256"]) == ("inspection:signed", sheet.sha256)
    late = client.post(f"/unit/sheets/{sheet.public_id}", data={"csrf_token": token(client), "findings": "khác"})
    assert late.status_code == 409
    session.refresh(sheet)
    assert sheet.findings == "Đã đọc lại"
    sheet.findings = "ai đó sửa"
    assert not sheets.is_intact(sheet)


def signed_sheet(client: Any, session: Any, report: Any) -> Sheet:
    kept = put_photo(client, factories.jpeg()).get_json()["token"]
    hand_in(client, report, p_overview_kept=kept)
    sheet: Sheet = session.query(Sheet).order_by(Sheet.id.desc()).first()
    assert change(client, sheet, "sign").status_code == 303
    session.refresh(sheet)
    return sheet


def test_a_signed_sheet_is_evidence_for_the_answer_and_fills_in_the_outcome(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    sheet = signed_sheet(client, session, report)
    html = client.get(f"/unit/cases/{report.public_id}?sheet={sheet.public_id}").text
    assert 'value="2026-01-05"' in html
    assert re.search(rf'name="summary"[^>]*>\s*{FILLED["findings"]}', html)
    bare = act(client, report, "answer", "/unit", answer_text="Đã dọn", sheets="khongco")
    assert bare.status_code == 422
    assert act(client, report, "answer", "/unit", answer_text="Đã dọn", sheets=sheet.public_id).status_code == 303
    assert report.status == life.ANSWERED
    session.refresh(sheet)
    assert sheet.answer_id == report.answers[0].id
    sign_in(client, "commune")
    assert f"/desk/sheets/{sheet.public_id}" in client.get(f"/desk/cases/{report.public_id}").text
    assert FILLED["findings"] in client.get(f"/desk/sheets/{sheet.public_id}").text


def test_the_front_sees_no_draft_and_another_unit_nothing(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    hand_in(client, report)
    sheet = session.query(Sheet).one()
    assert sign_in(client, "commune").get(f"/desk/sheets/{sheet.public_id}").status_code == 404
    sign_in(client, "unit2")
    assert client.get(f"/unit/sheets/{sheet.public_id}").status_code == 404
    assert client.get("/unit/sheets/khongco").status_code == 404


def test_pictures_of_an_inspection_are_not_the_senders(client: Any, session: Any) -> None:
    """A granted deletion takes the sender's pictures, not the office's evidence."""
    from webapp.core.events import SYSTEM
    from webapp.reports import data_requests

    report = case(life.VERIFYING)
    sign_in(client, "unit")
    signed_sheet(client, session, report)
    session.commit()
    data_requests.erase(report, SYSTEM)
    session.flush()
    assert [p.purpose for p in session.query(Photo)] == ["sheet"]
