"""Finding a place on the map by its name of today or of before: for the script as JSON, without one as a list."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from webapp.areas import places
from webapp.areas.models import COMMUNE
from webapp.pages.public.filters import PROBLEMS
from webapp.pages.public.shared import refused, shared_json
from webapp.reports.queries import area_names

MOST_TYPED = 160
CHOICES = 8
CACHE = "public, max-age=300"


def answer() -> Response:
    """`/map/places.json?q=`: {"places": [{"code", "level", "parent", "name", "within", "formerly"}]}, the best first.

    None for words that no place has. 400 if there are no words or far too many."""
    if unknown := set(request.args) - {"q"}:
        return refused({name[:40]: PROBLEMS["parameter"] for name in sorted(unknown)})
    typed = request.args.get("q", "").strip()
    if not 2 <= len(typed) <= MOST_TYPED:
        return refused({"q": f"2 to {MOST_TYPED} characters"})
    return shared_json({"places": find(typed)}, CACHE)


def find(typed: str) -> list[dict[str, Any]]:
    """What a text may mean, the best first. Two statements more than the search itself."""
    found = places.find(typed, limit=CHOICES)
    names = area_names({f.area.parent_code for f in found if f.area.parent_code})
    return [
        {
            "code": f.area.code,
            "level": f.area.level,
            "parent": f.area.parent_code,
            "name": f.area.name,
            "within": names.get(f.area.parent_code or "", "") if f.area.level == COMMUNE else "",
            "formerly": f.formerly,
        }
        for f in found
    ]
