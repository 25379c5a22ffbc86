"""The form on paper: made from the same categories as the one on the phone, so the two never differ."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from flask import render_template

from webapp.core import clock
from webapp.pages import labels
from webapp.pages.i18n import in_language
from webapp.pages.resident import form as report_form
from webapp.pages.resident.report import bp

EMERGENCY = Path(__file__).resolve().parents[2] / "data" / "emergency.csv"


@bp.get("/report/paper")
def paper() -> str:
    """Two A4 pages to print, in the language of the page."""
    numbers = [
        (row["number"], in_language({k[5:]: row[k] for k in row if k.startswith("name_")})) for row in _emergency()
    ]
    return render_template(
        "resident/paper.html",
        catalogue=report_form.catalogue(),
        numbers=numbers,
        printed=labels.day(clock.now()),
    )


@lru_cache(maxsize=1)
def _emergency() -> list[dict[str, str]]:
    """Numbers that are certain; those still to be checked are not printed on paper that lies about for years."""
    with EMERGENCY.open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["certainty"] == "confirmed"]
    return sorted(rows, key=lambda row: int(row["order"]))
