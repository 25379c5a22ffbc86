"""What search engines read of a case: what its page says, nothing else, and harmless inside a page."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from webapp.pages.labels import STATUS
from webapp.pages.public.case_data import json_ld
from webapp.reports.privacy import PublicAnswer, PublicCase, PublicPhoto

LATE = datetime(2026, 3, 4, 18, tzinfo=UTC)  # in Vietnam the next day
BASE = "https://example.org"
CASE = PublicCase(
    id="ab12cd34ef",
    category_code="noise",
    status="in_progress",
    lon=106.5251234,
    lat=9.5851234,
    blurred_to_commune=False,
    area_code="29512",
    province_code="86",
    unit_code="so-nnmt-86",
    supervisor_code="mttq-86",
    reported_at=LATE,
    updated_at=LATE,
    due_at=None,
    overdue=False,
    text="",
    photos=(),
    answers=(),
    duplicate_of=None,
)

VIEW: dict[str, Any] = {
    "title": "Tiếng ồn",
    "place": "Phường Duyên Hải, Tỉnh Vĩnh Long",
    "status_label": STATUS["in_progress"],
    "meaning": "…",
    "unit": "",
    "outcomes": [],
}


def told(case: PublicCase = CASE, **more: Any) -> dict[str, Any]:
    view = VIEW | {"case": case} | more
    found: dict[str, Any] = json.loads(json_ld(view, language="vi", base=BASE))
    return found


def test_a_case_is_a_report_about_a_place_on_a_day() -> None:
    found = told(unit="Sở Nông nghiệp và Môi trường")
    assert found["@type"] == "Report"
    assert found["url"] == f"{BASE}/cases/ab12cd34ef"
    assert (found["datePublished"], found["dateModified"]) == ("2026-03-05", "2026-03-05")
    assert found["contentLocation"]["geo"] == {
        "@type": "GeoCoordinates",
        "latitude": 9.58512,
        "longitude": 106.52512,
    }
    assert found["mentions"]["name"] == "Sở Nông nghiệp và Môi trường"
    assert found["image"] == [f"{BASE}/cases/ab12cd34ef/preview.jpg"]
    assert "text" not in found
    assert "author" not in found, "nobody who reported is named"


def test_what_was_let_out_is_told() -> None:
    answer = PublicAnswer("so-nnmt-86", "Đã dọn sạch", LATE, ())
    case = dataclasses.replace(CASE, text="Loa kẹo kéo", photos=(PublicPhoto("p1", 1, 1),), answers=(answer,))
    found = told(case, outcomes=[{"outcome": SimpleNamespace(id="kq1")}])
    assert found["text"] == "Loa kẹo kéo"
    assert found["image"] == [f"{BASE}/photos/p1.webp"]
    assert [c["text"] for c in found["comment"]] == ["Đã dọn sạch"]
    assert found["citation"] == [f"{BASE}/outcomes/kq1"]


def test_a_case_shown_by_its_commune_has_no_point() -> None:
    assert "geo" not in told(dataclasses.replace(CASE, blurred_to_commune=True))["contentLocation"]
    assert "geo" not in told(dataclasses.replace(CASE, lon=None, lat=None))["contentLocation"]


def test_words_cannot_leave_the_script_element() -> None:
    nasty = "</script><script>alert('1')</script><!-- & \u2028"
    case = dataclasses.replace(CASE, text=nasty)
    document = str(json_ld(VIEW | {"case": case, "title": nasty}, language="vi", base=BASE))
    assert not set(document) & set("<>&'\u2028")
    assert json.loads(document)["text"] == nasty
