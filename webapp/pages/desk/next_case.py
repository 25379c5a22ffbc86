"""From one case to the next that needs me, without the way over the list."""

from __future__ import annotations

from flask import Response, flash, redirect, request
from flask_babel import gettext as _

from webapp.accounts.permissions import Identity
from webapp.core import clock
from webapp.pages.access import require
from webapp.pages.desk.views import bp
from webapp.reports import queue
from webapp.reports.queue import Filters


@bp.get("/next")
def next_case() -> Response:
    """The case that follows `after` in what needs me now; the most urgent one where that is no longer in it."""
    return follow(require("report:list"), "/desk")


def follow(identity: Identity, base: str) -> Response:
    """Go to it, or to the list when nothing is left."""
    rows = queue.page(identity, "now", Filters(), clock.now(), "", size=max(queue.SIZES)).rows
    numbers = [row.public_id for row in rows]
    left = request.args.get("after", "")
    at = numbers.index(left) + 1 if left in numbers else 0
    further = [number for number in numbers[at:] + numbers[:at] if number != left]
    if not further:
        flash(_("No other case needs you now."), "info")
        return redirect(base, 303)  # type: ignore[return-value]
    return redirect(f"{base}/cases/{further[0]}", 303)  # type: ignore[return-value]
