"""A case's public page and the pictures that were let out. Also the outcomes of inspections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from webapp.core import clock
from webapp.core.instance import instance
from webapp.inspections import queries as inspections
from webapp.inspections.privacy import PublicOutcome
from webapp.pages import labels
from webapp.pages.answer_files import guard
from webapp.pages.public import follow, outcomes, preview
from webapp.pages.public.shared import shared_bytes
from webapp.pages.public.views import (
    category_icon,
    category_name,
    keepable_page,
    outcome_rows,
    place_name,
    unit_name,
)
from webapp.reports import lifecycle, public_case, queries
from webapp.reports.privacy import PublicCase, PublicPhoto

bp = Blueprint("cases", __name__)
bp.add_url_rule("/cases/<public_id>/preview.jpg", "preview", preview.answer)
bp.add_url_rule("/outcomes", "outcomes", outcomes.listing)
bp.add_url_rule("/outcomes/<public_id>", "outcome", outcomes.one)

# A picture may be taken back, so caches ask again soon.
PHOTO_CACHE = "public, max-age=300"


@bp.get("/cases/<public_id>")
def case(public_id: str) -> Response:
    """What happened, where it stands, who has it and until when, and what came of it."""
    now = clock.now()
    found = public_case.by_id(public_id, now)
    if found is None:
        abort(404)
    shown = found.case
    results = outcome_rows(_outcomes(found, now))
    # What has ended keeps the names of its day, whoever has stood in for these units since.
    ended = [at for at, kind, data in found.steps if kind == "report:moved" and data.get("to") in lifecycle.ENDED]
    on = clock.local(ended[-1]).date() if ended and shown.status in lifecycle.ENDED else None
    names, units = found.area_names(on), found.units(on)
    view = {
        "case": shown,
        "title": category_name(shown.category_code),
        "sign": category_icon(shown.category_code),
        "place": place_name(shown.area_code, shown.province_code, names),
        "status_label": labels.STATUS[shown.status],
        "meaning": labels.STATUS_MEANING[shown.status],
        "reported_on": labels.day(shown.reported_at),
        "due": labels.day(shown.due_at) if shown.due_at and shown.status in lifecycle.CLOCK_RUNS else None,
        "overdue": labels.overdue_words(shown.due_at, now) if shown.overdue and shown.due_at else None,
        "unit": unit_name(shown.unit_code, units),
        "supervisor": unit_name(shown.supervisor_code, units),
        "photos": _photos(shown.photos, _("Picture from the report")),
        "answers": [
            {
                "unit": unit_name(answer.unit_code, units),
                "text": answer.text,
                "on": labels.day(answer.at),
                "iso": labels.iso_day(answer.at),
                "photos": _photos(answer.photos, _("Picture from the unit's answer")),
                "files": [
                    {
                        "url": f"/files/{f.public_id}.pdf",
                        "words": _("Document of the answer (PDF, %(size)s MB)", size=_megabytes(f.size)),
                    }
                    for f in answer.files
                ],
            }
            for answer in shown.answers
        ],
        "verdicts": [
            {
                "unit": unit_name(verdict.unit_code, units),
                "verdict": labels.VERDICT[verdict.verdict],
                "tone": labels.VERDICT_TONE[verdict.verdict],
                "rest": labels.day(verdict.rest_due) if verdict.rest_due else "",
                "text": verdict.text,
                "on": labels.day(verdict.at),
                "iso": labels.iso_day(verdict.at),
                "photos": _photos(verdict.photos, _("Picture from the Front's check")),
            }
            for verdict in shown.verdicts
        ],
        "outcomes": results,
        "steps": _steps(shown, found.steps, {row["outcome"].id for row in results}),
        "around": _around(shown),
        "beside": follow.beside(found),
        "address": f"{instance().settings.public_url}/cases/{shown.id}",
    }
    return keepable_page(render_template("public/case.html", **view), view, [str(v) for v in view.values()])


@bp.get("/photos/<name>")
def photo(name: str) -> Response:
    """A clean copy (`{id}.webp`) or its small one (`{id}-s.webp`), once it has been let out; else 404."""
    stem, dot, ending = name.partition(".")
    small = stem.endswith("-s")
    public_id = stem.removesuffix("-s")
    if not dot or ending != "webp" or not public_id.isalnum() or len(public_id) > 24:
        abort(404)
    found = queries.public_photo(public_id, clock.now())
    if found is None:
        abort(404)
    try:
        data = instance().storage.get(found.outside_name(small=small))
    except FileNotFoundError:
        abort(404)
    return shared_bytes(data, PHOTO_CACHE, mimetype="image/webp")


@bp.get("/files/<public_id>.pdf")
def answer_file(public_id: str) -> Response:
    """A document of a unit's answer, once it has been let out; else 404."""
    found = queries.public_file(public_id, clock.now()) if public_id.isalnum() and len(public_id) <= 24 else None
    if found is None:
        abort(404)
    try:
        data = instance().storage.get(found.copy_name)
    except FileNotFoundError:
        abort(404)
    response = shared_bytes(data, PHOTO_CACHE, mimetype="application/pdf")
    guard(response, found)
    return response


def _megabytes(size: int) -> str:
    return f"{max(size / 1_048_576, 0.1):.1f}".replace(".", ",")


def _photos(photos: tuple[PublicPhoto, ...], words: str) -> list[dict[str, Any]]:
    return [
        {
            # The version in the address keeps caches from showing a copy in which less was hidden.
            "url": f"/photos/{p.public_id}.webp" + (f"?v={p.version}" if p.version else ""),
            "thumb_url": f"/photos/{p.public_id}-s.webp" + (f"?v={p.version}" if p.version else ""),
            "alt": f"{words} ({number}/{len(photos)})",
        }
        for number, p in enumerate(photos, 1)
    ]


def _steps(
    shown: PublicCase, steps: list[tuple[datetime, str, dict[str, Any]]], published: set[str]
) -> list[dict[str, Any]]:
    """The timeline, latest last. Days only: a minute would tell when somebody stood there with a phone."""
    items = []
    for at, kind, data in steps:
        item = {"at_label": labels.day(at), "at_iso": labels.iso_day(at)}
        if kind == "report:submitted":
            items.append(item | {"title": _("A report came in"), "status": lifecycle.NEW})
        elif kind == "extension:granted":
            until = labels.day(datetime.fromisoformat(data["due"]))
            items.append(item | {"title": _("Time extended until %(day)s", day=until), "icon": "clock"})
        elif kind == "report:moved" and data.get("verdict") == "partly":
            items.append(item | {"title": _("The answer is sufficient in part"), "status": data["to"]})
        elif kind == "report:moved" and data.get("to") in labels.STATUS:
            items.append(item | {"title": labels.STATUS[data["to"]], "status": data["to"]})
        elif kind == "outcome:published" and data.get("outcome") in published:
            items.append(
                item | {"title": _("The outcome of the inspection was published"), "tone": "good", "icon": "document"}
            )
        elif kind in WORDS:
            items.append(item | {"title": str(WORDS[kind]), "icon": "chat"})
    return items


WORDS = {
    "report:objected": _l("The sender says: not solved"),
    "report:rated": _l("The sender has said whether it is solved"),
    "report:upheld": _l("The Front has checked again: the answer stands"),
}


def steps_of(found: public_case.Case) -> list[dict[str, Any]]:
    """The steps of a case as templates/components/case.html draws them."""
    results = {o.id for o in _outcomes(found, clock.now())}
    return _steps(found.case, found.steps, results)


def timeline_of(found: public_case.Case) -> list[tuple[datetime, str]]:
    """(hour, words) of each step, for those who follow without a page."""
    results = {o.id for o in _outcomes(found, clock.now())}
    shown = [(at, _steps(found.case, [(at, kind, data)], results)) for at, kind, data in found.steps]
    return [(at, str(items[0]["title"])) for at, items in shown if items]


def _outcomes(found: public_case.Case, now: datetime) -> list[PublicOutcome]:
    """The published outcomes of a case. Each has a step, so those of most cases need not be looked for."""
    if all(kind != "outcome:published" for _at, kind, _data in found.steps):
        return []
    return inspections.of_report(found.key, now)


def _around(shown: PublicCase) -> str | None:
    """The map at the case's public place."""
    if shown.lon is None or shown.lat is None:
        return None
    return f"/map#{12 if shown.blurred_to_commune else 15}/{shown.lat:.5f}/{shown.lon:.5f}"
