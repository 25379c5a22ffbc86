"""A paper as PDF, laid out by Annex I of Decree 30/2020/NĐ-CP. Measures are millimetres, sizes are points."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from webapp.documents.layout import Paper

FONTS = Path(__file__).parents[2] / "static" / "vendor" / "@expo-google-fonts" / "tinos"
FACES = {"": "regular", "B": "bold", "I": "italic", "BI": "bold-italic"}
# A4; the decree allows 20-25 above and below, 30-35 to the left, 15-20 to the right
TOP, BOTTOM, LEFT, RIGHT = 20, 20, 30, 15
WIDE = 210 - LEFT - RIGHT
OFFICE, NATION = 72, WIDE - 72  # the two columns of the head
OFFICE_AT, NATION_AT = (LEFT, OFFICE), (LEFT + OFFICE, NATION)  # (x, width)
LINE = 0.3
TEXT, SMALL, TINY = 14, 13, 11


class _Sheet(FPDF):
    """Pages are numbered in the middle above the text, the first one is not."""

    def header(self) -> None:
        if self.page_no() > 1:
            self.set_font("Tinos", size=SMALL)
            self.set_y(10)
            self.cell(WIDE, 6, str(self.page_no()), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_y(TOP)


def render(paper: Paper) -> bytes:
    """The PDF's bytes; the same paper gives the same bytes."""
    sheet = _Sheet(format="A4", unit="mm")
    sheet.set_margins(LEFT, TOP, RIGHT)
    sheet.set_auto_page_break(True, BOTTOM)
    for style, name in FACES.items():
        sheet.add_font("Tinos", style, FONTS / f"{name}.ttf")
    sheet.set_lang("vi")
    sheet.set_title(f"{paper.name or 'CÔNG VĂN'} {paper.number_line}")
    sheet.set_creator("Dân Giám Sát")
    sheet.set_creation_date(_noon(paper.day))
    sheet.add_page()
    _head(sheet, paper)
    _title(sheet, paper)
    for paragraph in paper.body:
        _paragraph(sheet, paragraph)
    for number, part in enumerate(paper.parts, 1):
        _keep_together(sheet, 22)
        sheet.ln(1)
        sheet.set_font("Tinos", "B", TEXT)
        sheet.multi_cell(WIDE, 7, f"{number}. {part.heading}", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        for label, words in part.lines:
            _paragraph(sheet, f"{label}: {words}" if label else words)
    _foot(sheet, paper)
    return bytes(sheet.output())


def _head(sheet: FPDF, paper: Paper) -> None:
    """Organisation, number and sign on the left; the nation's name and motto, place and date on the right."""
    sheet.set_xy(LEFT, TOP)
    if paper.parent:
        _column(sheet, OFFICE_AT, paper.parent, "", 12)
    _column(sheet, OFFICE_AT, paper.org, "B", 12)
    under = sheet.get_y() + 0.8
    _rule(sheet, LEFT + OFFICE / 2, under, OFFICE * 0.4)
    sheet.set_xy(LEFT, under + 2)
    _column(sheet, OFFICE_AT, paper.number_line, "", SMALL)
    if not paper.name:
        _column(sheet, OFFICE_AT, paper.subject, "", 12)
    left_end = sheet.get_y()
    right = LEFT + OFFICE
    sheet.set_xy(right, TOP)
    _column(sheet, NATION_AT, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "B", 12)
    _column(sheet, NATION_AT, "Độc lập - Tự do - Hạnh phúc", "B", SMALL)
    sheet.set_font("Tinos", "B", SMALL)
    _rule(sheet, right + NATION / 2, sheet.get_y() + 0.8, sheet.get_string_width("Độc lập - Tự do - Hạnh phúc"))
    sheet.set_xy(right, max(sheet.get_y() + 2.8, under + 2))
    _column(sheet, NATION_AT, paper.date_line, "I", SMALL)
    sheet.set_xy(LEFT, max(left_end, sheet.get_y()) + 6)


def _title(sheet: FPDF, paper: Paper) -> None:
    if paper.name:
        _centred(sheet, paper.name, "B", TEXT)
        _centred(sheet, paper.subject, "B", TEXT)
        _rule(sheet, LEFT + WIDE / 2, sheet.get_y() + 1, WIDE / 4)
        sheet.ln(6)
    if len(paper.to) == 1:
        _centred(sheet, f"Kính gửi: {paper.to[0]}", "", TEXT)
        sheet.ln(3)
    elif paper.to:
        sheet.set_font("Tinos", "", TEXT)
        for number, receiver in enumerate(paper.to):
            sheet.set_x(LEFT + 25)
            line = f"Kính gửi:\n- {receiver}" if number == 0 else f"- {receiver}"
            sheet.multi_cell(WIDE - 25, 7, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        sheet.ln(3)


def _paragraph(sheet: FPDF, text: str) -> None:
    """Justified, the first line drawn in by 1 cm, about 6 pt below."""
    sheet.set_font("Tinos", "", TEXT)
    with sheet.text_columns(text_align=Align.J, line_height=1.35) as columns:
        for line in text.split("\n"):
            if line.strip():
                with columns.paragraph(bottom_margin=1.8, first_line_indent=10) as paragraph:
                    paragraph.write(line.strip())


def _foot(sheet: FPDF, paper: Paper) -> None:
    """Nơi nhận on the left, the signer's post on the right; the name is written when it is signed."""
    _keep_together(sheet, 14 + 6 * max(len(paper.receivers), len(paper.signer) + 4))
    sheet.ln(5)
    top = sheet.get_y()
    sheet.set_font("Tinos", "BI", 12)
    sheet.cell(OFFICE, 6, "Nơi nhận:", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for number, receiver in enumerate(paper.receivers, 1):
        end = "." if number == len(paper.receivers) else ";"
        sheet.set_font("Tinos", "", TINY)
        sheet.multi_cell(OFFICE, 5, f"- {receiver}{end}", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.set_xy(LEFT + OFFICE, top)
    for line in paper.signer:
        _column(sheet, NATION_AT, line, "B", TEXT)


def _column(sheet: FPDF, place: tuple[float, float], text: str, style: str, size: float) -> None:
    x, wide = place
    sheet.set_font("Tinos", style, size)
    sheet.set_x(x)
    sheet.multi_cell(wide, size * 0.42, text, align="C", new_x=XPos.LEFT, new_y=YPos.NEXT)


def _centred(sheet: FPDF, text: str, style: str, size: float) -> None:
    sheet.set_font("Tinos", style, size)
    sheet.multi_cell(WIDE, 6.5, text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rule(sheet: FPDF, middle: float, y: float, wide: float) -> None:
    sheet.set_line_width(LINE)
    sheet.line(middle - wide / 2, y, middle + wide / 2, y)


def _keep_together(sheet: FPDF, high: float) -> None:
    if sheet.get_y() + high > 297 - BOTTOM:
        sheet.add_page()


def _noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T05:00:00").replace(tzinfo=UTC)
