"""The unit gives a case back with a proposal, gives it to an officer, asks to hand it over, answers with documents."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import FRONT, PEOPLE, UNIT, act, case, people, picture, sign_in
from tests.unit import document_samples as samples
from webapp.accounts.models import User
from webapp.core import clock, events
from webapp.reports import handovers, service, unit_work
from webapp.reports import lifecycle as life
from webapp.reports.models import AnswerFile
from webapp.supervision import clocks
from webapp.units import queries as units


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "unit", "unit2", "province")


def refuse(client: Any, report: Any, **changes: str) -> Any:
    given = {"refuse_why": "other_matter", "refuse_reason": "Việc của Sở", "refuse_unit": "so-nnmt-86"}
    return act(client, report, "refuse", "/unit", **given | changes)


def test_a_refusal_names_who_should_act_and_the_front_passes_it_on_with_one_click(client: Any) -> None:
    report = case(life.ASSIGNED)
    assert refuse(sign_in(client, "unit"), report).status_code == 303
    assert (report.status, report.refusals) == (life.SCREENING, 1)
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert "Việc của Sở" in html
    form = re.search(r'name="unit" value="(so-nnmt-86)"><input[^>]*name="assign_note" value="([^"]+)"', html)
    assert form, "the proposed unit is one press away"
    assert act(client, report, "assign", unit=form[1], assign_note=form[2]).status_code == 303
    assert (report.status, report.unit_code) == (life.ASSIGNED, "so-nnmt-86")


def chosen_unit(html: str) -> str | None:
    """What is chosen already in the form that passes a case on."""
    form = re.search(r'<select[^>]*id="field-unit"[^>]*>(.*?)</select>', html, re.S)
    assert form
    found = re.search(r'<option value="([^"]+)" selected', form[1])
    return found[1] if found else None


def test_after_a_refusal_the_form_proposes_whom_the_unit_named_and_no_more_the_unit_itself(client: Any) -> None:
    report = case(life.ASSIGNED)
    refuse(sign_in(client, "unit"), report, refuse_unit="ubnd-29413", refuse_why="other_area")
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert chosen_unit(html) == "ubnd-29413", "another commune's, so it is in no list of the case's own place"
    back = act(client, report, "assign", unit="ubnd-29512")
    assert back.status_code == 422, "back to who has just refused it only with a word on why"
    assert 'id="error-assign_note"' in back.text
    assert chosen_unit(back.text) == "ubnd-29512", "what was chosen stays"
    assert act(client, report, "assign", unit="ubnd-29413").status_code == 303, "as proposed: no word needed"


def test_given_back_with_no_proposal_nobody_is_chosen(client: Any) -> None:
    report = case(life.ASSIGNED)
    refuse(sign_in(client, "unit"), report, refuse_unit="", refuse_why="too_little")
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert chosen_unit(html) is None
    assert act(client, report, "assign", unit="so-nnmt-86").status_code == 422
    assert act(client, report, "assign", unit="so-nnmt-86", assign_note="Bãi do Sở quản lý").status_code == 303


def test_a_correction_after_a_refusal_goes_by_the_rules_again(client: Any) -> None:
    report = case(life.ASSIGNED)
    refuse(sign_in(client, "unit"), report)
    sign_in(client, "commune")
    assert act(client, report, "correct", commune="29413").status_code == 303
    html = sign_in(client, "province").get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert chosen_unit(html) == "ubnd-29413"


def test_the_proposed_unit_is_found_by_a_part_of_its_name_without_diacritics(client: Any) -> None:
    report = case(life.ASSIGNED)
    sign_in(client, "unit")
    several = refuse(client, report, refuse_unit="", refuse_search="long hoa")
    assert several.status_code == 422
    assert "ubnd-29413" in several.get_data(as_text=True), "what was found stands in the list"
    nobody = refuse(client, report, refuse_unit="", refuse_search="khong co don vi nay")
    assert 'id="error-refuse_search"' in nobody.get_data(as_text=True)
    assert refuse(client, report, refuse_unit="", refuse_search="ubnd xa long hoa").status_code in {303, 422}
    if report.status == life.ASSIGNED:
        assert refuse(client, report, refuse_unit="", refuse_search="so nong nghiep").status_code == 303
    last = unit_work.last_refusal(events.history(service.stream(report)))
    assert last is not None
    assert last.data["proposed"] in {"ubnd-29413", "so-nnmt-86"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"refuse_why": ""}, "refuse_why"),
        ({"refuse_why": "because"}, "refuse_why"),
        ({"refuse_reason": " "}, "refuse_reason"),
        ({"refuse_reason": "x" * 2001}, "refuse_reason"),
        ({"refuse_unit": ""}, "refuse_unit"),
        ({"refuse_unit": "ubnd-29512"}, "refuse_unit"),
        ({"refuse_unit": "mttq-29512"}, "refuse_unit"),
        ({"refuse_unit": "phunu-86"}, "refuse_unit"),
        ({"refuse_unit": "so-nnmt-31"}, "refuse_unit"),
    ],
)
def test_a_refusal_that_says_too_little_stays_with_the_unit(client: Any, changes: dict[str, str], where: str) -> None:
    report = case(life.ASSIGNED)
    response = refuse(sign_in(client, "unit"), report, **changes)
    assert response.status_code == 422
    assert f'id="error-{where}"' in response.get_data(as_text=True)
    assert report.status == life.ASSIGNED


def test_a_refused_case_stands_before_answers_and_one_refused_twice_says_so(client: Any, session: Any) -> None:
    other = case(life.ANSWERED)
    report = case(life.ASSIGNED)
    refuse(sign_in(client, "unit"), report)
    html = sign_in(client, "commune").get("/desk").get_data(as_text=True)
    assert html.index(report.public_id) < html.index(other.public_id)
    act(client, report, "assign", unit="ubnd-29512", assign_note="Vẫn là xã")
    refuse(sign_in(client, "unit"), report)
    assert report.refusals == 2
    html = sign_in(client, "commune").get("/desk").get_data(as_text=True)
    assert "Bị trả lại 2 lần" in html


def test_what_the_sender_fears_is_proposed_to_no_body_of_a_commune(client: Any) -> None:
    report = case(life.ASSIGNED)
    report.bypass_commune = True
    for code, fits in (("ubnd-29413", False), ("so-nnmt-86", True)):
        unit = units.by_code(code)
        assert unit is not None
        assert unit_work.fits(report, unit) is fits


def test_a_case_is_given_to_an_officer_of_the_unit_and_stands_under_mine(client: Any, session: Any) -> None:
    report, other = case(life.VERIFYING), case(life.VERIFYING)
    me, stranger = (session.query(User).filter_by(email=PEOPLE[who][0]).one() for who in ("unit", "unit2"))
    sign_in(client, "unit")
    assert act(client, report, "delegate", "/unit", officer=str(stranger.id)).status_code == 422
    assert act(client, report, "delegate", "/unit", officer="x").status_code == 422
    assert act(client, report, "delegate", "/unit", officer=str(me.id)).status_code == 303
    assert report.assignee_id == me.id
    mine = client.get("/unit?tab=mine").get_data(as_text=True)
    assert report.public_id in mine
    assert other.public_id not in mine
    entry = events.history(service.stream(report))[-1]
    assert (entry.kind, entry.data) == ("report:delegated", {"officer": me.id})
    assert me.name not in str(entry.data)
    assert me.name in client.get(f"/unit/cases/{report.public_id}").get_data(as_text=True)


def ask(client: Any, report: Any, **changes: str) -> Any:
    given = {"pass_on_unit": "so-nnmt-86", "pass_on_reason": "Cần máy đo của Sở"}
    return act(client, report, "pass_on", "/unit", **given | changes)


def test_handing_over_is_asked_and_granted_and_the_clock_goes_on(client: Any) -> None:
    report = case(life.VERIFYING)
    due = report.due_at
    sign_in(client, "unit")
    assert ask(client, report, pass_on_reason="").status_code == 422
    assert ask(client, report, pass_on_unit="").status_code == 422
    assert ask(client, report).status_code == 303
    assert ask(client, report).status_code == 409, "one request at a time"
    assert report.unit_code == "ubnd-29512", "nothing has moved yet"
    sign_in(client, "commune")
    html = client.get("/desk").get_data(as_text=True)
    assert report.public_id in html, "it is the Front's move"
    assert "Đề nghị chuyển đơn vị" in html
    page = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert "Cần máy đo của Sở" in page
    assert act(client, report, "hand_over", unit="ca-86").status_code == 409
    assert act(client, report, "hand_over", unit="so-nnmt-86").status_code == 303
    assert (report.status, report.unit_code) == (life.ASSIGNED, "so-nnmt-86")
    assert handovers.pending(report) is None
    assert sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").status_code == 404
    assert sign_in(client, "unit2").get(f"/unit/cases/{report.public_id}").status_code == 200
    act(client, report, "accept", "/unit")
    assert report.due_at == due, "what the former unit took is not given again"


def test_the_front_may_give_a_new_clock_or_say_no(client: Any) -> None:
    report, kept = case(life.VERIFYING), case(life.VERIFYING)
    report.due_at = before = clock.now().replace(year=2020)
    sign_in(client, "unit")
    ask(client, report)
    ask(client, kept)
    sign_in(client, "commune")
    act(client, report, "hand_over", unit="so-nnmt-86", new_clock="1")
    assert report.due_at > before
    assert act(client, kept, "keep", keep_reason="").status_code == 422
    assert act(client, kept, "keep", keep_reason="Xã làm được").status_code == 303
    assert (kept.status, kept.unit_code) == (life.VERIFYING, "ubnd-29512")
    assert "Xã làm được" in sign_in(client, "unit").get(f"/unit/cases/{kept.public_id}").get_data(as_text=True)


@pytest.mark.parametrize("status", [life.ASSIGNED, life.VERIFYING, life.IN_PROGRESS])
def test_the_front_gives_a_case_to_another_unit_when_this_one_does_not_act(client: Any, status: str) -> None:
    report = case(life.VERIFYING if status == life.IN_PROGRESS else status)
    if status == life.IN_PROGRESS:
        service.move(report, status, UNIT)
    sign_in(client, "unit")
    assert act(client, report, "take_away", "/unit", unit="so-nnmt-86").status_code == 404, "not the unit's to do"
    sign_in(client, "commune")
    for wrong, where in (
        ({"unit": "so-nnmt-86"}, "error-take_away_reason"),
        ({"unit": "ubnd-29512", "take_away_reason": "Chậm"}, "error-unit"),
        ({"unit": "mttq-86", "take_away_reason": "Chậm"}, "error-unit"),
    ):
        refused = act(client, report, "take_away", **wrong)
        assert refused.status_code == 422
        assert f'id="{where}"' in refused.text
    done = act(client, report, "take_away", unit="so-nnmt-86", take_away_reason="Đơn vị không tiếp nhận")
    assert done.status_code == 303
    assert (report.status, report.unit_code, report.assignee_id) == (life.ASSIGNED, "so-nnmt-86", None)
    assert [c.unit_code for c in clocks.history(report)][-2:] == ["ubnd-29512", "so-nnmt-86"]
    assert "Đơn vị không tiếp nhận" in client.get(f"/desk/cases/{report.public_id}").text
    gone = sign_in(client, "unit").get(f"/unit/cases/{report.public_id}")
    assert gone.status_code == 404, "whose it is no more does not see it"
    assert report.public_id in sign_in(client, "unit2").get("/unit").text
    assert events.first_broken(events.history(service.stream(report))) is None


def test_what_the_unit_has_asked_is_decided_before_a_case_is_taken(client: Any) -> None:
    report = case(life.VERIFYING)
    unit = units.by_code("so-nnmt-86")
    assert unit is not None
    handovers.ask(report, UNIT, unit, "Việc của Sở")
    sign_in(client, "commune")
    taken = act(client, report, "take_away", unit="so-nnmt-86", take_away_reason="Chậm")
    assert taken.status_code == 409
    assert act(client, case(life.ANSWERED), "take_away", unit="so-nnmt-86", take_away_reason="x").status_code == 409


def test_a_request_ends_when_the_case_goes_on(client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    ask(client, report)
    assert act(client, report, "answer", "/unit", answer_text="Đã dọn", evidence=[picture()]).status_code == 303
    assert handovers.pending(report) is None


def pdf(data: bytes | None = None, name: str = "cong-van.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(samples.plain() if data is None else data), name


def test_a_document_alone_is_evidence_and_is_public_only_once_it_is_let_out(
    client: Any, session: Any, run_jobs: Any
) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    assert act(client, report, "answer", "/unit", answer_text="Đã phạt", evidence=[pdf()]).status_code == 303
    assert report.status == life.ANSWERED
    document = session.query(AnswerFile).one()
    inside, outside = f"/unit/files/{document.public_id}", f"/files/{document.public_id}.pdf"
    assert client.get(inside).status_code == 404, "not before it was looked through"
    run_jobs()
    answer = client.get(inside)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "cong-van" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert sign_in(client, "unit2").get(inside).status_code == 404
    sign_in(client, "commune")
    assert client.get(f"/desk/files/{document.public_id}").data == answer.data
    assert client.get(outside).status_code == 404
    report.publish_at = clock.now()
    given = str(report.answers[0].id)
    act(client, report, "publish", public_text="x", answers=given)
    assert client.get(outside).status_code == 404, "the answer alone does not let it out"
    act(client, report, "publish", public_text="x", answers=given, files=document.public_id)
    public = client.get(outside)
    assert public.status_code == 200
    assert public.headers["Content-Disposition"].startswith("attachment")
    assert f'href="{outside}"' in client.get(f"/cases/{report.public_id}").get_data(as_text=True)
    act(client, report, "publish", public_text="x", files=document.public_id)
    assert client.get(outside).status_code == 404, "nor the document without its answer"


def test_a_document_that_acts_is_refused_and_nothing_typed_is_lost(client: Any, session: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    bad = pdf(samples.with_action(b"<</S/JavaScript/JS(x)>>"), "ban-ve.pdf")
    response = act(client, report, "answer", "/unit", answer_text="Đã phạt", evidence=[pdf(), bad])
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "ban-ve.pdf" in html
    assert "Đã phạt" in html
    token = re.search(r'name="evidence_kept" value="([^"]+)"', html)
    assert token, "the harmless one need not be chosen again"
    done = act(client, report, "answer", "/unit", answer_text="Đã phạt", evidence_kept=token[1])
    assert done.status_code == 303
    assert session.query(AnswerFile).count() == 1


def test_the_same_file_again_is_no_new_evidence(client: Any) -> None:
    report = case(life.VERIFYING)
    data = samples.plain()
    sign_in(client, "unit")
    act(client, report, "answer", "/unit", answer_text="Đã dọn", evidence=[pdf(data)])
    service.move(report, life.REWORK, FRONT, reason="Chưa đủ")
    again = act(client, report, "answer", "/unit", answer_text="Đã dọn", evidence=[pdf(data)])
    assert again.status_code == 422
    assert report.status == life.REWORK
