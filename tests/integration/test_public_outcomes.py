"""Outcomes of inspections: public once the Front has published them, and then whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests import factories
from tests.integration.public_world import case
from tests.integration.test_public_pages import check_page
from webapp.core import clock
from webapp.core.events import Actor
from webapp.inspections import queries, service
from webapp.inspections.models import Outcome
from webapp.reports.models import Report

FRONT = Actor("front", None, "mttq-29512")


def outcome(report: Report, *, publish: bool = True, unit: str = "so-nnmt-86", **values: Any) -> Outcome:
    given: dict[str, Any] = {
        "inspected_on": date(2026, 5, 4),
        "finding": "violation",
        "measure": "fine",
        "summary": "Bãi xỉ không che phủ",
        "fine_vnd": 35_000_000,
        "decision_number": "12/QĐ-XPHC",
    } | values
    made = service.record(report, Actor("unit", 7, unit), **given)
    if publish:
        service.publish(made, FRONT)
    return made


def test_an_outcome_is_there_once_it_is_published(session: Any, client: Any) -> None:
    factories.duyen_hai()
    report = case()
    made = outcome(report, publish=False)
    address, case_address = f"/outcomes/{made.public_id}", f"/cases/{report.public_id}"
    assert client.get(address).status_code == 404
    for page in ("/outcomes", "/", case_address):
        assert address not in client.get(page).text
    service.publish(made, FRONT)
    for page in ("/outcomes", "/", case_address):
        assert address in client.get(page).text
    answer = client.get(address, headers={"Accept-Language": "vi"})
    check_page(answer)
    for words in (
        "35.000.000 đ",
        "12/QĐ-XPHC",
        "04/05/2026",
        "Bãi xỉ không che phủ",
        "Sở Nông nghiệp và Môi trường tỉnh Vĩnh Long",
        "Phường Duyên Hải, Tỉnh Vĩnh Long",
        f'href="{case_address}"',
    ):
        assert words in answer.text, words
    assert "Mặt trận" in answer.text
    assert (
        client.get(address, headers={"If-None-Match": answer.headers["ETag"], "Accept-Language": "vi"}).status_code
        == 304
    )


def test_an_outcome_does_not_give_away_a_case_that_is_hidden(session: Any, client: Any) -> None:
    factories.duyen_hai()
    report = case(publish_at=clock.now() + timedelta(days=1))
    made = outcome(report)
    address, hidden = f"/outcomes/{made.public_id}", report.public_id
    for page in (address, "/outcomes", "/"):
        answer = client.get(page, headers={"Accept-Language": "vi"})
        assert answer.status_code == 200
        assert "Bãi xỉ" in answer.text or page != address
        assert hidden not in answer.text
        assert "Phường Duyên Hải" not in answer.text


def test_outcomes_are_found_by_province_finding_and_year(session: Any, client: Any) -> None:
    factories.duyen_hai()
    factories.square("31", "Thành phố Hải Phòng", parent=None, lon=106.6, lat=20.8, half=0.3)
    report = case()
    a = outcome(report).public_id
    b = outcome(report, unit="so-nnmt-31", finding="no_violation", measure="none", fine_vnd=None).public_id
    c = outcome(report, inspected_on=date(2025, 12, 31)).public_id
    for query, expected in (
        ("", {a, b, c}),
        ("province=86", {a, c}),
        ("province=31", {b}),
        ("finding=violation&year=2026", {a}),
        ("year=2025&province=&finding=", {c}),
        ("province=31&year=2025", set()),
    ):
        answer = client.get(f"/outcomes?{query}")
        assert answer.status_code == 200
        check_page(answer)
        assert {o for o in (a, b, c) if f"/outcomes/{o}" in answer.text} == expected, query
    for query in ("province=99", "finding=x", "year=1999", "year=x", "page=0", "page=x", "page=99999"):
        answer = client.get(f"/outcomes?{query}")
        assert answer.status_code == 400, query
        assert 'role="alert"' in answer.text


def test_outcomes_come_in_pages(session: Any, client: Any) -> None:
    report = case()
    made = {outcome(report, decision_number=str(n)).public_id for n in range(queries.PAGE + 3)}
    pages = [client.get(f"/outcomes?page={n}").text for n in (1, 2, 3)]
    found = [{o for o in made if f"/outcomes/{o}" in page} for page in pages]
    assert [len(page) for page in found] == [queries.PAGE, 3, 0]
    assert found[0] | found[1] == made


def test_an_outcome_that_is_none(session: Any, client: Any) -> None:
    for public_id in ("zzzzzzzzzz", "x" * 400, "%00"):
        assert client.get(f"/outcomes/{public_id}").status_code == 404
