"""The sender's safety: sealed contact, consent, taking back, own data, and a commune that must not know."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.integration.staff import FRONT, case, field, people, sign_in
from tests.integration.test_resident_pages import code_of, form, hidden, picture, send
from webapp.accounts import permissions as p
from webapp.accounts.permissions import Identity, in_scope
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.core.sealing import Seal
from webapp.pages import limits
from webapp.pages.desk.case_page import acting_units
from webapp.reports import codes, data_requests, desk_queries, lifecycle, service
from webapp.reports.models import Contact, Message, Photo, Report
from webapp.routing import service as routing

PHONE = "0912 345 678"
REASON = "Hỏi lại giờ xe chạy"


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()


def sent(client: Any, **changes: Any) -> tuple[str, Report]:
    """(code, report) of a form that was sent."""
    code = code_of(send(client, form(client, **changes)))
    return code, service.by_code(code)


def post(client: Any, code: str, what: str, **data: Any) -> Any:
    token = hidden(client.get(f"/r/{code}").get_data(as_text=True), "csrf_token")
    return client.post(f"/r/{code}/{what}", data={"csrf_token": token} | data)


def kinds(report: Report) -> list[str]:
    return [e.kind for e in events.history(service.stream(report))]


# -- consent -----------------------------------------------------------------------------------------------


def test_a_contact_needs_the_box_and_the_box_is_never_ticked_beforehand(client: Any, session: Any) -> None:
    page = client.get("/report").get_data(as_text=True)
    box = re.search(r'<input type="checkbox"[^>]*name="contact_consent"[^>]*>', page)
    assert box
    assert "checked" not in box.group()
    assert 'href="/privacy"' in page
    response = send(client, form(client, contact_phone=PHONE))
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert 'href="#field-contact_consent"' in html
    assert 'id="error-contact_consent"' in html
    assert PHONE in html
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    assert send(client, form(client)).status_code == 303  # without a contact there is nothing to agree to
    assert send(client, form(client, contact_phone=PHONE, contact_consent="1")).status_code == 303
    assert session.scalars(select(Contact.consent)).one() == "2026-11"


def test_the_statement_names_the_controller_and_what_a_lawyer_must_confirm(client: Any, settings: Any) -> None:
    html = client.get("/privacy").get_data(as_text=True)
    assert "24" in html
    assert html.count('class="check"') >= 4
    assert "91/2025/QH15" in html


# -- the sealed contact ------------------------------------------------------------------------------------


def open_it(client: Any, report: Report, reason: str = REASON) -> Any:
    page = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    data = {"csrf_token": field(page, "csrf_token"), "contact_reason": reason}
    return client.post(f"/desk/cases/{report.public_id}/contact", data=data)


def test_a_contact_is_opened_once_with_a_reason_that_the_sender_reads(
    client: Any, session: Any, run_jobs: Any, caplog: Any
) -> None:
    code, report = sent(client, contact_phone=PHONE, contact_consent="1")
    run_jobs()
    people("commune")
    sign_in(client, "commune")
    for short in ("", "vì cần"):
        refused = open_it(client, report, short)
        assert refused.status_code == 422
        assert 'id="error-contact_reason"' in refused.get_data(as_text=True)
        assert PHONE not in refused.get_data(as_text=True)
    assert "contact:opened" not in kinds(report)
    answer = open_it(client, report)
    assert answer.status_code == 200
    assert PHONE in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    entry = events.history(service.stream(report))[-1]
    assert (entry.kind, entry.public, entry.unit_code) == ("contact:opened", False, "mttq-29512")
    assert entry.user_id
    assert entry.data == {"reason": REASON}
    again = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert REASON in again
    assert PHONE not in again
    assert REASON in client.get(f"/r/{code}").get_data(as_text=True)
    with client.session_transaction() as kept:
        assert "912 345" not in str(dict(kept))
    assert "912 345" not in caplog.text


def test_only_the_front_opens_it_and_only_where_the_key_is(app: Any, client: Any, session: Any) -> None:
    report = case(lifecycle.ASSIGNED, contact={"contact_phone": PHONE})
    people("unit", "other", "commune")
    sign_in(client, "other")
    token = field(client.get("/desk").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "contact_reason": REASON}
    assert client.post(f"/desk/cases/{report.public_id}/contact", data=data).status_code == 404
    sign_in(client, "unit")
    token = field(client.get("/unit").get_data(as_text=True), "csrf_token")
    data["csrf_token"] = token
    for where in ("/desk", "/unit"):
        assert client.post(f"{where}/cases/{report.public_id}/contact", data=data).status_code in {403, 404}
    sign_in(client, "commune")
    here = instance()
    app.extensions["dgs"] = dataclasses.replace(here, identity=Seal(here.settings.identity_public_key))
    without = open_it(client, report)
    assert without.status_code == 503
    assert "IDENTITY_PRIVATE_KEY" in without.get_data(as_text=True)
    assert "contact:opened" not in kinds(report)


def test_the_sender_leaves_replaces_and_deletes_a_contact_later(client: Any, session: Any, run_jobs: Any) -> None:
    code, report = sent(client)
    run_jobs()
    assert post(client, code, "contact").status_code == 422
    refused = post(client, code, "contact", contact_phone=PHONE)
    assert refused.status_code == 422
    assert PHONE in refused.get_data(as_text=True)
    stale = client.post(f"/r/{code}/contact", data={"contact_phone": PHONE, "contact_consent": "1"})
    assert stale.status_code == 422
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    for phone in (PHONE, "0987 654 321"):
        assert post(client, code, "contact", contact_phone=phone, contact_consent="1").status_code == 303
    kept = session.scalars(select(Contact)).one()
    assert b"0987" not in kept.sealed
    assert b"0987 654 321" in instance().identity.open(kept.sealed)
    assert post(client, code, "contact", contact_remove="1").status_code == 303
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    assert kinds(report)[-3:] == ["contact:left", "contact:left", "contact:removed"]


# -- taking back -------------------------------------------------------------------------------------------


def test_a_report_is_withdrawn_while_it_is_with_the_front(client: Any, session: Any, run_jobs: Any) -> None:
    code, report = sent(client, category="waste_household")
    assert post(client, code, "withdraw").status_code == 303  # before its job has run
    run_jobs()
    session.refresh(report)
    assert (report.status, report.area_code) == (lifecycle.WITHDRAWN, "29512")
    page = client.get(f"/r/{code}").get_data(as_text=True)
    assert f'action="/r/{code}/withdraw"' not in page
    report.publish_at = clock.now() - timedelta(days=1)
    assert client.get(f"/cases/{report.public_id}").status_code == 404
    assert client.get("/cases").get_data(as_text=True).count(report.public_id) == 0
    people("commune")
    sign_in(client, "commune")
    assert report.public_id in client.get("/desk?tab=ended").get_data(as_text=True)


@pytest.mark.parametrize("status", [lifecycle.ASSIGNED, lifecycle.VERIFYING, lifecycle.ANSWERED, lifecycle.CLOSED])
def test_later_it_is_a_request(client: Any, session: Any, status: str) -> None:
    report = case(status, client_id="w" * 22)
    code = codes.code_for("w" * 22, instance().settings.code_key)
    assert f'action="/r/{code}/withdraw"' not in client.get(f"/r/{code}").get_data(as_text=True)
    assert post(client, code, "withdraw").status_code == 409
    session.refresh(report)
    assert report.status == status
    assert post(client, code, "data", data_kind="withdraw").status_code == 303
    assert data_requests.of_report(report)[0].kind == "withdraw"


def test_a_report_on_which_others_hang_is_not_simply_withdrawn(client: Any, session: Any) -> None:
    report = case(client_id="w" * 22)
    service.mark_duplicate(case(), report, FRONT)
    code = codes.code_for("w" * 22, instance().settings.code_key)
    assert post(client, code, "withdraw").status_code == 409


# -- own data ----------------------------------------------------------------------------------------------


def test_requests_have_their_clock_and_a_list_of_the_province(client: Any, session: Any, run_jobs: Any) -> None:
    code, report = sent(client)
    run_jobs()
    assert post(client, code, "data", data_kind="burn").status_code == 422
    wrong = post(client, code, "data", data_kind="correct")
    assert wrong.status_code == 422
    assert 'id="error-data_text"' in wrong.get_data(as_text=True)
    long = post(client, code, "data", data_kind="access", data_text="đ" * 2001)
    assert long.status_code == 422
    assert "đđđ" in long.get_data(as_text=True)
    for kind in ("access", "correct", "delete"):
        assert post(client, code, "data", data_kind=kind, data_text="Sai tên đường").status_code == 303
    assert post(client, code, "data", data_kind="access").status_code == 409
    today = clock.today()
    asked = {r.kind: r for r in data_requests.of_report(report)}
    assert {k: (r.due_on - today).days for k, r in asked.items()} == {"access": 10, "correct": 10, "delete": 20}
    assert 2 <= (asked["access"].acknowledge_by - today).days <= 12  # two working days, holidays may lie between
    assert all("Sai tên" not in str(e.data) for e in events.history(service.stream(report)))

    people("commune", "province", "unit")
    sign_in(client, "commune")
    assert client.get("/desk/requests").status_code == 403
    sign_in(client, "province")
    assert "/desk/requests" in client.get("/desk").get_data(as_text=True)
    page = client.get("/desk/requests").get_data(as_text=True)
    assert page.count("Sai tên đường") == 3
    token = field(page, "csrf_token")
    where = f"/desk/requests/{asked['correct'].id}"
    assert client.post(f"{where}/confirm", data={"csrf_token": token}).status_code == 303
    empty = client.post(f"{where}/answer", data={"csrf_token": token, "answer": "ngắn"})
    assert empty.status_code == 422
    assert ">ngắn</textarea>" in empty.get_data(as_text=True).replace("\n", "")
    done = {"csrf_token": token, "answer": "Đã sửa lại tên đường.", "granted": "yes"}
    assert client.post(f"{where}/answer", data=done).status_code == 303
    assert client.post(f"{where}/answer", data=done).status_code == 409
    assert "Đã sửa lại tên đường." in client.get(f"/r/{code}").get_data(as_text=True)


def test_a_granted_deletion_leaves_the_case_and_the_record_and_nothing_of_the_sender(
    client: Any, session: Any, run_jobs: Any
) -> None:
    code, report = sent(
        client,
        description="Tôi là Ba Tư",
        place_text="Sau nhà Ba Tư",
        contact_phone=PHONE,
        contact_consent="1",
        place_source="device",
        photos=[picture(factories.jpeg(1)), picture(factories.jpeg(2))],
    )
    run_jobs()
    session.refresh(report)
    service.supplement(report, "Ba Tư nói thêm", ())
    report.photos[0].public = True
    shown, hidden_one = report.photos
    originals = [shown.original, hidden_one.original]
    clean = [hidden_one.clean_name, shown.clean_name]
    before = [e.hash for e in events.history(service.stream(report))]
    asked = data_requests.ask(report, "delete", "Xóa hết, Ba Tư", acknowledge_by=clock.today(), due_on=clock.today())
    people("province")
    data_requests.answer(asked, FRONT, "Đã xóa dữ liệu của bạn.", granted=True)
    session.commit()
    session.expire_all()
    report = service.by_code(code)
    assert (report.description, report.place_text, report.area_code) == ("", "", "29512")
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert session.scalars(select(Photo.public)).all() == [True]
    store = instance().storage
    for name in (*originals, clean[0]):
        with pytest.raises(FileNotFoundError):
            store.get(name)
    assert store.get(clean[1])
    here = report.location
    lon, lat = factories.DUYEN_HAI
    assert here is None or (here.x, here.y) != (lon, lat)
    history = events.history(service.stream(report))
    assert [e.hash for e in history[: len(before)]] == before
    assert history[-1].kind == "data:erased"
    assert events.first_broken(history) is None
    assert "Ba Tư" not in client.get(f"/r/{code}").get_data(as_text=True)


def test_a_granted_withdrawal_of_consent_takes_words_off_the_public_pages(session: Any) -> None:
    report = case(lifecycle.ASSIGNED, contact={"contact_phone": PHONE})
    service.publish(report, FRONT, text="Đống rác sau chợ", photo_ids=set(), answer_ids=set())
    asked = data_requests.ask(report, "withdraw", "", acknowledge_by=clock.today(), due_on=clock.today())
    data_requests.answer(asked, FRONT, "Đã gỡ lời của bạn.", granted=True)
    assert (report.public_text, report.status) == ("", lifecycle.ASSIGNED)
    assert not desk_queries.has_contact(report)
    assert report.description  # restricted, not deleted


def test_after_two_years_contact_words_and_talk_are_gone(session: Any) -> None:
    old, young = (case(lifecycle.CLOSED, contact={"contact_phone": PHONE}) for _ in range(2))
    service.add_message(old, "reporter", "Ba Tư nói thêm")
    old.closed_at = clock.now() - timedelta(days=732)
    session.flush()
    assert data_requests.retire() == 1
    assert (old.description, desk_queries.has_contact(old), list(old.messages)) == ("", False, [])
    assert young.description
    assert desk_queries.has_contact(young)
    assert kinds(old)[-1] == "data:retired"
    assert data_requests.retire() == 0


# -- not for the commune -----------------------------------------------------------------------------------

IDENTITIES = [
    Identity(p.COMMUNE_FRONT, 1, "mttq-29512", "29512", "86"),
    Identity(p.PROVINCE_FRONT, 1, "mttq-86", None, "86"),
    Identity(p.CENTRAL_FRONT, 1, "mttq-tw"),
    Identity(p.UNIT_OFFICER, 1, "ubnd-29512", "29512", "86"),
    Identity(p.UNIT_OFFICER, 1, "so-nnmt-86", None, "86"),
]


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda i: f"{i.role} {i.unit_code}")
def test_rule_and_sql_hide_the_same_cases_from_the_commune(session: Any, identity: Identity) -> None:
    mine = [case(bypass_commune=True), case(category_code="coal_ash", bypass_commune=True), case()]
    forced = case(bypass_commune=True)
    # Whatever somebody writes into the row, a body of the commune does not see it.
    forced.unit_code, forced.supervisor_code, forced.status = "ubnd-29512", "mttq-29512", lifecycle.ASSIGNED
    at_department = case(category_code="coal_ash", bypass_commune=True)
    at_department.status = lifecycle.ASSIGNED
    db.session.flush()
    every = [*mine, forced, at_department]
    expected = {r.id for r in every if in_scope(identity, r)}
    assert set(session.scalars(select(Report.id).where(desk_queries.in_scope(identity)))) == expected
    seen_bypassing = {r.id for r in every if r.bypass_commune} & expected
    assert bool(seen_bypassing) == (identity.area_code is None)


def test_the_commune_is_neither_proposed_nor_to_be_chosen(client: Any, session: Any, run_jobs: Any) -> None:
    _, report = sent(client, category="waste_household", bypass_commune="1")
    plain = sent(client, category="waste_household")[1]
    run_jobs()
    session.refresh(report)
    session.refresh(plain)
    assert plain.unit_code == "ubnd-29512"
    assert (report.unit_code, report.supervisor_code, report.routing["why"]) == (None, "mttq-86", "bypass")
    units = acting_units(report)
    assert units
    assert all(u.level != "commune" for u in units)
    people("commune", "province")
    sign_in(client, "commune")
    assert client.get(f"/desk/cases/{report.public_id}").status_code == 404
    assert report.public_id not in client.get("/desk").get_data(as_text=True)
    sign_in(client, "province")
    assert report.public_id in client.get("/desk").get_data(as_text=True)
    page = client.get(f"/desk/cases/{report.public_id}").get_data(as_text=True)
    assert "ubnd-29512" not in page
    routing.reroute(report, FRONT, commune_code="29413")
    assert (report.unit_code, report.supervisor_code) == (None, "mttq-86")


# -- quick exit, neutral title, limits ---------------------------------------------------------------------


def test_pages_of_the_sender_have_a_way_out_that_needs_no_javascript(client: Any, session: Any) -> None:
    code, _ = sent(client, category="sand_river")
    for path in ("/report", f"/r/{code}"):
        html = client.get(path).get_data(as_text=True)
        link = re.search(r'<a class="exit[^>]*>', html)
        assert link, path
        assert 'href="https://www.google.com/"' in link.group()
        assert "noreferrer" in link.group()
        assert "location.replace" in html
    title = re.search(r"<title>(.*?)</title>", client.get(f"/r/{code}").get_data(as_text=True))
    assert title
    assert "Giám" not in title.group(1)


def test_wrong_codes_are_counted_and_typing_errors_are_not(client: Any, session: Any) -> None:
    code, _ = sent(client)
    guesses = [codes.code_for(f"{n:022}", "k" * 40) for n in range(20)]
    for _n in range(30):
        assert client.post("/track", data={"code": "123"}).status_code == 422
    for guess in guesses[:10]:
        assert client.get(f"/r/{guess}").status_code == 404
    for guess in guesses[10:]:
        assert client.post("/track", data={"code": guess}).status_code == 422
    again = client.post("/track", data={"code": codes.spaced(code)})
    assert again.status_code == 429
    assert codes.spaced(code) in again.get_data(as_text=True)
    assert client.get(f"/r/{code}").status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get(f"/r/{code}", environ_overrides=elsewhere).status_code == 200


def test_too_many_reports_keep_what_was_typed_and_let_a_repeated_one_through(
    app: Any, client: Any, session: Any
) -> None:
    here = instance()
    app.extensions["dgs"] = dataclasses.replace(here, settings=dataclasses.replace(here.settings, reports_per_hour=2))
    first = form(client)
    assert send(client, dict(first)).status_code == 303
    assert send(client, dict(first)).status_code == 303
    assert send(client, form(client)).status_code == 303
    data = form(client, photos=picture(), contact_name="người ở sau chợ", contact_consent="1")
    full = send(client, data)
    html = full.get_data(as_text=True)
    assert full.status_code == 429
    assert "Tro bay vào nhà" in html
    assert "người ở sau chợ" in html
    assert 'name="photos_kept"' in html
    assert send(client, dict(first)).status_code == 303  # an answer that was lost is given again
    assert session.scalar(select(func.count()).select_from(Report)) == 2


def test_without_its_counter_a_report_is_still_taken(
    app: Any, client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def __getattr__(self, _name: str) -> Any:
            raise ConnectionError

    monkeypatch.setattr(app.extensions["dgs_tries"], "shared", Away())
    assert limits.REPORTS
    assert send(client, form(client)).status_code == 303
