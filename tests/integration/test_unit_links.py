"""A unit without accounts: a link by e-mail, opened once by a press, for one case and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.integration.staff import SECRET, act, case, people, picture, sign_in
from webapp.core import clock, events
from webapp.core.events import SYSTEM
from webapp.reports import lifecycle as life
from webapp.reports import service, unit_links
from webapp.reports.models import Report
from webapp.reports.unit_links import UnitLink
from webapp.units import contacts
from webapp.units import queries as units

OFFICE = "vanthu@ubnd-29512.example"


@pytest.fixture(autouse=True)
def world(session: Any) -> None:
    """Duyên Hải, whose committee has an office address and nobody who could sign in."""
    factories.duyen_hai()
    people("commune", "unit2", "admin")
    unit = units.by_code("ubnd-29512")
    assert unit is not None
    contacts.put(unit, OFFICE, SYSTEM)


@pytest.fixture
def letters(settings: Any, run_jobs: Callable[..., int]) -> Callable[..., list[str]]:
    """What has been sent to the office, the oldest first."""

    def read(**how: bool) -> list[str]:
        run_jobs(**how)
        folder = Path(settings.home) / "outbox"
        files = sorted(folder.glob("u*.txt"), key=lambda f: int(f.stem[1:])) if folder.exists() else []
        return [f.read_text("utf-8") for f in files]

    return read


def link_in(letter: str) -> str:
    found = re.search(r"(/unit-link/\S+)", letter)
    assert found
    return found[1]


def press(client: Any, address: str, more: str = "") -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    return client.post(address + more, data={"csrf_token": token[1] if token else ""})


def test_the_letter_says_nothing_and_opening_it_burns_nothing(client: Any, letters: Any) -> None:
    report = case(life.ASSIGNED)
    (letter,) = letters()
    assert letter.startswith(f"To: {OFFICE}\n")
    for private in (SECRET, report.public_id, "29512/", "Duyên Hải"):
        assert private not in letter, private
    address = link_in(letter)
    for _ in range(3):  # a scanner of mails
        page = client.get(address)
        assert page.status_code == 200
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        for private in (SECRET, report.public_id, "Duyên Hải"):
            assert private not in page.text, private
    assert client.get(f"/unit-link/cases/{report.public_id}").status_code == 403
    inside = press(client, address)
    assert inside.headers["Location"] == f"/unit-link/cases/{report.public_id}"
    assert SECRET in client.get(inside.headers["Location"]).text


def test_a_press_without_the_pages_own_token_opens_nothing(client: Any, session: Any, letters: Any) -> None:
    case(life.ASSIGNED)
    (letter,) = letters()
    assert client.post(link_in(letter)).status_code == 400
    assert session.query(UnitLink).one().opened_at is None


def test_accept_and_answer_without_an_account(client: Any, letters: Any) -> None:
    report = case(life.ASSIGNED, contact={"contact_phone": "0912345678"})
    (letter,) = letters()
    page = client.get(press(client, link_in(letter)).headers["Location"]).text
    assert "0912345678" not in page
    assert "/delegate" not in page
    assert "/outcome" not in page
    assert act(client, report, "outcome", "/unit-link", summary="x").status_code == 403
    assert act(client, report, "verify", "/unit-link").status_code == 404
    assert act(client, report, "accept", "/unit-link").status_code == 303
    bare = act(client, report, "answer", "/unit-link", answer_text="Đã dọn")
    assert bare.status_code == 422
    assert "Đã dọn" in bare.text
    done = act(client, report, "answer", "/unit-link", answer_text="Đã dọn sạch", evidence=[picture()])
    assert done.status_code == 303
    assert report.status == life.ANSWERED
    assert (report.answers[0].unit_code, report.answers[0].user_id) == ("ubnd-29512", None)
    acted = [e for e in events.history(service.stream(report)) if e.actor == "unit_link"]
    assert [e.kind for e in acted] == ["unit:link_opened", "report:moved", "report:moved"]
    html = sign_in(client, "commune").get(f"/desk/cases/{report.public_id}").text
    assert "qua đường dẫn trong thư" in html


def test_give_back_with_a_proposal(client: Any, letters: Any) -> None:
    report = case(life.ASSIGNED)
    (letter,) = letters()
    press(client, link_in(letter))
    given = {"refuse_why": "other_matter", "refuse_reason": "Việc của Sở", "refuse_unit": "so-nnmt-86"}
    done = act(client, report, "refuse", "/unit-link", **given)
    assert done.status_code == 200
    assert report.status == life.SCREENING
    assert client.get(f"/unit-link/cases/{report.public_id}").status_code == 403, "no longer theirs to see"


def test_the_link_works_once_and_a_new_one_goes_to_the_same_address(client: Any, letters: Any) -> None:
    report = case(life.ASSIGNED)
    (letter,) = letters()
    first = link_in(letter)
    press(client, first)
    client.delete_cookie("dgs")
    again = press(client, first)
    assert again.status_code == 409
    assert client.get(f"/unit-link/cases/{report.public_id}").status_code == 403
    asked = press(client, first, "/again")
    assert asked.status_code == 200
    assert len(letters()) == 2
    newest = letters()[-1]
    assert newest.startswith(f"To: {OFFICE}\n")
    assert link_in(newest) != first
    assert press(client, link_in(newest)).status_code == 303
    for _ in range(6):
        press(client, first, "/again")
    assert len(letters()) <= unit_links.LINKS_A_DAY + 1, "a mailbox is not filled"


def test_a_link_ends_with_time_and_with_the_units_part(client: Any, session: Any, letters: Any) -> None:
    old, gone, staying = case(life.ASSIGNED), case(life.ASSIGNED), case(life.ASSIGNED)
    by_case = {}
    for letter, report in zip(letters(), (old, gone, staying), strict=True):
        by_case[report.id] = link_in(letter)
    session.query(UnitLink).filter_by(report_id=old.id).one().expires_at = clock.now() - timedelta(minutes=1)
    assert press(client, by_case[old.id]).status_code == 409
    gone.unit_code = "so-nnmt-86"
    assert press(client, by_case[gone.id]).status_code == 409
    assert press(client, by_case[staying.id]).status_code == 303
    link = session.query(UnitLink).filter_by(report_id=staying.id).one()
    link.opened_at = clock.now() - unit_links.STAY - timedelta(minutes=1)
    assert client.get(f"/unit-link/cases/{staying.public_id}").status_code == 403


def test_a_link_leads_to_its_own_case_only(client: Any, letters: Any) -> None:
    mine, other = case(life.ASSIGNED), case(life.ASSIGNED)
    press(client, link_in(letters()[0]))
    assert client.get(f"/unit-link/cases/{mine.public_id}").status_code == 200
    assert client.get(f"/unit-link/cases/{other.public_id}").status_code == 404
    assert act(client, other, "accept", "/unit-link").status_code == 404
    assert other.status == life.ASSIGNED
    assert client.get(f"/unit/cases/{mine.public_id}").status_code == 302, "and to no page of those who sign in"


def test_made_up_tokens_find_nothing_and_are_counted(client: Any, letters: Any) -> None:
    case(life.ASSIGNED)
    real = link_in(letters()[0])
    for wrong in ("x", real.rpartition("/")[2].swapcase(), "a" * 3000):
        assert client.get(f"/unit-link/{wrong}").status_code == 404
    for _ in range(20):
        client.get("/unit-link/x")
    assert client.get("/unit-link/x").status_code == 429


def test_a_unit_whose_people_sign_in_gets_no_link(session: Any, letters: Any) -> None:
    people("unit")
    case(life.ASSIGNED)
    assert session.query(UnitLink).count() == 0
    assert letters() == []


def test_an_account_made_later_ends_the_links(client: Any, session: Any, letters: Any) -> None:
    case(life.ASSIGNED)
    (letter,) = letters()
    people("unit")
    assert press(client, link_in(letter)).status_code == 409


def test_sent_back_for_rework_it_is_written_to_again(client: Any, letters: Any) -> None:
    report = case(life.ANSWERED)  # its picture lies nowhere, so the job that cleans it fails
    assert len(letters(failing=True)) == 1
    service.move(report, life.REWORK, SYSTEM, reason="Ảnh không rõ")
    assert len(letters(failing=True)) == 2


def test_only_a_hash_of_the_token_is_kept(session: Any, letters: Any) -> None:
    case(life.ASSIGNED)
    token = link_in(letters()[0]).rpartition("/")[2]
    link = session.query(UnitLink).one()
    assert link.token_hash != token
    assert token not in str([c for c in vars(link).values()])
    assert unit_links.by_token(token) is not None


def test_the_front_sees_how_the_unit_is_told(client: Any, session: Any, letters: Any) -> None:
    report = case(life.ASSIGNED)
    letters()
    sign_in(client, "commune")
    assert "hộp thư công vụ" in client.get(f"/desk/cases/{report.public_id}").text
    unit = units.by_code("ubnd-29512")
    assert unit is not None
    contacts.put(unit, "", SYSTEM)
    for link in session.query(UnitLink):
        session.delete(link)
    assert "báo trực tiếp" in client.get(f"/desk/cases/{report.public_id}").text


def test_addresses_are_kept_by_the_administration(client: Any, session: Any) -> None:
    sign_in(client, "admin")

    def post(where: str = "", **data: str) -> Any:
        page = client.get("/admin/contacts").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        return client.post(f"/admin/contacts{where}", data={"csrf_token": token[1]} | data)

    assert OFFICE in client.get("/admin/contacts").text
    assert post(unit="so nong nghiep va moi truong tinh vinh long", email="So@Example.VN").status_code == 303
    found = contacts.of("so-nnmt-86")
    assert found is not None
    assert found.email == "So@example.vn"
    assert post(unit="so-nnmt-86", email="khong phai thu").status_code == 422
    assert post(unit="khong co", email="a@b.vn").status_code == 422
    many = "ca-86, ca@example.vn\nubnd-khong-co, x@example.vn"
    assert post("/many", lines=many).status_code == 422
    assert contacts.of("ca-86") is None, "all of them, or none"
    assert post("/many", lines="ca-86, ca@example.vn\nubnd-29413,x@example.vn").status_code == 303
    session.expire_all()
    assert contacts.of("ubnd-29413") is not None
    assert post(unit="ca-86", email="").status_code == 303
    session.expire_all()
    assert contacts.of("ca-86") is None
    told = events.history("units")
    assert all("@" not in str(entry.data) for entry in told), "the record says that, not what"


def test_no_reporter_is_in_the_table(session: Any) -> None:
    report: Report = case(life.ASSIGNED)
    link = session.query(UnitLink).filter_by(report_id=report.id).one()
    assert {c.name for c in link.__table__.columns} == {
        "id",
        "report_id",
        "unit_code",
        "purpose",
        "token_hash",
        "created_at",
        "expires_at",
        "sent_at",
        "opened_at",
    }
