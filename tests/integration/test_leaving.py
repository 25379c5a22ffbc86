"""Somebody leaves: what stands open under the name goes to a colleague or back to the unit, with the account."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import PEOPLE, case, people, sign_in
from tests.integration.test_inspection_sheets import hand_in
from tests.integration.test_people import HERE, REASON, account, post
from webapp.accounts.models import User
from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor, history
from webapp.inspections.models import Sheet
from webapp.reports import lifecycle as life
from webapp.reports import service, unit_work
from webapp.reports.models import Report

OFFICER = PEOPLE["unit"][0]


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("unit", "unit2", "admin")


def colleague(email: str = "dong.nghiep@dgs.test") -> User:
    made = factories.user(email, "unit", "ubnd-29512")
    db.session.flush()
    return made  # type: ignore[no-any-return]


def in_hand(user: User, status: str = life.VERIFYING) -> Report:
    report = case(status)
    unit_work.delegate(report, Actor("unit", user.id, user.unit_code), user.id)
    return report


def last(report: Report) -> tuple[str, dict[str, Any]]:
    entry = events.history(service.stream(report))[-1]
    return entry.kind, entry.data


def off(client: Any, user_id: int, **data: str) -> Any:
    return post(client, f"{HERE}/{user_id}/off", HERE, reason=REASON, **data)


def test_nobody_leaves_before_somebody_takes_over(client: Any, session: Any) -> None:
    leaver, other = account(OFFICER), colleague()
    first, second, closed = in_hand(leaver), in_hand(leaver), in_hand(leaver, life.CLOSED)
    sign_in(client, "admin")
    page = client.get(f"{HERE}/{leaver.id}").text
    assert first.public_id in page
    assert second.public_id in page
    assert closed.public_id not in page, "what has ended waits for nobody"
    assert f'href="/unit/cases/{first.public_id}"' not in page, "an administrator does not see cases"
    refused = off(client, leaver.id)
    assert refused.status_code == 422
    assert 'id="error-to"' in refused.text
    assert REASON in refused.text
    assert account(OFFICER).active
    assert first.assignee_id == leaver.id
    assert off(client, leaver.id, to=str(other.id)).status_code == 303
    assert not account(OFFICER).active
    for report in (first, second):
        assert report.assignee_id == other.id
        assert last(report) == ("report:delegated", {"officer": other.id, "left": leaver.id})
    entry = history("audit")[-1]
    assert (entry.kind, entry.data["handed"], entry.data["to"]) == ("user:switched_off", 2, f"user:{other.id}")


def test_back_to_the_unit_leaves_the_case_in_nobodys_hands(client: Any, session: Any) -> None:
    leaver = account(OFFICER)
    report = in_hand(leaver)
    sign_in(client, "admin")
    assert off(client, leaver.id, to="unit").status_code == 303
    assert report.assignee_id is None
    assert last(report)[1] == {"officer": None, "left": leaver.id}
    assert history("audit")[-1].data["to"] == "unit"


@pytest.mark.parametrize("whom", ["stranger", "self", "off", "junk", "invited"])
def test_work_goes_only_to_a_colleague_who_can_sign_in(client: Any, session: Any, whom: str) -> None:
    leaver, other = account(OFFICER), colleague()
    report = in_hand(leaver)
    to = {"stranger": account(PEOPLE["unit2"][0]).id, "self": leaver.id, "junk": "9²"}.get(whom, other.id)
    other.active, other.password = whom != "off", "" if whom == "invited" else other.password
    sign_in(client, "admin")
    assert off(client, leaver.id, to=str(to)).status_code == 422
    assert account(OFFICER).active
    assert report.assignee_id == leaver.id


def test_an_inspection_not_signed_off_goes_along_and_keeps_who_was_there(client: Any, session: Any) -> None:
    leaver, other = account(OFFICER), colleague()
    report = case(life.VERIFYING)
    sign_in(client, "unit")
    hand_in(client, report)
    sheet = session.query(Sheet).one()
    sign_in(client, "admin")
    assert report.public_id in client.get(f"{HERE}/{leaver.id}").text
    assert off(client, leaver.id).status_code == 422
    assert off(client, leaver.id, to=str(other.id)).status_code == 303
    assert report.assignee_id == other.id, "the colleague finds it under mine"
    assert sheet.user_id == leaver.id, "who was on the spot is no matter of who signs"
    assert last(report) == ("inspection:handed_on", {"sheet": sheet.public_id, "officer": other.id})


def test_a_case_reopened_later_is_not_in_the_hands_of_somebody_gone(client: Any, session: Any) -> None:
    leaver = account(OFFICER)
    gone, here = in_hand(leaver, life.CLOSED), case(life.CLOSED)
    other = colleague()
    unit_work.delegate(here, Actor("unit", other.id, other.unit_code), other.id)
    sign_in(client, "admin")
    assert off(client, leaver.id).status_code == 303
    for report in (gone, here):
        service.move(report, life.REWORK, Actor("front", None, "mttq-29512"), reason="Rác lại đầy")
    assert gone.assignee_id is None
    assert here.assignee_id == other.id


def test_the_operator_hands_over_from_the_shell(app: Any, session: Any) -> None:
    report, other = in_hand(account(OFFICER)), colleague()
    run = app.test_cli_runner()

    def leave(*words: str) -> Any:
        db.session.commit()
        words = ("users", "switch-off", OFFICER, "--reason", REASON, *words)
        return contextvars.Context().run(lambda: run.invoke(args=list(words)))

    assert leave().exit_code == 1
    assert leave("--to", PEOPLE["unit2"][0]).exit_code == 1
    done = leave("--to", other.email)
    assert done.exit_code == 0, done.output
    db.session.expire_all()
    assert report.assignee_id == other.id
