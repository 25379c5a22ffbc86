"""From a list to a case, on from case to case, and back to the same list as it was."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests import factories
from tests.integration.public_world import case as counted
from tests.integration.staff import act, case, people, sign_in
from tests.integration.test_scores import stepped
from webapp.reports import lifecycle as life


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("commune", "province", "unit")


def page(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.text)


def to_case(html: str, number: str) -> str:
    """The link to a case in a list."""
    found = re.search(rf'href="(/\w+/cases/{number}[^"]*)"', html)
    assert found, number
    return unescape(found[1])


def to_list(html: str) -> str:
    found = re.search(r'class="back no-print" href="([^"]*)"', html)
    assert found
    return unescape(found[1])


def to_next(html: str) -> str:
    found = re.search(r'href="(/\w+/next[^"]*)"', html)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("query", ["?tab=all&q=cau+sat", "?tab=triage&group=waste&n=200", "?tab=now&q=s%E1%BA%AFt+%26"])
def test_the_way_back_keeps_what_the_list_was_narrowed_to(client: Any, query: str) -> None:
    report = case()
    desk = sign_in(client, "commune")
    html = page(desk, to_case(page(desk, f"/desk{query}"), report.public_id))
    assert to_list(html) == f"/desk{query}"


def test_a_plain_list_adds_nothing_to_addresses(client: Any) -> None:
    report = case()
    desk = sign_in(client, "commune")
    link = to_case(page(desk, "/desk"), report.public_id)
    assert link == f"/desk/cases/{report.public_id}"
    assert to_list(page(desk, link)) == "/desk"
    assert "list=" not in to_next(page(desk, link))


def test_the_page_of_a_long_list_is_kept(client: Any) -> None:
    for _ in range(60):
        case()
    desk = sign_in(client, "commune")
    first = page(desk, "/desk?tab=all")
    more = re.search(r'href="(/desk\?[^"]*after=[^"]*)"', first)
    assert more
    second = unescape(more[1])
    numbers = re.findall(r'href="/desk/cases/(\w+)', page(desk, second))
    html = page(desk, to_case(page(desk, second), numbers[0]))
    assert to_list(html) == second
    onward = desk.get(to_next(html)).headers["Location"]
    assert onward.startswith(f"/desk/cases/{numbers[1]}?list="), "the next one of that page"
    assert to_list(page(desk, onward)) == second


def test_an_action_and_the_next_case_stay_in_the_list(client: Any) -> None:
    waste, noise, later = case(), case(category_code="noise"), case()
    desk = sign_in(client, "commune")
    query = "?tab=now&group=waste"
    link = to_case(page(desk, f"/desk{query}"), waste.public_id)
    html = page(desk, link)
    form = re.search(r'action="(/desk/cases/\w+/take[^"]*)"', html)
    assert form
    data = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("csrf_token", "version", "seen")}  # type: ignore[index]
    done = desk.post(unescape(form[1]), data=data)
    assert done.status_code == 303
    assert to_list(page(desk, done.headers["Location"])) == f"/desk{query}"
    onward = desk.get(to_next(html)).headers["Location"]
    assert onward.startswith(f"/desk/cases/{later.public_id}?")
    assert noise.public_id not in desk.get(to_next(page(desk, onward))).headers["Location"]


def test_when_a_case_leaves_the_desk_one_is_back_in_the_list(client: Any) -> None:
    report = case()
    sign_in(client, "commune")
    where = f"/desk/cases/{report.public_id}/bypass?list=%3Ftab%3Dall"
    html = page(client, f"/desk/cases/{report.public_id}?list=%3Ftab%3Dall")
    data = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("csrf_token", "version", "seen")}  # type: ignore[index]
    done = client.post(where, data=data | {"bypass_reason": "Liên quan"})
    assert done.headers["Location"] == "/desk?tab=all"


def test_the_units_desk_has_the_same_way(client: Any) -> None:
    report = case(life.ASSIGNED)
    desk = sign_in(client, "unit")
    html = page(desk, to_case(page(desk, "/unit?tab=accept"), report.public_id))
    assert to_list(html) == "/unit?tab=accept"
    assert act(client, report, "accept", "/unit").headers["Location"] == f"/unit/cases/{report.public_id}"


def test_from_a_figure_of_the_score_card_back_to_its_list(client: Any, session: Any) -> None:
    report = counted(unit_code="ubnd-29512", status=life.ASSIGNED, area_code="29512", province_code="86")
    stepped(report, "receive", ago=3, took=None)
    session.commit()
    desk = sign_in(client, "province")
    cards = "/desk/scores?from=2026-01-01&to=2030-01-01&by=head"
    found = re.search(r'href="(/desk/scores/ubnd-29512/received[^"]*)"', page(desk, cards))
    assert found
    figure = unescape(found[1])
    html = page(desk, to_case(page(desk, figure), report.public_id))
    assert to_list(html) == figure


@pytest.mark.parametrize(
    "odd",
    [
        "//evil.example",
        "https://evil.example/",
        "/../admin",
        "/scores/../../auth/logout",
        "@evil.example",
        "?x=<script>",
        "?" + "a" * 700,
        ".evil.example",
        "/scores//evil",
        "?a\r\nSet-Cookie: x",
        "/cases/abc",
        "\\evil",
    ],
)
def test_nobody_is_led_anywhere_else(client: Any, odd: str) -> None:
    report = case()
    desk = sign_in(client, "commune")
    html = desk.get(f"/desk/cases/{report.public_id}", query_string={"list": odd}).text
    assert to_list(html) == "/desk"
    assert not [link for link in re.findall(r'(?:href|action)="([^"]*)"', html) if "evil" in link or "list=" in link]
    assert desk.get("/desk/next", query_string={"after": report.public_id, "list": odd}).headers["Location"] == "/desk"
