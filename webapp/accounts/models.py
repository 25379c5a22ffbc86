"""Staff accounts, where they are signed in, and what they sign in with. Residents have none."""

from __future__ import annotations

from datetime import date, datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Json, UtcDateTime

FRONT, UNIT, ADMIN, MEMBER = "front", "unit", "admin", "member"
ROLES = (FRONT, UNIT, ADMIN, MEMBER)


class Role(RoleMixin):
    """A role's name in the form that Flask-Security asks for; roles are code, not rows."""

    def __init__(self, name: str) -> None:
        self.name = name


class User(Base, UserMixin):
    """One member of staff. What they may do follows from the role, where from the unit's area."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password: Mapped[str] = mapped_column(String(200))  # empty until an invitation is accepted
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))  # the post held, shown to colleagues
    role: Mapped[str] = mapped_column(String(10))
    unit_code: Mapped[str | None] = mapped_column(String(40))
    head: Mapped[bool] = mapped_column(Boolean, default=False)  # of the unit: looks after its accounts
    totp_secret: Mapped[str | None] = mapped_column(Text)  # encrypted (`totp.py`)
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)  # of the last code, so that none counts twice
    recovery_codes: Mapped[list[str]] = mapped_column(Json, default=list)  # keyed hashes
    oidc_subject: Mapped[str | None] = mapped_column(String(300), unique=True)  # "issuer subject", once bound
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_on: Mapped[date | None] = mapped_column(Date)  # the last day; more of it is nobody's business

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]
        return [Role(self.role)]

    @property
    def invited(self) -> bool:
        """Whether the invitation has not been accepted yet."""
        return not self.password


class Passkey(Base):
    """A key in somebody's device (WebAuthn), used as the second factor."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Base):
    """One place where somebody is signed in. Where that is on the network is not kept."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)  # the key itself is in the cookie
    machine: Mapped[str] = mapped_column(String(10))  # computer, phone, tablet
    program: Mapped[str] = mapped_column(String(10))  # firefox, chrome, …
    challenge: Mapped[str | None] = mapped_column(String(90))  # asked of a passkey; answered once
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: the second factor is still asked


class Invitation(Base):
    """A link that lets somebody choose a password, once. The link is derived, not kept (`people.link_of`)."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # accepted, or replaced by a newer one
