"""Reading what somebody sent, field by field."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.core import clock
from webapp.reports.intake import read

CATEGORIES = {"coal_ash", "other"}
COMMUNES = {"29512": "86"}
GOOD = {"client_id": "a" * 22, "category": "coal_ash", "lat": "9.585", "lon": "106.525"}


def errors(**changes: str) -> dict[str, str]:
    submission, wrong = read({**GOOD, **changes}, categories=CATEGORIES, communes=COMMUNES)
    assert (submission is None) == bool(wrong)
    return wrong


def test_a_category_and_a_place_are_enough() -> None:
    submission, wrong = read(GOOD, categories=CATEGORIES, communes=COMMUNES)
    assert wrong == {}
    assert submission is not None
    assert (submission.lon, submission.lat) == (106.525, 9.585)
    assert submission.contact == {}


def test_a_commune_instead_of_a_position() -> None:
    submission, _ = read({**GOOD, "lat": "", "lon": "", "commune": "29512"}, categories=CATEGORIES, communes=COMMUNES)
    assert submission is not None
    assert (submission.area_code, submission.province_code, submission.place_source) == ("29512", "86", "area")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"client_id": ""}, "client_id", "client_id_bad"),
        ({"category": ""}, "category", "category_missing"),
        ({"category": "burial"}, "category", "category_unknown"),
        ({"lat": "", "lon": ""}, "position", "place_missing"),
        ({"lat": "", "lon": "106"}, "position", "position_not_a_number"),
        ({"lat": "NaN", "lon": "106"}, "position", "position_not_a_number"),
        ({"lat": "inf", "lon": "106"}, "position", "position_not_a_number"),
        ({"lat": "106.5", "lon": "9.5"}, "position", "position_swapped"),
        ({"lat": "91", "lon": "181"}, "position", "position_out_of_range"),
        ({"commune": "99999"}, "commune", "commune_unknown"),
        ({"description": "á" * 5001}, "description", "description_long"),
        ({"place_text": "x" * 301}, "place_text", "place_long"),
        ({"observed_at": "hôm qua"}, "observed_at", "time_bad"),
        ({"observed_at": "9999-12-31T23:59"}, "observed_at", "time_future"),
        ({"observed_at": "0001-01-01T00:00"}, "observed_at", "time_bad"),
        ({"observed_at": "1990-01-01T00:00"}, "observed_at", "time_old"),
        ({"contact_email": "không phải"}, "contact_email", "email_bad"),
        ({"contact_phone": "123"}, "contact_phone", "phone_bad"),
        ({"contact_name": "x" * 201}, "contact_name", "contact_long"),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, str], field: str, code: str) -> None:
    assert errors(**changes).get(field) == code


def test_several_wrong_fields_are_all_named_at_once() -> None:
    assert set(errors(category="", lat="x", observed_at="x")) == {"category", "position", "observed_at"}


def test_decomposed_text_counts_as_it_reads() -> None:
    decomposed = "a\u0301" * 5000  # 5,000 letters, 10,000 code points
    assert errors(description=decomposed) == {}


def test_a_time_without_an_offset_is_vietnams() -> None:
    local = (clock.local(clock.now()) - timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    submission, _ = read({**GOOD, "observed_at": local.isoformat()}, categories=CATEGORIES, communes={})
    assert submission is not None
    assert submission.observed_at == local.replace(tzinfo=UTC) - timedelta(hours=7)


def test_a_phones_clock_may_be_a_little_fast() -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert errors(observed_at=soon) == {}
