"""Checklists: what a data file may ask, and how answers are read."""

from __future__ import annotations

import pytest

from webapp.inspections import checklists
from webapp.inspections.checklists import BadChecklist, Question

ASKED = [
    Question("there", "yes_no", {"vi": "Còn không?", "en": "There?"}, required=True),
    Question("volume", "number", {"vi": "Khối lượng", "en": "Volume"}),
    Question("said", "text", {"vi": "Ghi chú", "en": "Note"}),
    Question("photo", "photo", {"vi": "Ảnh", "en": "Photo"}, required=True),
]


def read(**typed: str) -> tuple[dict[str, object], dict[str, str]]:
    return checklists.read(ASKED, lambda code: typed.get(code, ""))


def test_answers_are_read_by_their_kind() -> None:
    assert read(there="yes", volume="2,5", said="Đã dọn", photo="x") == (
        {"there": "yes", "volume": 2.5, "said": "Đã dọn"},
        {},
    )


@pytest.mark.parametrize("number", ["-1", "hai", "1e9", "nan", "1.2.3", "9" * 20])
def test_a_number_that_is_none_says_so(number: str) -> None:
    assert read(volume=number)[1] == {"volume": "number_bad"}


def test_what_is_missing_keeps_a_sheet_from_being_signed() -> None:
    answers, errors = read(there="perhaps")
    assert not errors, "a draft may be incomplete"
    assert checklists.missing(ASKED, answers) == ["there", "photo"]
    assert checklists.missing(ASKED, {"there": "no", "photo": ["a" * 64]}) == []


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "text", "vi": "a", "en": "b"},
        {"code": "X y", "kind": "text", "vi": "a", "en": "b"},
        {"code": "x", "kind": "choice", "vi": "a", "en": "b"},
        {"code": "x", "kind": "text", "vi": "a"},
        {"code": "x", "kind": "text", "vi": "a", "en": "b", "legal": "luat-khong-co"},
    ],
)
def test_a_data_file_that_cannot_be_asked_is_refused(question: dict[str, str]) -> None:
    with pytest.raises(BadChecklist):
        checklists.check([question], ["bvmt-2020"])
