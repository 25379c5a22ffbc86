"""The catalogues: Vietnamese whole, Khmer whole where a resident passes, and no translation that breaks its message."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import flask_security
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from scripts import khmer_review, translations

CATALOGUES = sorted(translations.CATALOGUES.glob("*/LC_MESSAGES/*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[a-zA-Z]?|%%|%(?![\s(%])|\{\w*\}")
NAMES = [f"{path.parent.parent.name}-{path.stem}" for path in CATALOGUES]
# Letters that a Vietnamese text without its diacritics lacks.
ACCENTED = re.compile("[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE)
# Words that are right without any.
PLAIN = {"Email", "Sau", "Trang", "Xem", "xong"}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name, abort_invalid=True)


def of(language: str) -> Catalog:
    return catalogue(translations.CATALOGUES / language / "LC_MESSAGES" / "messages.po")


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translated(path: Path) -> list[Message]:
    return [m for m in catalogue(path) if m.id and any(forms(m))]


def missing(language: str, wanted: set[str]) -> list[str]:
    there = {english(m)[0] for m in of(language) if m.id and forms(m) and all(forms(m))}
    return sorted(wanted - there)


@pytest.fixture(scope="module")
def gathered() -> Catalog:
    return translations.gather()


def test_gathering_finds_the_messages_of_code_and_templates(gathered: Catalog) -> None:
    for message in ("Send the report", "Overdue", "The case is closed.", ("%(num)d case", "%(num)d cases")):
        assert gathered.get(message), message


def test_vietnamese_has_every_message(gathered: Catalog) -> None:
    lacking = missing("vi", {english(m)[0] for m in gathered if m.id})
    assert not lacking, f"{len(lacking)} messages lack Vietnamese words (run `make translations`): {lacking}"


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_no_catalogue_holds_what_the_sources_do_not(language: str, gathered: Catalog) -> None:
    known = {english(m) for m in gathered if m.id}
    gone = sorted(english(m)[0] for m in of(language) if m.id and english(m) not in known)
    assert not gone, f"messages of no source (run `make translations`): {gone}"


def test_khmer_has_the_residents_journey() -> None:
    wanted = khmer_review.journey()
    assert len(wanted) > 200  # else the files of the journey have moved
    lacking = missing("km", set(wanted))
    assert not lacking, f"{len(lacking)} messages of the resident's journey lack Khmer words: {lacking}"


def test_the_list_for_the_khmer_reader_is_current() -> None:
    assert khmer_review.PAGE.read_text("utf-8") == khmer_review.build(), "run `python -m scripts.khmer_review`"


def test_english_is_the_source() -> None:
    """An English translation would be a second wording of the same thing."""
    assert not [english(m)[0] for m in of("en") if m.id and any(forms(m))]


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_nothing_is_fuzzy(path: Path) -> None:
    """What a machine guessed at is not shown."""
    assert not [m.id for m in catalogue(path) if m.id and m.fuzzy]


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_placeholders_are_those_of_the_message(path: Path) -> None:
    """A lost one loses what the message was about; one too many is an error at run time."""
    wrong = [
        (m.id, form)
        for m in translated(path)
        for form in forms(m)
        if sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(english(m)[-1]))
    ]
    assert not wrong


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_texts_are_composed_and_tidy(path: Path) -> None:
    """NFC, the same space at both ends as the message, no doubled or odd spaces, no words lost in HTML."""
    for m in translated(path):
        for form in forms(m):
            assert unicodedata.is_normalized("NFC", form), form
            assert "  " not in form, form
            assert not re.search("[\u00a0\u200b-\u200f\u2028\u2029\ufeff\ufffd<>]", form), form
            source = english(m)[-1]
            ends = (source[:1].isspace(), source[-1:].isspace())
            assert (form[:1].isspace(), form[-1:].isspace()) == ends, form


@pytest.mark.parametrize("path", CATALOGUES, ids=NAMES)
def test_sentences_end_as_the_message_does(path: Path) -> None:
    """A question stays a question, a sentence a sentence, a label a label."""
    same = {".": ".។", "?": "?", ":": ":៖", "…": "…"}
    for m in translated(path):
        for form in forms(m):
            end = english(m)[-1].rstrip()[-1]
            if end in same and form != english(m)[-1]:
                assert form.rstrip()[-1] in same[end], (english(m)[-1], form)
            elif end.isalnum():
                assert form.rstrip()[-1] not in ".។:៖", (english(m)[-1], form)


def test_vietnamese_is_written_with_diacritics() -> None:
    bare = [
        form
        for m in of("vi")
        if m.id
        for form in forms(m)
        if re.search(r"[a-z]{2}", PLACEHOLDER.sub("", form)) and not ACCENTED.search(form) and form not in PLAIN
    ]
    assert not bare


def test_khmer_is_written_in_khmer() -> None:
    odd = [form for m in of("km") if m.id for form in forms(m) if form and not re.search("[\u1780-\u17d3]", form)]
    assert not odd


@pytest.mark.parametrize("language", ["vi", "km"])
def test_sign_in_messages_are_those_of_flask_security(language: str) -> None:
    template = Path(flask_security.__file__).parent / "translations" / "flask_security.pot"
    with template.open("rb") as source:
        known = {english(m) for m in read_po(source) if m.id}
    path = translations.CATALOGUES / language / "LC_MESSAGES" / "flask_security.po"
    ours = {english(m) for m in translated(path)}
    assert ours
    assert ours <= known
