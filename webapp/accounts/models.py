"""Staff accounts. Residents have none."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, UtcDateTime

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
    password: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))  # the post held, shown to colleagues
    role: Mapped[str] = mapped_column(String(10))
    unit_code: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]
        return [Role(self.role)]
