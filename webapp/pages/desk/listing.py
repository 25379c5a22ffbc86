"""A queue page, the Front's and the unit's: what is asked for, and each row in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from webapp.accounts.permissions import PROVINCE_FRONT, Identity
from webapp.areas import succession
from webapp.core import clock, text
from webapp.pages.desk import back, bulk_actions, names, rows
from webapp.pages.desk.rows import due_words, place_words
from webapp.pages.i18n import language
from webapp.reports import queue, saved, search
from webapp.reports.catalogue import catalogue
from webapp.reports.queue import Filters
from webapp.supervision import reminders

__all__ = ["due_words", "place_words"]  # words that the page of a case says too

TAB_LABELS: dict[str, LazyString] = {
    "now": _l("Needs me now"),
    "triage": _l("To triage"),
    "waiting": _l("Waiting for the sender"),
    "units": _l("With units"),
    "overdue": _l("Overdue"),
    "answered": _l("Answered, to check"),
    "verified": _l("Checked, to close"),
    "ended": _l("Ended"),
    "all": _l("All"),
    "mine": _l("Mine"),
    "accept": _l("To accept"),
    "verifying": _l("Being verified"),
    "in_progress": _l("Being handled"),
    "rework": _l("Rework"),
}
UNIT_TAB_LABELS = TAB_LABELS | {"answered": _l("Answered")}


def context(request: Request, identity: Identity, base: str) -> dict[str, Any]:
    """All that a queue page shows. `base` is the desk's address: /desk or /unit."""
    now = clock.now()
    asked = asked_for(request.args, identity)
    tab, size = asked["tab"], int(asked["n"] or queue.PAGE)
    filters = Filters(asked["group"], asked["commune"], search.words(asked["q"]))
    totals = queue.counts(identity, now)
    page = queue.page(identity, tab, filters, now, request.args.get("after", "")[:80], size=size)
    narrowed = {name: asked[name] for name in ("q", "group", "commune", "n") if asked[name]}
    tab_words = UNIT_TAB_LABELS if base == "/unit" else TAB_LABELS
    bulk = bulk_actions.choices(identity, base)
    reminded = reminders.counts([r.id for r in page.rows if r.rank == queue.OVERDUE])
    lang = language()
    here = {"tab": tab, **narrowed} | ({"after": request.args["after"][:80]} if request.args.get("after") else {})
    way = back.way("?" + urlencode(here) if here != {"tab": "now"} else "")
    return {
        "base": base,
        "tab": tab,
        "tab_label": tab_words[tab],
        "tabs": [
            (address(base, {"tab": t, **narrowed}), tab_words[t], t == tab, tally(totals[t]))
            for t in queue.tabs_of(identity)
        ],
        "rows": rows.html(page.rows, base, now, pick=bool(bulk), reminded=reminded, way=way) if page.rows else None,
        "size": size,
        "more": address(base, {"tab": tab, **narrowed, "after": page.after}) if page.after else None,
        "first": address(base, {"tab": tab, **narrowed}) if request.args.get("after") else None,
        "sizes": [(n, n == size, address(base, {"tab": tab, **narrowed, "n": str(n)})) for n in queue.SIZES],
        "plain": address(base, {"tab": tab}),
        "here": address(base, {"tab": tab, **narrowed}),
        "values": asked,
        "filtered": any(asked[name] for name in ("q", "group", "commune")),
        "groups": [(g.code, g.name.get(lang) or g.name["vi"]) for g in catalogue().groups.values()],
        "communes": _communes(identity, asked["commune"]),
        "saved": [(n, name, address(base, query)) for n, name, query in saved.of(identity.user_id or 0)],
        "total": tally(totals[tab]),
        "bulk": bulk,
    }


def asked_for(args: Any, identity: Identity) -> dict[str, str]:
    """What an address asks of the list; anything that makes no sense is left out."""
    tab, size = args.get("tab", "now"), args.get("n", "")
    return {
        "tab": tab if tab in queue.tabs_of(identity) else "now",
        "q": text.clean(args.get("q"))[:80],
        "group": args.get("group", "")[:40],
        "commune": args.get("commune", "")[:8],
        "n": size if size in {str(n) for n in queue.SIZES if n != queue.SIZES[0]} else "",
    }


def tally(number: int) -> str:
    """A count as it is shown: beyond what is counted, "999+"."""
    return f"{queue.MOST}+" if number > queue.MOST else str(number)


def _communes(identity: Identity, chosen: str) -> Markup | None:
    """What a province's desk can be narrowed to, as the options of a list; None for other desks."""
    if identity.role != PROVINCE_FRONT or not identity.province_code:
        return None
    options = names.commune_options(identity.province_code)
    if chosen.isdecimal() and f'value="{chosen}"' not in options:
        chosen = succession.current_of(succession.AREA, chosen) or ""  # of a filter saved before a reorganisation
    if chosen.isdecimal():
        options = options.replace(f'value="{chosen}"', f'value="{chosen}" selected')
    return Markup(options)  # noqa: S704 - escaped where they are made


def address(base: str, query: dict[str, str]) -> str:
    return f"{base}?{urlencode(query)}"
