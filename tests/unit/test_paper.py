"""Documents on paper: what the decree asks for, on every kind; and places in texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from webapp.documents import kinds, pdf
from webapp.documents.layout import Content, Paper, Part, build, from_json
from webapp.reports import placeholders

VALUES = {"so": "7k2m9x4q1w", "loai": "Rác thải sinh hoạt", "dia_ban": "Phường Duyên Hải", "noi_dung": "Rác ven kênh."}


def paper(code: str = "transfer", audience: str = kinds.FRONT, day: date = date(2026, 2, 5)) -> Paper:
    what = kinds.kind(code, audience)
    assert what is not None
    return build(
        what,
        kinds.issuer("front_commune"),
        parent="Ủy ban Mặt trận Tổ quốc Việt Nam tỉnh Vĩnh Long",
        org="Ủy ban Mặt trận Tổ quốc Việt Nam phường Duyên Hải",
        place="Duyên Hải",
        day=day,
        to=["Ủy ban nhân dân phường Duyên Hải"],
        content=Content(VALUES, {name: Part(name, (("a", "b"),)) for name in kinds.PARTS}),
    )


def test_a_draft_has_dots_and_an_issued_one_its_number() -> None:
    assert paper().number_line == "Số: …/PC-MTTQ"
    assert replace(paper(), number=7).number_line == "Số: 07/PC-MTTQ"
    assert replace(paper(), number=123).number_line == "Số: 123/PC-MTTQ"
    assert paper("urge").number_line == "Số: …/MTTQ-BTT", "a công văn has no name of its kind in its sign"


@pytest.mark.parametrize(
    ("day", "line"),
    [
        (date(2026, 2, 5), "Duyên Hải, ngày 05 tháng 02 năm 2026"),
        (date(2026, 3, 15), "Duyên Hải, ngày 15 tháng 3 năm 2026"),
        (date(2026, 12, 9), "Duyên Hải, ngày 09 tháng 12 năm 2026"),
    ],
)
def test_days_and_months_are_written_as_the_decree_has_it(day: date, line: str) -> None:
    assert paper(day=day).date_line == line


def test_only_the_parts_of_its_kind_are_in_it() -> None:
    assert paper("transfer").parts == ()
    assert "sender" in [part.heading for part in paper("file").parts]
    assert "sender" not in [part.heading for part in paper("unit_file", kinds.UNIT).parts]


def test_every_kind_names_places_that_exist() -> None:
    for audience in (kinds.FRONT, kinds.UNIT):
        for what in kinds.of(audience):
            for text in (what.subject, *what.body):
                assert placeholders.unknown(text, kinds.NAMES) == [], what.code
            assert set(what.parts) <= set(kinds.PARTS)
    assert kinds.kind("transfer", kinds.UNIT) is None, "a unit hands nothing on in the Front's name"


def test_nothing_is_left_in_braces() -> None:
    shown = paper()
    assert "{{" not in " ".join((shown.subject, *shown.body))
    assert "Rác ven kênh." in shown.body[1]


def test_it_is_kept_as_it_was() -> None:
    once = replace(paper("file"), number=3)
    assert from_json(once.as_json()) == once


def test_the_pdf_is_a4_and_the_same_each_time() -> None:
    data = pdf.render(paper("file"))
    assert data.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 595.28 841.89]" in data
    assert data == pdf.render(paper("file"))


def test_places_in_a_text() -> None:
    assert placeholders.fill("Vụ việc {{so}} và {{ so }}, hạn {{han}}", {"so": "7k2m"}) == "Vụ việc 7k2m và 7k2m, hạn …"
    assert placeholders.unknown("{{so}} {{ten}} {{ten}} {{") == ["ten", "{{"]
    assert placeholders.unknown("Không có chỗ trống nào") == []
