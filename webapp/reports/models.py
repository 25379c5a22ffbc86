"""The tables around a report. Who sent it is nowhere here but sealed, in `Contact`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from shapely.geometry import Point
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
    event,
    inspect,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core import clock
from webapp.core.db import Base, GeoColumn, Json, UtcDateTime
from webapp.core.events import BigId
from webapp.reports import lanes, lifecycle

FROM_SENDER = ("report", "message")  # purposes of pictures that are the sender's own
OFFICIAL = ("answer", "verification")  # and of those with which offices answer them


class CategoryGroup(Base):
    """A handful of groups, the first of the two taps by which a resident says what it is."""

    __tablename__ = "category_groups"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    icon: Mapped[str] = mapped_column(String(60))
    name: Mapped[dict[str, str]] = mapped_column(Json)


class Category(Base):
    """What can be reported: from `webapp/data/categories.toml`, or written in the browser; texts are
    {language: text}. One that is no longer used is ended, never deleted: cases keep it."""

    __tablename__ = "categories"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    group_code: Mapped[str] = mapped_column(ForeignKey("category_groups.code"))
    position: Mapped[int] = mapped_column(Integer)
    icon: Mapped[str] = mapped_column(String(60))
    name: Mapped[dict[str, str]] = mapped_column(Json)
    description: Mapped[dict[str, str]] = mapped_column(Json)
    evidence: Mapped[dict[str, list[str]]] = mapped_column(Json)
    warning: Mapped[dict[str, str]] = mapped_column(Json)
    sensitive: Mapped[bool] = mapped_column(Boolean)
    urgent: Mapped[bool] = mapped_column(Boolean)
    reportable: Mapped[bool] = mapped_column(Boolean)  # False: a campaign, not a violation
    public_blur_m: Mapped[int | None] = mapped_column(Integer)  # None: only the commune is shown
    publish_delay_hours: Mapped[int] = mapped_column(Integer)
    legal: Mapped[list[str]] = mapped_column(Json)
    ended_from: Mapped[date | None] = mapped_column(Date)  # the first day on which it is not offered any more
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # the operator's: loading the files leaves it alone
    version: Mapped[int] = mapped_column(Integer, default=1)

    @hybrid_property
    def retired(self) -> bool:
        """Whether it is not offered any more, today."""
        return self.ended_from is not None and self.ended_from <= clock.today()

    @retired.inplace.expression
    @classmethod
    def _retired(cls) -> ColumnElement[bool]:
        return and_(cls.ended_from.is_not(None), cls.ended_from <= clock.today())


class LegalReference(Base):
    """A legal basis with the days on which it held and how sure we are of it."""

    __tablename__ = "legal_references"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    title_vi: Mapped[str] = mapped_column(Text)
    article: Mapped[str] = mapped_column(String(80))
    subject_vi: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


LANE_INDEXES: dict[str, tuple[str, ...]] = {
    "all": (),
    "province": ("province_code",),
    "area": ("area_code",),
    "supervisor": ("supervisor_code",),
    "unit": ("unit_code",),
}


class Report(Base):
    """One report and the case it has become. Its history is in the record (`core.events`), not here."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_unit_status", "unit_code", "status"),
        Index("ix_reports_supervisor_status", "supervisor_code", "status"),
        Index("ix_reports_area", "area_code", "created_at"),
        Index("ix_reports_province", "province_code", "created_at"),
        Index("ix_reports_public_cell", "public_cell", "status", "category_code", "created_at"),
        Index("ix_reports_created", "created_at"),
        Index("ix_reports_category", "category_code", "created_at"),  # the newest of a rare kind
        Index("ix_reports_duplicate_of", "duplicate_of_id"),
        Index("ix_reports_publish_at", "publish_at"),
        Index("ix_reports_due_at", "due_at"),
        Index("ix_reports_location", "location", postgresql_using="gist").ddl_if(dialect="postgresql"),
        # The desks: what waits, in its order, by whose business it is
        *(
            Index(
                f"ix_reports_lane_{name}",
                *columns,
                "lane",
                "lane_at",
                "id",
                postgresql_where=text("lane IS NOT NULL"),
                sqlite_where=text("lane IS NOT NULL"),
            )
            for name, columns in LANE_INDEXES.items()
        ),
        Index("ix_reports_changed", "updated_at", "id"),
        Index("ix_reports_province_changed", "province_code", "updated_at", "id"),
        Index("ix_reports_unit_changed", "unit_code", "updated_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)  # random: gaps would betray hidden ones
    client_key: Mapped[str] = mapped_column(String(64), unique=True)  # hash of the sender's own random id
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)  # keyed hash of the tracking code
    version: Mapped[int] = mapped_column(Integer)

    # What was sent
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    description: Mapped[str] = mapped_column(Text, default="")  # private until an officer approves a text
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lang: Mapped[str] = mapped_column(String(5))
    channel: Mapped[str] = mapped_column(String(16))  # web, open311, staff
    # Entered for somebody by staff: how it was told, when, and by whose office (never whose person) it came in
    source: Mapped[str | None] = mapped_column(String(12))  # one of intake.SOURCES
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_by_unit: Mapped[str | None] = mapped_column(String(40))
    location: Mapped[Point | None] = mapped_column(GeoColumn("POINT"))  # exact, never public
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    place_source: Mapped[str] = mapped_column(String(12))  # device, map, photo, area, text, unknown
    place_text: Mapped[str] = mapped_column(String(300), default="")
    area_code: Mapped[str | None] = mapped_column(String(8))  # commune
    province_code: Mapped[str | None] = mapped_column(String(8))
    bypass_commune: Mapped[bool] = mapped_column(Boolean, default=False)  # the sender fears their commune
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # Where it stands
    status: Mapped[str] = mapped_column(String(16))
    unit_code: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[int | None] = mapped_column(Integer, index=True)  # who of the unit has it in hand
    refusals: Mapped[int] = mapped_column(Integer, default=0)  # how often a unit has given it back
    supervisor_code: Mapped[str | None] = mapped_column(String(40))
    lead_code: Mapped[str | None] = mapped_column(String(40))
    rule_code: Mapped[str | None] = mapped_column(String(60))
    routing: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # the decision in words, see routing
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lane: Mapped[int | None] = mapped_column(Integer)  # where it waits on the desks, see lanes.py
    lane_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # What may be shown of it; see privacy.py
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: not to be shown (yet)
    public_lon: Mapped[float | None] = mapped_column(Float)
    public_lat: Mapped[float | None] = mapped_column(Float)
    public_cell: Mapped[int | None] = mapped_column(BigInteger)
    public_text: Mapped[str] = mapped_column(Text, default="")

    category: Mapped[Category] = relationship(lazy="joined", innerjoin=True)
    duplicate_of: Mapped[Report | None] = relationship(remote_side=[id])
    photos: Mapped[list[Photo]] = relationship(back_populates="report", order_by="Photo.id")
    messages: Mapped[list[Message]] = relationship(back_populates="report", order_by="Message.id")
    answers: Mapped[list[Answer]] = relationship(back_populates="report", order_by="Answer.id")

    @property
    def decided(self) -> bool:
        """Whether the Front has passed it on; before, `unit_code` is only the machine's proposal."""
        return self.status in lifecycle.PASSED_ON

    # A save against a version that has moved on fails instead of overwriting.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


@event.listens_for(Report, "before_insert")
@event.listens_for(Report, "before_update")
def _keep_lane(_mapper: Any, _connection: Any, report: Report) -> None:
    """Whoever changes a status or a due time, the desks find the case where it belongs."""
    seen = inspect(report).attrs
    status = seen.status.history
    if status.added:
        report.lane = lanes.after(status.deleted[0] if status.deleted else None, report.status, report.lane)
    if status.added or seen.lane.history.added or seen.due_at.history.has_changes():
        moved = bool(seen.lane.history.has_changes()) or report.lane_at is None
        came_at = clock.now() if moved else report.lane_at
        report.lane_at = lanes.sorted_at(report.lane, report.due_at, came_at or clock.now())


class Contact(Base):
    """How to reach the reporter, sealed to a key that the process taking reports does not hold."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    consent: Mapped[str | None] = mapped_column(String(16))  # which wording was agreed to; see intake.CONSENT
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Photo(Base):
    """A picture: the sealed original as evidence, and the clean copies once a worker has made them."""

    __tablename__ = "photos"
    __table_args__ = (UniqueConstraint("report_id", "sha256", "purpose", name="uq_photos_report_sha"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))
    purpose: Mapped[str] = mapped_column(String(12))  # report, message: the sender's; answer, verification, sheet
    original: Mapped[str] = mapped_column(String(160))  # name of the sealed original in storage
    sha256: Mapped[str] = mapped_column(String(64))  # of the original as received
    size: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))  # waiting, clean, refused
    dhash: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    public: Mapped[bool] = mapped_column(Boolean, default=False)  # an officer has let it out
    # The four 16-bit parts of `dhash`, each with an index: how lookalikes are found without reading all
    dhash_a: Mapped[int | None] = mapped_column(Integer, index=True)
    dhash_b: Mapped[int | None] = mapped_column(Integer, index=True)
    dhash_c: Mapped[int | None] = mapped_column(Integer, index=True)
    dhash_d: Mapped[int | None] = mapped_column(Integer, index=True)
    # What staff hid in it (see marks.py). The public copy must be of the same version, or nobody sees it.
    marks: Mapped[list[list[float]]] = mapped_column(Json, default=list)
    marks_version: Mapped[int] = mapped_column(Integer, default=0)
    public_version: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship(back_populates="photos")

    @property
    def public_ready(self) -> bool:
        """Whether the copy for everybody shows what was hidden last."""
        return self.state == "clean" and self.public_version == self.marks_version

    def outside_name(self, *, small: bool = False, version: int | None = None) -> str:
        """Name in storage of the copy for everybody (of another version of the marks, if one is given): the
        clean one until something in it was marked."""
        version = self.public_version if version is None else version
        if not version:
            return self.thumb_name if small else self.clean_name
        return f"clean/{self.public_id}-p{version}{'-s' if small else ''}.webp"

    @property
    def clean_name(self) -> str:
        """Name in storage of the copy without metadata, for staff."""
        return f"clean/{self.public_id}.webp"

    @property
    def thumb_name(self) -> str:
        return f"clean/{self.public_id}-s.webp"


class Message(Base):
    """Talk between the Front and the reporter under the code. Never public."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    sender: Mapped[str] = mapped_column(String(10))  # front, reporter
    user_id: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship(back_populates="messages")


class Answer(Base):
    """What the responsible unit says it found and did. Public once the Front lets it out."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    unit_code: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship(back_populates="answers")
    photos: Mapped[list[Photo]] = relationship(primaryjoin="Answer.id == Photo.answer_id", viewonly=True)
    files: Mapped[list[AnswerFile]] = relationship(order_by="AnswerFile.id", lazy="selectin")


class AnswerFile(Base):
    """A PDF with a unit's answer: the sealed original, and a copy once a worker has found nothing active in it."""

    __tablename__ = "answer_files"
    __table_args__ = (UniqueConstraint("report_id", "sha256", name="uq_answer_files_report_sha"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), index=True)
    original: Mapped[str] = mapped_column(String(160), index=True)  # name of the sealed original in storage
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(String(80))  # the file's own name, for staff
    state: Mapped[str] = mapped_column(String(10))  # waiting, clean, refused
    public: Mapped[bool] = mapped_column(Boolean, default=False)  # an officer has let it out
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship()

    @property
    def copy_name(self) -> str:
        """Name in storage of the copy that is shown."""
        return f"clean/{self.public_id}.pdf"
