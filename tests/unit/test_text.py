"""Text as people type it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from webapp.core.text import clean, fold


def test_decomposed_vietnamese_becomes_composed() -> None:
    assert clean(unicodedata.normalize("NFD", "Tro xỉ ở Duyên Hải")) == "Tro xỉ ở Duyên Hải"


def test_controls_and_direction_overrides_go_and_lines_stay() -> None:
    assert clean("a\x00b\x1b[31m\u202ec\ud800") == "ab[31mc"
    assert clean(" một \r\n\r\n hai  ", multiline=True) == "một\n\n hai"
    assert clean(" một \n hai ") == "một hai"
    assert clean(None) == ""


def test_khmer_keeps_its_word_separators() -> None:
    assert clean("ខ្ញុំ\u200bឃើញ") == "ខ្ញុំ\u200bឃើញ"


@given(st.text())
def test_cleaning_is_stable_and_composed(raw: str) -> None:
    once = clean(raw, multiline=True)
    assert clean(once, multiline=True) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\x00" not in once


def test_folding_forgets_diacritics_and_both_ways_of_writing_hoa() -> None:
    assert fold("Rác Thải ở Đồng Xoài") == "rac thai o dong xoai"
    assert fold("Xã Hoà Minh") == fold("xã Hòa Minh") == "xa hoa minh"
