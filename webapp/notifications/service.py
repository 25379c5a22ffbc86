"""Subscribing, confirming, stopping, and finding out whom to tell. Flushes; the edge commits."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from geo.positions import distance_m
from webapp.areas import succession
from webapp.core import clock, outbox
from webapp.core.db import db, rows_changed
from webapp.core.instance import instance
from webapp.notifications import channels, words
from webapp.notifications.models import EMAIL, PUSH, RADII_M, SMS, ZALO, Notice, Subscription
from webapp.notifications.words import Message
from webapp.reports import queries
from webapp.reports.links import SPLIT, CaseLink
from webapp.reports.models import Report
from webapp.reports.privacy import to_the_hour

UNCONFIRMED = timedelta(days=7)
AFTER_END = timedelta(days=90)  # a case that has ended may be reopened
LOOK_BACK = timedelta(days=2)  # a case that was routed late is still found
KEEP_NOTICES = timedelta(days=180)
QUESTIONS_A_DAY = 3  # to one address: nobody's mailbox is filled by strangers
_EMAIL = re.compile(r"[^@\s<>,;:\"\\()]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class Refused(ValueError):
    """A field of the form is wrong; `errors` maps field to code."""

    def __init__(self, **errors: str) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Target:
    """What is followed: one of a report, a commune, or a circle (degrees, metres)."""

    report_id: int | None = None
    area_code: str | None = None
    lon: float | None = None
    lat: float | None = None
    radius_m: int | None = None

    @property
    def name(self) -> str:
        """The same in one word."""
        if self.report_id is not None:
            return f"report:{self.report_id}"
        if self.area_code is not None:
            return f"area:{self.area_code}"
        return f"circle:{self.lon:.4f},{self.lat:.4f},{self.radius_m}"


def subscribe(target: Target, channel: str, address: str, lang: str) -> Subscription | None:
    """Remember that somebody wants to be told, and ask the address unless it is a browser that said so itself.

    None if nothing was changed: the address follows this already, or was asked too often; the page says the same
    in every case, so that nobody learns who follows what. Raises Refused.
    """
    settings = instance().settings
    if channel not in channels.offered(settings):
        raise Refused(channel="channel_unknown")
    address = _checked(channel, address)
    if target.radius_m is not None and target.radius_m not in RADII_M:
        raise Refused(radius="radius_unknown")
    moment = clock.now()
    key = _address_key(channel, address)
    known = db.session.scalars(
        select(Subscription).where(Subscription.address_key == key, Subscription.target == target.name)
    ).first()
    if known is not None and (known.confirmed_at is not None or known.created_at > moment - timedelta(hours=1)):
        return None
    if channel != PUSH:
        asked = db.session.scalar(
            select(func.count())
            .select_from(Subscription)
            .where(
                Subscription.address_key == key,
                Subscription.confirmed_at.is_(None),
                Subscription.created_at > moment - timedelta(days=1),
            )
        )
        if (asked or 0) >= QUESTIONS_A_DAY:
            return None
    if known is not None:
        db.session.delete(known)
        db.session.flush()
    token = secrets.token_urlsafe(24)
    made = Subscription(
        report_id=target.report_id,
        area_code=target.area_code,
        lon=round(target.lon, 4) if target.lon is not None else None,  # 11 m: enough for a circle of 1 km
        lat=round(target.lat, 4) if target.lat is not None else None,
        radius_m=target.radius_m,
        target=target.name,
        channel=channel,
        sealed=instance().identity.close(orjson.dumps({"address": address, "token": token})),
        address_key=key,
        token_hash=_token_hash(token),
        lang=lang,
        created_at=moment,
        confirmed_at=moment if channel == PUSH else None,
    )
    db.session.add(made)
    db.session.flush()
    if channel != PUSH:
        outbox.enqueue("notices.confirm", subscription_id=made.id)
    return made


def _checked(channel: str, address: str) -> str:
    address = address.strip()
    if channel == EMAIL:
        if len(address) > 200 or not _EMAIL.fullmatch(address):
            raise Refused(address="email_bad")
        local, _, host = address.rpartition("@")
        return f"{local}@{host.lower()}"
    if channel in {SMS, ZALO}:
        digits = re.sub(r"[\s.\-()]", "", address)
        if not re.fullmatch(r"\+?[0-9]{8,15}", digits):
            raise Refused(address="phone_bad")
        return digits
    if not channels.push_allowed(instance().settings, address):
        raise Refused(address="push_bad")
    return address


def _address_key(channel: str, address: str) -> str:
    key = instance().settings.code_key.encode()
    return hmac.digest(key, f"address:{channel}:{address.casefold()}".encode(), "sha256").hex()


def _token_hash(token: str) -> str:
    return hashlib.sha256(b"notices:" + token.encode("utf-8", "replace")).hexdigest()


def by_token(token: str) -> Subscription | None:
    """The subscription that a link in a notice belongs to."""
    return db.session.scalars(select(Subscription).where(Subscription.token_hash == _token_hash(token))).first()


def confirm(subscription: Subscription) -> None:
    """The address is its owner's. Confirming twice changes nothing."""
    if subscription.confirmed_at is None:
        subscription.confirmed_at = clock.now()


def stop(subscription: Subscription) -> None:
    """Forget the address, and all that was sent to it."""
    db.session.execute(delete(Notice).where(Notice.subscription_id == subscription.id))
    db.session.delete(subscription)
    db.session.flush()


# -- for the notifier ------------------------------------------------------------------------------------------


def plan_for_report(report_id: int, event_id: int) -> None:
    """One notice for each that follows the report, a duplicate of it, or the report that it is a part of. May run
    twice."""
    followed = or_(
        Subscription.report_id == report_id,
        Subscription.report_id.in_(select(Report.id).where(Report.duplicate_of_id == report_id)),
        Subscription.report_id.in_(select(CaseLink.to_id).where(CaseLink.from_id == report_id, CaseLink.kind == SPLIT)),
    )
    followers = select(Subscription.id).where(followed, Subscription.confirmed_at.is_not(None))
    about = f"event:{event_id}"
    for subscription_id in db.session.scalars(followers.where(~_told(about))):
        _plan(subscription_id, about)


def plan_for_areas() -> None:
    """One notice for each that follows a place where cases became public, however many. May run twice.

    Cases count from the hour that the public reads of them: a message at the minute would tell when somebody
    stood there with a phone.
    """
    now = to_the_hour(clock.now())
    fresh = db.session.execute(
        select(Report.id, Report.area_code, Report.public_lon, Report.public_lat, Report.publish_at).where(
            queries.countable(now), Report.publish_at > now - LOOK_BACK
        )
    ).all()
    if not fresh:
        return
    # Who followed a commune that has become part of another goes on being told.
    former = succession.former_of(succession.AREA, {row.area_code for row in fresh if row.area_code})
    areas = {code for codes in former.values() for code in codes}
    followers = db.session.scalars(
        select(Subscription).where(
            Subscription.confirmed_at.is_not(None),
            or_(Subscription.area_code.in_(areas), Subscription.radius_m.is_not(None)),
        )
    ).all()
    for follower in followers:
        told = set(db.session.scalars(select(Notice.about).where(Notice.subscription_id == follower.id)))
        new = [
            f"case:{row.id}"
            for row in fresh
            if row.publish_at > (follower.confirmed_at or now)
            and f"case:{row.id}" not in told
            and _covers(follower, former.get(row.area_code or "", frozenset()), row.public_lon, row.public_lat)
        ]
        for number, about in enumerate(new):
            _plan(follower.id, about, silent=number > 0)


def _covers(follower: Subscription, areas: frozenset[str], lon: float | None, lat: float | None) -> bool:
    if follower.area_code is not None:
        return follower.area_code in areas
    if lon is None or lat is None or follower.lon is None or follower.lat is None:
        return False
    return distance_m(follower.lon, follower.lat, lon, lat) <= (follower.radius_m or 0)


def _told(about: str) -> ColumnElement[bool]:
    return exists().where(Notice.subscription_id == Subscription.id, Notice.about == about)


def _plan(subscription_id: int, about: str, *, silent: bool = False) -> None:
    moment = clock.now()
    notice = Notice(subscription_id=subscription_id, about=about, created_at=moment, sent_at=moment if silent else None)
    db.session.add(notice)
    db.session.flush()
    if not silent:
        outbox.enqueue("notices.send", notice_id=notice.id)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and where it goes: opened for the moment of sending, kept nowhere."""

    subscription_id: int
    channel: str
    address: str
    message: Message


def followers(reports: list[int]) -> dict[int, int]:
    """How many addresses follow each of these cases themselves; in one statement."""
    query = select(Subscription.report_id, func.count()).where(
        Subscription.report_id.in_(reports), Subscription.confirmed_at.is_not(None)
    )
    return {number: count for number, count in db.session.execute(query.group_by(Subscription.report_id)) if number}


def question(subscription_id: int) -> Letter | None:
    """The question whether an address wants notices; None if it has been answered or is gone."""
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is None or subscription.confirmed_at is not None:
        return None
    return _letter(subscription, words.please_confirm, f"q{subscription.id}")


def letter_of(notice_id: int) -> Letter | None:
    """The notice's message; None if it was sent, or nobody wants it any more."""
    notice = db.session.get(Notice, notice_id)
    subscription = db.session.get(Subscription, notice.subscription_id) if notice is not None else None
    if notice is None or subscription is None or notice.sent_at is not None or subscription.confirmed_at is None:
        return None
    write = words.news_of_report if subscription.report_id is not None else words.news_of_area
    return _letter(subscription, write, f"n{notice.id}")


def _letter(subscription: Subscription, write: Callable[[str, str, str, str], Message], key: str) -> Letter:
    inside = orjson.loads(instance().identity.open(subscription.sealed))
    base = instance().settings.public_url
    message = write(base, inside["token"], subscription.lang, message_key(key))
    return Letter(subscription.id, subscription.channel, inside["address"], message)


def message_key(key: str) -> str:
    """What names a message at each try; a number of ours would say how many there are."""
    secret = instance().settings.code_key.encode()
    return hmac.digest(secret, b"message:" + key.encode(), "sha256").hex()[:24]


def mark_sent(notice_id: int) -> None:
    """The notice has left the house."""
    notice = db.session.get(Notice, notice_id)
    if notice is not None:
        notice.sent_at = clock.now()


def forget(subscription_id: int) -> None:
    """The address exists no more."""
    subscription = db.session.get(Subscription, subscription_id)
    if subscription is not None:
        stop(subscription)


def prune() -> int:
    """Delete what was never confirmed, what follows a case that ended long ago, and old notices."""
    moment = clock.now()
    # Who follows a duplicate follows its original, which may go on for long.
    original = aliased(Report)
    ended = (
        select(Report.id)
        .outerjoin(original, original.id == Report.duplicate_of_id)
        .where(
            Report.closed_at < moment - AFTER_END, or_(original.id.is_(None), original.closed_at < moment - AFTER_END)
        )
    )
    old = or_(
        (Subscription.confirmed_at.is_(None)) & (Subscription.created_at < moment - UNCONFIRMED),
        Subscription.report_id.in_(ended),
    )
    rows_changed(delete(Notice).where(Notice.subscription_id.in_(select(Subscription.id).where(old))))
    gone = rows_changed(delete(Subscription).where(old))
    rows_changed(delete(Notice).where(Notice.created_at < moment - KEEP_NOTICES))
    return gone
