"""Tables that people open in a spreadsheet: CSV and XLSX, written and read.

What comes in from a file is text in cells and nothing else. What goes out can never be a formula.
The library for XLSX is loaded by the first who needs it; most processes never do.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from unicodedata import normalize

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_ROWS = 50_000
MAX_CELL = 5000
CSV, XLSX = "csv", "xlsx"
MIMETYPES = {CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_FORMULA = ("=", "+", "-", "@", "\t")


class BadSheet(ValueError):
    """The file is no table that can be read; `code` is one of too_large, not_a_table, no_header, too_many_rows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def write(form: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]], title: str = "") -> bytes:
    """A file of the form `csv` or `xlsx` with these columns; a cell that a row lacks is empty."""
    return _write_xlsx(columns, rows, title) if form == XLSX else _write_csv(columns, rows)


def _write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row.get(name, "") for name in columns]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return "\ufeff".encode() + out.getvalue().encode()  # the mark tells spreadsheets that it is UTF-8


def _write_xlsx(columns: Sequence[str], rows: Iterable[Mapping[str, str]], title: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = (title or "1")[:31]
    sheet.append(list(columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, start=2):
        for place, name in enumerate(columns, start=1):
            if row.get(name):
                sheet.cell(number, place, row[name]).data_type = "s"  # text, whatever it looks like
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes) -> list[tuple[int, dict[str, str]]]:
    """(line, {column: text}) of each row that is not empty; the form is told by the content. Raises BadSheet."""
    if len(data) > MAX_BYTES:
        raise BadSheet("too_large")
    lines = _xlsx_lines(data) if data.startswith(b"PK") else _csv_lines(data)
    header: list[str] | None = None
    found: list[tuple[int, dict[str, str]]] = []
    for number, cells in lines:
        if not any(cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            continue
        if len(found) == MAX_ROWS:
            raise BadSheet("too_many_rows")
        found.append((number, {name: cell for name, cell in zip(header, cells, strict=False) if name}))
    if header is None:
        raise BadSheet("no_header")
    return found


def _csv_lines(data: bytes) -> Iterable[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSheet("not_a_table") from error
    if "\0" in text:
        raise BadSheet("not_a_table")
    first = text.split("\n", 1)[0]
    # Spreadsheets set to Vietnamese write semicolons.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        for number, cells in enumerate(reader, start=1):  # as a spreadsheet counts, whatever breaks lines in cells
            yield (
                number,
                [_text(cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell) for cell in cells],
            )
    except csv.Error as error:
        raise BadSheet("not_a_table") from error


def _xlsx_lines(data: bytes) -> Iterable[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise BadSheet("too_large")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=60), start=1):
            yield number, [_text(cell) for cell in cells]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError, SyntaxError) as error:
        if isinstance(error, BadSheet):
            raise
        raise BadSheet("not_a_table") from error


def _text(value: object) -> str:
    """A cell as text: days as 2026-12-31, times as 22:00, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return normalize("NFC", str(value)).strip()[:MAX_CELL]
