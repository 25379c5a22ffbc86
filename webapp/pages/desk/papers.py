"""The words of a document out of a case, for the role that draws it up. Always in Vietnamese.

What the sender said or left is in none: the public text stands for it, once an officer has approved one.
"""

from __future__ import annotations

import re

from flask_babel import force_locale
from sqlalchemy import select

from webapp.accounts.permissions import Identity
from webapp.areas.models import Area
from webapp.core import clock, events
from webapp.core.db import db
from webapp.documents import kinds
from webapp.documents.kinds import Kind
from webapp.documents.layout import Content, Paper, Part, build
from webapp.inspections.models import Outcome
from webapp.pages import labels
from webapp.pages.desk import case_page, replies, timeline
from webapp.pages.desk.timeline import Names
from webapp.reports import feedback, links
from webapp.reports.models import Report
from webapp.reports.service import stream
from webapp.units import queries as units
from webapp.units.models import Unit

STEPS_SHOWN = 40
_BARE = re.compile(r"^(Tỉnh|Thành phố|Phường|Xã|Đặc khu|Thị trấn)\s+", re.IGNORECASE)


def audience(identity: Identity) -> str:
    """Whose documents this person draws up."""
    return kinds.UNIT if identity.role == "unit_officer" else kinds.FRONT


def draft(report: Report, what: Kind, who: Identity) -> Paper:
    """The document as it would be issued now, without a number."""
    with force_locale("vi"):
        entries = events.history(stream(report))
        unit_codes, user_ids, area_codes = timeline.codes_in(entries)
        answers = list(report.answers)
        names = case_page.names_for(
            report, unit_codes | {who.unit_code} | {a.unit_code for a in answers}, area_codes, user_ids
        )
        issuer = units.by_code(who.unit_code)
        parent = units.by_code(issuer.parent_code) if issuer and issuer.parent_code else None
        for_unit = what.audience == kinds.UNIT
        parts = {
            "facts": _facts(report, names),
            "steps": _steps(timeline.items(entries, names, for_unit=for_unit)),
            "answers": Part(
                "Trả lời của đơn vị", tuple((_when(a.created_at, names.unit(a.unit_code)), a.text) for a in answers)
            ),
            "outcomes": _outcomes(report),
        }
        if not for_unit:
            parts["sender"] = _sender(report)
        full = units.by_codes({c for c in (report.unit_code, report.supervisor_code) if c})
        return build(
            what,
            kinds.issuer(issuer.kind if issuer else "*"),
            parent=parent.name_vi if parent else "",
            org=issuer.name_vi if issuer else "",
            place=_seat(issuer),
            day=clock.today(),
            to=_to(what, report, full),
            content=Content(_values(report, names, full), parts),
        )


def _values(report: Report, names: Names, full: dict[str, Unit]) -> dict[str, str]:
    values = replies.values_of(report, names)
    for key, code in (("don_vi", report.unit_code), ("mat_tran", report.supervisor_code)):
        if code in full:
            values[key] = full[code].name_vi
    late = report.due_at is not None and report.due_at < clock.now()
    text = report.public_text.strip().replace("\n", " ")
    return values | {
        "noi_dung": text or f"xem trên hệ thống theo mã vụ việc {report.public_id}.",
        "tinh_trang": str(labels.STATUS[report.status]).lower(),
        "qua_han": str(labels.overdue_days(report.due_at, clock.now())) if late and report.due_at else "0",
    }


def _facts(report: Report, names: Names) -> Part:
    values = replies.values_of(report, names)
    lines = [
        ("Mã vụ việc", report.public_id),
        ("Loại", values["loai"]),
        ("Địa bàn", values["dia_ban"] or "chưa xác định"),
        ("Ngày tiếp nhận", values["ngay"]),
        ("Đơn vị xử lý", values["don_vi"] if report.decided else ""),
        ("Mặt trận giám sát", values["mat_tran"]),
        ("Hạn trả lời", values["han"]),
        ("Tình trạng", str(labels.STATUS[report.status])),
    ]
    return Part("Thông tin vụ việc", tuple((label, words) for label, words in lines if words))


def _steps(items: list[dict[str, object]]) -> Part:
    """Titles and days only: reasons may repeat what was said in confidence."""
    public = [item for item in reversed(items) if not item["internal"]][-STEPS_SHOWN:]
    return Part("Quá trình giải quyết", tuple((str(item["at"])[:10], str(item["title"])) for item in public))


def _outcomes(report: Report) -> Part:
    query = select(Outcome).where(Outcome.report_id == report.id).order_by(Outcome.id)
    lines = []
    for one in db.session.scalars(query):
        finding = str(labels.FINDING.get(one.finding, one.finding))
        measure = str(labels.MEASURE.get(one.measure, one.measure))
        fine = f", phạt tiền {labels.dong(one.fine_vnd)}" if one.fine_vnd else ""
        number = f", quyết định số {one.decision_number}" if one.decision_number else ""
        lines.append((labels.day(one.inspected_on), f"{finding}; {measure.lower()}{fine}{number}. {one.summary}"))
    return Part("Kết quả kiểm tra", tuple(lines))


def _sender(report: Report) -> Part:
    """For the Front alone, and still nothing that says who it is: numbers, and the word on the answer."""
    said = feedback.last(report)
    word = {"yes": "đã giải quyết", "partly": "giải quyết một phần", "no": "chưa giải quyết"}.get(
        said.verdict if said else "", "chưa có ý kiến"
    )
    times = links.came_back(report.id)
    lines = [
        ("Ý kiến người phản ánh về kết quả", word),
        ("Số người cùng thấy", str(feedback.witnesses(report.id))),
    ]
    if times:
        lines.append(("Số lần tái diễn sau khi đã giải quyết", str(times)))
    return Part("Ý kiến người dân", tuple(lines))


def _to(what: Kind, report: Report, full: dict[str, Unit]) -> list[str]:
    code = {"unit": report.unit_code, "front": report.supervisor_code}.get(what.to)
    unit = full.get(code or "")
    return [unit.name_vi] if unit else ["…"] if what.to != "none" else []


def _seat(unit: Unit | None) -> str:
    """The name of the place where the office is, without what kind of place it is."""
    code = unit.area_code or unit.province_code if unit else None
    if not code:
        return "Hà Nội"
    query = select(Area.name).where(Area.code == code).order_by(Area.valid_from.desc()).limit(1)
    return _BARE.sub("", db.session.scalar(query) or "…")


def _when(at: object, unit: str) -> str:
    return f"{labels.day(at)}, {unit}"  # type: ignore[arg-type]
