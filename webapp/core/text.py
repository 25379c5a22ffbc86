"""Text as people type it: Vietnamese comes composed or decomposed, with stray control characters."""

from __future__ import annotations

import re
import unicodedata

# Things that must not slip into a public text: long runs of digits (phone, identity card), e-mail
# addresses, licence plates such as 84A-123.45.
_PRIVATE = re.compile(
    r"(?:\+?\d[\s.\-]?){9,}|\b[\w.+-]+@[\w-]+\.\w+|\b\d{2}[A-ZĐ]{1,2}\d?[\s.-]?\d{3}[.\s]?\d{1,2}\b", re.IGNORECASE
)
_KEPT_CONTROLS = {"\n", "\t"}


def clean(raw: str | None, *, multiline: bool = False) -> str:
    """`raw` in NFC, without control, bidirectional-override or unpaired-surrogate characters, trimmed.

    Line ends become "\\n"; without `multiline` every run of white space becomes one space.
    """
    if not raw:
        return ""
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isprintable():
        text = "".join(c for c in text if c in _KEPT_CONTROLS or not _unwanted(c))
    if multiline:
        return "\n".join(line.rstrip() for line in text.split("\n")).strip()
    return " ".join(text.split())


def _unwanted(char: str) -> bool:
    category = unicodedata.category(char)
    # Zero-width joiners (Cf) stay out of Vietnamese, but Khmer writes U+200B between words.
    return category in {"Cc", "Cs", "Co", "Cn"} or (category == "Cf" and char not in "\u200b\u200c\u200d")


def looks_private(words: str) -> str:
    """The first thing in a text that looks like a phone number, an e-mail address or a plate; else empty."""
    found = _PRIVATE.search(words)
    return found.group().strip() if found else ""


def fold(text: str) -> str:
    """`text` for searching: lower case, no diacritics, đ as d. "Rác Thải ở Đồng Xoài" -> "rac thai o dong xoai"."""
    lowered = text.lower().replace("đ", "d")
    decomposed = unicodedata.normalize("NFD", lowered)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
