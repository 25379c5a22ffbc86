"""Everything about a case on one page, for the Front and, with less in it, for the unit."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.permissions import Identity, allowed
from webapp.areas import queries as areas
from webapp.core import clock, events
from webapp.core.db import db
from webapp.documents import service as documents
from webapp.inspections.models import FINDINGS, MEASURES, Outcome
from webapp.pages import labels
from webapp.pages.desk import (
    held_by,
    listing,
    nearby,
    presence,
    related,
    replies,
    sketch,
    steps,
    supervision,
    timeline,
    unit_side,
)
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries, privacy, recordings
from webapp.reports.models import Category, CategoryGroup, Photo, Report
from webapp.reports.service import stream
from webapp.units import queries as units
from webapp.units.models import FRONT_KINDS, Unit

LANGUAGES = {"vi": "Tiếng Việt", "en": "English", "km": "ភាសាខ្មែរ"}


def render(report: Report, identity: Identity, base: str, status: int = 200, **form: Any) -> Response:
    """The page. `form`: errors and values by field, `opened` (an action), `kept` files, `seen` (see below).

    With `seen`, the number of the last entry that the sender of a stale form had read, the page says what
    has happened since.
    """
    template = {"/unit": "unit/case.html", "/unit-link": "unit/link_case.html"}.get(base, "desk/case.html")
    shown = context(report, identity, base, form.get("values") or {})
    page = render_template(template, p=shown, **shown, **_form(form))
    return Response(page, status, mimetype="text/html")


def _form(form: dict[str, Any]) -> dict[str, Any]:
    return {"errors": {}, "values": {}, "opened": "", "kept": [], "seen": None} | form


def context(report: Report, identity: Identity, base: str, form_values: dict[str, Any]) -> dict[str, Any]:
    """What the page shows. Nothing about the reporter is gathered for a role that may not see it.

    `form_values`: what was typed, for lists that are made longer by it.
    """
    now = clock.now()
    for_unit = not allowed(identity.role, "message:view")
    entries = events.history(stream(report))
    outcomes = db.session.scalars(select(Outcome).where(Outcome.report_id == report.id).order_by(Outcome.id)).all()
    answers = list(report.answers)
    possible, impossible = steps.split(identity, report)
    supervised = supervision.gather(report)
    unit_codes, user_ids, area_codes = timeline.codes_in(entries)
    names = names_for(
        report,
        unit_codes | supervised.units | {a.unit_code for a in answers} | {o.unit_code for o in outcomes},
        area_codes,
        user_ids | {a.user_id for a in answers if a.user_id},
    )
    photos = list(report.photos)
    units_side = unit_side.context(report, identity, entries, names, form_values)
    can = {a.name for a in possible}
    items = timeline.items(entries, names, for_unit=for_unit)
    beside = related.nothing() if for_unit else related.gather(report, identity)
    here = (report.location.x, report.location.y) if report.location is not None else None
    outline, around = sketch.outline(report.area_code), list(beside.around.values())
    return {
        "base": base,
        "report": report,
        "category": in_language(report.category.name),
        "warning": in_language(report.category.warning),
        "names": names,
        "place": listing.place_words(report, names.areas),
        "province": names.areas.get(report.province_code or ""),
        "here": here,
        "map": sketch.sketch(outline, here, around),
        "nearby": nearby.draw(outline, here, around),
        "language": LANGUAGES.get(report.lang, report.lang),
        "due": listing.due_words(report, now),
        "time": supervision.view(supervised, names, now),
        "public": privacy.is_public(report, now),
        "routing": timeline.routing_words(report.routing, names) if report.routing else "",
        "decision": timeline.decision_steps(report.routing or {}, names),
        "held_by": held_by.words(report, names),
        "rerouted": None if for_unit else timeline.rerouted(entries, names),
        "decided": report.decided,
        "turn": steps.TURN[report.status],
        "timeline": items,
        "entries": timeline.shown(items, request.args.get("entries", "")),
        "last_seq": entries[-1].seq if entries else 0,
        "photos": [p for p in photos if p.purpose == "report"],
        "sent_later": [] if for_unit else [p for p in photos if p.purpose == "message"],
        "recordings": [r for r in recordings.of(report) if not for_unit or r.purpose == "report"],
        "answers": [(a, [p for p in photos if p.answer_id == a.id]) for a in answers],
        "messages": [] if for_unit else list(report.messages),
        "has_contact": not for_unit and desk_queries.has_contact(report),
        "outcomes": outcomes,
        **units_side,
        "beside": beside,
        "documents": documents.of_report(report.id, identity.own(identity.unit_code) if for_unit else None),
        "replies": {} if for_unit else replies.choices(report, identity, names),
        "possible": possible,
        "impossible": impossible,
        "can": can,
        "for_unit": for_unit,
        "present": presence.others(report, identity),
        "labels": labels,
        "photo_state": photo_state,
        **(_unit_choices() if for_unit else _front_choices(report, identity, can, units_side["refusal"])),
    }


def photo_state(photo: Photo) -> str:
    """Why a picture is not shown."""
    if photo.state == "waiting":
        return _("This photo is still being made safe. It appears here in a moment.")
    return _("This photo could not be made safe, so nobody sees it. The original stays sealed as evidence.")


def names_for(
    report: Report, unit_codes: set[str | None], area_codes: set[str | None], user_ids: set[int] | None = None
) -> timeline.Names:
    """Names to show for these codes and for the report's own; one statement each."""
    own = {report.unit_code, report.supervisor_code, report.lead_code}
    own |= {code for looked in (report.routing or {}).get("looked", []) for code in looked[1:]}
    return timeline.Names(
        units.by_codes({code for code in unit_codes | own if code}),
        desk_queries.posts(user_ids or ()),
        desk_queries.area_names(area_codes | {report.area_code, report.province_code}),
        {code: in_language(name) for code, name in db.session.execute(select(Category.code, Category.name))},
    )


def _front_choices(report: Report, identity: Identity, can: set[str], refusal: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "unit_options": unit_options(report, refusal) if {"assign", "take_away"} & can else [],
        "category_options": categories() if "correct" in can else [],
        "commune_options": communes(report, identity) if "correct" in can else [],
    }


def _unit_choices() -> dict[str, Any]:
    return {
        "finding_options": [(code, labels.FINDING[code]) for code in FINDINGS],
        "measure_options": [(code, labels.MEASURE[code]) for code in MEASURES],
        "today": clock.today().isoformat(),
    }


def acting_units(report: Report) -> list[Unit]:
    """Units that can act in the case's commune or province today: no Front, no member organisation."""
    served = [code for code in (report.area_code, report.province_code) if code]
    if not served:
        return []
    query = (
        select(Unit)
        .where(
            Unit.area_code.in_(served) | (Unit.level == "central"),
            Unit.kind.not_in(FRONT_KINDS),
            Unit.kind.not_like("org\\_%", escape="\\"),
            units.valid_on(clock.today()),
            *([Unit.level != "commune"] if report.bypass_commune else []),
        )
        .order_by(Unit.level, Unit.name_vi)
    )
    return list(db.session.scalars(query))


def unit_options(report: Report, refusal: dict[str, Any] | None = None) -> list[Any]:
    """The same as choices of a list, the commune's apart from the province's; first, if it is none of these, the unit
    that was proposed with a refusal."""
    found = acting_units(report)
    here = [(u.code, u.name_vi) for u in found if u.level == "commune"]
    above = [(u.code, u.name_vi) for u in found if u.level != "commune"]
    groups = [(_("Commune"), here), (_("Province"), above)]
    if refusal and refusal["proposed"] and refusal["proposed"] not in {u.code for u in found}:
        groups.insert(0, (_("Proposed"), [(refusal["proposed"], refusal["proposed_name"])]))
    return [(label, members) for label, members in groups if members]


def categories() -> list[Any]:
    groups = db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position)).all()
    found = db.session.scalars(
        select(Category).where(Category.reportable, ~Category.retired).order_by(Category.position)
    ).all()
    return [
        (in_language(g.name), [(c.code, in_language(c.name)) for c in found if c.group_code == g.code])
        for g in groups
        if any(c.group_code == g.code for c in found)
    ]


def communes(report: Report, identity: Identity) -> list[tuple[str, str]]:
    province = report.province_code or identity.province_code
    if province:
        return [(a.code, a.name) for a in areas.communes_of(province)]
    return []


def day_or_none(raw: str) -> date | None:
    """A date as a date field sends it, or as it is written in Vietnam (31/12/2026)."""
    raw = raw.strip()
    parts = raw.split("/")
    if len(parts) == 3 and all(p.isdigit() for p in parts):
        raw = f"{parts[2]:0>4}-{parts[1]:0>2}-{parts[0]:0>2}"
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None
