"""Map tiles: every public case is counted once and no other, for everybody alike, cheaply."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import Client, create_environ

from geo import cells
from tests import factories
from tests.integration.public_world import case, counted_statements, facts, many, on_the_map
from webapp.core import clock
from webapp.mapping import queries as mapping
from webapp.pages.public.filters import canonical
from webapp.pages.public.tiles import straight
from webapp.reports import lifecycle, privacy, queries
from webapp.reports.models import Category
from webapp.reports.queries import GROUPS, Filters


def shown(report: Any, filters: Filters, now: Any) -> bool:
    """The same question as `queries.matching`, asked without SQL."""
    if not privacy.is_public(report, now) or report.status == lifecycle.DUPLICATE:
        return False
    day = clock.local(report.created_at).date()
    overdue = privacy.is_overdue(report, now)
    return (
        (filters.category in (None, report.category_code))
        and (filters.group in (None, report.group))
        and (
            filters.status is None
            or filters.status == report.status
            or report.status in GROUPS.get(filters.status, ())
            or (filters.status == "overdue" and overdue)
        )
        and (filters.since is None or day >= filters.since)
        and (filters.until is None or day <= filters.until)
        and (filters.unit is None or (filters.unit == report.unit_code and report.status in lifecycle.PASSED_ON))
    )


def some_filters(dice: random.Random, session: Any) -> Filters:
    today = clock.today()
    since = dice.choice((None, None, today - timedelta(days=dice.randint(1, 300))))
    return Filters(
        category=dice.choice((None, None, "coal_ash", "noise")),
        group=dice.choice((None, None, session.get(Category, "coal_ash").group_code)),
        status=dice.choice((None, None, *GROUPS, "overdue", "verified")),
        since=since,
        until=dice.choice((None, today - timedelta(days=1) if since is None or since < today else None)),
        unit=dice.choice((None, None, None, "so-nnmt-86")),
    )


def test_random_viewports_and_filters_count_what_is_public(session: Any, client: Any) -> None:
    reports = facts(many(400))
    on_the_map()
    now = clock.now()
    dice = random.Random(7)
    total = 0
    for _ in range(80):
        filters = some_filters(dice, session)
        zoom = dice.randint(3, 18)
        seed = dice.choice(reports)
        x, y = cells.tile_of(seed.public_lon, seed.public_lat, zoom)
        wanted = [(x + dx, y + dy) for dx in (0, 1) for dy in (0, 1)]
        for tile in wanted:
            low, high = cells.tile_range(zoom, *tile)
            expected = [r for r in reports if low <= r.public_cell < high and shown(r, filters, now)]
            answer = client.get("/map/tiles/{}/{}/{}.json?{}".format(zoom, *tile, canonical(filters)))
            assert answer.status_code == 200, answer.text
            found = answer.json
            ids = {r["id"] for r in found["reports"]}
            assert len(ids) + sum(c["count"] for c in found["clusters"]) == len(expected)
            assert ids <= {r.public_id for r in expected}
            by_group: dict[str, int] = {}
            for cluster in found["clusters"]:
                assert sum(cluster["by"].values()) == cluster["count"] > 1
                for group, number in cluster["by"].items():
                    by_group[group] = by_group.get(group, 0) + number
            for report in found["reports"]:
                group = queries.GROUP_OF[report["status"]]
                by_group[group] = by_group.get(group, 0) + 1
            assert by_group == {
                group: n for group, statuses in GROUPS.items() if (n := sum(r.status in statuses for r in expected))
            }
            late = sum(c["overdue"] for c in found["clusters"]) + sum(r["overdue"] for r in found["reports"])
            assert late == sum(privacy.is_overdue(r, now) for r in expected)
            total += len(expected)
    assert total > 500  # the tiles were not all empty


def test_counts_are_those_of_the_tiles(session: Any, client: Any) -> None:
    reports = facts(many(200, seed=3))
    on_the_map()
    now = clock.now()
    for filters in (Filters(), Filters(status="overdue"), Filters(unit="ca-86"), Filters(category="noise")):
        expected = [r for r in reports if shown(r, filters, now)]
        found = mapping.counts(filters)
        assert found["total"] == len(expected)
        assert found["overdue"] == sum(privacy.is_overdue(r, now) for r in expected)
        for group, statuses in GROUPS.items():
            assert found[group] == sum(r.status in statuses for r in expected)


def test_a_single_case_says_what_the_legend_needs_and_nothing_else(session: Any, client: Any) -> None:
    report = case(status="in_progress", due_at=clock.now() - timedelta(days=2), unit_code="so-nnmt-86")
    on_the_map()
    x, y = cells.tile_of(report.public_lon, report.public_lat, 12)
    assert client.get(f"/map/tiles/12/{x}/{y}.json").json == {
        "clusters": [],
        "reports": [
            {
                "id": report.public_id,
                "lon": 106.525,
                "lat": 9.585,
                "category": "coal_ash",
                "icon": "icon-coal-ash",
                "status": "in_progress",
                "overdue": True,
            }
        ],
    }


def test_cases_at_one_point_stay_together_at_every_zoom(session: Any, client: Any) -> None:
    for _ in range(3):
        case(lon=106.5, lat=9.6)
    on_the_map()
    for zoom in (5, 12, 18, 20):
        x, y = cells.tile_of(106.5, 9.6, zoom)
        found = client.get(f"/map/tiles/{zoom}/{x}/{y}.json").json
        assert found["reports"] == []
        (cluster,) = found["clusters"]
        assert (cluster["count"], cluster["same"], cluster["area"]) == (3, True, "29512")


def test_near_cases_are_told_apart_when_near_enough(session: Any, client: Any) -> None:
    case(lon=106.5, lat=9.6)
    case(lon=106.5002, lat=9.6)  # 22 m
    on_the_map()
    x, y = cells.tile_of(106.5, 9.6, 18)
    found = [client.get(f"/map/tiles/18/{x + dx}/{y}.json").json for dx in (0, 1)]
    assert sum(len(tile["reports"]) for tile in found) == 2
    x, y = cells.tile_of(106.5, 9.6, 10)
    far = client.get(f"/map/tiles/10/{x}/{y}.json").json
    assert [c["count"] for c in far["clusters"]] == [2]
    assert "same" not in far["clusters"][0]


def test_what_is_hidden_delayed_or_double_is_in_no_tile(session: Any, client: Any) -> None:
    now = clock.now()
    original = case()
    case(publish_at=None)
    case(publish_at=now + timedelta(minutes=1))
    case(status=lifecycle.DUPLICATE, duplicate_of_id=original.id)
    case(status=lifecycle.REJECTED)
    on_the_map()
    for zoom in range(0, 21):
        x, y = cells.tile_of(106.525, 9.585, zoom)
        found = client.get(f"/map/tiles/{zoom}/{x}/{y}.json").json
        assert found["clusters"] == []
        assert [r["id"] for r in found["reports"]] == [original.public_id]


def test_asking_by_unit_does_not_tell_what_the_machine_only_proposes(session: Any, client: Any) -> None:
    for status in (*lifecycle.TRIAGE, lifecycle.OUT_OF_SCOPE):
        case(status=status, unit_code="so-nnmt-86")
    passed_on = case(status=lifecycle.ASSIGNED, unit_code="so-nnmt-86")
    on_the_map()
    x, y = cells.tile_of(106.525, 9.585, 9)
    found = client.get(f"/map/tiles/9/{x}/{y}.json?unit=so-nnmt-86").json
    assert [r["id"] for r in found["reports"]] == [passed_on.public_id]
    assert found["clusters"] == []


def test_days_are_those_of_vietnam(session: Any, client: Any) -> None:
    late = clock.now().replace(hour=18, minute=30) - timedelta(days=10)  # half past one the next day in Vietnam
    report = case(created_at=late, publish_at=late)
    on_the_map()
    day = clock.local(late).date()
    assert day == late.date() + timedelta(days=1)
    x, y = cells.tile_of(106.525, 9.585, 9)
    assert len(client.get(f"/map/tiles/9/{x}/{y}.json?from={day}&to={day}").json["reports"]) == 1
    before = day - timedelta(days=1)
    assert client.get(f"/map/tiles/9/{x}/{y}.json?from={before}&to={before}").json["reports"] == []
    assert report.public_id


def test_a_tile_is_three_statements_at_most(session: Any, client: Any) -> None:
    many(50)
    on_the_map()
    x, y = cells.tile_of(106.525, 9.585, 8)
    client.get(f"/map/tiles/8/{x}/{y}.json")
    for query in ("", "?category=coal_ash&group=air&status=overdue&from=2020-01-01&to=2090-01-01"):
        with counted_statements() as statements:
            assert client.get(f"/map/tiles/8/{x}/{y}.json{query}").status_code == 200
        assert 1 <= len(statements) <= 3, statements


def test_a_tile_is_for_everybody_and_for_caches(session: Any, client: Any) -> None:
    report = case()
    on_the_map()
    factories.user("front@example.vn", "front", "mttq-29512")
    x, y = cells.tile_of(106.525, 9.585, 8)
    address = f"/map/tiles/8/{x}/{y}.json"
    # With a session, as somebody has who has filled in a form.
    client.get("/report")
    for headers in ({}, {"Accept-Language": "km"}):
        answer = client.get(address, headers=headers)
        assert answer.headers["Cache-Control"].startswith("public, max-age=30, stale-while-revalidate")
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
        assert answer.mimetype == "application/json"
    tag = answer.headers["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "Vary" not in again.headers
    # A cache that compresses makes the tag a weak one.
    assert client.get(address, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    report.status = lifecycle.SCREENING
    session.flush()
    on_the_map()
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_one_question_has_one_address(session: Any, client: Any) -> None:
    answer = client.get("/map/tiles/5/25/15.json?to=2026-02-01&status=done&category=noise&group=&from=2026-01-01")
    assert answer.status_code == 200
    assert (
        answer.headers["Content-Location"]
        == "/map/tiles/5/25/15.json?category=noise&status=done&from=2026-01-01&to=2026-02-01"
    )


WRONG = [
    ("category=nothing", "category"),
    ("group=nothing", "group"),
    ("status=nothing", "status"),
    ("status=duplicate", "status"),
    ("status=rejected", "status"),
    ("from=yesterday", "from"),
    ("from=2026-02-30", "from"),
    ("from=20260201", "from"),
    ("from=2026-W05-1", "from"),
    ("to=9999-12-31", "to"),
    ("from=2026-03-01&to=2026-02-01", "from"),
    ("unit=a%20b", "unit"),
    ("unit=no-such-unit", "unit"),
    ("unit=" + "x" * 5000, "unit"),
    ("status=done&status=done", "status"),
    ("province=86", "province"),
    ("bbox=1,2,3,4", "bbox"),
    ("%F0%9F%98%80=1", "😀"),
    ("category=%00", "category"),
    ("category=%C3%28", "category"),
]


def test_a_wrong_parameter_is_refused_in_words(session: Any, client: Any) -> None:
    for query, parameter in WRONG:
        answer = client.get(f"/map/tiles/5/25/15.json?{query}")
        assert answer.status_code == 400, query
        assert answer.mimetype == "application/json"
        assert answer.json["error"] == "bad_request"
        assert answer.json["problems"][parameter], query
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_tile_that_is_none_costs_nothing(app: Any, client: Any) -> None:
    tiles = "5/32/0 5/0/32 21/0/0 99999999999999999999/0/0 -1/0/0 5/-1/0 5/1.5/0 a/b/c 5/٣/0 0/1/0 5/+1/0"
    for tile in tiles.split():
        with app.app_context(), counted_statements() as statements:
            answer = client.get(f"/map/tiles/{tile}.json")
        assert answer.status_code == 404, tile
        assert answer.json["error"] == "not_found"
        assert statements == []


def test_dates_before_and_after_all_time(session: Any, client: Any) -> None:
    case()
    on_the_map()
    today = date.today().year
    assert client.get(f"/map/tiles/0/0/0.json?from=2000-01-01&to={today + 1}-12-31").json["reports"]
    assert client.get("/map/tiles/0/0/0.json?to=2100-12-31").status_code == 200


def test_a_tile_made_straight_is_what_the_app_says(app: Any, session: Any) -> None:
    """By body and headers; what is no good tile is left to the app, and so is every failure."""
    reports = facts(many(60))
    on_the_map()
    session.commit()
    made, inside = straight(app), Client(app.wsgi_app._app)  # behind the door
    dice = random.Random(11)
    made_some = 0
    for _ in range(60):
        zoom = dice.randint(0, 20)
        seed = dice.choice(reports)
        path = "/map/tiles/{}/{}/{}.json".format(zoom, *cells.tile_of(seed.public_lon, seed.public_lat, zoom))
        query = canonical(some_filters(dice, session))
        said = inside.get(path, query_string=query)
        headers, tag, body = made(create_environ(path, query_string=query))
        assert body == said.data
        known = [header for header in said.headers if header[0] != "Date"]  # the server says it
        assert (tag, sorted(headers)) == (said.headers["ETag"], sorted(known))
        made_some += len(body) > 40
    assert made_some > 20
    for path, query in (
        ("/map/tiles/5/99/1.json", ""),
        ("/map/tiles/21/1/1.json", ""),
        ("/map/tiles/5/1.json", ""),
        ("/map/tiles/5/25/14.json", "what=1"),
        ("/map/tiles/5/25/14.json", "unit=nobody"),
        ("/map/tiles/5/25/14.json", "%ff=%fe"),
    ):
        assert made(create_environ(path, query_string=query)) is None
        assert inside.get(path, query_string=query).status_code in (400, 404)


def test_a_tile_whose_making_fails_is_left_to_the_app(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(mapping, "tile", fails)
    assert straight(app)(create_environ("/map/tiles/5/25/14.json")) is None
