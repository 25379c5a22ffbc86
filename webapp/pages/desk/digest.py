"""The digest of a week: what the letter of Monday says, with what its cases are about."""

from __future__ import annotations

from flask import Response, render_template, request
from flask_babel import gettext as _

from webapp.accounts.permissions import CENTRAL_FRONT, Identity
from webapp.areas import queries as areas
from webapp.core import clock
from webapp.pages.access import require
from webapp.pages.desk import scores as cards
from webapp.pages.desk.views import bp
from webapp.supervision import digest, scope, scores
from webapp.supervision.digest import Week
from webapp.supervision.words import DERIVED, MEASURES


@bp.get("/digest")
def week() -> Response:
    """How a week was in one's area."""
    return page(require("score:view"), "/desk")


def page(identity: Identity, base: str) -> Response:
    """The digest of the week in the address, else of the last one, for the Front or for a unit."""
    asked, province, error = _read(identity)
    told = digest.compose(identity, province, asked)
    period = cards.Asked(asked.period, province if identity.role == CENTRAL_FRONT else "", scope.UNIT, {})
    order = sorted(told.scores, key=lambda code: (-told.scores[code].numbers["overdue"], told.names[code]))
    waiting = {
        name: cards.waiting_rows(rows, identity, base, told.names)
        for name, rows in (
            ("overdue", told.overdue),
            ("own_overdue", told.own_overdue),
            ("due", told.due),
            ("oldest", told.oldest),
        )
    }
    this = Week.of(clock.today())
    return Response(
        render_template(
            "desk/digest.html",
            base=base,
            week=asked,
            error=error,
            province=province,
            provinces=areas.provinces() if identity.role == CENTRAL_FRONT else [],
            before=_address(base, asked.moved(-1), period),
            after=_address(base, asked.moved(1), period) if asked.period.first < this.period.first else None,
            measures=[(name, *MEASURES[name]) for name in scores.MEASURES],
            derived=DERIVED,
            rows=[cards.figures_row(code, told.names[code], told.scores[code], base, period) for code in order],
            total=cards.total(told.scores, base, period) if len(order) > 1 else None,
            more=max(0, told.total.numbers["overdue"] - len(told.overdue)),
            **waiting,
        ),
        422 if error else 200,
    )


def _read(identity: Identity) -> tuple[Week, str, str]:
    """The week and the province that are asked for, and what was wrong with the week."""
    last = Week.of(clock.today()).moved(-1)
    province = cards.read(identity, request.args).province
    raw = request.args.get("week", "").strip()
    if not raw:
        return last, province, ""
    try:
        found = Week.parse(raw)
    except ValueError:
        return last, province, _("Enter a week, for example %(week)s.", week=last)
    if found.period.first > clock.today():
        return last, province, _("This week has not begun.")
    return found, province, ""


def _address(base: str, asked: Week, period: cards.Asked) -> str:
    province = f"&province={period.province}" if period.province else ""
    return f"{base}/digest?week={asked}{province}"
