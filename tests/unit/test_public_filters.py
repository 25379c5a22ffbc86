"""Filters of the public pages, and how numbers and days are written."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from webapp.mapping import cubes
from webapp.mapping.queries import MAX_ZOOM
from webapp.pages import labels
from webapp.pages.public.filters import STATUSES, TILE_PARAMS, Known, canonical, describe, read, read_bbox
from webapp.reports import lifecycle
from webapp.reports.queries import GROUP_OF, GROUPS, Filters

KNOWN = Known(frozenset({"noise", "coal_ash"}), frozenset({"air"}))
TODAY = date(2026, 3, 31)


def test_empty_values_are_no_filter() -> None:
    assert read([("status", ""), ("from", " "), ("unit", "")], KNOWN, TODAY) == (Filters(), {})


def test_days_count_back_from_today() -> None:
    filters, problems = read([("days", "30")], KNOWN, TODAY, allowed=("days",))
    assert (filters.since, problems) == (date(2026, 3, 1), {})


def test_a_wrong_value_is_left_out_and_named() -> None:
    filters, problems = read([("status", "x"), ("category", "noise")], KNOWN, TODAY)
    assert filters == Filters(category="noise")
    assert problems == {"status": "unknown"}
    assert all(status in describe(problems)["status"] for status in STATUSES)


def test_foreign_parameters_matter_to_programs_only() -> None:
    assert read([("fbclid", "1")], KNOWN, TODAY)[1] == {"fbclid": "parameter"}
    assert read([("fbclid", "1")], KNOWN, TODAY, strict=False)[1] == {}


days = st.one_of(st.none(), st.dates(date(2000, 1, 1), date(2100, 12, 31)))


@given(
    st.builds(
        Filters,
        category=st.sampled_from((None, "noise", "coal_ash")),
        group=st.sampled_from((None, "air")),
        status=st.sampled_from((None, *STATUSES)),
        since=days,
        until=days,
        unit=st.one_of(st.none(), st.from_regex(r"\A[a-z0-9-]{1,40}\Z")),
    )
)
def test_what_is_written_is_read_back(filters: Filters) -> None:
    if filters.since and filters.until and filters.since > filters.until:
        filters = Filters(since=filters.until, until=filters.since)
    pairs = [tuple(pair.split("=")) for pair in canonical(filters).split("&") if pair]
    assert read(pairs, KNOWN, TODAY) == (filters, {})
    assert [name for name, _ in pairs] == [n for n in TILE_PARAMS if n in dict(pairs)]


@given(st.lists(st.tuples(st.sampled_from((*TILE_PARAMS, "days", "x")), st.text(max_size=50)), max_size=8))
def test_nothing_that_can_be_written_breaks_it(pairs: list[tuple[str, str]]) -> None:
    filters, _problems = read(pairs, KNOWN, TODAY, allowed=(*TILE_PARAMS, "days"))
    assert filters.since is None or filters.until is None or filters.since <= filters.until


@given(st.text(max_size=60))
def test_no_text_breaks_a_box(text: str) -> None:
    box = read_bbox(text)
    assert box is None or (-180 <= box[0] < box[2] <= 180 and -90 <= box[1] < box[3] <= 90)


def test_boxes() -> None:
    assert read_bbox("105,9.5,106,10") == (105, 9.5, 106, 10)
    for bad in ("", "1,2,3", "1,2,3,4,5", "3,2,1,4", "1,4,3,2", "1,2,1,4", "nan,1,2,3", "1,2,inf,4", "170,1,190,2"):
        assert read_bbox(bad) is None, bad


def test_every_status_but_double_is_in_one_group() -> None:
    grouped = [status for statuses in GROUPS.values() for status in statuses]
    assert sorted(grouped) == sorted(set(lifecycle.STATUSES) - {lifecycle.DUPLICATE, *lifecycle.HIDDEN})
    assert set(GROUP_OF) == set(grouped)


def test_clusters_get_finer_and_never_finer_than_a_cell() -> None:
    sizes = [256 >> (cubes.level(z) - z) for z in range(MAX_ZOOM + 1)]
    assert all(cubes.level(z) <= 24 for z in range(MAX_ZOOM + 1))
    assert sizes[:11] == [64] * 11
    assert cubes.level(18) == 24  # a cell of zoom 24, 2 m: what is still together lies at one point


def test_every_status_finding_and_measure_has_words() -> None:
    from webapp.inspections.models import FINDINGS, MEASURES

    for words in (labels.STATUS, labels.STATUS_MEANING, labels.STATUS_TONE):
        assert set(words) == set(lifecycle.STATUSES)
    assert set(labels.STATUS_GROUP) == set(GROUPS)
    assert set(labels.FINDING) == set(labels.FINDING_TONE) == set(FINDINGS)
    assert set(labels.MEASURE) == set(MEASURES)


def test_days_and_money_as_vietnam_writes_them() -> None:
    late = datetime(2026, 3, 31, 18, 5, tzinfo=UTC)  # the next day in Vietnam
    assert labels.day(late) == "01/04/2026"
    assert labels.moment(late) == "01/04/2026 01:05"
    assert labels.iso_day(late) == "2026-04-01"
    assert labels.day(None) == labels.moment(None) == labels.dong(None) == "–"
    assert labels.dong(1_234_567) == "1.234.567 đ"
