"""Names that every page of a desk shows, read again after a minute at the latest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app
from markupsafe import escape

from webapp.areas import queries as areas
from webapp.reports import desk_queries
from webapp.units import queries as units

_FOR_S = 60.0
_AT_MOST = 5_000


def of_areas(codes: Iterable[str | None]) -> dict[str, str]:
    """Names of communes and provinces by code."""
    return _kept("desk_areas", codes, desk_queries.area_names)


def of_units(codes: Iterable[str | None]) -> dict[str, str]:
    """Short names of units by code."""

    def read(missing: set[str]) -> dict[str, str]:
        return {code: u.short_name_vi or u.name_vi for code, u in units.by_codes(missing).items()}

    return _kept("desk_units", codes, read)


def commune_options(province_code: str) -> str:
    """A province's communes by name, as the <option>s of a list: up to two hundred, the same on every page."""

    def read(missing: set[str]) -> dict[str, Any]:
        return {
            province: "".join(
                f'<option value="{escape(a.code)}">{escape(a.name)}</option>' for a in areas.communes_of(province)
            )
            for province in missing
        }

    found: str = _kept("desk_communes", (province_code,), read).get(province_code, "")
    return found


def _kept(name: str, codes: Iterable[str | None], read: Callable[[set[str]], dict[str, Any]]) -> dict[str, Any]:
    wanted = {code for code in codes if code}
    known, until = current_app.extensions.get(name, ({}, 0.0))
    if until < time.monotonic() or len(known) > _AT_MOST:
        known, until = {}, time.monotonic() + _FOR_S
    if missing := wanted - known.keys():
        # A new dictionary, because other threads may be reading the old one.
        known = known | dict.fromkeys(missing) | read(missing)
        current_app.extensions[name] = (known, until)
    return {code: known[code] for code in wanted if known[code] is not None}
