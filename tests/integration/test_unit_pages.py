"""The unit's desk: only its own cases, nothing about the reporter, no answer without evidence."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import SECRET, act, case, people, picture, sign_in
from webapp.core import clock, events
from webapp.core.events import Actor
from webapp.inspections.models import Outcome
from webapp.reports import lifecycle as life
from webapp.reports import service
from webapp.reports.intake import StoredPhoto

FRONT = Actor("front", None, "mttq-29512")


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "unit", "unit2", "admin")


def test_only_cases_passed_to_my_unit(client: Any) -> None:
    mine, proposed, rejected = case(life.ASSIGNED), case(), case()
    service.move(rejected, life.REJECTED, FRONT, reason="thiếu")
    sign_in(client, "unit")
    html = client.get("/unit").get_data(as_text=True)
    assert mine.public_id in html
    assert proposed.public_id not in html
    assert client.get(f"/unit/cases/{mine.public_id}").status_code == 200
    for other in (proposed, rejected):
        assert client.get(f"/unit/cases/{other.public_id}").status_code == 404
    assert client.get("/unit/cases/khongco").status_code == 404
    assert sign_in(client, "unit2").get(f"/unit/cases/{mine.public_id}").status_code == 404
    for who in ("commune", "admin"):
        assert sign_in(client, who).get("/unit").status_code == 403


def test_the_unit_reads_nothing_of_the_talk_or_the_contact(client: Any) -> None:
    report = case(contact={"contact_phone": "0912345678"}, place_text="Cạnh cầu")
    service.ask(report, FRONT, "Anh chị thấy lúc mấy giờ?")
    service.supplement(report, "Tôi nhìn từ nhà số 5", (StoredPhoto("originals/x/9", "9" * 64, 1, "image/jpeg"),))
    from webapp.routing import assign
    from webapp.units import queries as units

    assign.assign(report, units.by_code("ubnd-29512"), FRONT)  # type: ignore[arg-type]
    html = sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").get_data(as_text=True)
    assert SECRET in html, "what was seen is needed for the work"
    for private in ("0912345678", "mấy giờ", "nhà số 5", report.photos[0].public_id):
        assert private not in html, private
    report.photos[0].state = "clean"
    assert client.get(f"/unit/photos/{report.photos[0].public_id}").status_code == 404
    report.public_text = "Bản đã duyệt"
    html = client.get(f"/unit/cases/{report.public_id}").get_data(as_text=True)
    assert "Bản đã duyệt" in html
    assert SECRET not in html


def test_accept_start_answer(client: Any, session: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "unit")
    assert act(client, report, "answer", "/unit", answer_text="x", evidence=[picture()]).status_code == 409
    assert act(client, report, "accept", "/unit").status_code == 303
    assert act(client, report, "start", "/unit").status_code == 303
    assert report.status == life.IN_PROGRESS
    done = act(client, report, "answer", "/unit", answer_text="Đã dọn sạch", evidence=[picture(), picture("b.jpg")])
    assert done.status_code == 303
    assert report.status == life.ANSWERED
    assert report.answers[0].unit_code == "ubnd-29512"
    assert [p.purpose for p in report.photos] == ["answer", "answer"]


def test_an_answer_without_evidence_is_refused_and_kept(client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    response = act(client, report, "answer", "/unit", answer_text="Đã kiểm tra xong")
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'id="error-evidence"' in html
    assert "Đã kiểm tra xong" in html
    assert report.status == life.VERIFYING


def test_evidence_is_kept_while_the_text_is_missing(client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    bad = (__import__("io").BytesIO(b"%PDF-1.4 not a picture"), "cong-van.pdf")
    response = act(client, report, "answer", "/unit", answer_text="", evidence=[picture(), bad])
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'id="error-answer_text"' in html
    assert "cong-van.pdf" in html
    token = re.search(r'name="evidence_kept" value="([^"]+)"', html)
    assert token
    done = act(client, report, "answer", "/unit", answer_text="Đã dọn", evidence_kept=token.group(1))
    assert done.status_code == 303
    assert len(report.photos) == 1
    # a token of somebody else's upload is worth nothing
    sign_in(client, "unit2")
    other = case(life.VERIFYING, category_code="coal_ash")
    assert act(client, other, "answer", "/unit", answer_text="x", evidence_kept=token.group(1)).status_code == 422


def test_refusing_needs_a_reason_and_gives_the_case_back(client: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "unit")
    assert act(client, report, "refuse", "/unit").status_code == 422
    assert report.status == life.ASSIGNED
    assert act(client, report, "refuse", "/unit", refuse_reason="Thuộc xã bên").status_code == 422
    assert report.status == life.ASSIGNED, "and one of the reasons, and whom it concerns"
    given = {"refuse_why": "other_area", "refuse_reason": "Thuộc xã bên", "refuse_unit": "ubnd-29413"}
    response = act(client, report, "refuse", "/unit", **given)
    assert (response.status_code, response.headers["Location"]) == (303, "/unit")
    assert report.status == life.SCREENING
    assert client.get(f"/unit/cases/{report.public_id}").status_code == 404
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert "Thuộc xã bên" in html


def test_stale_expired_and_foreign(client: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "unit")
    stale = act(client, report, "refuse", "/unit", version="1", refuse_reason="Viết dở")
    assert stale.status_code == 409
    assert "Viết dở" in stale.get_data(as_text=True)
    expired = act(client, report, "refuse", "/unit", csrf_token="x", refuse_reason="Viết dở")
    assert expired.status_code == 400
    assert "Viết dở" in expired.get_data(as_text=True)
    assert act(client, report, "verify", "/unit").status_code == 404
    assert report.status == life.ASSIGNED


def test_a_body_that_is_too_large_keeps_the_words(app: Any, client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    app.config["MAX_CONTENT_LENGTH"] = 2000
    response = act(client, report, "answer", "/unit", answer_text="Đã dọn sạch", evidence=[picture()])
    assert response.status_code == 413
    html = response.get_data(as_text=True)
    assert "Đã dọn sạch" in html
    assert 'id="error-evidence"' in html
    assert report.status == life.VERIFYING


GOOD = {
    "finding": "violation",
    "measure": "fine",
    "fine_vnd": "5.000.000",
    "decision_number": "12/QĐ-XPVPHC",
    "summary": "Phạt vì đổ rác sai nơi",
}


def test_record_an_outcome(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    day = clock.today() - timedelta(days=1)
    sign_in(client, "unit")
    assert act(client, report, "outcome", "/unit", inspected_on=f"{day:%d/%m/%Y}", **GOOD).status_code == 303
    outcome = session.query(Outcome).one()
    assert (outcome.inspected_on, outcome.fine_vnd, outcome.public) == (day, 5_000_000, False)
    assert events.history(service.stream(report))[-1].kind == "outcome:recorded"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"inspected_on": ""}, "inspected_on"),
        ({"inspected_on": "32/13/2026"}, "inspected_on"),
        ({"inspected_on": "2199-01-01"}, "inspected_on"),
        ({"finding": "maybe"}, "finding"),
        ({"measure": ""}, "measure"),
        ({"fine_vnd": ""}, "fine_vnd"),
        ({"fine_vnd": "-5"}, "fine_vnd"),
        ({"fine_vnd": "9" * 30}, "fine_vnd"),
        ({"summary": " "}, "summary"),
        ({"decision_number": "x" * 81}, "decision_number"),
    ],
)
def test_a_wrong_outcome_says_so_at_its_field(client: Any, change: dict[str, str], where: str) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    data = {"inspected_on": clock.today().isoformat()} | GOOD | change
    response = act(client, report, "outcome", "/unit", **data)
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'id="error-{where}"' in html
    if where != "summary":
        assert GOOD["summary"] in html
