"""A plan as a table, CSV or XLSX: lines "name, value" for the plan, a blank line, then one line for each step."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

from webapp.core.text import clean
from webapp.reorganisations.models import ReorganisationStep
from webapp.reorganisations.plan import Plan, Step, What

HEAD = ("code", "title", "effective_on", "legal_basis", "note")
COLUMNS = (
    "action",
    "what",
    "from_code",
    "to_code",
    "name_vi",
    "name_en",
    "short_name_vi",
    "parent_code",
    "area_code",
    "name_before",
    "share",
    "cases",
    "note",
)
# No person writes more, and a table of zeros must not fill the memory.
MAX_BYTES, MAX_ROWS = 4 * 1024 * 1024, 20_000
MAX_UNPACKED = 64 * 1024 * 1024
_LONGEST = {
    name: length
    for name in COLUMNS
    if (length := getattr(ReorganisationStep.__table__.columns[name].type, "length", None))
}


class TableError(ValueError):
    """A table cannot be read. `code` is one of `words.TABLE`; `line` counts from 1, `about` quotes what is wrong."""

    def __init__(self, code: str, line: int | None = None, about: str = "") -> None:
        super().__init__(f"{code}, line {line}: {about}" if line else f"{code}: {about}")
        self.code, self.line, self.about = code, line, about[:80]


def read(data: bytes, name: str) -> Plan:
    """The plan of a file; `name` tells by its ending which kind it is. Raises TableError."""
    if len(data) > MAX_BYTES:
        raise TableError("too_large")
    return _plan(_xlsx(data) if name.lower().endswith(".xlsx") else _csv(data))


def _csv(data: bytes) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError("not_a_table") from error


def _xlsx(data: bytes) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise TableError("too_large")
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        rows = []
        for cells in sheet.iter_rows(max_row=MAX_ROWS + 50, max_col=40, values_only=True):
            rows.append([_cell(value) for value in cells])
    except TableError:
        raise
    except Exception as error:  # openpyxl fails in many ways on what is no workbook
        raise TableError("not_a_table") from error
    return rows


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _plan(rows: list[list[str]]) -> Plan:
    if len(rows) > MAX_ROWS:
        raise TableError("too_large")
    head: dict[str, str] = {}
    columns: list[str] = []
    steps: list[Step] = []
    for number, raw in enumerate(rows, start=1):
        cells = [clean(cell) for cell in raw]
        if not any(cells):
            continue
        if columns:
            steps.append(_step(dict(zip(columns, cells, strict=False)), number))
        elif cells[0].lower() == COLUMNS[0]:
            columns = [cell.lower() for cell in cells]
            if missing := {"action", "what", "from_code"} - set(columns):
                raise TableError("column_missing", number, ", ".join(sorted(missing)))
        elif cells[0].lower() in HEAD:
            head[cells[0].lower()] = cells[1] if len(cells) > 1 else ""
        else:
            raise TableError("line_unknown", number, cells[0])
    return Plan(
        head.get("code", "")[:60],
        head.get("title", "")[:200],
        day(head.get("effective_on", "")),
        head.get("legal_basis", "")[:2000],
        head.get("note", "")[:2000],
        tuple(steps),
    )


def day(text: str) -> date:
    """A day such as 2026-04-30 or 30/4/2026. Raises TableError."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
        if 1990 <= found.year <= 2100:
            return found
    raise TableError("day_bad", None, text)


def _step(cells: dict[str, str], line: int) -> Step:
    for name, longest in _LONGEST.items():
        if len(cells.get(name, "")) > longest:
            raise TableError("too_long", line, name)
    return step_of(cells, line)


def step_of(cells: dict[str, str], line: int | None = None) -> Step:
    """A step out of texts by column. Raises TableError for a share that is no number."""
    share = cells.get("share", "").replace(",", ".")
    try:
        part = float(share) if share else None
    except ValueError:
        raise TableError("share_bad", line, share) from None
    texts = {name: cells.get(name, "") for name in COLUMNS if name not in ("share", "cases", "what")}
    texts["action"] = texts["action"].lower()
    what = cast("What", cells.get("what", "").lower())
    communes = tuple(cells.get("cases", "").replace(";", " ").replace(",", " ").split())
    return Step(what=what, share=part, cases=communes[:500], **texts)


def longest(column: str) -> int:
    """How many characters a column of the steps takes."""
    return _LONGEST.get(column, 2000)


def rows_of(plan: Plan) -> Iterable[list[str]]:
    """The plan as `read` takes it."""
    for name in HEAD:
        value = getattr(plan, name)
        yield [name, value.isoformat() if isinstance(value, date) else value]
    yield []
    yield list(COLUMNS)
    for step in plan.steps:
        cells = {name: getattr(step, name) for name in COLUMNS}
        cells["share"] = "" if step.share is None else f"{step.share:g}"
        cells["cases"] = " ".join(step.cases)
        yield [cells[name] for name in COLUMNS]


def as_csv(plan: Plan) -> bytes:
    """The plan as CSV, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows_of(plan))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(plan: Plan) -> bytes:
    """The plan as a workbook of texts: a code must not become a number, a name no formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("plan")
    for row in rows_of(plan):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
