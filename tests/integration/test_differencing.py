"""An observer who keeps everything that is public, and compares, learns no more than any single answer says.

Two worlds differ only in what must stay secret: at which minute of an hour a delayed report was sent, and where in
its commune. The observer sends reports of their own to have marks in time, polls everything that is public (exports,
bulk API, Open311 with its updates, feeds, sitemaps, lists, counts, shades, tiles of all zooms, the case itself) around
every moment at which something could show, and must see the same in both worlds, to the byte. (Kinds that are neither
delayed nor shown as the commune alone appear at once, as everybody may know; for those that are displaced, it is the
place that must not be found.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, takewhile
from typing import Any
from urllib.parse import urlencode

import pytest
from shapely.geometry import Point

from geo import cells
from geo.positions import distance_m
from tests import factories
from tests.factories import DUYEN_HAI
from tests.integration.public_world import case, on_the_map
from webapp.areas import queries as areas
from webapp.core import clock, events
from webapp.mapping import fold
from webapp.mapping import queries as mapping
from webapp.opendata import service
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report
from webapp.reports.queries import Filters
from webapp.reports.service import stream
from webapp.routing.service import place

DELAYED = "waste_industrial"  # shown as the commune, two days later
VICTIM = "7vvvvvvvvv"
HOUR = datetime(2026, 3, 4, 3, tzinfo=UTC)  # in which it was sent
TERM = timedelta(hours=26)  # around the clock, from the minute of the report
WORKED_ON = HOUR + timedelta(hours=1, minutes=20)  # by staff, before it is public
_SINCE = (timedelta(0), timedelta(minutes=9), timedelta(hours=1))


@pytest.fixture
def settings(settings: Any) -> Any:
    """No answer is kept from one moment to the next."""
    return replace(settings, tiles_kept_s=0)


def sent(victim: Report, minute: float, lon: float, lat: float, *, hour: datetime = HOUR) -> None:
    """The world in which the report was sent at this minute, from there, as routing leaves it."""
    victim.created_at = hour + timedelta(minutes=minute)
    victim.updated_at = WORKED_ON
    victim.location = Point(lon, lat)
    victim.due_at = victim.created_at + TERM
    place(victim)
    assert victim.area_code == "29512"


def moments(session: Any) -> Iterator[datetime]:
    """When to look: around sending, publication and the end of the term."""
    delay = timedelta(hours=session.get(Category, DELAYED).publish_delay_hours)
    assert delay >= timedelta(hours=24)
    for around in (HOUR, HOUR + TERM, HOUR + delay):
        for minute in (0, 8, 31, 53, 59):
            yield around + timedelta(minutes=minute, seconds=1)
        for full in (1, 2):
            for second in (-1, 0, 1):
                yield around + timedelta(hours=full, seconds=second)


def victims(session: Any, number: int) -> list[Report]:
    """As many reports that are to be hidden; in each world another of them is the one, under the same public id. (What
    the record says of a report's steps cannot be changed from world to world.)"""
    return [case(category_code=DELAYED, status=lifecycle.REJECTED, channel="open311") for _ in range(number)]


def only(chosen: Report, every: list[Report], session: Any) -> None:
    """The world in which this one was sent and the others never were."""
    for number, other in enumerate(every):
        other.public_id, other.status = f"never{number}", lifecycle.REJECTED
    session.flush()
    chosen.public_id, chosen.status = VICTIM, lifecycle.SCREENING
    session.flush()


def taken_in(report: Report, at: datetime, monkeypatch: Any) -> None:
    """The record says that the machine has taken the report in, two seconds later."""
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(seconds=2))
    step = {"from": lifecycle.NEW, "to": lifecycle.RECEIVED}
    events.append(stream(report), "report:moved", events.SYSTEM, public=True, **step)


def observed(
    client: Any, monkeypatch: Any, session: Any, tmp_path: Any, since: datetime = HOUR
) -> Iterator[list[bytes]]:
    """All that the observer wrote down, in its order, moment by moment from `since` on."""
    fold.begin_anew()
    for number, moment in enumerate(moments(session)):
        if moment < since:
            continue
        seen: list[bytes] = []
        monkeypatch.setattr(clock, "now", lambda at=moment: at)
        on_the_map()
        session.commit()
        for address in addresses(moment, number):
            seen += pages(client, address)
        seen.append(repr(mapping.counts(Filters())).encode())
        session.rollback()
        if number % 4 == 0:
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            service.write(folder, moment)
            seen += [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".gpkg"]
        yield seen


def pages(client: Any, address: str) -> Iterator[bytes]:
    """The answer, and the pages that follow it."""
    for _ in range(20):
        answer = client.get(address)
        assert answer.status_code == 200 or (VICTIM in address and answer.status_code == 404), (address, answer.text)
        link = answer.headers.get("Link", "")
        yield f"{answer.status_code} {answer.headers.get('X-Total-Count')} {link}".encode()
        yield answer.data
        following = re.search(r'<http://127\.0\.0\.1:8000([^>]*)>; rel="next"', link)
        if following is None:
            return
        address = following[1]
    raise AssertionError(f"no end to {address}")


def addresses(moment: datetime, number: int) -> Iterator[str]:
    """What is asked at each moment; what has many forms is asked in one of them, in turn."""
    ago = _SINCE[number % 3]
    yield "/api/v1/reports?limit=2"
    yield "/api/v1/reports?status=overdue&format=jsonl"
    yield "/api/v1/reports?" + urlencode({"updated_since": (moment - ago).isoformat(), "format": "geojson"})
    for feed in ("new", "overdue", ("province/86", "commune/29512", f"case/{VICTIM}")[number % 3]):
        yield f"/feeds/{feed}.atom"
    yield "/map/list?bbox=105,9,108,12" + ("&order=urgent" if number % 2 else "")
    lon, lat = DUYEN_HAI
    for zoom in range(number % 7, 19, 7):
        x, y = cells.tile_of(lon, lat, zoom)
        yield f"/map/tiles/{zoom}/{x}/{y}.json"
        yield f"/map/tiles/{zoom}/{x}/{y}.json?" + ("status=overdue", f"category={DELAYED}&from=2026-03-04")[number % 2]
    yield "/map/tiles/0/0/0.json?from=2026-03-04&to=2026-03-04"
    for which in ("", "/86", "/29512"):
        yield f"/figures{which}.json"
        yield f"/figures{which}.json?period=2026-03&category={DELAYED}"
    for measure in ("reported", "waiting", "overdue"):
        yield f"/figures/cases?measure={measure}&commune=29512"
    yield "/figures/29512/2026"
    yield "/embed/29512"
    yield ("/map/shades.json?level=province", "/map/shades.json?level=commune&province=86")[number % 2]
    yield ("/sitemap.xml", "/sitemaps/2026-03.xml", "/map/months.json?status=overdue")[number % 3]
    at = f"{moment - ago:%Y-%m-%dT%H:%M:%SZ}"
    for path in ("requests", "servicerequestupdates"):
        yield f"/open311/v2/{path}.xml"
        yield f"/open311/v2/{path}.json?page_size=3&" + (f"end_date={at}", f"start_date={at}")[number % 2]
        yield f"/open311/v2/{path}.json?status=open&service_code={DELAYED}"
    yield (
        f"/open311/v2/requests/{VICTIM}.json",
        f"/open311/v2/servicerequestupdates.json?service_request_id={VICTIM}",
        f"/api/v1/reports/{VICTIM}",
        f"/map/cases/{VICTIM}",
        f"/report/near.json?category={DELAYED}&lat={lat}&lon={lon}",
    )[number % 5]


def test_minute_and_place_of_a_delayed_report_stay_unknown(
    session: Any, client: Any, monkeypatch: Any, tmp_path: Any
) -> None:
    factories.duyen_hai()
    areas.forget_caches()
    lon, lat = DUYEN_HAI
    for minute in (2, 6, 20, 40, 58):  # the observer's own, whose minutes they know
        at = HOUR + timedelta(minutes=minute)
        own = case(category_code="waste_household", created_at=at, updated_at=at, publish_at=at, due_at=at + TERM)
        taken_in(own, at, monkeypatch)
    places = ((0, 0.01, 0.02), (51.7, 0.03, 0.045), (59.9, -0.03, 0.01))
    every = victims(session, len(places) + 1)
    for victim, (minute, _east, _north) in zip(every, places, strict=False):
        taken_in(victim, HOUR + timedelta(minutes=minute), monkeypatch)
    worlds = []
    for victim, (minute, east, north) in zip(every, places, strict=False):
        only(victim, every, session)
        sent(victim, minute, lon + east, lat + north)
        session.commit()
        worlds.append(list(observed(client, monkeypatch, session, tmp_path)))
    for other in worlds[1:]:
        assert [len(seen) for seen in other] == [len(seen) for seen in worlds[0]]
        assert [a for a, b in zip(chain(*worlds[0]), chain(*other), strict=True) if a != b] == []
    assert any(b"-1" in answer and VICTIM.encode() in answer for answer in chain(*worlds[0])), (
        "its step is seen at last"
    )
    # Another hour is seen, so the observer's eyes are open: around publication all is the same, until it is not.
    later = HOUR + timedelta(hours=1)
    taken_in(every[-1], later + timedelta(minutes=7), monkeypatch)
    only(every[-1], every, session)
    sent(every[-1], 7, lon, lat, hour=later)
    session.commit()
    since = HOUR + timedelta(hours=session.get(Category, DELAYED).publish_delay_hours)
    around = [moment >= since for moment in moments(session)].count(True)
    looks = zip(observed(client, monkeypatch, session, tmp_path, since), worlds[0][-around:], strict=True)
    assert 0 < len(list(takewhile(lambda look: look[0] == look[1], looks))) < around


def test_before_its_time_nothing_shows_that_there_is_one(
    session: Any, client: Any, monkeypatch: Any, tmp_path: Any
) -> None:
    """Not even by a count, an order, a cursor or an id that is missing."""
    factories.duyen_hai()
    areas.forget_caches()
    marks = [case(category_code="waste_household", created_at=HOUR, updated_at=HOUR, publish_at=HOUR) for _ in "abc"]
    (victim,) = victims(session, 1)
    victim.channel = "web"  # whoever sends through Open311 finds their own report by its id
    taken_in(victim, HOUR + timedelta(minutes=20), monkeypatch)
    only(victim, [victim], session)
    victim.status = lifecycle.REJECTED
    sent(victim, 20, *DUYEN_HAI)
    session.commit()
    delay = timedelta(hours=session.get(Category, DELAYED).publish_delay_hours)
    quiet = [m for m in moments(session) if m < HOUR + delay]
    monkeypatch.setattr("tests.integration.test_differencing.moments", lambda _session: iter(quiet))
    without = list(observed(client, monkeypatch, session, tmp_path))
    victim.status = lifecycle.SCREENING
    session.commit()
    with_it = list(observed(client, monkeypatch, session, tmp_path))
    assert with_it == without
    assert len(with_it) == len(quiet)
    assert all(any(mark.public_id.encode() in answer for answer in chain(*with_it)) for mark in marks)


def test_a_displaced_place_is_one_point_for_ever(session: Any, client: Any, monkeypatch: Any, tmp_path: Any) -> None:
    """So that there is nothing to take the mean of, whatever is asked, and whatever happens to the case."""
    factories.duyen_hai()
    areas.forget_caches()
    report = factories.report(category_code="coal_ash")
    place(report)
    report.publish_at, report.status, report.created_at = HOUR, lifecycle.RECEIVED, HOUR
    report.updated_at = HOUR
    points = set()
    steps = (lifecycle.SCREENING, lifecycle.ASSIGNED, lifecycle.IN_PROGRESS)
    for number, status in enumerate(steps, 1):
        monkeypatch.setattr(clock, "now", lambda at=HOUR + timedelta(hours=number): at)
        place(report)
        report.status = status
        on_the_map()
        session.commit()
        found = client.get("/api/v1/reports").json["reports"]
        points |= {(record["lon"], record["lat"]) for record in found}
        folder = tmp_path / status
        folder.mkdir()
        service.write(folder, clock.now())
        points |= {
            tuple(map(float, pair))
            for pair in re.findall(rb'"lon":([\d.]+),"lat":([\d.]+)', (folder / "reports.jsonl").read_bytes())
        }
        for zoom in (9, 17):
            tile = cells.tile_of(report.public_lon, report.public_lat, zoom)
            shown = client.get("/map/tiles/{}/{}/{}.json".format(zoom, *tile)).json["reports"]
            assert [(r["lon"], r["lat"]) for r in shown] == [(round(report.public_lon, 5), round(report.public_lat, 5))]
    assert len(points) == 1
    metres = session.get(Category, "coal_ash").public_blur_m
    assert metres / 4 <= distance_m(*points.pop(), *DUYEN_HAI) <= metres


def test_two_displacements_are_no_line_to_the_place(session: Any) -> None:
    """A case whose kind is corrected is displaced anew, by another distance. Were it the same way, both public
    points and their distances would give the place away exactly."""
    factories.duyen_hai()
    areas.forget_caches()
    lon, lat = DUYEN_HAI
    near = []
    for _ in range(40):
        report = factories.report(category_code="coal_ash")
        points = []
        for code in ("coal_ash", "dust_emission"):
            report.category = session.get(Category, code)
            place(report)
            points.append((report.public_lon, report.public_lat))
        (x1, y1), (x2, y2) = points
        first, second = (session.get(Category, code).public_blur_m for code in ("coal_ash", "dust_emission"))
        assert 0 < first < second
        share = first / (second - first)
        near.append(distance_m(x1 - (x2 - x1) * share, y1 - (y2 - y1) * share, lon, lat))
    near.sort()
    assert near[len(near) // 2] > 40  # metres; in the half of all cases the guess is worse than the blur's own middle
    assert not math.isclose(near[0], 0, abs_tol=0.5)
