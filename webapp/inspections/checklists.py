"""What a checklist asks and how its answers are read. Pure: neither Flask nor the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

YES_NO, NUMBER, TEXT, PHOTO = "yes_no", "number", "text", "photo"
KINDS = (YES_NO, NUMBER, TEXT, PHOTO)
WORDS = ("yes", "no", "unknown")  # answers of a yes_no question
MAX_TEXT = 2000
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,6})?")


class BadChecklist(ValueError):
    """The data file says something that cannot be asked; the message says what."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `label` is {language: text}, `unit` what a number is counted in, `legal` a legal reference."""

    code: str
    kind: str
    label: dict[str, str]
    required: bool = False
    unit: str = ""
    legal: str = ""


def check(raw: Any, laws: Iterable[str]) -> list[dict[str, Any]]:
    """The questions of a data file in the form in which they are kept. Raises BadChecklist."""
    seen: set[str] = set()
    known = set(laws)
    found = []
    for number, row in enumerate(raw or (), start=1):
        code = str(row.get("code", ""))
        if not _CODE.fullmatch(code) or code in seen:
            raise BadChecklist(f"question {number}: code {code!r} is missing, odd or there twice")
        seen.add(code)
        if row.get("kind") not in KINDS:
            raise BadChecklist(f"{code}: kind must be one of {', '.join(KINDS)}")
        if not row.get("vi") or not row.get("en"):
            raise BadChecklist(f"{code}: needs its text in vi and en")
        if row.get("legal") and row["legal"] not in known:
            raise BadChecklist(f"{code}: unknown legal reference {row['legal']}")
        found.append(
            {
                "code": code,
                "kind": row["kind"],
                "label": {"vi": row["vi"], "en": row["en"]},
                "required": bool(row.get("required", False)),
                "unit": str(row.get("unit", "")),
                "legal": str(row.get("legal", "")),
            }
        )
    if not found:
        raise BadChecklist("no questions")
    return found


def questions(kept: list[dict[str, Any]]) -> list[Question]:
    """Questions out of the form in which they are kept."""
    return [Question(**row) for row in kept]


def read(asked: list[Question], typed: Callable[[str], str]) -> tuple[dict[str, Any], dict[str, str]]:
    """(answers by question, error code by question) out of cleaned text fields. Photos are the caller's.

    A question without an answer is no error: a sheet is a draft until it is signed.
    """
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for one in asked:
        text = typed(one.code)
        if not text or one.kind == PHOTO:
            continue
        if one.kind == YES_NO:
            if text in WORDS:
                answers[one.code] = text
        elif one.kind == NUMBER:
            if _NUMBER.fullmatch(text):
                answers[one.code] = float(text.replace(",", "."))
            else:
                errors[one.code] = "number_bad"
        elif len(text) > MAX_TEXT:
            errors[one.code] = "text_long"
        else:
            answers[one.code] = text
    return answers, errors


def missing(asked: list[Question], answers: dict[str, Any]) -> list[str]:
    """Required questions that have no answer yet."""
    return [one.code for one in asked if one.required and answers.get(one.code) in (None, "", [])]
