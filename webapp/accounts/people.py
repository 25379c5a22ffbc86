"""Accounts of staff over time: invited, accepted, switched off and on, helped after a loss. Nothing is deleted.

Every change goes into the audit trail under `user:<id>`; e-mail addresses stay out of it, for it is kept for ever.
Flushes; the edge commits.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update

from webapp.accounts import audit, second_factor, sessions
from webapp.accounts.models import Invitation, User
from webapp.accounts.signin import add_user, hashed
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance

VALID = timedelta(days=7)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
COMMON = ("password", "matkhau", "123456789012", "111111111111", "qwertyuiop", "dangiamsat")


class Taken(ValueError):
    """There is an account with this e-mail address already."""


class NotNow(ValueError):
    """The account is not in the state for this."""


class WorkLeft(ValueError):
    """Work stands open under the name, and nobody was named who takes it over."""


class Unfit(ValueError):
    """The named person is no colleague who can take the work over."""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Something open that stands under somebody's name. `kind`: case, or sheet (an inspection not signed off)."""

    kind: str
    case: str
    category: dict[str, str]
    href: str


@dataclass(frozen=True, slots=True)
class Work:
    """Work that one part of the house gives to persons.

    `listed`: (user id, at most so many) -> what is open; `count`: user id -> how much that is;
    `hand_over`: (user id, the colleague's id or None for the unit, who does it) -> how much was handed over.
    """

    listed: Callable[[int, int], list[OpenWork]]
    count: Callable[[int], int]
    hand_over: Callable[[int, int | None, Actor], int]


WORK: list[Work] = []  # filled once, when the app is made


def add_work(work: Work) -> None:
    """Have what a part gives to persons be handed over when they leave."""
    if work not in WORK:
        WORK.append(work)


def open_work(user: User, most: int = 20) -> tuple[list[OpenWork], int]:
    """(what stands open under this name, at most so many; how much that is in all)."""
    found: list[OpenWork] = []
    for work in WORK:
        if len(found) < most:
            found += work.listed(user.id, most - len(found))
    return found, sum(work.count(user.id) for work in WORK)


def colleagues(user: User) -> list[User]:
    """Who can take over from somebody: those of the same unit who have accepted their invitation, by post."""
    query = select(User).where(
        User.role == user.role, User.unit_code == user.unit_code, User.active, User.password != "", User.id != user.id
    )
    return list(db.session.scalars(query.order_by(User.name, User.id))) if user.unit_code else []


def by_email(email: str) -> User | None:
    """The account of an address, whatever its capitals."""
    return db.session.scalars(select(User).where(func.lower(User.email) == email.strip().lower())).first()


def by_id(user_id: int) -> User | None:
    """The account of that number."""
    return db.session.get(User, user_id)


def lock(user_id: int) -> User | None:
    """The account, held until the transaction ends."""
    return db.session.scalars(select(User).where(User.id == user_id).with_for_update()).first()


def invite(actor: Actor, *, email: str, name: str, role: str, unit_code: str | None, head: bool) -> Invitation:
    """A new account that opens with the link sent to `email`. Raises Taken."""
    if by_email(email) is not None:
        raise Taken
    user = add_user(email=email, password="", name=name, role=role, unit_code=unit_code, head=head)
    audit.record("user:invited", actor, what(user), role=role, unit=unit_code, head=head)
    return _new_link(user)


def new_link(user: User, actor: Actor) -> Invitation:
    """Another link to choose a password, for one that was lost or has run out; the ones before are void.
    Raises NotNow if the account is switched off."""
    if not user.active:
        raise NotNow
    audit.record("user:link_sent", actor, what(user))
    return _new_link(user)


def _new_link(user: User) -> Invitation:
    now = clock.now()
    void = update(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None)).values(used_at=now)
    db.session.execute(void)
    made = Invitation(user_id=user.id, nonce=secrets.token_hex(16), created_at=now, expires_at=now + VALID)
    db.session.add(made)
    db.session.flush()
    if instance().settings.mail_from or instance().settings.demo:
        outbox.enqueue("notices.invitation", invitation_id=made.id)
    return made


def token_of(made: Invitation) -> str:
    """The secret part of the link: derived from CODE_KEY, so the database alone opens no account."""
    words = f"invitation:{made.id}:{made.user_id}:{made.nonce}"
    return f"{made.id}-{hmac.digest(instance().settings.code_key.encode(), words.encode(), 'sha256').hex()[:40]}"


def link_of(made: Invitation) -> str:
    """The whole link."""
    return f"{instance().settings.public_url}/auth/invitation/{token_of(made)}"


def invitation(token: str, *, hold: bool = False) -> tuple[Invitation, User] | None:
    """The invitation behind a link with its account, if it is still good. `hold`: lock both."""
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    query = select(Invitation, User).join(User, User.id == Invitation.user_id).where(Invitation.id == int(number))
    found = db.session.execute(query.with_for_update() if hold else query).first()
    if found is None or not hmac.compare_digest(token_of(found[0]).encode(), token.encode()):
        return None
    made, user = found
    if made.used_at is not None or made.expires_at <= clock.now() or not user.active:
        return None
    return made, user


def password_problem(password: str, user: User) -> str | None:
    """What is wrong with a new password: "short", "long", "common", or None."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    plain = password.lower()
    if any(word in plain for word in COMMON) or user.email.partition("@")[0].lower() in plain or len(set(plain)) < 5:
        return "common"
    return None


def accept(made: Invitation, user: User, password: str) -> None:
    """Set the password; the link is used up, and whoever was signed in is so no more."""
    first = user.invited
    made.used_at = clock.now()
    set_password(user, password)
    audit.record("user:accepted" if first else "user:password_changed", _self(user), what(user))


def change_password(user: User, password: str, keep: int | None) -> None:
    """A new password by its owner; every other session than `keep` ends."""
    user.password = hashed(password)
    sessions.end_all(user, but=keep)
    audit.record("user:password_changed", _self(user), what(user))


def set_password(user: User, password: str) -> None:
    """A new password; all sessions end."""
    user.password = hashed(password)
    _throw_out(user)


def switch_off(user: User, actor: Actor, reason: str, *, to: int | None = None, to_unit: bool = False) -> int:
    """No sign-in from now on, and no session lives on. What the person did stays; what is open goes to a colleague
    (`to`) or back to the unit. Returns how much that was. Raises NotNow, WorkLeft, Unfit."""
    if not user.active:
        raise NotNow
    if to is not None and to not in {colleague.id for colleague in colleagues(user)}:
        raise Unfit
    handed = 0
    if any(work.count(user.id) for work in WORK):
        if to is None and not to_unit:
            raise WorkLeft
        handed = sum(work.hand_over(user.id, to, actor) for work in WORK)
    user.active = False
    _throw_out(user)
    more = {"handed": handed, "to": f"user:{to}" if to is not None else "unit"} if handed else {}
    audit.record("user:switched_off", actor, what(user), reason=reason, **more)
    return handed


def switch_on(user: User, actor: Actor, reason: str) -> None:
    """Signing in is possible again. Raises NotNow."""
    if user.active:
        raise NotNow
    user.active = True
    audit.record("user:switched_on", actor, what(user), reason=reason)


def reset_second_factor(user: User, actor: Actor, reason: str) -> None:
    """App, passkeys and recovery codes are forgotten; the next sign-in asks for a new second factor."""
    second_factor.reset(user)
    _throw_out(user)
    audit.record("user:factor_reset", actor, what(user), reason=reason)


def set_head(user: User, actor: Actor, head: bool) -> None:
    """Whether somebody looks after the accounts of their unit. Raises NotNow if that is so already."""
    if user.head == head:
        raise NotNow
    user.head = head
    audit.record("user:head_changed", actor, what(user), head=head)


def note(user: User, kind: str) -> None:
    """What somebody did to their own account."""
    audit.record(kind, _self(user), what(user))


def what(user: User) -> str:
    """An account's name in the audit trail."""
    return f"user:{user.id}"


def _self(user: User) -> Actor:
    return Actor(user.role, user.id, user.unit_code)


def _throw_out(user: User) -> None:
    sessions.end_all(user)
    user.fs_uniquifier = secrets.token_hex(32)
