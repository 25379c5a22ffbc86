"""What comes after sending: notices, "is it solved?", and the page behind the link in each notice."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from webapp.areas import places
from webapp.core import clock, text
from webapp.core.instance import instance
from webapp.media.intake import Kept, keep_all
from webapp.notifications import channels
from webapp.notifications import service as notifications
from webapp.notifications.models import PUSH, Subscription
from webapp.notifications.service import Target
from webapp.pages import messages
from webapp.pages.i18n import language
from webapp.pages.public.views import case_rows
from webapp.pages.resident.form import stored
from webapp.pages.resident.track import _private, _report, _whole
from webapp.pages.salvage import typed_text
from webapp.pages.web import csrf
from webapp.reports import feedback, intake, lifecycle, queries
from webapp.reports.models import Report
from webapp.reports.queries import Filters

bp = Blueprint("aftercare", __name__)


@dataclass(frozen=True, slots=True)
class After:
    """What the page under a code needs for `resident/_after.html`."""

    asked: bool  # whether it is solved
    said: str  # what the reporter said last
    objected: bool  # and the Front has not looked yet
    channels: tuple[str, ...]
    push_key: str
    open: bool


@bp.app_template_global("aftercare")
def after(report: Report) -> After:
    """What may still be said of this report, and how its sender can be told of news."""
    settings = instance().settings
    last = feedback.last(report)
    return After(
        asked=feedback.is_asked(report, clock.now()),
        said=last.verdict if last else "",
        objected=bool(last and last.verdict == feedback.NO and last.settled_at is None),
        channels=channels.offered(settings),
        push_key=settings.vapid_public_key,
        open=report.status in lifecycle.OPEN or report.status == lifecycle.CLOSED,
    )


@bp.app_template_filter("channel_choice")
def channel_choice(channel: str) -> tuple[str, str]:
    """A channel as the choice of a form."""
    return channel, {"email": _("E-mail"), "sms": _("SMS"), "zalo": "Zalo"}.get(channel, channel)


# -- notices -----------------------------------------------------------------------------------------------------


@bp.post("/r/<code>/notices")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def subscribe(code: str) -> Response:
    """The reporter wants to be told of news under this code, of all parts of the report."""
    report = _whole(code)
    return answer_subscription(Target(report_id=report.id), f"/r/{code}?told=1#notices", f"/r/{code}#notices")


def answer_subscription(target: Target, done: str, back: str) -> Response:
    """Read the channel and address of a posted form. A script gets a bare status, a person a page."""
    channel = request.form.get("channel", "")[:8]
    address = text.clean(request.form.get("endpoint" if channel == PUSH else "address"))[:1000]
    errors = expired()
    try:
        if not errors:
            notifications.subscribe(target, channel, address, language())
    except notifications.Refused as refused:
        errors = {field: message_of(code) for field, code in refused.errors.items()}
    if errors and channel == PUSH:
        return _private("", 422)
    if errors:
        page = render_template(
            "resident/notices_again.html",
            errors=errors,
            values=request.form,
            action=request.path,
            back=back,
            offered=channels.offered(instance().settings),
        )
        return _private(page, 422)
    return _private("", 204) if channel == PUSH else redirect(done, 303)


def expired() -> dict[str, str]:
    """The message at the top of a posted form whose page was open too long; empty if its token holds."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return {"_form": messages.say("expired")}
    return {}


def message_of(code: str) -> str:
    """The words of a refusal."""
    if code in messages.ERRORS:
        return messages.say(code)
    return {
        "channel_unknown": _("This way of telling you is not set up here."),
        "radius_unknown": _("Choose 1, 2 or 5 km."),
    }.get(code, _("This cannot be used."))


@bp.get("/notices/<token>")
def notices(token: str) -> Response:
    """The page behind the link in a notice: confirm, read, stop. Changes nothing by itself: mail programs open
    links before people do."""
    return _private(_notices_page(_subscription(token), token))


@bp.post("/notices/<token>")
@csrf.exempt  # the address itself is the right; mail programs post here without a page (RFC 8058)
def act(token: str) -> Response:
    """Confirm, or stop at once."""
    subscription = _subscription(token)
    if request.form.get("do") == "confirm":
        notifications.confirm(subscription)
        return redirect(f"/notices/{token}?confirmed=1", 303)
    notifications.stop(subscription)
    return _private(render_template("resident/notices.html", state="stopped", token=token, rows=[], place=""))


def _subscription(token: str) -> Subscription:
    found = notifications.by_token(token) if len(token) <= 64 else None
    if found is None:
        abort(404)
    return found


def _notices_page(subscription: Subscription, token: str) -> str:
    rows: list[dict[str, object]] = []
    place = ""
    if subscription.confirmed_at is not None and subscription.area_code:
        now = clock.now()
        commune = places.current(subscription.area_code)
        place = commune.name if commune else ""
        rows = case_rows(queries.public_list(Filters(commune=subscription.area_code), now, limit=10).rows, now)
    state = "asked" if subscription.confirmed_at is None else "report" if subscription.report_id else "area"
    around = ""
    if subscription.lon is not None and state == "area":
        zoom = {1000: 15, 2000: 14}.get(subscription.radius_m or 0, 13)
        around = f"/map#{zoom}/{subscription.lat}/{subscription.lon}"
    return render_template("resident/notices.html", state=state, token=token, rows=rows, place=place, around=around)


# -- is it solved? -------------------------------------------------------------------------------------------------


@bp.post("/r/<code>/feedback")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def say(code: str) -> Response:
    """The reporter's word on the answer."""
    report = _report(code)
    values, kept, errors = _read(report)
    if not errors:
        rating = int(values["rating"]) if values["rating"] else None
        try:
            feedback.say(report, values["verdict"], rating, values["comment"], stored(kept))
        except feedback.NotAsked:
            errors["_form"] = _("The case has moved on; this cannot be said of it now. Load its page again.")
    if errors:
        page = render_template("resident/feedback.html", code=code, values=values, kept=kept, errors=errors, asked=True)
        return _private(page, 422)
    return redirect(f"/r/{code}?said=1#solved", 303)


def _read(report: Report) -> tuple[dict[str, str], list[Kept], dict[str, str]]:
    errors: dict[str, str] = {}
    try:
        words = text.clean(request.form.get("comment"), multiline=True)
        removed = set(request.form.getlist("photos_remove"))
        tokens = [t for t in request.form.getlist("photos_kept") if t not in removed]
        files = request.files.getlist("photos")
        verdict, rating = request.form.get("verdict", ""), request.form.get("rating", "")
    except RequestEntityTooLarge:
        typed = typed_text(request)
        values = {name: typed.get(name, "") for name in ("verdict", "rating", "comment")}
        return values, [], {"photos": messages.say("body_large")}
    settings = instance().settings
    kept, refused = keep_all(files, tokens, report.client_key, settings.max_photos)
    if refused:
        errors["photos"] = " ".join(
            messages.say_photo(why, name, max_bytes=settings.max_photo_bytes, max_photos=settings.max_photos)
            for name, why in refused
        )
    if verdict not in feedback.VERDICTS:
        errors["verdict"] = _("Choose one of the three.")
    if rating not in {"", "1", "2", "3", "4", "5"}:
        errors["rating"] = _("Choose 1 to 5.")
    if len(words) > intake.MAX_DESCRIPTION:
        errors["comment"] = messages.say("text_long")
    errors |= expired()
    return {"verdict": verdict, "rating": rating, "comment": words}, kept, errors
