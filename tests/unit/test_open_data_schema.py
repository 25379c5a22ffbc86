"""The one schema of open data: each field has its value, its meaning and its type."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from webapp.opendata import schema, words
from webapp.pages.api.v1.schemas import SCHEMAS
from webapp.reports import lifecycle, privacy


def test_every_field_has_a_meaning_and_a_kind() -> None:
    assert set(words.FIELD) == set(schema.NAMES)
    assert len(set(schema.NAMES)) == len(schema.NAMES)
    assert {field.kind for field in schema.FIELDS} <= set(schema.KINDS) == set(words.KIND)


def test_hidden_cases_and_duplicates_have_no_status_there() -> None:
    assert not {*lifecycle.HIDDEN, lifecycle.DUPLICATE} & set(schema.STATUSES)
    assert len(schema.STATUSES) == len(lifecycle.STATUSES) - 3


def test_the_description_of_a_report_is_made_from_it() -> None:
    assert tuple(SCHEMAS["Report"]["properties"]) == schema.NAMES
    assert SCHEMAS["Report"]["additionalProperties"] is False


def test_a_row_says_nothing_that_the_case_page_may_not() -> None:
    case_page = {field.name for field in fields(privacy.PublicCase)}
    assert {field.name for field in fields(privacy.PublicRow)} - {"precision_m"} <= case_page


def test_what_waits_comes_out_on_a_full_hour_whatever_the_minute() -> None:
    hour = datetime(2026, 3, 4, 3, tzinfo=UTC)
    for second in (0, 1, 1800, 3599.999):
        at = hour + timedelta(seconds=second)
        assert privacy.appears_at(at, 48) == hour + timedelta(hours=49)
        assert privacy.appears_at(at, 0) == at
    assert privacy.appears_at(hour + timedelta(hours=1), 48) == hour + timedelta(hours=50)
