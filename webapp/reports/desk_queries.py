"""What the desks of staff ask for: the queue, its counts, names to show, and cases like this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import contains_eager, load_only

from geo.positions import distance_m
from webapp.accounts import permissions
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity
from webapp.areas.models import Area
from webapp.core.db import UtcDateTime, db
from webapp.core.events import Event
from webapp.reports import handovers, lifecycle, queries
from webapp.reports.feedback import Feedback, objected
from webapp.reports.models import Category, Contact, Photo, Report
from webapp.reports.privacy import is_overdue

PAGE = 50
NEAR_METRES, NEAR_DAYS, NEAR_LOOK_AT = 500, 30, 400

GIVEN_BACK = (lifecycle.SCREENING, lifecycle.NEEDS_INFO)  # with refusals, where a case that a unit refused lies

_FAR = datetime(9999, 1, 1, tzinfo=UTC)

FRONT_TABS: dict[str, tuple[str, ...]] = {
    "now": (lifecycle.NEW, lifecycle.RECEIVED, lifecycle.SCREENING, lifecycle.ANSWERED, lifecycle.VERIFIED),
    "triage": (lifecycle.NEW, lifecycle.RECEIVED, lifecycle.SCREENING),
    "waiting": (lifecycle.NEEDS_INFO,),
    "units": lifecycle.AT_UNIT,
    "overdue": lifecycle.CLOCK_RUNS,
    "answered": (lifecycle.ANSWERED,),
    "verified": (lifecycle.VERIFIED,),
    "ended": lifecycle.ENDED,
    "all": lifecycle.STATUSES,
}
UNIT_TABS: dict[str, tuple[str, ...]] = {
    "now": lifecycle.AT_UNIT,
    "mine": lifecycle.AT_UNIT,
    "accept": (lifecycle.ASSIGNED,),
    "verifying": (lifecycle.VERIFYING,),
    "in_progress": (lifecycle.IN_PROGRESS,),
    "rework": (lifecycle.REWORK,),
    "overdue": lifecycle.AT_UNIT,
    "answered": (lifecycle.ANSWERED, lifecycle.VERIFIED),
    "ended": (lifecycle.CLOSED,),
}
_LATE_TOO = {"now"}  # tabs that also hold every late case, whoever's move it is
_ONLY_LATE = {"overdue"}
_ONLY_MINE = {"mine"}
_BY_CHANGE = {"ended", "all", "answered"}  # nothing is urgent there: what changed last comes first


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to. `public_id` is a case number or its beginning."""

    group: str = ""
    commune: str = ""
    public_id: str = ""
    communes: tuple[str, ...] | None = None  # codes that the searched name means


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a queue. Nothing of it is private: that there are photos or a contact, not which."""

    report: Report
    has_photos: bool
    has_contact: bool
    late: bool
    note: str = ""  # refused, reopened, supplemented: how the case came back


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a queue; `after` continues it, empty where there is no more."""

    rows: list[Row]
    after: str


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
        return or_(Report.area_code == identity.area_code, Report.supervisor_code == identity.unit_code)
    if identity.role == permissions.PROVINCE_FRONT and identity.province_code:
        return Report.province_code == identity.province_code
    if identity.role == permissions.CENTRAL_FRONT:
        return true()
    if identity.role == permissions.UNIT_OFFICER and identity.unit_code:
        return and_(Report.unit_code == identity.unit_code, Report.status.in_(lifecycle.PASSED_ON))
    return false()


def tabs_of(identity: Identity) -> dict[str, tuple[str, ...]]:
    """The tabs of this identity's desk: name -> statuses."""
    return UNIT_TABS if identity.role == permissions.UNIT_OFFICER else FRONT_TABS


def counts(identity: Identity, now: datetime) -> dict[str, int]:
    """How many cases each tab holds, in one statement."""
    query = (
        select(
            Report.status,
            func.count(),
            func.sum(case((queries.is_overdue(now), 1), else_=0)),
            func.sum(case((or_(_objected_after_the_end(), _handover_in_time(now)), 1), else_=0)),
            func.sum(case((Report.assignee_id == identity.user_id, 1), else_=0)),
        )
        .where(in_scope(identity))
        .group_by(Report.status)
    )
    rows = db.session.execute(query).all()
    found = {status: (number, int(late or 0)) for status, number, late, _, _ in rows}
    reopened = sum(int(number or 0) for *_, number, _mine in rows)
    mine = {status: int(number or 0) for status, *_, number in rows}
    totals: dict[str, int] = {}
    for tab, statuses in tabs_of(identity).items():
        if tab in _ONLY_LATE:
            totals[tab] = sum(found.get(s, (0, 0))[1] for s in statuses)
            continue
        if tab in _ONLY_MINE:
            totals[tab] = sum(mine.get(s, 0) for s in statuses)
            continue
        totals[tab] = sum(found.get(s, (0, 0))[0] for s in statuses)
        if tab in _LATE_TOO:
            totals[tab] += sum(late for status, (_, late) in found.items() if status not in statuses)
            totals[tab] += reopened if tabs_of(identity) is FRONT_TABS else 0
    return totals


def queue(identity: Identity, tab: str, filters: Filters, now: datetime, after: str = "") -> Page:
    """PAGE cases of a tab, the most urgent first: late ones, then by due time; ended ones by last change.

    Two statements, whatever the number of cases. An `after` that cannot be read gives the first page.
    """
    statuses = tabs_of(identity)[tab]
    late = queries.is_overdue(now)
    wanted: ColumnElement[bool] = Report.status.in_(statuses)
    if tab in _LATE_TOO:
        wanted = or_(wanted, late)
        if tabs_of(identity) is FRONT_TABS:
            wanted = or_(wanted, _objected_after_the_end(), handovers.is_pending())
    elif tab in _ONLY_LATE:
        wanted = and_(wanted, late)
    elif tab in _ONLY_MINE:
        wanted = and_(wanted, Report.assignee_id == identity.user_id)
    query: Any = (
        select(
            Report,
            select(Photo.id).where(Photo.report_id == Report.id).exists(),
            select(Contact.id).where(Contact.report_id == Report.id).exists(),
        )
        .join(Report.category)
        .options(contains_eager(Report.category), load_only(*_LIST_COLUMNS))
        .where(in_scope(identity), wanted, *_narrow(filters))
    )
    query, key = _ordered(query, tab, now, after)
    found = db.session.execute(query.limit(PAGE + 1)).all()
    rows = [Row(report, photos, contact, is_overdue(report, now)) for report, photos, contact in found[:PAGE]]
    notes = _how_they_came_back([row.report for row in rows])
    return Page(
        [Row(r.report, r.has_photos, r.has_contact, r.late, notes.get(r.report.id, "")) for r in rows],
        key(rows[-1].report) if len(found) > PAGE else "",
    )


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
    Report.refusals,
    Report.assignee_id,
)


def _narrow(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.group:
        conditions.append(Category.group_code == filters.group)
    if filters.commune:
        conditions.append(Report.area_code == filters.commune)
    named: list[ColumnElement[bool]] = []
    if filters.public_id:
        named.append(Report.public_id.startswith(filters.public_id, autoescape=True))
    if filters.communes is not None:
        named.append(Report.area_code.in_(filters.communes))
    if named:
        conditions.append(or_(*named))
    return conditions


def _ordered(query: Any, tab: str, now: datetime, after: str) -> tuple[Any, Any]:
    """The query in its order and after the last row of the page before, and what makes a row's place."""
    place = _read_place(after)
    if tab in _BY_CHANGE:
        query = query.order_by(Report.updated_at.desc(), Report.id.desc())
        if place:
            query = query.where(tuple_(Report.updated_at, Report.id) < tuple_(_time(place[1]), place[2]))
        return query, lambda report: _place(0, report.updated_at, report.id)
    rank = case((_given_back(), 0), (queries.is_overdue(now), 1), (Report.status.in_(lifecycle.CLOCK_RUNS), 2), else_=3)
    due = func.coalesce(Report.due_at, _time(_FAR))
    query = query.order_by(rank, due, Report.id)
    if place:
        query = query.where(tuple_(rank, due, Report.id) > tuple_(place[0], _time(place[1]), place[2]))

    def of(report: Report) -> str:
        number = 3
        if report.refusals and report.status in GIVEN_BACK:
            number = 0
        elif is_overdue(report, now):
            number = 1
        elif report.status in lifecycle.CLOCK_RUNS:
            number = 2
        return _place(number, report.due_at or _FAR, report.id)

    return query, of


def _time(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, UtcDateTime)


def _place(rank: int, moment: datetime, number: int) -> str:
    return f"{rank}_{moment.isoformat()}_{number}"


def _read_place(text: str) -> tuple[int, datetime, int] | None:
    try:
        rank, moment, number = text.split("_")
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None or int(number) >= 1 << 63:
            return None
        return int(rank) % 10, when.astimezone(UTC), int(number)
    except (ValueError, OverflowError):
        return None


def _handover_in_time(now: datetime) -> ColumnElement[bool]:
    """A request to hand over waits, and the case is not on the list for being late already."""
    return and_(handovers.is_pending(), ~func.coalesce(queries.is_overdue(now), false()))


def _given_back() -> ColumnElement[bool]:
    """Nobody has it: a unit gave it back, and the Front has not passed it on again."""
    return and_(Report.refusals > 0, Report.status.in_(GIVEN_BACK))


def _objected_after_the_end() -> ColumnElement[bool]:
    """Closed, and the reporter says that it is not solved: the Front's move again."""
    return and_(
        Report.status == lifecycle.CLOSED,
        select(Feedback.id)
        .where(Feedback.report_id == Report.id, Feedback.verdict == "no", Feedback.settled_at.is_(None))
        .correlate(Report)
        .exists(),
    )


def _how_they_came_back(reports: Iterable[Report]) -> dict[int, str]:
    """For cases that have been further already: refused by the unit, reopened, supplemented, or objected to."""
    reports = list(reports)
    claimed = [r.id for r in reports if r.status in lifecycle.CLAIMED]
    notes = dict.fromkeys(objected(claimed), "objected") if claimed else {}
    asked = handovers.waiting(r.id for r in reports if r.status in handovers.DURING)
    return notes | dict.fromkeys(asked, "handover") | _moved_back([r for r in reports if r.id not in asked])


def _moved_back(reports: list[Report]) -> dict[int, str]:
    back = {f"report:{r.id}": r for r in reports if r.status in (lifecycle.SCREENING, lifecycle.REWORK)}
    if not back:
        return {}
    moves = db.session.execute(
        select(Event.stream, Event.data)
        .where(Event.stream.in_(back), Event.kind == "report:moved")
        .order_by(Event.stream, Event.seq)
    )
    notes: dict[int, str] = {}
    for stream, data in moves:
        report = back[stream]
        if data.get("to") != report.status:
            continue
        frm = data.get("from")
        notes[report.id] = (
            "refused"
            if frm == lifecycle.ASSIGNED
            else "supplemented"
            if frm == lifecycle.NEEDS_INFO
            else "reopened"
            if frm in lifecycle.ENDED
            else ""
        )
    return notes


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
