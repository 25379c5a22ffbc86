""" "Is it solved?", the three words side by side, "I see it too", and the feeds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

from sqlalchemy import func, select

from tests import factories
from tests.integration import staff
from tests.integration.public_world import case as public_case
from webapp.core import clock
from webapp.reports import feedback, lifecycle, queue, service
from webapp.reports.models import Message, Photo, Report

ATOM = "{http://www.w3.org/2005/Atom}"


def answered(session: Any, to: str = lifecycle.ANSWERED) -> tuple[Report, str]:
    """A case that the unit has answered, with its code."""
    from webapp.core.events import Actor
    from webapp.reports.intake import StoredPhoto
    from webapp.routing import service as routing

    factories.duyen_hai()
    sent = service.submit(factories.submission(category_code="waste_household"))
    routing.route(sent.report)
    for step in staff.PATH[1 : staff.PATH.index(to) + 1]:
        if step == lifecycle.ANSWERED:
            photo = StoredPhoto("originals/x/1", "1" * 64, 10, "image/jpeg")
            service.answer(sent.report, Actor("unit", None, sent.report.unit_code), "Đã dọn sạch", (photo,))
        else:
            service.move(sent.report, step, staff.FRONT)
    session.commit()
    return sent.report, sent.code


def say(client: Any, code: str, **data: Any) -> Any:
    page = client.get(f"/r/{code}").text
    data = {"csrf_token": staff.field(page, "csrf_token")} | data
    return client.post(f"/r/{code}/feedback", data=data, content_type="multipart/form-data")


def test_no_is_flagged_on_the_desk_until_the_front_has_looked(client: Any, session: Any) -> None:
    report, code = answered(session, lifecycle.CLOSED)
    number = report.public_id
    staff.people("commune")
    answer = say(client, code, verdict="no", rating="2", comment="Rác vẫn còn", photos=staff.picture())
    assert answer.status_code == 303
    session.refresh(report)
    assert report.status == lifecycle.CLOSED, "the status is the Front's to give"
    assert session.scalars(select(Message.text)).one() == "Rác vẫn còn"
    assert session.scalars(select(Photo.purpose).where(Photo.purpose != "answer")).one() == "message"
    public = client.get(f"/cases/{number}", headers={"Accept-Language": "en"}).text
    assert "says it is not solved" in public
    assert "Rác vẫn còn" not in public
    staff.sign_in(client, "commune")
    desk = client.get("/desk", headers={"Accept-Language": "en"}).text
    assert number in desk
    assert "not solved" in desk
    assert staff.act(client, report, "uphold").status_code == 422, "not without a reason"
    assert staff.act(client, report, "uphold", uphold_reason="Đã đến xem lại").status_code == 303
    assert number not in client.get("/desk").text
    public = client.get(f"/cases/{number}", headers={"Accept-Language": "en"}).text
    assert "has checked again" in public
    assert "says it is not solved" in public, "the reporter's word stays beside the Front's"
    assert "Đã đến xem lại" in client.get(f"/r/{code}").text


def test_the_desks_figure_is_the_number_of_its_rows(session: Any) -> None:
    from webapp.accounts.permissions import COMMUNE_FRONT, Identity

    report, _code = answered(session, lifecycle.CLOSED)
    who = Identity(COMMUNE_FRONT, 1, "mttq-29512", "29512", "86")
    for expected in (0, 1):
        now = clock.now()
        assert queue.counts(who, now)["now"] == expected
        assert len(queue.page(who, "now", queue.Filters(), now).rows) == expected
        if not expected:
            feedback.say(report, "no", None, "", ())


def test_the_fronts_own_verdict_settles_it(session: Any) -> None:
    report, _code = answered(session)
    feedback.say(report, "no", None, "", ())
    assert feedback.objected([report.id]) == {report.id}
    service.move(report, lifecycle.REWORK, staff.FRONT, reason="Chưa sạch")
    assert feedback.objected([report.id]) == set()


def test_the_last_word_counts_and_bad_input_is_kept(client: Any, session: Any) -> None:
    report, code = answered(session)
    bad = say(client, code, verdict="maybe", rating="9", comment="điều tôi đã gõ")
    assert bad.status_code == 422
    assert "điều tôi đã gõ" in bad.text
    no_token = client.post(f"/r/{code}/feedback", data={"verdict": "no", "comment": "còn đây"})
    assert no_token.status_code == 422
    assert "còn đây" in no_token.text
    assert say(client, code, verdict="no").status_code == 303
    assert say(client, code, verdict="yes", rating="5").status_code == 303
    assert feedback.objected([report.id]) == set()
    session.expire_all()
    last = feedback.last(report)
    assert last is not None
    assert (last.verdict, last.rating) == ("yes", 5)


def test_it_is_asked_only_when_there_is_something_to_say(client: Any, session: Any, monkeypatch: Any) -> None:
    early = service.submit(factories.submission())
    page = client.get(f"/r/{early.code}").text
    assert "/feedback" not in page
    assert say(client, early.code, verdict="no").status_code == 422
    _report, code = answered(session, lifecycle.CLOSED)
    assert "/feedback" in client.get(f"/r/{code}").text
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "/feedback" not in client.get(f"/r/{code}").text


def test_i_see_it_too_once_for_each_device(app: Any, client: Any, session: Any) -> None:
    one, other = public_case(), public_case()
    first, second, key = one.public_id, other.public_id, one.id
    for _ in range(3):
        assert client.post(f"/cases/{first}/me-too").status_code == 303
    assert client.post(f"/cases/{second}/me-too").status_code == 303
    assert feedback.witnesses(key) == 1
    keys = set(session.scalars(select(feedback.Witness.device_key)))
    assert len(keys) == 2, "two cases do not tell that they share a witness"
    cookie = client.get_cookie("dgs_device")
    assert cookie is not None
    assert cookie.value not in repr(keys)
    client.delete_cookie("dgs_device")
    client.post(f"/cases/{first}/me-too")
    assert feedback.witnesses(key) == 2
    refused = client.post(f"/cases/{first}/me-too", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert feedback.witnesses(key) == 2
    assert "Set-Cookie" not in client.get(f"/cases/{first}").headers, "who only reads gets none"


def test_who_saw_a_case_that_was_merged_counts_once_for_the_one_that_stays(client: Any, session: Any) -> None:
    stays, merged = public_case(), public_case()
    client.post(f"/cases/{merged.public_id}/me-too")
    merged.duplicate_of_id = stays.id
    session.flush()
    assert feedback.witnesses(stays.id) == 1
    client.post(f"/cases/{stays.public_id}/me-too")
    assert feedback.witnesses(stays.id) == 1
    client.delete_cookie("dgs_device")
    client.post(f"/cases/{stays.public_id}/me-too")
    assert feedback.witnesses(stays.id) == 2


def test_who_saw_both_cases_before_they_were_merged_counts_once(client: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    stays, merged, later = public_case(), public_case(), public_case()
    for one in (stays, merged, later):
        client.post(f"/cases/{one.public_id}/me-too")
    client.delete_cookie("dgs_device")
    client.post(f"/cases/{merged.public_id}/me-too")
    rows = session.scalars(select(feedback.Witness).order_by(feedback.Witness.id)).all()
    assert len({row.device_key for row in rows} | {row.sealed for row in rows}) == 8, "nothing tells who is whom"
    service.mark_duplicate(merged, stays, staff.FRONT)
    assert feedback.witnesses(stays.id) == 3
    run_jobs()
    assert feedback.witnesses(stays.id) == 2
    assert {row.counts_as for row in rows if row.report_id == later.id} == {None}, "not merged, so nobody looked"
    service.mark_duplicate(stays, later, staff.FRONT)
    run_jobs()
    assert feedback.witnesses(later.id) == 2, "what had been merged into it goes along"
    feedback.tell_apart(later.id)
    assert feedback.witnesses(later.id) == 2, "twice is as good as once"
    service.move(stays, lifecycle.SCREENING, staff.FRONT, reason="Không phải một việc")
    assert (feedback.witnesses(later.id), feedback.witnesses(stays.id)) == (1, 2)


def test_what_is_not_public_has_no_witnesses(client: Any, session: Any) -> None:
    hidden = public_case(publish_at=None).public_id
    assert client.post(f"/cases/{hidden}/me-too").status_code == 404
    assert session.scalar(select(func.count()).select_from(feedback.Witness)) == 0


def test_feeds_hold_what_is_public_and_nothing_else(client: Any, session: Any) -> None:
    factories.duyen_hai()
    shown = public_case().public_id
    secret = [
        public_case(publish_at=None).public_id,
        public_case(publish_at=clock.now() + timedelta(hours=1)).public_id,
        public_case(status=lifecycle.REJECTED).public_id,
    ]
    for address in ("/feeds/commune/29512.atom", "/feeds/province/86.atom"):
        answer = client.get(address)
        assert answer.mimetype == "application/atom+xml"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.headers["Cache-Control"].startswith("public")
        tree = ET.fromstring(answer.data)
        assert [e.find(f"{ATOM}link").get("href").rpartition("/")[2] for e in tree.iter(f"{ATOM}entry")] == [shown]
        for number in secret:
            assert number not in answer.text
        assert "điều chỉ cán bộ được đọc" not in answer.text
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", e.text or "") for e in tree.iter(f"{ATOM}updated")), (
            "no minute tells when somebody stood there"
        )
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get(f"/feeds/case/{shown}.atom").status_code == 200
    for number in (*secret, "nix"):
        assert client.get(f"/feeds/case/{number}.atom").status_code == 404
    assert client.get("/feeds/commune/00000.atom").status_code == 404


def test_a_feed_tells_of_a_step(client: Any, session: Any) -> None:
    report, _code = answered(session)
    number = report.public_id
    text = client.get(f"/feeds/case/{number}.atom?lang=en").text
    assert "Answered: " in text
    assert "Answered: " in client.get("/feeds/commune/29512.atom?lang=en").text
