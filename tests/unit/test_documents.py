"""Documents: an office's PDF is taken, one that acts by itself is not, however it hides that."""

from __future__ import annotations

import zlib

import pytest

from tests.unit import document_samples as samples
from webapp.media.documents import DocumentError, verify

RUN = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(DocumentError) as caught:
        verify(data, **limits)
    return caught.value.code


def test_an_offices_document_is_taken() -> None:
    data = samples.plain()
    info = verify(data)
    assert info.size == len(data)
    assert len(info.sha256) == 64


def test_objects_in_a_stream_are_looked_through_and_taken() -> None:
    verify(samples.packed(b"3 0 <</Type/Font/BaseFont/Times#20New#20Roman>>"))
    verify(samples.with_action(b"[3 0 R/Fit]"))


@pytest.mark.parametrize(
    "action",
    [
        RUN,
        b"<</S/J#61vaScript/JS(x)>>",
        b"<</S /#4a#61#76#61#53#63#72#69#70#74 /JS 5 0 R>>",
        b"<</S/Launch/F(cmd.exe)>>",
        b"<</S/SubmitForm/F(http://x.example)>>",
        b"<</S/GoToR/F(other.pdf)>>",
        b"<</S/GoToE/T<<>>>>",
        b"<</S/ImportData/F(x)>>",
        b"<</Names<</EmbeddedFiles 4 0 R>>>>",
        b"<</Subtype/FileAttachment/FS 4 0 R>>",
        b"<</Type/Filespec/EF<</F 4 0 R>>>>",
        b"<</Subtype/RichMedia>>",
        b"<</AcroForm<</XFA 4 0 R>>>>",
    ],
)
def test_what_acts_is_refused(action: bytes) -> None:
    assert code_of(samples.with_action(action)) == "active"
    assert code_of(samples.packed(b"3 0 " + action)) == "active", "in a stream of objects as well"


def test_what_is_locked_is_refused() -> None:
    locked = samples.written(samples.CATALOG, samples.PAGES, b"<</Filter/Standard/V 4>>", trailer=b"/Encrypt 3 0 R")
    assert code_of(locked) == "encrypted"


@pytest.mark.parametrize(
    "dictionary",
    [
        b"/Filter[/ASCIIHexDecode/FlateDecode]",
        b"/Filter/LZWDecode",
        b"/Filter 9 0 R",
        b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>",
        b"/Filter/Flate#44ecode",
    ],
)
def test_objects_packed_so_that_nobody_can_look_are_refused(dictionary: bytes) -> None:
    assert code_of(samples.packed(b"3 0 " + RUN, dictionary)) == "active"


def test_a_script_inside_another_streams_bytes_is_found() -> None:
    """A table may point into the middle of what looks like a picture."""
    inner = zlib.compress(b"3 0 " + RUN)
    body = b"\xff\xd8 <</Type/XObject>>\nstream\n" + inner + b"\nendstream"
    hidden = samples.written(
        samples.CATALOG, samples.PAGES, b"<</Length %d>>\nstream\n%s\nendstream" % (len(body), body)
    )
    assert code_of(hidden) == "active"


def test_what_is_no_document() -> None:
    assert code_of(b"") == "empty"
    assert code_of(b"\xff\xd8\xff\xe0 no paper") == "not_a_pdf"
    assert code_of(b" \n" + samples.plain()) == "not_a_pdf", "nothing else may stand before it"
    assert code_of(samples.plain()[:-40]) == "broken"
    assert code_of(samples.plain() + b"<script>") == "broken"
    assert code_of(samples.plain(), max_bytes=100) == "too_large"


def test_a_bomb_is_refused() -> None:
    bomb = zlib.compress(bytes(40_000_000), 9)
    stream = b"<</Length %d>>\nstream\n%s\nendstream" % (len(bomb), bomb)
    assert code_of(samples.written(samples.CATALOG, samples.PAGES, *[stream] * 4)) == "too_complex"
