"""The rows of a queue as HTML. Written here and not in a template: fifty rows through Jinja cost more than all the
rest of the page, because it escapes word by word. Here every word that is not ours goes through `escape` once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from html import escape as _escaped
from typing import Any

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from webapp.core import clock
from webapp.pages import labels
from webapp.pages.desk import names
from webapp.pages.i18n import language
from webapp.pages.web import asset
from webapp.reports import lanes, lifecycle
from webapp.reports.catalogue import catalogue
from webapp.reports.models import Report
from webapp.reports.queue import Row

_PROPOSED = ("received", "screening", "needs_info")  # statuses in which the unit is only proposed


# Why a row stands where it does, with the tone of its badge. What is late or due soon says so in its clock.
LATE, SOON = "late", "soon"
WHY: dict[str, tuple[LazyString, str]] = {
    "new": (_l("New: nobody has taken it on"), "info"),
    "refused": (_l("Given back by the unit"), "attention"),
    "reopened": (_l("Reopened"), "attention"),
    "objected": (_l("The sender says: not solved"), "attention"),
    "answered": (_l("Waits for your check"), "info"),
    "supplemented": (_l("Sender replied"), "attention"),
    "handover": (_l("Asks to hand over"), "attention"),
}


@dataclass
class Words:
    """What rows say, looked up once for a page. All of it is HTML already."""

    base: str
    now: datetime
    pick: bool
    areas: dict[str, str]
    units: dict[str, str]
    way: str = ""
    signs: dict[str, str] = field(default_factory=dict)
    dues: dict[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sprite, self.pictograms = asset("icons/ui.svg"), asset("icons/categories.svg")
        lang = language()
        self.titles = {c.code: escape(c.name.get(lang) or c.name["vi"]) for c in catalogue().categories.values()}
        self.icons = {c.code: escape(c.icon) for c in catalogue().categories.values()}
        self.areas = {code: escape(name) for code, name in self.areas.items()}
        self.units = {code: escape(name) for code, name in self.units.items()}
        self.proposed = escape(_("proposed:"))
        self.photos, self.contact = escape(_("photos")), escape(_("contact left"))
        self.choose, self.unknown = escape(_("Choose case")), escape(_("Place unknown"))
        self.hidden, self.nowhere = escape(_("Not for the commune")), escape(_("No known commune"))
        self.doubt = escape(_("Check the unit: reorganised"))
        self.status: dict[str, str] = {}
        self.why: dict[str, str] = {}
        self.late: dict[int, str] = {}  # by working days
        self.due_on = escape(_("due %(day)s"))

    def sign(self, name: str) -> str:
        """A sign of the interface."""
        if name not in self.signs:
            self.signs[name] = f'<svg class="icon" aria-hidden="true"><use href="{self.sprite}#{name}"></use></svg>'
        return self.signs[name]

    def badge(self, status: str) -> str:
        """The badge of a status."""
        if status not in self.status:
            tone, word = labels.STATUS_TONE[status], escape(labels.STATUS[status])
            self.status[status] = f'<span class="badge is-{tone}">{self.sign("st-" + status)}<span>{word}</span></span>'
        return self.status[status]

    def reason(self, note: str) -> str:
        """Why a row stands where it does, as a badge; empty where its status says it."""
        if note not in self.why:
            word, tone = WHY.get(note, ("", ""))
            self.why[note] = _flag(escape(word), tone) if word else ""
        return self.why[note]


def escape(word: object) -> str:
    """HTML as a plain string: one that knows that it is HTML is slow to put together."""
    return _escaped(str(word))


def _flag(word: str, tone: str = "attention") -> str:
    return f'<span class="badge is-{tone}"><span>{word}</span></span>'


def html(rows: list[Row], base: str, now: datetime, *, pick: bool, reminded: dict[int, int], way: str = "") -> Markup:
    """The list items; `pick` gives each a box to choose it; `reminded`: how often, by the case's own number; `way`:
    what leads back to this list (`back.way`)."""
    areas = names.of_areas({code for r in rows for code in (r.area_code, r.province_code)})
    words = Words(base, now, pick, areas, names.of_units({r.unit_code for r in rows}), escape(way))
    return Markup("\n".join([_row(r, words, reminded.get(r.id, 0)) for r in rows]))  # noqa: S704 - see above: all words are escaped


def _row(r: Row, w: Words, reminded: int) -> str:
    # Numbers and codes of ours: letters and digits only.
    box = (
        f'<label class="pick-case"><input type="checkbox" name="case" value="{r.public_id}:{r.version}" '
        f'aria-label="{w.choose} {r.public_id}"></label>'
        if w.pick
        else ""
    )
    place = w.areas.get(r.area_code or "") or w.areas.get(r.province_code or "") or w.unknown
    sent = clock.local(r.created_at)
    meta = [
        f"<span>{w.sign('pin')}{place}</span>",
        f'<span>{w.sign("calendar")}<time datetime="{sent:%Y-%m-%dT%H:%M%z}">{sent:%d/%m/%Y %H:%M}</time></span>',
    ]
    unit = w.units.get(r.unit_code or "")
    if unit:
        proposed = f"{w.proposed} " if r.status in _PROPOSED else ""
        meta.append(f"<span>{w.sign('building')}{proposed}{unit}</span>")
    if r.has_photos:
        meta.append(f"<span>{w.sign('photo')}{w.photos}</span>")
    if r.has_contact:
        meta.append(f"<span>{w.sign('lock')}{w.contact}</span>")
    badges = _due(r, w)
    if r.note == lanes.REFUSED and r.refusals > 1:
        badges += _flag(escape(ngettext("Given back %(num)d time", "Given back %(num)d times", r.refusals)))
    else:
        badges += w.reason(r.note)
    if reminded:
        badges += _flag(escape(_("Reminded %(number)s times", number=reminded)))
    if r.bypass_commune:
        badges += _flag(w.hidden)
    if r.doubt:
        badges += _flag(w.doubt)
    if not r.area_code:
        badges += _flag(w.nowhere)
    return (
        f'<li class="case" data-row>{box}<span class="case-icon"><svg class="icon" aria-hidden="true">'
        f'<use href="{w.pictograms}#{w.icons[r.category_code]}"></use></svg></span>'
        f'<div class="case-body"><h2 class="case-title"><a href="{w.base}/cases/{r.public_id}{w.way}">'
        f"{w.titles[r.category_code]}</a></h2>"
        f'<p class="meta">{"".join(meta)}<span class="mono">{r.public_id}</span></p></div>'
        f'<div class="badges">{badges}{w.badge(r.status)}</div></li>'
    )


def _due(r: Row, w: Words) -> str:
    if r.due_at is None:
        return ""
    known = (r.status in lifecycle.CLOCK_RUNS, r.rank, (r.due_at - w.now).days, clock.local(r.due_at).date())
    if known not in w.dues:
        w.dues[known] = _due_html(r, w)
    return w.dues[known]


def _due_html(r: Row, w: Words) -> str:
    tone = due_tone(r, w.now)
    if tone is None or r.due_at is None:
        return ""
    if tone == LATE:
        days = labels.overdue_days(r.due_at, w.now)
        text = w.late.get(days) or w.late.setdefault(days, escape(labels.overdue_words(r.due_at, w.now)))
    else:
        text = w.due_on % {"day": labels.day(r.due_at)}
    sign = w.sign("st-overdue" if tone == LATE else "clock")
    return f'<span class="due{tone and " " + tone}">{sign} {text}</span>'


def place_words(report: Report | Row, found: dict[str, str]) -> str:
    """The commune, else the province, else that it is unknown. Never the exact place or what was typed."""
    return (
        found.get(report.area_code or "")
        or found.get(report.province_code or "")
        or report.area_code
        or _("Place unknown")
    )


def due_tone(report: Report | Row, now: datetime) -> str | None:
    """How the clock stands: late, soon (within two days) or calm (""); None where none runs."""
    if report.due_at is None or report.status not in lifecycle.CLOCK_RUNS:
        return None
    return LATE if report.due_at < now else SOON if report.due_at < now + lanes.SOON_IS else ""


def due_words(report: Report | Row, now: datetime) -> dict[str, str] | None:
    """The clock in words with its tone; None where none runs."""
    tone = due_tone(report, now)
    if tone is None or report.due_at is None:
        return None
    if tone == LATE:
        return {"tone": tone, "text": labels.overdue_words(report.due_at, now)}
    return {"tone": tone, "text": _("due %(day)s", day=labels.day(report.due_at))}
