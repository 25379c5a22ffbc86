"""From one case to the next that needs me, without the way over the list."""

from __future__ import annotations

from flask import Response, flash, redirect, request
from flask_babel import gettext as _

from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.pages.access import require
from webapp.pages.desk import back, listing
from webapp.pages.desk.views import bp
from webapp.reports import queue, search
from webapp.reports.queue import Filters


@bp.get("/next")
def next_case() -> Response:
    """The case that follows `after` in the list it was opened from, by default in what needs me now; the first one
    where it is no longer in it."""
    return follow(require("report:list"), "/desk")


def follow(identity: Identity, base: str) -> Response:
    """Go to it, in the list from which the last one was opened; to the list when nothing is left."""
    asked, place = listing.asked_for(back.queue_query() or {}, identity), (back.queue_query() or {}).get("after", "")
    filters = Filters(asked["group"], asked["commune"], search.words(asked["q"]))
    found = queue.page(identity, asked["tab"], filters, clock.now(), place[:80], size=max(queue.SIZES))
    numbers = [row.public_id for row in found.rows]
    left = request.args.get("after", "")
    at = numbers.index(left) + 1 if left in numbers else 0
    further = [number for number in numbers[at:] + numbers[:at] if number != left]
    if not further:
        flash(_("No other case needs you now."), "info")
        return redirect(back.href(base), 303)  # type: ignore[return-value]
    return redirect(f"{base}/cases/{further[0]}{back.way()}", 303)  # type: ignore[return-value]
