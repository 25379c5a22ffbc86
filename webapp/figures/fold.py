"""Keeping the figures current: what a case counted for is taken out, what it counts for now is put in.

`mapping.fold` calls `look_again` for the same changes and in the same turn, so that the map and the figures are
always of one moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text

from webapp.core.db import db
from webapp.figures import facts
from webapp.figures.facts import MEASURES, Case, Step, Word
from webapp.figures.models import FigureDays, FigureDelta, FigureFact, FigureSum
from webapp.reports import privacy, verdicts
from webapp.reports.feedback import NO, PARTLY, YES, Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.queries import countable
from webapp.reports.verdicts import Verdict
from webapp.supervision.models import LATE, StepClock

PREFIX = {"": "", "province": "p:", "commune": "a:", "unit": "u:"}
COLUMNS = ("report_id", "unit", "month", "province", "commune", "category", "days", *MEASURES)
_SAID = {YES: "solved", PARTLY: "partly", NO: "unsolved"}
_CHECKED = {verdicts.ACCEPTED: "accepted", verdicts.PARTLY: "sent_back", verdicts.NOT: "sent_back"}

Row = dict[str, Any]


def look_again(ids: set[int], now: datetime) -> bool:
    """Whether any of these cases counts otherwise now; the sums are brought to that. Flushes nothing of others."""
    columns = [getattr(FigureFact, name) for name in COLUMNS]
    before = {tuple(row) for row in db.session.execute(select(*columns).where(FigureFact.report_id.in_(ids)))}
    after = {tuple(row[name] for name in COLUMNS) for row in rows_of(ids, now)}
    gone, new = before - after, after - before
    if not gone and not new:
        return False
    changed = {row[0] for row in gone | new}
    db.session.execute(delete(FigureFact).where(FigureFact.report_id.in_(changed)))
    if kept := [_row(values) for values in after if values[0] in changed]:
        db.session.execute(insert(FigureFact), kept)
    db.session.execute(insert(FigureDelta), [*_signed(gone, -1), *_signed(new, 1)])
    add_up()
    db.session.execute(delete(FigureDelta))
    return True


def rows_of(ids: Iterable[int], now: datetime) -> Iterator[Row]:
    """What these cases count for, as rows of `FigureFact`. Those that are not public, or double, count for nothing."""
    wanted = list(ids)
    steps, words = _steps(wanted), _words(wanted)
    query = select(
        Report.id,
        Report.status,
        Report.due_at,
        Report.created_at,
        Report.unit_code,
        Report.province_code,
        Report.area_code,
        Report.category_code,
    ).where(Report.id.in_(wanted), countable(now))
    for row in db.session.execute(query):
        case = Case(row.status, privacy.is_overdue(row, now), row.created_at, row.unit_code or "")
        for fact in facts.of_case(case, steps[row.id], words[row.id]):
            yield {
                "report_id": row.id,
                "province": row.province_code or "",
                "commune": row.area_code or "",
                "category": row.category_code,
                **fact.values(),
            }


def forget() -> None:
    """Empty all tables of the figures; who calls it sees to it that every case is looked at again."""
    for model in (FigureFact, FigureDelta, FigureSum, FigureDays):
        db.session.execute(delete(model))


def add_up(source: str = FigureDelta.__tablename__) -> None:
    """Add what lies in `source` (the deltas, or for a fresh start the facts) to the sums."""
    for statement in _add_sql(source):
        db.session.execute(text(statement))


def first_wrong() -> str:
    """The name of a sum that differs from its facts, "" if all agree. Reads everything: for operators and tests."""
    for dim, prefix in PREFIX.items():
        for table, counted in _sums_sql(dim, FigureFact.__tablename__, "1").items():
            there = {tuple(row) for row in db.session.execute(text(_kept_sql(table, prefix)))}
            if there != {tuple(row) for row in db.session.execute(text(counted))}:
                return f"{table} by {dim or 'nothing'}"
    return ""


def _row(values: tuple[Any, ...]) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


def _signed(rows: Iterable[tuple[Any, ...]], sign: int) -> list[Row]:
    return [{"sign": sign} | _row(values) for values in rows]


def _steps(ids: list[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    query = select(
        StepClock.report_id,
        StepClock.id,
        StepClock.step,
        StepClock.unit_code,
        StepClock.started_at,
        StepClock.made_at,
        StepClock.ended_at,
        StepClock.outcome,
        StepClock.spent_days,
        StepClock.extensions,
        StepClock.counts_from,
        StepClock.moved,
    ).where(StepClock.report_id.in_(ids))
    for row in db.session.execute(query.order_by(StepClock.report_id, StepClock.id)):
        found[row.report_id].append(
            Step(
                row.id,
                row.step,
                row.unit_code or "",
                row.started_at,
                row.made_at,
                row.ended_at,
                late=row.outcome == LATE,
                days=row.spent_days,
                extended=row.extensions > 0,
                taken_over=row.counts_from is not None,
                moved=row.moved,
            )
        )
    return found


def _words(ids: list[int]) -> dict[int, list[Word]]:
    found: dict[int, list[Word]] = defaultdict(list)
    checks = select(Verdict.report_id, Verdict.unit_code, Verdict.verdict, Verdict.created_at)
    for row in db.session.execute(checks.where(Verdict.report_id.in_(ids), Verdict.again.is_(False))):
        found[row.report_id].append(Word(_CHECKED[row.verdict], row.unit_code or "", row.created_at))
    said = select(Feedback.report_id, Answer.unit_code, Feedback.verdict, Feedback.created_at).join(
        Answer, Answer.id == Feedback.answer_id
    )
    for row in db.session.execute(said.where(Feedback.report_id.in_(ids))):
        found[row.report_id].append(Word(_SAID[row.verdict], row.unit_code, row.created_at))
    return found


# -- SQL, the same on both engines. Names come from here and from facts.py, never from outside. --------------------

# A fact of a month counts in the month, the year and all time; what holds now only under 0.
_SPANS = "(SELECT 1 AS part UNION ALL SELECT 100 UNION ALL SELECT 1000000) AS span"
_KINDS = "(SELECT 0 AS own UNION ALL SELECT 1) AS kind"  # all categories together, and each


def _sums_sql(dim: str, source: str, sign: str) -> dict[str, str]:
    """What `source` adds up to under a dim: for each table of sums a SELECT of its columns."""
    name = f"'{PREFIX[dim]}' || {dim}" if dim else "''"
    key = f"{name} AS dim, month / part AS period, CASE WHEN own = 1 THEN category ELSE '' END AS category"
    where = f"FROM {source} CROSS JOIN {_SPANS} CROSS JOIN {_KINDS} WHERE (month > 0 OR part = 1)"
    where += f" AND {dim} <> ''" if dim else ""
    sums = ", ".join(f"SUM({sign} * {measure})" for measure in MEASURES)
    return {
        FigureSum.__tablename__: f"SELECT {key}, {sums} {where} GROUP BY 1, 2, 3",
        FigureDays.__tablename__: f"SELECT {key}, days, SUM({sign}) {where} AND days IS NOT NULL GROUP BY 1, 2, 3, 4",
    }


def _add_sql(source: str) -> Iterator[str]:
    sign = "sign" if source == FigureDelta.__tablename__ else "1"
    key = ("dim", "period", "category")
    keys = {FigureSum.__tablename__: key, FigureDays.__tablename__: (*key, "days")}
    counts = {FigureSum.__tablename__: MEASURES, FigureDays.__tablename__: ("n",)}
    for dim in PREFIX:
        for table, query in _sums_sql(dim, source, sign).items():
            added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in counts[table])
            yield (
                f"INSERT INTO {table} ({', '.join((*keys[table], *counts[table]))}) {query} "
                f"ON CONFLICT ({', '.join(keys[table])}) DO UPDATE SET {added}"
            )


def _kept_sql(table: str, prefix: str) -> str:
    names = MEASURES if table == FigureSum.__tablename__ else ("days", "n")
    dims = f"dim LIKE '{prefix}%'" if prefix else "dim = ''"
    some = " OR ".join(f"{name} <> 0" for name in names if name != "days")
    return f"SELECT dim, period, category, {', '.join(names)} FROM {table} WHERE {dims} AND ({some})"  # noqa: S608
