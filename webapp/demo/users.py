"""Staff logins of the demo, one for each kind of work. Their password is well known, so only a demo has them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import ADMIN, FRONT, MEMBER, UNIT, User
from webapp.accounts.signin import add_user
from webapp.core.db import db
from webapp.core.instance import instance

DEMO_PASSWORD = "song-xanh-que-huong"  # noqa: S105 (printed by `demo load`, meant to be known)


class NotADemo(RuntimeError):
    """The instance is not set up as a demo (DGS_DEMO), so nothing made-up may enter it."""


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One login. `name` is the post, never a person."""

    email: str
    name: str
    role: str
    unit_code: str | None


# `.example` is reserved for documentation (RFC 2606): no mail can ever reach anybody.
DEMO_USERS = (
    DemoUser("mattran.duyenhai@minhhoa.example", "Cán bộ Mặt trận phường Duyên Hải (minh họa)", FRONT, "mttq-29512"),
    DemoUser("mattran.vinhlong@minhhoa.example", "Cán bộ Mặt trận tỉnh Vĩnh Long (minh họa)", FRONT, "mttq-86"),
    DemoUser("mattran.dongnai@minhhoa.example", "Cán bộ Mặt trận TP Đồng Nai (minh họa)", FRONT, "mttq-75"),
    DemoUser("mattran.haiphong@minhhoa.example", "Cán bộ Mặt trận TP Hải Phòng (minh họa)", FRONT, "mttq-31"),
    DemoUser("mattran.dienbien@minhhoa.example", "Cán bộ Mặt trận tỉnh Điện Biên (minh họa)", FRONT, "mttq-11"),
    DemoUser("ubnd.duyenhai@minhhoa.example", "Cán bộ UBND phường Duyên Hải (minh họa)", UNIT, "ubnd-29512"),
    DemoUser("snnmt.vinhlong@minhhoa.example", "Cán bộ Sở NN&MT Vĩnh Long (minh họa)", UNIT, "so-nnmt-86"),
    DemoUser("snnmt.dongnai@minhhoa.example", "Cán bộ Sở NN&MT Đồng Nai (minh họa)", UNIT, "so-nnmt-75"),
    DemoUser("snnmt.haiphong@minhhoa.example", "Cán bộ Sở NN&MT Hải Phòng (minh họa)", UNIT, "so-nnmt-31"),
    DemoUser("snnmt.dienbien@minhhoa.example", "Cán bộ Sở NN&MT Điện Biên (minh họa)", UNIT, "so-nnmt-11"),
    DemoUser("congan.hoaminh@minhhoa.example", "Cán bộ Công an xã Hòa Minh (minh họa)", UNIT, "ca-29410"),
    DemoUser("hoinongdan.vinhlong@minhhoa.example", "Cán bộ Hội Nông dân Vĩnh Long (minh họa)", MEMBER, "nongdan-86"),
    DemoUser("quantri@minhhoa.example", "Quản trị hệ thống (minh họa)", ADMIN, None),
)


def add_demo_users() -> int:
    """Create the logins that are missing; returns how many. Raises NotADemo where they do not belong."""
    if not instance().settings.demo:
        raise NotADemo
    there = set(db.session.scalars(select(User.email).where(User.email.in_([u.email for u in DEMO_USERS]))))
    missing = [user for user in DEMO_USERS if user.email not in there]
    for user in missing:
        add_user(
            email=user.email,
            password=DEMO_PASSWORD,
            name=user.name,
            role=user.role,
            unit_code=user.unit_code,
        )
    return len(missing)
