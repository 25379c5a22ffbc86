"""Tables as files: CSV, XLSX and PDF, each with the filters that were used written on it.

The libraries that write XLSX and PDF are loaded by the first that asks for such a file: they are a sixth of the
memory of a process that never does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response

FORMATS = ("xlsx", "csv", "pdf")
FONTS = Path(__file__).parents[2] / "static" / "vendor" / "@expo-google-fonts" / "tinos"
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """What is written down: a title, lines that say what was asked for, headings, rows. `also`: tables that follow in
    the same file. `widths`: of columns that hold words, in parts of the page; else the first does, the others numbers.
    """

    title: str
    notes: Sequence[str]
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()
    also: Sequence[Table] = ()


def response(table: Table, name: str, form: str) -> Response:
    """The table as a file to keep; `name` without its ending. Raises KeyError for an unknown format."""
    answer = Response(written(table, form), content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def written(table: Table, form: str) -> bytes:
    """The table as a file of that form. Raises KeyError for an unknown one."""
    return {"xlsx": _xlsx, "csv": _csv, "pdf": _pdf}[form](table)


def harmless(cell: Cell) -> Cell:
    """Text that a spreadsheet program would run as a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _csv(table: Table) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for number, part in enumerate((table, *table.also)):
        if number:
            writer.writerow([])
        for line in (part.title, *part.notes):
            writer.writerow([harmless(line)])
        writer.writerow([])
        writer.writerow([harmless(h) for h in part.headings])
        writer.writerows([harmless(cell) for cell in row] for row in part.rows)
    return out.getvalue().encode("utf-8-sig")  # the mark by which Excel knows that it is UTF-8


def _xlsx(table: Table) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for number, part in enumerate((table, *table.also), 1):
        _write_sheet(book.create_sheet(str(number)), part)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_sheet(sheet: Any, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(table.widths or (4,), 1):
        sheet.column_dimensions[get_column_letter(number)].width = 11 * width

    def bold(value: Cell) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, harmless(value))
        cell.font = Font(bold=True)
        return cell

    sheet.append([bold(table.title)])
    for note in table.notes:
        sheet.append([harmless(note)])
    sheet.append([])
    sheet.append([bold(h) for h in table.headings])
    for row in table.rows:
        sheet.append([harmless(cell) for cell in row])


def _pdf(table: Table) -> bytes:
    from fpdf import FPDF

    sheet = FPDF(orientation="landscape", format="A4", unit="mm")
    sheet.set_margins(15, 15, 15)
    sheet.set_auto_page_break(True, 15)
    for style, face in (("", "regular"), ("B", "bold")):
        sheet.add_font("Tinos", style, FONTS / f"{face}.ttf")
    sheet.set_title(table.title)
    for part in (table, *table.also):
        sheet.add_page()
        _write_pages(sheet, part)
    return bytes(sheet.output())


def _write_pages(sheet: Any, table: Table) -> None:
    from fpdf.enums import XPos, YPos

    sheet.set_font("Tinos", "B", 15)
    sheet.multi_cell(0, 8, table.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.set_font("Tinos", "", 10)
    for note in table.notes:
        sheet.multi_cell(0, 5, note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(3)
    widths = table.widths or (4, *(1 for _ in table.headings[1:]))
    aligned = ("LEFT", *("LEFT" if table.widths else "RIGHT" for _ in widths[1:]))
    sheet.set_font("Tinos", "", 9)
    with sheet.table(col_widths=tuple(widths), text_align=aligned, line_height=5) as grid:
        grid.row([str(h) for h in table.headings])
        for row in table.rows:
            grid.row(["" if cell is None else str(cell) for cell in row])
