"""The queue of a desk: counts of its tabs and pages of cases, the most urgent first.

A page is put together from the beginnings of its lanes, each read from an index that is sorted as the lane is,
so that it costs the same whatever waits behind it. What few cases say is found by their words and sorted; what many
say is met soon enough along the lanes. Statements are built once for each shape and kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from webapp.accounts import permissions
from webapp.accounts.permissions import Identity
from webapp.areas import succession
from webapp.core.db import UtcDateTime, db
from webapp.reports import desk_scopes, lanes, lifecycle, search
from webapp.reports.desk_scopes import Conditions, Scope
from webapp.reports.lanes import LANES, OVERDUE, SOON
from webapp.reports.models import Category, Contact, Photo, Report

PAGE, SIZES = 50, (50, 200)
MOST = 999  # what is more is counted no further
FEW = 1000  # cases with the words looked for that are taken one by one and sorted

T = Report.__table__.c
S = search.ReportSearch.__table__.c
_MOST = literal_column(str(MOST + 1), Integer)  # a value for each of thirty limits would be read anew each time
_MINE = T.assignee_id == bindparam("me", type_=Integer)
_CLOCKED = tuple(n for n, lane in LANES.items() if lane.clock)
_UNITS = lanes.of_statuses(lifecycle.AT_UNIT)
_AWAY = tuple(n for n in _UNITS if n not in lanes.HANDOVERS)  # the Front has nothing to decide
_TRIAGE = lanes.of_statuses((lifecycle.NEW, lifecycle.RECEIVED, lifecycle.SCREENING))
_SENDER = lanes.of_statuses((lifecycle.NEEDS_INFO,))


@dataclass(frozen=True, slots=True)
class Tab:
    """Part of a desk: everything in `lanes`, and from `late` what is overdue. Or, by their last change, the cases
    of these `statuses`. `mine`: only what this person has in hand."""

    lanes: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    mine: bool = False


FRONT_TABS: dict[str, Tab] = {
    "now": Tab(tuple(n for n in LANES if n not in (*_AWAY, *_SENDER)), late=_AWAY),
    "triage": Tab(_TRIAGE),
    "waiting": Tab(_SENDER),
    "units": Tab(_UNITS),
    "overdue": Tab(late=_CLOCKED),
    "answered": Tab(lanes.of_statuses((lifecycle.ANSWERED,))),
    "verified": Tab(lanes.of_statuses((lifecycle.VERIFIED,))),
    "ended": Tab(statuses=lifecycle.ENDED),
    "all": Tab(statuses=lifecycle.STATUSES),
}
UNIT_TABS: dict[str, Tab] = {
    "now": Tab(_UNITS),
    "mine": Tab(_UNITS, mine=True),
    "accept": Tab(lanes.of_statuses((lifecycle.ASSIGNED,))),
    "verifying": Tab(lanes.of_statuses((lifecycle.VERIFYING,))),
    "in_progress": Tab(lanes.of_statuses((lifecycle.IN_PROGRESS,))),
    "rework": Tab(lanes.of_statuses((lifecycle.REWORK,))),
    "overdue": Tab(late=_UNITS),
    "answered": Tab(lanes.of_statuses((lifecycle.ANSWERED, lifecycle.VERIFIED))),
    "ended": Tab(statuses=(lifecycle.CLOSED,)),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; `words` as `search.words` gives them. A commune is meant with all that it stands
    in for, and under a code of then what stands there today."""

    group: str = ""
    commune: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a queue. Nothing of it is private: that there are photos or a contact, not which."""

    id: int
    public_id: str
    version: int
    status: str
    category_code: str
    area_code: str | None
    province_code: str | None
    unit_code: str | None
    bypass_commune: bool
    refusals: int  # how often units gave it back
    doubt: bool  # a reorganisation could not say whose it is now
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    lane: int | None
    lane_at: datetime | None
    has_photos: bool
    has_contact: bool
    rank: int  # OVERDUE, SOON, or the lane

    @property
    def why(self) -> str:
        """Why it stands where it does: overdue, soon, or the way of its lane; empty once it has ended."""
        if self.rank == OVERDUE:
            return "overdue"
        if self.rank == SOON:
            return "soon"
        return self.note

    @property
    def note(self) -> str:
        """How it came into its lane."""
        return LANES[self.lane].why if self.lane else ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a queue; `after` continues it, empty where there is no more."""

    rows: list[Row]
    after: str


def tabs_of(identity: Identity) -> dict[str, Tab]:
    """The tabs of this identity's desk."""
    return UNIT_TABS if identity.role == permissions.UNIT_OFFICER else FRONT_TABS


def counts(identity: Identity, now: datetime) -> dict[str, int]:
    """How many cases each tab holds, in one statement; more than MOST are not counted: MOST + 1."""
    waiting, late, past = Counter[int](), Counter[int](), Counter[str]()
    for name, lane, number, overdue in db.session.execute(
        _counting(desk_scopes.of(identity)), desk_scopes.given(identity) | {"now": now}
    ):
        if name:
            past[name] += number
        else:
            waiting[lane] += number
            late[lane] += overdue or 0
    totals = {}
    for name, tab in tabs_of(identity).items():
        number = sum(waiting[n] for n in tab.lanes) + sum(late[n] for n in tab.late)
        totals[name] = min(past.get(name, number), MOST + 1)
    return totals


def page(
    identity: Identity, tab: str, filters: Filters, now: datetime, after: str = "", *, size: int | None = None
) -> Page:
    """A page of a tab, the most urgent first: late, due soon, then lane by lane; what has ended by last change.

    One statement, two with words. An `after` that cannot be read gives the first page.
    """
    size = size or PAGE
    chosen = tabs_of(identity)[tab]
    place = _read_place(after)
    scope = desk_scopes.of(identity)
    given: dict[str, Any] = desk_scopes.given(identity) | {"now": now, "soon": now + lanes.SOON_IS, "size": size + 1}
    given |= {"group": filters.group}
    within = [desk_scopes.codes(identity)]
    if filters.commune:
        within.append(succession.family_of(succession.AREA, filters.commune))
        given["communes_asked"] = sorted(within[-1])
    few: list[int] | None = None
    if filters.words:
        given |= search.given(filters.words, filter(None, within), waiting=not chosen.statuses)
        holding = _holding(scope.for_unit, len(filters.words))
        few = list(db.session.scalars(holding, given | {"most": FEW + 1}))
        if not few:
            return Page([], "")
        few = few if len(few) <= FEW else None
        given["few"] = few
    shape = _Shape(
        scope,
        chosen,
        bool(filters.group),
        bool(filters.commune),
        0 if few is not None else len(filters.words),
        few is not None,
        None if place is None else 0 if chosen.statuses else place[0],
    )
    if place:
        given |= {"at": place[1], "last": place[2]}
    found = [Row(*row) for row in db.session.execute(_paging(shape), given)]
    rows = found[:size]
    return Page(rows, _place(rows[-1], chosen) if len(found) > size else "")


# -- statements ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """What makes a statement another one: all but its values. `words`: how many decide case by case; `few`: what they
    were found in is known. `after`: the rank of the last row before."""

    scope: Scope
    tab: Tab
    group: bool
    commune: bool
    words: int
    few: bool
    after: int | None


def _moment(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=UtcDateTime)


def _within(shape: _Shape) -> Conditions:
    found: Conditions = []
    if shape.group:
        of_group = select(Category.code).where(Category.group_code == bindparam("group"))
        found.append(T.category_code.in_(of_group))
    if shape.commune:
        found.append(T.area_code.in_(bindparam("communes_asked", type_=String, expanding=True)))
    if shape.tab.mine:
        found.append(_MINE)
    if shape.few:
        found.append(T.id.in_(bindparam("few", type_=Integer, expanding=True)))
    if shape.words:
        # The database takes anything in a text for rare and would sort all; what it cannot judge it expects often.
        found.append(func.coalesce(search.matches(_text(shape.scope.for_unit), shape.words), False))
    return found


def _text(for_unit: bool) -> ColumnElement[str]:
    return S.shared if for_unit else S.told


@lru_cache(maxsize=32)
def _holding(for_unit: bool, number: int) -> Any:
    """The numbers of cases with these words, as they come."""
    holds = search.proposed(), search.matches(_text(for_unit), number)
    return select(S.report_id).where(*holds).limit(bindparam("most", type_=Integer))


_COLUMNS = (
    T.id,
    T.public_id,
    T.version,
    T.status,
    T.category_code,
    T.area_code,
    T.province_code,
    T.unit_code,
    T.bypass_commune,
    T.refusals,
    T.routing["check"].as_string().is_not(None).label("doubt"),
    T.created_at,
    T.updated_at,
    T.due_at,
    T.lane,
    T.lane_at,
)


def _found(shape: _Shape, rank: ColumnElement[int], whose: Conditions) -> Any:
    query = select(*_COLUMNS, rank.label("rank")).where(*whose, *_within(shape))
    if shape.words:
        query = query.join_from(Report.__table__, search.ReportSearch.__table__, S.report_id == T.id)
    return query


@lru_cache(maxsize=2048)
def _paging(shape: _Shape) -> Any:
    order: tuple[str, ...]
    if shape.tab.statuses:
        query, order = _by_change(shape), ("updated_at", "id")
    elif shape.few:
        query, order = _by_rank(shape, _any_of(shape.scope)), ("rank", "lane_at", "id")
    else:
        query, order = _by_lane(shape), ("rank", "lane_at", "id")
    rows = query.subquery()
    descending = bool(shape.tab.statuses)
    keys = [rows.c[name].desc() if descending else rows.c[name] for name in order]
    first = select(rows).order_by(*keys).limit(bindparam("size", type_=Integer)).subquery()
    keys = [first.c[name].desc() if descending else first.c[name] for name in order]
    columns = [first.c[c.name] for c in _COLUMNS]
    return select(
        *columns,
        exists().where(Photo.report_id == first.c.id).label("has_photos"),
        exists().where(Contact.report_id == first.c.id).label("has_contact"),
        first.c.rank,
    ).order_by(*keys)


def _any_of(scope: Scope) -> Conditions:
    today, then = desk_scopes.of_today(scope), desk_scopes.of_then(scope, waiting=True)
    return today if then is None else [or_(and_(*today), and_(*then))]


def _by_change(shape: _Shape) -> Any:
    """The latest changed of each code that the identity stands for."""
    scope, scattered = shape.scope, desk_scopes.scattered(shape.scope)
    # Of few among very many: no index sorted by change may tempt the database to walk along it until enough are found.
    unsorted = func.coalesce(T.updated_at, T.created_at)
    own = unsorted if scope.kind == "commune" and scope.rest else T.updated_at
    parts = [_changed(shape, desk_scopes.of_today(scope), own)]
    parts += [_changed(shape, conditions, T.updated_at) for conditions in desk_scopes.one_by_one(scope)]
    if scattered is not None:
        parts.append(_changed(shape, scattered, unsorted))
    return parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))


def _changed(shape: _Shape, whose: Conditions, by: ColumnElement[datetime]) -> Any:
    query = _found(shape, literal_column("99", Integer), whose)
    if shape.tab.statuses != lifecycle.STATUSES:
        query = query.where(T.status.in_(shape.tab.statuses))
    if shape.after is not None:
        query = query.where(tuple_(T.updated_at, T.id) < tuple_(_moment("at"), bindparam("last")))
    return query.order_by(by.desc(), T.id.desc()).limit(bindparam("size", type_=Integer))


def _by_lane(shape: _Shape) -> Any:
    """The beginning of each lane. The most urgent of all are among them, because within a lane the order of all
    is the lane's own. Under codes of then hardly anything waits, so that these are sorted as a whole."""
    parts = []
    then, today = desk_scopes.of_then(shape.scope, waiting=True), desk_scopes.of_today(shape.scope)
    if then is not None:
        part = _by_rank(shape, then)
        part = part.order_by(part.selected_columns["rank"], T.lane_at, T.id).limit(bindparam("size", type_=Integer))
        parts.append(select(part.subquery()))
    for number in (*shape.tab.lanes, *shape.tab.late):
        more = _after_in_lane(number, shape.after, late=number in shape.tab.late)
        if more is None:
            continue
        part = _found(shape, _rank(number), today).where(T.lane == literal_column(str(number)), *more)
        part = part.order_by(T.lane_at, T.id).limit(bindparam("size", type_=Integer))
        parts.append(select(part.subquery()))
    return union_all(*parts) if parts else _found(shape, literal_column("0", Integer), [false()])


def _rank(number: int) -> ColumnElement[int]:
    own = literal_column(str(number), Integer)
    if not LANES[number].clock:
        return own
    return case((T.lane_at < _moment("now"), OVERDUE), (T.lane_at < _moment("soon"), SOON), else_=own)


def _after_in_lane(number: int, rank: int | None, *, late: bool) -> list[ColumnElement[bool]] | None:
    """What of a lane comes after the last row of the page before, in a form that an index can follow; None: nothing."""
    found = [T.lane_at < _moment("now")] if late else []
    if rank is None:
        return found
    beyond = tuple_(T.lane_at, T.id) > tuple_(_moment("at"), bindparam("last"))
    if LANES[number].clock:
        if rank <= SOON or rank == number:
            return [*found, beyond] if rank in (OVERDUE, number) or not late else None
        return None if late or rank > number else [T.lane_at >= _moment("soon")]
    return None if rank > number else [beyond] if rank == number else found


def _by_rank(shape: _Shape, whose: Conditions) -> Any:
    """All that match, sorted."""
    clocked = T.lane.in_(_CLOCKED)
    rank: ColumnElement[int] = case(
        (and_(clocked, T.lane_at < _moment("now")), OVERDUE),
        (and_(clocked, T.lane_at < _moment("soon")), SOON),
        else_=T.lane,
    )
    wanted: list[ColumnElement[bool]] = [T.lane.in_(shape.tab.lanes)] if shape.tab.lanes else []
    if shape.tab.late:
        wanted.append(and_(T.lane.in_(shape.tab.late), T.lane_at < _moment("now")))
    query = _found(shape, rank, whose).where(T.lane.is_not(None), or_(*wanted))
    if shape.after is not None:
        last = literal_column(str(shape.after), Integer)
        query = query.where(tuple_(rank, T.lane_at, T.id) > tuple_(last, _moment("at"), bindparam("last")))
    return query


@lru_cache(maxsize=64)
def _counting(scope: Scope) -> Any:
    """(name of a tab or "", lane, how many, how many of them late), each from at most MOST + 1 rows. What the codes
    of then bring stands in rows of its own."""
    tabs = UNIT_TABS if scope.for_unit else FRONT_TABS
    today, then = desk_scopes.of_today(scope), desk_scopes.of_then(scope)
    parts: list[Any] = []
    for number in LANES:
        first = select(T.lane_at).where(*today, T.lane == literal_column(str(number)))
        rows = first.order_by(T.lane_at, T.id).limit(_MOST).subquery()
        late = func.sum(case((rows.c.lane_at < _moment("now"), 1), else_=0))
        parts.append(select(literal_column("''", String), literal_column(str(number), Integer), func.count(), late))
        parts[-1] = parts[-1].select_from(rows)
    for name, tab in tabs.items():
        if tab.statuses or tab.mine:
            of = [_MINE, T.lane.in_(tab.lanes)] if tab.mine else [T.status.in_(tab.statuses)]
            of = [] if tab.statuses == lifecycle.STATUSES else of
            for whose in (today, then) if then is not None else (today,):
                rows = select(T.id).where(*whose, *of).limit(_MOST).subquery()
                zero = literal_column("0", Integer)
                parts.append(select(literal_column(f"'{name}'", String), zero, func.count(), zero).select_from(rows))
    waiting = desk_scopes.of_then(scope, waiting=True)
    if waiting is not None:
        rows = select(T.lane, T.lane_at).where(*waiting, T.lane.is_not(None)).limit(_MOST).subquery()
        late = func.sum(case((rows.c.lane_at < _moment("now"), 1), else_=0))
        parts.append(select(literal_column("''", String), rows.c.lane, func.count(), late).group_by(rows.c.lane))
    return union_all(*parts)


# -- cursors ---------------------------------------------------------------------------------------------------


def _place(row: Row, tab: Tab) -> str:
    at = row.updated_at if tab.statuses else row.lane_at
    return f"{row.rank}_{at.isoformat() if at else ''}_{row.id}"


def _read_place(raw: str) -> tuple[int, datetime, int] | None:
    try:
        rank, moment, number = raw.split("_")
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None or not 0 <= int(number) < 1 << 63:
            return None
        known = int(rank) in LANES or int(rank) in (OVERDUE, SOON, 99)
        return (int(rank), when.astimezone(UTC), int(number)) if known else None
    except (ValueError, OverflowError):
        return None
