"""The pages of figures: what they say is what the sums say, every number leads to its cases, and nothing wrong breaks
them."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integration.figures_world import NOW, UNITS, lived, stand
from tests.integration.public_world import case, counted_statements, on_the_map
from tests.integration.test_public_pages import check_page, listed
from webapp.core import clock
from webapp.core.events import Actor
from webapp.figures import fair, queries
from webapp.figures.queries import Asked
from webapp.inspections import service as inspections
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.units.models import Unit

PAGES = (
    "/figures",
    "/figures?period=2026",
    "/figures/86",
    "/figures/86?period=2026-Q3&group=waste",
    "/figures/29512?from=2026-01&to=2026-06",
    "/figures/29512/2026",
    "/figures/units/so-nnmt-86?category=coal_ash",
    "/figures/ranking",
    "/figures/86/ranking?kind=police_commune&period=2026",
    "/figures/definitions",
    "/figures/cases?measure=late&province=86",
)


@pytest.fixture
def world(session: Any, monkeypatch: Any) -> list[Report]:
    factories.duyen_hai()
    made = lived(monkeypatch)
    on_the_map()
    session.commit()
    return made


@pytest.mark.parametrize("language", ["vi", "en", "km"])
def test_the_pages_are_whole(world: list[Report], client: Any, language: str) -> None:
    for path in PAGES:
        answer = client.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        tree = check_page(answer)
        for table in tree.iter("table"):
            assert table.find("caption") is not None
            assert all(th.get("scope") for th in table.iter("th"))
        tag = answer.headers.get("ETag")
        if tag:
            again = client.get(path, headers={"Accept-Language": language, "If-None-Match": tag})
            assert again.status_code == 304, path


def test_every_number_on_a_page_leads_to_as_many_cases(world: list[Report], client: Any) -> None:
    """In one month and for one unit, where no case counts twice."""
    month = next(m for m, f in queries.by_month(queries.scope_of("unit", UNITS[0]), Asked(), 99) if f["answered"])
    page = client.get(f"/figures/units/{UNITS[0]}?period={month // 100}-{month % 100:02}").text
    head = page.partition("figure-facts")[2].partition("</dl>")[0]
    links = re.findall(r'<dd><a href="([^"]+)"[^>]*>([\d.]+)</a>', head)
    assert len(links) >= 2
    for href, number in links:
        answer = client.get(href.replace("&amp;", "&"))
        found = len(set(listed(answer)))
        assert found == min(int(number), 20), href


def test_every_word_leads_to_its_meaning(world: list[Report], client: Any) -> None:
    meanings = client.get("/figures/definitions").text
    for path in PAGES:
        for anchor in re.findall(r'href="/figures/definitions#([\w-]+)"', client.get(path).text):
            assert f'id="{anchor}"' in meanings, (path, anchor)


def test_the_list_of_cases_goes_on(session: Any, client: Any, monkeypatch: Any) -> None:
    factories.duyen_hai()
    for number in range(45):
        case(created_at=clock.now() - timedelta(hours=number))
    on_the_map()
    path, seen = "/figures/cases?measure=reported&commune=29512", []
    while path:
        page = client.get(path)
        seen += list(dict.fromkeys(listed(page)))
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 45
    assert client.get("/figures/cases?measure=reported&after=khongcomadau").status_code == 400


WRONG = (
    ("/figures/99999", 404),
    ("/figures/x", 404),
    ("/figures/86.5", 404),
    ("/figures/units/mttq-86", 404),
    ("/figures/units/x", 404),
    ("/figures/86/2026", 404),
    ("/figures/29512/1999", 404),
    ("/figures/29512/2027", 404),
    ("/figures/29512/ranking", 404),
    ("/figures/cases", 404),
    ("/figures/cases?measure=x", 404),
    ("/figures?period=2026-Q9", 400),
    ("/figures?from=thang+5", 400),
    ("/figures/86?category=khong", 400),
    ("/figures/86/ranking?kind=khong", 400),
    ("/figures.csv?period=x", 400),
    ("/figures.csv?table=x", 400),
    ("/embed/99999", 404),
    ("/embed/x", 404),
    ("/embed/86?period=x", 200),
    ("/figures/%F0%9F%8C%BE", 404),
    ("/figures/units/%00", 404),
)


def test_what_is_wrong_is_said(world: list[Report], client: Any) -> None:
    for path, status in WRONG:
        answer = client.get(path)
        assert answer.status_code == status, path
        if status == 400 and answer.mimetype == "text/html":
            assert 'role="alert"' in answer.text, path


def test_what_was_typed_is_kept_at_its_field(world: list[Report], client: Any) -> None:
    page = client.get("/figures?from=thang+5&to=2026-03").text
    assert 'value="thang 5"' in page
    assert 'id="error-from"' in page


def test_files_say_what_the_page_says(world: list[Report], client: Any) -> None:
    whole = queries.one(queries.scope_of("province", "86"), Asked((), 202601, 202612))
    document = client.get("/figures/86.json?period=2026").json
    assert document["tables"]["total"][0]["reported"] == whole["reported"] > 0
    assert document["tables"]["total"][0]["median_days"] == whole.half
    for table in ("communes", "kinds", "months", "total"):
        answer = client.get(f"/figures/86.csv?period=2026&table={table}")
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [row["code"] for row in rows] == [str(line["code"]) for line in document["tables"][table]]
        assert sum(int(row["reported"]) for row in rows) == whole["reported"], table
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"].startswith("public")
        again = client.get(
            f"/figures/86.csv?period=2026&table={table}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304


def test_a_name_like_a_formula_does_nothing_in_a_spreadsheet(session: Any, client: Any) -> None:
    factories.duyen_hai()
    factories.square("29999", "=1+1", parent="86", lon=106.9, lat=9.585)
    case(area_code="29999")
    on_the_map()
    assert "'=1+1" in client.get("/figures/86.csv").data.decode("utf-8-sig")


def test_the_order_of_units_is_fair(session: Any, client: Any) -> None:
    """Who answered a few in time is not first, who has too few stands apart, and what is not theirs is told."""
    factories.duyen_hai()
    on_the_map()
    from webapp.figures.facts import MEASURES
    from webapp.figures.models import FigureSum

    codes = session.scalars(
        select(Unit.code).where(Unit.kind == "commune_committee", Unit.province_code == "86").order_by(Unit.code)
    ).all()[:4]
    answers = {codes[0]: (10, 10), codes[1]: (96, 100), codes[2]: (9, 9), codes[3]: (5, 20)}
    for code, (in_time, answered) in answers.items():
        numbers = dict.fromkeys(MEASURES, 0) | {"answered": answered, "in_time": in_time, "refused": 7}
        session.add(FigureSum(dim=f"u:{code}", period=0, category="", **numbers))
    page = client.get("/figures/86/ranking").text
    order = re.findall(r'href="/figures/units/(ubnd-\d+)"', page)
    assert order == [codes[1], codes[0], codes[3], codes[2]]
    assert re.findall(r'class="place">(\d+)\.', page) == ["1", "2", "3"]
    apart = page.partition('id="few"')[2]
    assert codes[2] in apart
    assert codes[0] not in apart
    assert ">7<" in page
    assert fair.RANKED_FROM == 10


def test_a_communes_year_on_one_page(world: list[Report], session: Any, client: Any, monkeypatch: Any) -> None:
    shown = next(
        r
        for r in world
        if r.area_code == "29512" and r.publish_at and r.publish_at <= NOW and r.status in lifecycle.PASSED_ON
    )
    hidden = case(publish_at=NOW + timedelta(hours=30), area_code="29512", created_at=NOW - timedelta(hours=2))
    for report, words in ((shown, "Bãi xỉ chưa phủ bạt"), (hidden, "Chưa ai được biết")):
        outcome = inspections.record(
            report,
            Actor("unit", None, "so-nnmt-86"),
            inspected_on=date(2026, 11, 2),
            finding="violation",
            measure="reminder",
            summary=words,
        )
        inspections.publish(outcome, Actor("front", None, "mttq-86"))
    on_the_map()
    session.commit()
    answer = client.get("/figures/29512/2026")
    check_page(answer)
    assert len(re.findall(r'href="/outcomes/', answer.text.partition('id="outcomes"')[2])) == 1
    still = listed_of(answer.text.partition('id="still"')[2])
    waiting = (*lifecycle.TRIAGE, *lifecycle.AT_UNIT, lifecycle.ANSWERED)
    now = clock.now()
    wanted = [
        r
        for r in sorted(world, key=lambda r: r.created_at)
        if r.area_code == "29512"
        and r.publish_at
        and r.publish_at <= now
        and r.status in waiting
        and clock.local(r.created_at).year == 2026
    ]
    assert set(still) <= {r.public_id for r in wanted}
    assert len(still) == min(12, len(wanted)) > 0
    assert hidden.public_id not in answer.text
    stand(monkeypatch, NOW.replace(year=2027))
    assert client.get("/figures/29512/2027").status_code == 200


def listed_of(page: str) -> list[str]:
    return re.findall(r'href="/cases/(\w+)"', page)


def test_the_box_for_other_sites(world: list[Report], client: Any) -> None:
    for code in ("country", "86", "29512", "so-nnmt-86"):
        answer = client.get(f"/embed/{code}?lang=en", headers={"Cookie": "lang=vi"})
        assert answer.status_code == 200
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "script" not in answer.text
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.headers["Cache-Control"].startswith("public")
        assert '<html lang="en">' in answer.text
        assert len(answer.data) < 3_000
    words = re.search(r"<code>(.*?)</code>", client.get("/figures/86?period=2026").text)
    assert words
    assert "/embed/86?period=2026" in words[1]


def test_an_old_address_goes_to_the_place_of_today(world: list[Report], client: Any) -> None:
    from webapp.areas import succession
    from webapp.areas.models import Area
    from webapp.core.db import committing, db

    with committing():
        db.session.execute(Area.__table__.update().where(Area.code == "29413").values(valid_to=date(2026, 4, 30)))
        succession.record("area", "29413", "29512", date(2026, 5, 1), "thu", share=1, main=True)
    answer = client.get("/figures/29413?period=2026")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/figures/29512?period=2026")


def test_a_page_asks_the_database_no_more_for_more_cases(session: Any, client: Any) -> None:
    factories.duyen_hai()
    said = []
    for count in (3, 60):
        for number in range(count):
            case(created_at=NOW - timedelta(days=number), category_code=("noise", "coal_ash")[number % 2])
        on_the_map()
        session.commit()
        client.get("/figures/86")
        with counted_statements() as statements:
            client.get("/figures/86?period=2026")
        said.append(len(statements))
        assert not [words for words in statements if "figure_facts" in words or "FROM reports" in words]
    assert said[0] == said[1] < 30


def test_the_way_to_the_figures(world: list[Report], client: Any) -> None:
    assert client.get("/stats").headers["Location"] == "/figures"
    for page in ("/", "/map"):
        assert 'href="/figures"' in client.get(page).text
    assert 'href="/figures/86"' in client.get("/map?province=86").text
    shown = next(r for r in world if r.publish_at and r.publish_at <= NOW and r.status not in lifecycle.HIDDEN)
    assert f'href="/figures/{shown.area_code}"' in client.get(f"/cases/{shown.public_id}").text
    assert "Disallow: /embed/" in client.get("/robots.txt").text
    assert "/figures/29512</" in client.get("/sitemaps/places.xml").text
