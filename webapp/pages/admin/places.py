"""An area as staff type it: a code, or a name with or without diacritics."""

from __future__ import annotations

from datetime import date

from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core import text


class Unclear(ValueError):
    """No area or several are meant; `code` is a key of `routing_words.ROW_ERROR`, `options` those that it may be."""

    def __init__(self, code: str, options: list[Area] | None = None) -> None:
        super().__init__(code)
        self.code, self.options = code, options or []


def find(typed: str, on: date | None = None, level: str | None = None) -> Area:
    """The area that is meant. Raises Unclear."""
    typed = text.clean(typed)
    if typed.isdecimal():
        levels = [level] if level else [COMMUNE, PROVINCE]
        found = next((a for a in (areas.by_code(typed[:8], lv, on) for lv in levels) if a), None)
        if found is None:
            raise Unclear("area_unknown")
        return found
    hits = [a for a in areas.search(typed, on) if level in (None, a.level)]
    folded = text.fold(typed)
    exact = [a for a in hits if folded in (a.folded, areas.bare_name(a))]
    meant = exact or [a for a in hits if areas.bare_name(a) in folded]
    if len(meant) == 1:
        return meant[0]
    raise Unclear("area_several" if hits else "area_unknown", meant or hits)
