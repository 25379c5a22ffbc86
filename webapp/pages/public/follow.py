"""Following an area, and "I see it too"."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from geo.positions import PositionError, parse_position
from webapp.areas import places
from webapp.areas import queries as areas
from webapp.core import clock, text
from webapp.core.instance import instance
from webapp.notifications import channels
from webapp.notifications import service as notifications
from webapp.notifications.models import PUSH, RADII_M
from webapp.notifications.service import Target
from webapp.pages import messages
from webapp.pages.i18n import language
from webapp.pages.resident import communes
from webapp.pages.resident.aftercare import expired, message_of
from webapp.pages.web import csrf
from webapp.reports import feedback, public_case
from webapp.reports.privacy import three_words

bp = Blueprint("follow", __name__)
DEVICE = "dgs_device"
_DEVICE = re.compile(r"[A-Za-z0-9_-]{22,43}")


@bp.get("/follow")
def ask() -> str:
    """Which area, and how to be told. ?commune= is the link from a case."""
    commune = places.current(request.args.get("commune", "")[:8])
    values: dict[str, str] = {}
    if commune is not None:
        values = {"province": commune.parent_code or "", "commune_name": commune.name, "commune": commune.code}
    return _page(values, {}, [communes.choice_of(commune)] if commune else [])


@bp.post("/follow")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def subscribe() -> Response | tuple[str, int]:
    """Follow a commune, or a circle around a point."""
    values = {name: text.clean(value)[:1000] for name, value in request.form.items()}
    errors = expired()
    target, choices = _target(values, errors)
    channel = values.get("channel", "")
    if target is not None and not errors:
        address = values.get("endpoint" if channel == PUSH else "address", "")
        try:
            notifications.subscribe(target, channel, address, language())
        except notifications.Refused as refused:
            errors |= {field: message_of(code) for field, code in refused.errors.items()}
    if errors:
        return _page(values, errors, choices), 422
    return Response(status=204) if channel == PUSH else redirect("/follow?told=1", 303)


def _target(values: dict[str, str], errors: dict[str, str]) -> tuple[Target | None, list[communes.Choice]]:
    """The commune that was chosen or named, or the circle; with the communes that a name may mean."""
    if values.get("lat") or values.get("lon"):
        try:
            lon, lat = parse_position(values.get("lat", ""), values.get("lon", ""))
        except PositionError as error:
            errors["lat"] = messages.say(f"position_{error.code}")
            return None, []
        radius = values.get("radius", "")
        if radius not in {str(r) for r in RADII_M}:
            errors["radius"] = message_of("radius_unknown")
            return None, []
        return Target(lon=lon, lat=lat, radius_m=int(radius)), []
    typed, province = values.get("commune_name", ""), values.get("province", "")
    chosen = places.current(values.get("commune", "")[:8]) if values.get("commune") else None
    if chosen is not None:
        return Target(area_code=chosen.code), [communes.choice_of(chosen)]
    if not typed:
        errors["commune_name"] = _("Say which commune, or give a point.")
        return None, []
    found = communes.offers(typed, province)
    if not province:
        errors["province"] = messages.say("province_missing")
        return None, found
    if len(found) == 1:
        return Target(area_code=found[0].code), found
    errors["commune_name"] = messages.say("commune_several" if found else "commune_unknown")
    return None, found


def _page(values: dict[str, str], errors: dict[str, str], choices: list[communes.Choice]) -> str:
    settings = instance().settings
    return render_template(
        "public/follow.html",
        values=values,
        errors=errors,
        choices=choices,
        provinces=[(area.code, area.name) for area in areas.provinces()],
        radii=[(r, f"{r // 1000} km") for r in RADII_M],
        offered=channels.offered(settings),
        push_key=settings.vapid_public_key,
        told=bool(request.args.get("told")),
    )


# -- on the page of a case ---------------------------------------------------------------------------------------


def beside(found: public_case.Case) -> dict[str, Any]:
    """What `public/_beside.html` shows of a case: the three words on the answer, and who sees it too."""
    words = three_words(found.steps)
    return {
        "words": words,
        "witnesses": found.witnesses,
        "can_witness": found.case.status not in {"closed", "duplicate", "out_of_scope"},
        "commune": found.case.area_code,
    }


@bp.post("/cases/<public_id>/me-too")
@csrf.exempt  # a token would need a session, and so a cookie for everybody who only reads
def me_too(public_id: str) -> Response:
    """Count this device once. Its cookie is a random number, kept here only as a keyed hash with the case, so that
    two cases do not tell that they have a witness in common.

    Without a token another site could make its visitors' browsers post this. Browsers say so (Sec-Fetch-Site), and
    then it does not count; one too old to say so can at worst add to a number that is a hint and decides nothing.
    """
    found = public_case.by_id(public_id, clock.now())
    if found is None:
        abort(404)
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403)
    device = request.cookies.get(DEVICE, "")
    if not _DEVICE.fullmatch(device):
        device = secrets.token_urlsafe(16)
    feedback.witness(found.key, public_id, device)
    response = redirect(f"/cases/{public_id}?seen=1#me-too", 303)
    response.set_cookie(DEVICE, device, max_age=31_536_000, samesite="Strict", httponly=True, secure=request.is_secure)
    response.headers["Cache-Control"] = "no-store"
    return response
