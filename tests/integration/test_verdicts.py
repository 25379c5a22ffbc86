"""The Front's word on an answer, with evidence of its own, beside the unit's and the sender's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import act, case, people, picture, sign_in
from webapp.core import clock
from webapp.core.events import Actor
from webapp.reports import codes, feedback, lifecycle, service, verdicts
from webapp.reports import lifecycle as life
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Photo
from webapp.supervision import clocks

UNIT = Actor("unit", None, "ubnd-29512")
LONG_AGO, SOON = timedelta(days=400), timedelta(days=1)


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "unit")


def working_day(after: int) -> Any:
    day = clock.today() + timedelta(days=after)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def test_sufficient_with_the_fronts_own_photo(client: Any, session: Any, run_jobs: Any) -> None:
    report = case(life.ANSWERED)
    sign_in(client, "commune")
    done = act(client, report, "verify", verify_text="Đã đến tận nơi, sạch", evidence=[picture()])
    assert done.status_code == 303
    session.refresh(report)
    assert report.status == life.VERIFIED
    given = verdicts.of(report)[0]
    assert (given.verdict, given.unit_code, given.front_code) == ("accepted", "ubnd-29512", "mttq-29512")
    assert [p.purpose for p in given.photos] == ["verification"]
    run_jobs(failing=True)  # the picture of the answer is a name only
    session.expire_all()
    photo = given.photos[0].public_id
    assert client.get(f"/desk/photos/{photo}").status_code == 200
    page = sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").text
    assert "Đã đến tận nơi, sạch" in page
    assert client.get(f"/unit/photos/{photo}").status_code == 200


def test_not_sufficient_needs_words_keeps_the_photo_and_is_counted(client: Any, session: Any) -> None:
    report = case(life.ANSWERED)
    sign_in(client, "commune")
    refused = act(client, report, "rework", verdict="not", evidence=[picture("hien-truong.jpg")])
    assert refused.status_code == 422
    assert 'id="error-rework_reason"' in refused.text
    token = re.search(r'name="evidence_kept" value="([^"]+)"', refused.text)
    assert token, "a picture from the spot is not taken twice"
    done = act(client, report, "rework", verdict="not", rework_reason="Vẫn còn rác", evidence_kept=token.group(1))
    assert done.status_code == 303
    session.expire_all()
    assert report.status == life.REWORK
    assert len(verdicts.of(report)[0].photos) == 1
    now = clock.now()
    assert verdicts.counts("ubnd-29512", now - SOON, now + SOON) == {"accepted": 0, "partly": 0, "not": 1}
    assert verdicts.sent_back(report) == 1
    assert verdicts.counts("ubnd-29512", now - LONG_AGO, now - SOON)["not"] == 0


def test_in_part_with_a_day_for_the_rest(client: Any, session: Any) -> None:
    report = case(life.ANSWERED)
    sign_in(client, "commune")
    day = working_day(9)
    for wrong in ("hôm nào đó", clock.today().isoformat(), "2020-01-01"):
        response = act(client, report, "rework", verdict="partly", rework_reason="Còn bờ kênh", rest_day=wrong)
        assert response.status_code == 422, wrong
        assert 'id="error-rest_day"' in response.text
        assert "Còn bờ kênh" in response.text
    assert act(client, report, "rework", verdict="maybe", rework_reason="x").status_code == 422
    done = act(client, report, "rework", verdict="partly", rework_reason="Còn bờ kênh", rest_day=day.isoformat())
    assert done.status_code == 303
    session.expire_all()
    assert report.status == life.REWORK
    assert clock.local(report.due_at or clock.now()).date() == day
    assert verdicts.sent_back(report) == 0
    assert clocks.history(report)[-1].step == life.ANSWER
    assert f"{day:%d/%m/%Y}" in sign_in(client, "unit").get(f"/unit/cases/{report.public_id}").text


def test_every_verdict_stays_beside_the_answer_it_speaks_of(client: Any, session: Any) -> None:
    report = case(life.ANSWERED)
    sign_in(client, "commune")
    act(client, report, "rework", rework_reason="Thiếu ảnh sau khi dọn")
    service.answer(report, UNIT, "Dọn lại rồi", (StoredPhoto("originals/x/2", "2" * 64, 10, "image/jpeg"),))
    act(client, report, "verify", verify_text="Đã sạch")
    found = verdicts.of(report)
    assert [v.verdict for v in found] == ["not", "accepted"]
    assert len({v.answer_id for v in found}) == 2
    page = client.get(f"/desk/cases/{report.public_id}").text
    for words in ("Thiếu ảnh sau khi dọn", "Đã sạch"):
        assert words in page


def test_the_word_is_public_and_what_stands_beside_it_only_when_let_out(
    client: Any, session: Any, run_jobs: Any
) -> None:
    client_id = codes.new_client_id()
    report = case(life.ANSWERED, client_id=client_id)
    report.publish_at = clock.now() - SOON
    sign_in(client, "commune")
    act(client, report, "rework", verdict="partly", rework_reason="Bờ kênh còn rác", evidence=[picture()])
    run_jobs(failing=True)  # the picture of the answer is a name only
    session.expire_all()
    photo = verdicts.of(report)[0].photos[0].public_id
    public = client.get(f"/cases/{report.public_id}").text
    assert "Đạt một phần" in public
    assert "Bờ kênh còn rác" not in public
    assert client.get(f"/photos/{photo}.webp").status_code == 404
    code = codes.code_for(client_id, client.application.extensions["dgs"].settings.code_key)
    mine = client.get(f"/r/{code}").text
    assert "Bờ kênh còn rác" in mine
    assert client.get(f"/r/{code}/photos/{photo}.webp").status_code == 200
    number = str(verdicts.of(report)[0].id)
    assert act(client, report, "publish", public_text="", verdicts=number, photos=photo).status_code == 303
    assert "Bờ kênh còn rác" in client.get(f"/cases/{report.public_id}").text
    assert client.get(f"/photos/{photo}.webp").status_code == 200
    assert act(client, report, "publish", public_text="", photos=photo).status_code == 303
    assert client.get(f"/photos/{photo}.webp").status_code == 404, "its words were taken back, so is the picture"


def test_the_senders_no_and_the_fronts_second_look_stand_side_by_side(client: Any, session: Any) -> None:
    report = case(life.CLOSED)
    report.publish_at = clock.now() - SOON
    feedback.say(report, "no", None, "", ())
    sign_in(client, "commune")
    assert "chưa giải quyết" in client.get(f"/desk/cases/{report.public_id}").text
    assert act(client, report, "uphold", uphold_reason="Đã xem lại, sạch").status_code == 303
    session.expire_all()
    assert [(v.verdict, v.again) for v in verdicts.of(report)] == [("accepted", True)]


def test_only_the_front_gives_a_verdict_and_only_on_an_answer(client: Any) -> None:
    report = case(life.VERIFYING)
    sign_in(client, "commune")
    assert act(client, report, "verify", verify_text="x").status_code == 409
    with pytest.raises(lifecycle.NotAllowed):
        verdicts.check(report, UNIT, verdicts.ACCEPTED, "")
    assert act(sign_in(client, "unit"), report, "verify", "/unit").status_code == 404
    assert not verdicts.of(report)


def test_the_fronts_pictures_are_not_the_senders(session: Any) -> None:
    """They go neither into what a sender may ask back nor into the search for lookalikes."""
    from webapp.reports import data_requests, pictures

    report = case(life.ANSWERED)
    stored = StoredPhoto("originals/x/8", "8" * 64, 10, "image/jpeg")
    verdicts.check(report, Actor("front", None, "mttq-29512"), verdicts.NOT, "Chưa sạch", photos=(stored,))
    photo = next(p for p in session.query(Photo) if p.purpose == verdicts.PURPOSE)
    photo.state, photo.dhash = "clean", 5
    other = case(life.ANSWERED)
    assert pictures.lookalikes(other, True) == []
    assert data_requests  # its deletion is tested with the others in test_safety
