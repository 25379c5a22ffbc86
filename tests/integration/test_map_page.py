"""The map page beside its tiles: places, orders, shading, months, the sheet, the base map, and links that tell."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tests import factories
from tests.integration.public_world import case, counted_statements, many, on_the_map
from tests.integration.test_public_pages import check_page, listed, photo
from tests.unit.test_pmtiles import archive
from webapp.config import OWN_TILES, UnsafeSettings
from webapp.core import clock
from webapp.pages.public import discovery
from webapp.reports import lifecycle, queries, urgency
from webapp.reports.models import Report
from webapp.reports.queries import Filters

ENGLISH = {"Accept-Language": "en"}
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def addresses(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [str(e.text) for e in ET.fromstring(answer.data).iter(LOC)]


# -- places --------------------------------------------------------------------------------------------------------


@pytest.mark.template("areas")
def test_a_place_is_found_by_its_new_and_its_old_name(session: Any, client: Any) -> None:
    found = client.get("/map/places.json?q=phuong+duyen+hai").json["places"]
    assert found[0] | {"formerly": None} == {
        "code": "29512",
        "level": "commune",
        "parent": "86",
        "name": "Phường Duyên Hải",
        "within": "Tỉnh Vĩnh Long",
        "formerly": None,
    }
    (old,) = client.get("/map/places.json?q=xa+long+duc+tp+tra+vinh").json["places"]
    assert "Long Đức" in old["name"]
    assert "Trà Vinh" in old["formerly"]
    # Without a script: one place leads there with all filters kept, several are listed, none is said.
    answer = client.get("/map?q=xa+long+duc+tp+tra+vinh&status=done&order=urgent")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/map?status=done&province=86&commune={old['code']}&order=urgent"
    several = client.get("/map?q=minh", headers=ENGLISH)
    check_page(several)
    assert several.text.count("/map?province=") == 8
    none = client.get("/map?q=khong+dau+co", headers=ENGLISH)
    assert "No place has this name" in none.text
    assert 'value="khong dau co"' in none.text
    for typed in ("Tỉnh Vĩnh Long", "86", "%", "_", "'; drop table areas", "\u0000", "🏞️", "ខេត្ត"):
        assert client.get("/map/places.json", query_string={"q": typed}).status_code in (200, 400), typed


def test_words_that_name_no_place_are_refused_cheaply(session: Any, client: Any) -> None:
    for query in ("", "q=", "q=a", "q=" + "a" * 161, "q=ab&x=1"):
        answer = client.get(f"/map/places.json?{query}")
        assert answer.status_code == 400, query
        assert answer.json["error"] == "bad_request"
    answer = client.get("/map?q=a", headers=ENGLISH)
    assert answer.status_code == 400
    assert "2 to 160 characters" in answer.text
    check_page(answer)


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_most_urgent_come_first_and_every_case_once_both_ways(session: Any) -> None:
    many(90, seed=3)
    now = clock.now()
    due = {row[0]: row[1] for row in session.query(Report.public_id, Report.due_at)}
    pages: list[list[queries.Row]] = []
    cursor = None
    while True:
        page = urgency.most_urgent(Filters(), now, after=cursor, limit=7)
        pages.append(list(page.rows))
        if page.older is None:
            break
        cursor = page.older
    rows = [row for page in pages for row in page]
    wanted = {row.id for row in queries.public_list(Filters(), now, limit=500).rows}
    assert len(rows) == len(wanted)
    assert {row.id for row in rows} == wanted
    runs = [row.status in lifecycle.CLOCK_RUNS and row.due_at is not None for row in rows]
    assert runs == sorted(runs, reverse=True)
    awaited = [due[row.id] for row, running in zip(rows, runs, strict=True) if running]
    assert len(awaited) > 10
    assert awaited == sorted(awaited)
    back = [pages[-1]]
    cursor = pages[-1][0].id
    while True:
        page = urgency.most_urgent(Filters(), now, before=cursor, limit=7)
        back.append(list(page.rows))
        if page.newer is None:
            break
        cursor = page.newer
    assert [row.id for page in reversed(back) for row in page] == [row.id for row in rows]


def test_the_order_is_in_every_link_of_the_list(session: Any, client: Any) -> None:
    many(80, seed=4)
    answer = client.get("/map?order=urgent&status=overdue")
    check_page(answer)
    link = re.search(r'rel="next" href="([^"]+)"', answer.text)
    assert link is None or "order=urgent" in link[1]
    box = "105,9,108,12"
    assert listed(client.get(f"/map/list?bbox={box}&order=urgent"))
    assert client.get(f"/map/list?bbox={box}&order=oldest").status_code == 400
    wrong = client.get("/map?order=oldest&view=moon&from=2026-05-01&to=2026-04-01", headers=ENGLISH)
    assert wrong.status_code == 400
    for words in ("no such order", "no such way to look", "the first one lies after the last"):
        assert words in wrong.text
    assert 'value="2026-05-01"' in wrong.text  # what was typed is kept
    check_page(wrong)


def test_each_filter_that_is_set_can_be_taken_away(session: Any, client: Any) -> None:
    factories.duyen_hai()
    answer = client.get("/map?status=done&days=30&province=86&commune=29512&unit=so-nnmt-86&order=urgent")
    assert answer.status_code == 200
    check_page(answer)
    active = answer.text.partition("data-active")[2].partition("</ul>")[0]
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/map[^"]+)"', active)}
    assert links == {
        "/map?unit=so-nnmt-86&province=86&commune=29512&days=30&order=urgent",
        "/map?status=done&unit=so-nnmt-86&province=86&commune=29512&order=urgent",
        "/map?status=done&unit=so-nnmt-86&province=86&days=30&order=urgent",
        "/map?status=done&province=86&commune=29512&days=30&order=urgent",
    }


# -- shading and months ------------------------------------------------------------------------------------------


def test_shades_are_for_everybody_and_wrong_questions_are_refused(session: Any, client: Any) -> None:
    factories.duyen_hai()
    now = clock.now()
    for days in (-1, 2, 3):
        case(status=lifecycle.ASSIGNED, due_at=now + timedelta(days=days))
    case(status=lifecycle.CLOSED)
    case(publish_at=None)
    on_the_map()
    answer = client.get("/map/shades.json?status=&level=commune&province=86")
    assert answer.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in answer.headers
    sums = {area["code"]: area for area in answer.json["areas"]}
    assert sums["29512"] == {"code": "29512", "total": 4, "awaited": 3, "late": 1}
    assert client.get("/map/shades.json", headers={"If-None-Match": "x"}).json["areas"]
    with counted_statements() as statements:
        client.get("/map/shades.json?level=province")
    assert len(statements) <= 6, statements
    for query in (
        "level=street", "level=commune", "level=commune&province=99", "level=province&province=86", "status=x",
        "from=2026-03-01&to=2026-02-01", "bbox=1,2,3,4", "level=commune&province=%00",
    ):  # fmt: skip
        answer = client.get(f"/map/shades.json?{query}")
        assert answer.status_code == 400, query
        assert answer.json["problems"], query


def test_months_run_from_the_first_case_to_today(session: Any, client: Any) -> None:
    assert client.get("/map/months.json").json == {"months": []}
    today = clock.today()
    case(created_at=clock.now() - timedelta(days=100))
    case(status=lifecycle.CLOSED)
    on_the_map()
    months = client.get("/map/months.json").json["months"]
    assert months[-1][0] == f"{today:%Y-%m}"
    assert sum(n for _month, n in months) == 2
    assert len(months) in (4, 5)
    assert sum(n for _month, n in client.get("/map/months.json?status=done&from=2020-01-01").json["months"]) == 1
    assert client.get("/map/months.json?month=2026-01").status_code == 400


# -- the sheet and the case page -------------------------------------------------------------------------------------


def test_the_sheet_tells_the_steps(session: Any, client: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    public_id = factories.report(category_code="waste_household").public_id
    run_jobs()
    report = session.query(Report).filter_by(public_id=public_id).one()
    report.publish_at = clock.now() - timedelta(minutes=1)
    session.flush()
    answer = client.get(f"/map/cases/{public_id}", headers=ENGLISH)
    assert answer.status_code == 200
    assert "Step by step" in answer.text
    assert "A report came in" in answer.text
    assert f'href="/cases/{public_id}"' in answer.text


def test_a_link_to_a_case_tells_what_it_is(session: Any, client: Any) -> None:
    report = case(status=lifecycle.ANSWERED, due_at=clock.now() + timedelta(days=2))
    public_id = report.public_id
    page = client.get(f"/cases/{public_id}", headers={"Accept-Language": "vi"})
    check_page(page)
    base = "http://127.0.0.1"
    assert re.search(rf'<link rel="canonical" href="{base}[^"]*/cases/{public_id}">', page.text)
    assert f'type="application/atom+xml" href="/feeds/case/{public_id}.atom"' in page.text
    picture = re.search(r'og:image" content="http://[^/]+(/[^"]+)"', page.text)
    assert picture
    answer = client.get(picture[1])
    assert answer.mimetype == "image/jpeg"
    assert "Set-Cookie" not in answer.headers
    with Image.open(io.BytesIO(answer.data)) as drawn:
        assert drawn.size == (1200, 630)
        assert not drawn.getexif()
    hidden = case(publish_at=None).public_id
    assert client.get(f"/cases/{hidden}/preview.jpg").status_code == 404


def test_the_preview_shows_a_picture_only_once_it_is_let_out(session: Any, client: Any) -> None:
    report = case(status=lifecycle.ANSWERED)
    shown = photo(report, public=False)
    red = io.BytesIO()
    Image.new("RGB", (320, 240), "#e00000").save(red, "WEBP")
    from webapp.core.instance import instance

    instance().storage.put(shown.thumb_name, red.getvalue())
    session.flush()
    address = f"/cases/{report.public_id}/preview.jpg"

    def corner() -> tuple[int, ...]:
        with Image.open(io.BytesIO(client.get(address).data)) as drawn:
            return tuple(drawn.getpixel((1100, 320)))  # type: ignore[arg-type]

    assert corner()[0] < 60
    shown = session.query(type(shown)).one()
    shown.public = True
    session.flush()
    assert corner()[0] > 180


# -- search engines --------------------------------------------------------------------------------------------------


def test_every_public_case_is_in_the_sitemaps_and_no_other(session: Any, client: Any, monkeypatch: Any) -> None:
    reports = many(60, seed=8)
    on_the_map()
    now = clock.now()
    wanted = {row.id for row in queries.public_list(Filters(), now, limit=500).rows}
    assert 0 < len(wanted) < len(reports)
    robots = client.get("/robots.txt")
    assert "Disallow: /desk" in robots.text
    index = re.search(r"Sitemap: http://[^/]+(/\S+)", robots.text)
    assert index
    for most in (10_000, 2):  # whole months, then days
        monkeypatch.setattr(discovery, "OF_A_MONTH", most)
        lists = [address.partition("/sitemaps/")[2] for address in addresses(client.get(index[1]))]
        assert lists[0] == "pages.xml"
        found: list[str] = []
        for name in lists[1:]:
            found += [address.rpartition("/")[2] for address in addresses(client.get(f"/sitemaps/{name}"))]
        assert sorted(found) == sorted(wanted)
    for wrong in ("2026-13", "2026-02-30", "x", "2026", "../pages", "9999-01"):
        assert client.get(f"/sitemaps/{wrong}.xml").status_code == 404, wrong


# -- the operator's own base map -----------------------------------------------------------------------------------


@pytest.fixture
def basemap(tmp_path: Path) -> Path:
    return archive(tmp_path / "vn.pmtiles", {(0, 0, 0): b"\x89PNG0", (5, 25, 14): b"\x89PNG5"}, zooms=5)


class TestOwnBaseMap:
    @pytest.fixture
    def settings(self, place: Any, basemap: Path) -> Any:
        from webapp.config import Settings

        return Settings.from_env(place.environ | {"BASEMAP_FILE": str(basemap), "TILE_ATTRIBUTION": "© thử"})

    def test_tiles_come_from_the_file_and_from_nobody_else(self, session: Any, client: Any) -> None:
        answer = client.get("/map/base/5/25/14")
        assert (answer.data, answer.mimetype) == (b"\x89PNG5", "image/png")
        assert answer.headers["Cache-Control"].startswith("public")
        assert client.get("/map/base/5/25/14", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert client.get("/map/base/5/0/0").status_code == 204
        for wrong in ("5/32/0", "99/0/0", "a/b/c", "5/-1/0"):
            assert client.get(f"/map/base/{wrong}").status_code == 404, wrong
        page = client.get("/map")
        assert OWN_TILES in page.text
        assert "img-src 'self' data: blob:;" in page.headers["Content-Security-Policy"]


def test_without_a_file_there_is_no_base_map(session: Any, client: Any) -> None:
    assert client.get("/map/base/0/0/0").status_code == 404


def test_an_instance_does_not_start_with_a_base_map_that_is_none(place: Any, tmp_path: Path, basemap: Path) -> None:
    from webapp.config import Settings

    bad = tmp_path / "bad.pmtiles"
    bad.write_bytes(b"no")
    for given in (
        {"BASEMAP_FILE": str(bad), "TILE_ATTRIBUTION": "x"},
        {"BASEMAP_FILE": str(tmp_path / "none"), "TILE_ATTRIBUTION": "x"},
        {"BASEMAP_FILE": str(basemap)},
        {"BASEMAP_FILE": str(basemap), "TILE_ATTRIBUTION": "x", "TILE_URL": "https://tiles.example/{z}/{x}/{y}"},
    ):
        with pytest.raises(UnsafeSettings, match=r"BASEMAP_FILE"):
            Settings.from_env(place.environ | given)
    assert dataclasses.is_dataclass(Settings)
