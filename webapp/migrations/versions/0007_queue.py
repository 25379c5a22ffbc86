"""The desks: lanes in which cases wait, words by which they are found, saved filters, who has a case open.

Revision ID: 0007
Revises: 0006
"""

import re
import unicodedata
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = {
    "all": [],
    "province": ["province_code"],
    "area": ["area_code"],
    "supervisor": ["supervisor_code"],
    "unit": ["unit_code"],
}
# As webapp/reports/lanes.py had it on the day of this migration.
USUAL = {
    "new": 10,
    "received": 11,
    "answered": 50,
    "screening": 61,
    "verified": 70,
    "rework": 81,
    "assigned": 82,
    "verifying": 83,
    "in_progress": 84,
    "needs_info": 90,
}
OBJECTED = {"answered": 40, "verified": 41, "closed": 42}
ENDED = ("closed", "duplicate", "out_of_scope", "rejected", "withdrawn")
PASSED_OVER = re.compile(r"[\W_]+")
CLOCKLESS = (40, 41, 42, 50, 70, 90)


def upgrade():
    with op.batch_alter_table("reports") as batch_op:
        batch_op.add_column(sa.Column("lane", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("lane_at", webapp.core.db.UtcDateTime(), nullable=True))
    _fill_lanes()
    waits = sa.text("lane IS NOT NULL")
    with op.batch_alter_table("reports") as batch_op:
        for name, columns in INDEXES.items():
            batch_op.create_index(
                f"ix_reports_lane_{name}",
                [*columns, "lane", "lane_at", "id"],
                postgresql_where=waits,
                sqlite_where=waits,
            )
        batch_op.create_index("ix_reports_changed", ["updated_at", "id"])
        batch_op.create_index("ix_reports_province_changed", ["province_code", "updated_at", "id"])
        batch_op.create_index("ix_reports_unit_changed", ["unit_code", "updated_at", "id"])
    op.create_table(
        "report_search",
        sa.Column("report_id", BIG, autoincrement=False, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.PrimaryKeyConstraint("report_id"),
    )
    _fill_words()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for column in ("told", "shared"):
            op.create_index(
                f"ix_report_search_{column}",
                "report_search",
                [column],
                postgresql_using="gin",
                postgresql_ops={column: "gin_trgm_ops"},
            )
    op.create_table(
        "saved_filters",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", webapp.core.db.Json, nullable=False),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_filters_user_name"),
    )
    op.create_table(
        "presences",
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("report_id", "user_id"),
    )
    with op.batch_alter_table("presences") as batch_op:
        batch_op.create_index("ix_presences_seen", ["seen_at"])


def _fill_lanes():
    connection = op.get_bind()
    stamp = webapp.core.db.UtcDateTime()
    reports = sa.table(
        "reports",
        sa.column("id", BIG),
        sa.column("status", sa.String()),
        sa.column("lane", sa.Integer()),
        sa.column("lane_at", stamp),
        sa.column("due_at", stamp),
        sa.column("updated_at", stamp),
    )
    feedback = sa.table("feedback", sa.column("report_id", BIG), sa.column("verdict"), sa.column("settled_at", stamp))
    r = reports.c
    connection.execute(
        reports.update().where(r.status.in_(USUAL)).values(lane=sa.case(USUAL, value=r.status, else_=None))
    )
    for report_id, status in connection.execute(
        sa.select(r.id, r.status).where(r.status.in_(["screening", "rework"]))
    ).all():
        lane = _came_back(connection, report_id, status)
        if lane:
            connection.execute(reports.update().where(r.id == report_id).values(lane=lane))
    waiting = sa.select(feedback.c.report_id).where(feedback.c.verdict == "no", feedback.c.settled_at.is_(None))
    connection.execute(
        reports.update()
        .where(r.status.in_(OBJECTED), r.id.in_(waiting))
        .values(lane=sa.case(OBJECTED, value=r.status, else_=None))
    )
    far = sa.literal(datetime(9999, 1, 1, tzinfo=UTC), stamp)
    connection.execute(
        reports.update()
        .where(r.lane.is_not(None))
        .values(lane_at=sa.case((r.lane.in_(CLOCKLESS), r.updated_at), else_=sa.func.coalesce(r.due_at, far)))
    )


def _came_back(connection, report_id, status):
    """The lane of a case that was further already, by the last step in its record."""
    events = sa.table(
        "events",
        sa.column("stream"),
        sa.column("seq", sa.Integer()),
        sa.column("kind"),
        sa.column("data", webapp.core.db.Json),
    )
    moves = connection.execute(
        sa.select(events.c.data)
        .where(events.c.stream == f"report:{report_id}", events.c.kind == "report:moved")
        .order_by(events.c.seq.desc())
    ).scalars()
    before = next((data.get("from") for data in moves if data.get("to") == status), None)
    if status == "rework":
        return 80 if before in ENDED else None
    if before in ENDED:
        return 30
    return {"assigned": 20, "needs_info": 60}.get(before or "")


def _fill_words():
    connection = op.get_bind()
    rows = sa.text(
        "SELECT id, public_id, public_text, description, place_text, category_code, area_code, province_code, unit_code"
        " FROM reports WHERE id > :last ORDER BY id LIMIT 1000"
    )
    names = {
        "category": connection.execute(
            sa.select(sa.column("code"), sa.column("name", webapp.core.db.Json)).select_from(sa.table("categories"))
        ),
        "area": connection.execute(sa.text("SELECT code, name FROM areas")),
        "unit": connection.execute(sa.text("SELECT code, name_vi || ' ' || short_name_vi FROM units")),
    }
    known: dict[tuple[str, str], list[str]] = {}
    for kind, found in names.items():
        for code, name in found:
            known.setdefault((kind, code), []).append(" ".join(name.values()) if isinstance(name, dict) else name)
    search = sa.table("report_search", sa.column("report_id", BIG), sa.column("told"), sa.column("shared"))
    last = 0
    while True:
        page = connection.execute(rows, {"last": last}).all()
        if not page:
            return
        made = []
        for row in page:
            keys = (
                ("category", row.category_code),
                ("area", row.area_code),
                ("area", row.province_code),
                ("unit", row.unit_code),
            )
            shared = [row.public_id, row.public_text or "", *(n for key in keys for n in known.get(key, ()))]
            told = [row.description or "", row.place_text or "", *shared]
            made.append({"report_id": row.id, "told": _folded(told), "shared": _folded(shared)})
        connection.execute(search.insert(), made)
        last = page[-1].id


def _folded(texts):
    plain = unicodedata.normalize("NFD", " ".join(texts).lower().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " " + PASSED_OVER.sub(" ", plain).strip() + " "


def downgrade():
    op.drop_table("presences")
    op.drop_table("saved_filters")
    op.drop_table("report_search")  # with its indexes; the extension stays, others may use it
    with op.batch_alter_table("reports") as batch_op:
        for name in ("ix_reports_changed", "ix_reports_province_changed", "ix_reports_unit_changed"):
            batch_op.drop_index(name)
        for name in INDEXES:
            batch_op.drop_index(f"ix_reports_lane_{name}")
    with op.batch_alter_table("reports") as batch_op:
        batch_op.drop_column("lane_at")
        batch_op.drop_column("lane")
