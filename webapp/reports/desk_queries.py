"""What the desks of staff ask for: whose business a case is, names to show, and cases like this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, load_only

from geo.positions import distance_m
from webapp.accounts import permissions
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity
from webapp.areas.models import Area
from webapp.core.db import db
from webapp.reports import lifecycle
from webapp.reports.models import HEIRS, Contact, Photo, Report

NEAR_METRES, NEAR_DAYS, NEAR_LOOK_AT = 500, 30, 400


@dataclass(frozen=True, slots=True)
class Near:
    """A case like another one; metres apart, None where one of them has no exact position."""

    report: Report
    metres: int | None
    days: int = field(default=0)


def in_scope(identity: Identity) -> ColumnElement[bool]:
    """The SQL twin of `permissions.in_scope`, with what a unit may not see yet left out."""
    if identity.role in permissions.COMMUNE_LEVEL and identity.area_code:
        return and_(Report.bypass_commune.is_(False), _business_of(identity))
    return _business_of(identity)


def _business_of(identity: Identity) -> ColumnElement[bool]:
    if identity.role == permissions.COMMUNE_FRONT and identity.area_code:
        return or_(
            _holds(identity, identity.area_code, Report.area_code, "area"),
            _holds(identity, identity.unit_code, Report.supervisor_code, "supervisor"),
        )
    if identity.role == permissions.PROVINCE_FRONT and identity.province_code:
        found = _holds(identity, identity.province_code, Report.province_code, "province")
        return or_(found, _came(identity)) if identity.communes else found
    if identity.role == permissions.CENTRAL_FRONT:
        return true()
    if identity.role == permissions.UNIT_OFFICER and identity.unit_code:
        mine = _holds(identity, identity.unit_code, Report.unit_code, "unit")
        return and_(mine, Report.status.in_(lifecycle.PASSED_ON))
    return false()


def _came(identity: Identity) -> ColumnElement[bool]:
    """It lies in a commune that came to the province without its former province."""
    communes, went_to = sorted(identity.communes), Report.routing[(HEIRS, "area")].as_string()
    divided = and_(Report.area_code.in_(sorted(identity.parts)), went_to.in_(communes))
    return or_(Report.area_code.in_(communes), divided)


def _holds(
    identity: Identity, own: str | None, column: InstrumentedAttribute[str | None], what: str
) -> ColumnElement[bool]:
    held = sorted(identity.own(own))
    if not own or not (identity.former or identity.parts):
        return column == own
    went_to = Report.routing[(HEIRS, what)].as_string()
    return or_(column.in_(held), and_(column.in_(sorted(identity.parts)), went_to.in_(held)))


_LIST_COLUMNS = (
    Report.public_id,
    Report.status,
    Report.category_code,
    Report.area_code,
    Report.province_code,
    Report.unit_code,
    Report.supervisor_code,
    Report.bypass_commune,
    Report.created_at,
    Report.updated_at,
    Report.due_at,
)


def by_public_id(public_id: str, *, lock: bool = False) -> Report | None:
    """The report under its public name; with `lock` nobody else changes it until the transaction ends."""
    query = select(Report).where(Report.public_id == public_id)
    if lock:
        query = query.with_for_update(of=Report)
    return db.session.scalars(query).first()


def near(report: Report, identity: Identity, limit: int = 8) -> list[Near]:
    """Cases of the same category within NEAR_METRES and NEAR_DAYS that the identity may see, nearest first.

    Without an exact position: those of the same commune.
    """
    span = timedelta(days=NEAR_DAYS)
    query = (
        select(Report)
        .options(load_only(*_LIST_COLUMNS, Report.location, Report.duplicate_of_id))
        .where(
            in_scope(identity),
            Report.id != report.id,
            Report.category_code == report.category_code,
            Report.created_at.between(report.created_at - span, report.created_at + span),
            Report.province_code == report.province_code,
        )
        .order_by(Report.created_at.desc())
        .limit(NEAR_LOOK_AT)
    )
    found = []
    for other in db.session.scalars(query):
        days = abs((other.created_at - report.created_at).days)
        if report.location is not None and other.location is not None:
            metres = distance_m(report.location.x, report.location.y, other.location.x, other.location.y)
            if metres <= NEAR_METRES:
                found.append(Near(other, round(metres), days))
        elif report.area_code and other.area_code == report.area_code:
            found.append(Near(other, None, days))
    return sorted(found, key=lambda n: (n.metres is None, n.metres or 0, n.days))[:limit]


def has_contact(report: Report) -> bool:
    """Whether the reporter left a contact. What it is stays sealed."""
    return bool(db.session.scalar(select(Contact.id).where(Contact.report_id == report.id).limit(1)))


def photo(public_id: str) -> Photo | None:
    """A picture under its public name."""
    return db.session.scalars(select(Photo).where(Photo.public_id == public_id)).first()


def area_names(codes: Iterable[str | None]) -> dict[str, str]:
    """Names of communes and provinces by code, the latest where there were several."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    query = select(Area.code, Area.name).where(Area.code.in_(wanted)).order_by(Area.valid_from)
    return {code: name for code, name in db.session.execute(query)}


def posts(user_ids: Iterable[int | None]) -> dict[int, str]:
    """The posts that members of staff hold, by their ids."""
    wanted = {number for number in user_ids if number}
    if not wanted:
        return {}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return {number: name for number, name in rows}
