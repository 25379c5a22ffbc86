"""A plan's life: drafted, approved, carried out on its day by a worker. Everything flushes, the edges commit."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from geo.boundaries import BoundaryError
from webapp.accounts.models import ADMIN, User
from webapp.areas import succession
from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.core.events import Actor, Event
from webapp.reorganisations import change, checks, heirs, moves, words
from webapp.reorganisations.models import (
    APPLIED,
    APPROVED,
    DRAFT,
    REFUSED,
    WITHDRAWN,
    Reorganisation,
    ReorganisationStep,
)
from webapp.reorganisations.plan import WHATS, Plan, Step
from webapp.reports import search
from webapp.reports.models import Report

# So many cases follow in the same transaction as everything else; more go in batches, each a job of its own.
AT_ONCE = 2000
BATCH = 1000
LOOKED_BEHIND = timedelta(days=2)
MAX_STEPS = 20_000
_CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")


class Refused(ValueError):
    """The plan cannot be kept or approved; `code` is one of `words.REFUSALS`, `about` the field it is about."""

    def __init__(self, code: str, about: str = "_form") -> None:
        super().__init__(code)
        self.code, self.about = code, about


def stream(row: Reorganisation) -> str:
    """The name of the plan's stream in the record."""
    return f"reorganisation:{row.id}"


def by_code(code: str) -> Reorganisation | None:
    """The plan with a code."""
    return db.session.scalars(select(Reorganisation).where(Reorganisation.code == code)).first()


def digest(plan: Plan) -> str:
    """A fingerprint: what is approved must be what was read."""
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:24]


def draft(plan: Plan, actor: Actor) -> Reorganisation:
    """Keep a new plan, or put it in the place of a draft with the same code. Raises Refused."""
    if not _CODE.fullmatch(plan.code):
        raise Refused("code_bad", "code")
    if not plan.title:
        raise Refused("title_missing", "title")
    if len(plan.steps) > MAX_STEPS:
        raise Refused("too_many_steps")
    row = by_code(plan.code)
    if row is None:
        row = Reorganisation(code=plan.code, state=DRAFT, created_by=actor.user_id, created_at=clock.now())
        db.session.add(row)
    elif row.state not in (DRAFT, WITHDRAWN, REFUSED):
        raise Refused("code_taken", "code")
    elif row.plan == plan:
        return row
    row.state, row.refusal = DRAFT, ""
    row.title, row.effective_on = plan.title, plan.effective_on
    row.legal_basis, row.note = plan.legal_basis, plan.note
    row.steps.clear()
    db.session.flush()
    row.steps = [_row(step, number) for number, step in enumerate(plan.steps, start=1)]
    db.session.flush()
    _note(row, "drafted", actor, steps=len(plan.steps), digest=digest(plan))
    return row


def add_step(row: Reorganisation, step: Step, actor: Actor) -> None:
    """Add a step at the end of a draft. Raises Refused."""
    _only(row, DRAFT)
    if len(row.steps) >= MAX_STEPS:
        raise Refused("too_many_steps")
    last = max((s.position for s in row.steps), default=0)
    row.steps.append(_row(step, last + 1))
    db.session.flush()
    _note(row, "changed", actor, added=f"{step.action} {step.what} {step.from_code} {step.to_code}".strip())


def remove_step(row: Reorganisation, step_id: int, actor: Actor) -> None:
    """Take a step out of a draft; one that is gone already is no error. Raises Refused."""
    _only(row, DRAFT)
    gone = next((s for s in row.steps if s.id == step_id), None)
    if gone is not None:
        row.steps.remove(gone)
        db.session.flush()
        _note(row, "changed", actor, removed=f"{gone.action} {gone.what} {gone.from_code} {gone.to_code}".strip())


def eyes(row: Reorganisation, user_id: int | None) -> str | None:
    """Whether somebody may approve a plan: None if they had no hand in it, "own" if they had and somebody else can,
    "alone" if they had and nobody else has the right. Commands of the operator have no account and may."""
    drafted = {f"reorganisation:{kind}" for kind in ("drafted", "changed")}
    if user_id is None or not any(e.user_id == user_id and e.kind in drafted for e in history(row)):
        return None
    others = select(User.id).where(User.role == ADMIN, User.active, User.password != "", User.id != user_id)
    return "own" if db.session.scalar(others.limit(1)) is not None else "alone"


def approve(row: Reorganisation, seen: str, actor: Actor) -> None:
    """Approve what was read (its digest); the worker carries it out on its day, at once if that has come.

    Raises Refused if it was changed meanwhile, if anything stands in its way, or if whoever asks had a hand in it
    while somebody else could approve it.
    """
    _only(row, DRAFT)
    if eyes(row, actor.user_id) == "own":
        raise Refused("own_plan")
    if seen != digest(row.plan):
        raise Refused("changed_meanwhile")
    if checks.blocked(checks.problems(row.plan)):
        raise Refused("has_problems")
    row.state, row.approved_by, row.approved_at = APPROVED, actor.user_id, clock.now()
    _note(row, "approved", actor, digest=seen, effective_on=row.effective_on.isoformat())
    if row.effective_on <= clock.today():
        outbox.enqueue("reorganisations.apply", reorganisation_id=row.id)


def withdraw(row: Reorganisation, actor: Actor) -> None:
    """Take back a draft, or what waits for its day. Raises Refused."""
    _only(row, DRAFT, APPROVED, REFUSED)
    row.state = WITHDRAWN
    _note(row, "withdrawn", actor)


def reopen(row: Reorganisation, actor: Actor) -> None:
    """Make a draft of it again, to put it right. Raises Refused."""
    _only(row, APPROVED, WITHDRAWN, REFUSED)
    row.state, row.refusal = DRAFT, ""
    _note(row, "reopened", actor)


def due(today: date | None = None) -> list[int]:
    """Approved plans whose day has come, the oldest day first."""
    query = select(Reorganisation.id).where(
        Reorganisation.state == APPROVED, Reorganisation.effective_on <= (today or clock.today())
    )
    return list(db.session.scalars(query.order_by(Reorganisation.effective_on, Reorganisation.id)))


def apply(row: Reorganisation, actor: Actor = events.SYSTEM) -> bool:
    """Carry out an approved plan whose day has come; whether it was done now. Twice does no more than once.

    If anything stands in its way by now, nothing changes, and the plan says why.
    """
    if row.state != APPROVED or row.effective_on > clock.today():
        return False
    found = checks.problems(row.plan)
    if checks.blocked(found):
        _refuse(row, actor, "; ".join(words.plain(p) for p in found if p.blocking)[:2000])
        return False
    try:
        with db.session.begin_nested():
            done = change.carry_out(row.plan)
    except BoundaryError as error:
        _refuse(row, actor, str(error))
        return False
    row.state, row.applied_at = APPLIED, clock.now()
    _note(row, "applied", actor, **done)
    move_cases(row, 0, AT_ONCE, actor)
    _queue_words(row)
    _queue_heirs(row)
    return True


def _queue_heirs(row: Reorganisation, after: int = 0) -> None:
    """Have ended cases told to which part they belong, where the plan divides anything."""
    if any(heirs.divided(row.plan, what) for what in WHATS):
        outbox.enqueue("reorganisations.heirs", reorganisation_id=row.id, after=after)


def find_heirs(row: Reorganisation, after: int, limit: int = BATCH) -> None:
    """Tell the next ended cases to which part they belong, and queue the rest. Twice does no harm."""
    reports = heirs.batch(row.plan, after, limit)
    heirs.find(reports)
    if len(reports) == limit:
        _queue_heirs(row, reports[-1].id)


def _queue_words(row: Reorganisation, after: int = 0) -> None:
    """Have the words by which cases are found follow the new names, if there are any."""
    if any(step.target for step in row.plan.steps):
        outbox.enqueue("reorganisations.words", reorganisation_id=row.id, after=after)


def _named_anew(plan: Plan) -> set[str]:
    """Codes of areas and units that stand under another name from the plan's day on, or in whose place something
    else does, and all of then that lead to them: what has ended keeps its codes."""
    codes: set[str] = set()
    for what in WHATS:
        steps = [step for step in plan.of(what) if step.target]
        of_step = {step.from_code for step in steps} | {s.target for s in steps if s.name_vi or s.short_name_vi}
        codes.update(*succession.former_of(what, of_step).values())
    return codes


def find_by_new_names(row: Reorganisation, after: int, limit: int = BATCH) -> None:
    """Write the words of the next cases of renamed areas and units anew, and queue the rest. Twice does no harm."""
    last = search.rebuild(after, limit, codes=_named_anew(row.plan))
    if last is not None:
        _queue_words(row, last)


def move_cases(row: Reorganisation, after: int, limit: int = BATCH, actor: Actor = events.SYSTEM) -> None:
    """Let the next open cases follow an applied plan, and queue the rest, if there is one."""
    if row.state != APPLIED or row.moved_at is not None:
        return
    mover = moves.Mover(row.plan)
    reports = moves.batch(mover, after, limit)
    moved, doubtful = moves.move(mover, reports, actor)
    row.cases_moved += moved
    row.cases_doubtful += doubtful
    if len(reports) == limit:
        outbox.enqueue("reorganisations.move", reorganisation_id=row.id, after=reports[-1].id)
        return
    row.moved_at = clock.now()
    _note(row, "cases_moved", actor, cases=row.cases_moved, doubtful=row.cases_doubtful)


def look_behind() -> int:
    """Let open cases follow that were routed in the very moment when a plan was carried out; how many did."""
    recent = select(Reorganisation).where(
        Reorganisation.state == APPLIED, Reorganisation.moved_at > clock.now() - LOOKED_BEHIND
    )
    found = 0
    for row in db.session.scalars(recent.order_by(Reorganisation.effective_on, Reorganisation.id)).all():
        mover = moves.Mover(row.plan)
        left = select(Report).where(mover.left_behind()).order_by(Report.id).limit(BATCH)
        moved, doubtful = moves.move(mover, db.session.scalars(left).all(), events.SYSTEM)
        row.cases_moved += moved
        row.cases_doubtful += doubtful
        found += moved
    return found


def history(row: Reorganisation) -> list[Event]:
    """What happened to the plan, oldest first."""
    return events.history(stream(row))


def _refuse(row: Reorganisation, actor: Actor, why: str) -> None:
    row.state, row.refusal = REFUSED, why
    _note(row, "refused", actor, why=why)


def _only(row: Reorganisation, *states: str) -> None:
    if row.state not in states:
        raise Refused("state_wrong")


def _row(step: Step, position: int) -> ReorganisationStep:
    values = {name: getattr(step, name) for name in Step.__dataclass_fields__} | {"cases": list(step.cases)}
    return ReorganisationStep(position=position, **values)


def _note(row: Reorganisation, what: str, actor: Actor, **data: Any) -> None:
    db.session.flush()
    events.append(stream(row), f"reorganisation:{what}", actor, **{"what": row.code} | data)


def again() -> int:
    """Do the areas and units of every applied plan once more, oldest first; how many rows that changed.

    After an import of boundaries, which may have put rows of one name in the place of several.
    """
    changed = 0
    query = select(Reorganisation).where(Reorganisation.state == APPLIED)
    for row in db.session.scalars(query.order_by(Reorganisation.effective_on, Reorganisation.id)):
        done = change.carry_out(row.plan)
        if done["areas"] or done["units"]:
            _queue_words(row)
            _note(row, "done_again", events.SYSTEM, **done)
        _queue_heirs(row)
        changed += done["areas"] + done["units"]
    return changed
