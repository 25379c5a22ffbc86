"""Who wants to be told of what. Where to is sealed; only the notifier can open it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, UtcDateTime
from webapp.core.events import BigId

EMAIL, PUSH, SMS, ZALO = "email", "push", "sms", "zalo"
CHANNELS = (EMAIL, PUSH, SMS, ZALO)
RADII_M = (1000, 2000, 5000)


class Subscription(Base):
    """One address for one report, one commune, or a circle around a point (WGS84 degrees, metres)."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("address_key", "target", name="uq_subscriptions_address_target"),
        CheckConstraint(
            "(report_id IS NOT NULL AND area_code IS NULL AND lon IS NULL AND lat IS NULL AND radius_m IS NULL)"
            " OR (report_id IS NULL AND area_code IS NOT NULL AND lon IS NULL AND lat IS NULL AND radius_m IS NULL)"
            " OR (report_id IS NULL AND area_code IS NULL AND lon IS NOT NULL AND lat IS NOT NULL"
            " AND radius_m IS NOT NULL)",
            name="ck_subscriptions_one_target",
        ),
        Index("ix_subscriptions_area", "area_code"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    area_code: Mapped[str | None] = mapped_column(String(8))
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    radius_m: Mapped[int | None] = mapped_column(Integer)
    target: Mapped[str] = mapped_column(String(64))  # the same in one word, so that nobody follows one thing twice
    channel: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # {"address", "token"}, to the identity key
    address_key: Mapped[str] = mapped_column(String(64))  # keyed hash, to know an address again
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # of the links in each notice
    lang: Mapped[str] = mapped_column(String(5))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing is sent but the question


class Notice(Base):
    """That a subscriber was, or is to be, told of one thing. What was said is the same for all and not kept."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("subscription_id", "about", name="uq_notices_subscription_about"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"))
    about: Mapped[str] = mapped_column(String(40))  # event:<id> of the record, or case:<id> in a followed area
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
