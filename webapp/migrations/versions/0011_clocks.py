"""Clocks of each step, extensions, reminders, verdicts; office hours and limits of extensions as data.

Revision ID: 0011
Revises: 0010
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from webapp.core.db import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Which step ran, by status, when this came; (step, whether the unit owes it).
STEPS = {
    "new": ("screen", False),
    "received": ("screen", False),
    "screening": ("screen", False),
    "needs_info": ("screen", False),
    "assigned": ("receive", True),
    "verifying": ("answer", True),
    "in_progress": ("handle", True),
    "rework": ("answer", True),
    "answered": ("verify", False),
}


def upgrade():
    op.create_table(
        "step_clocks",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("unit_code", sa.String(40), nullable=True),
        sa.Column("rule_code", sa.String(60), nullable=True),
        sa.Column("measure", sa.String(8), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("counts_from", UtcDateTime(), nullable=True),
        sa.Column("first_due_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("pauses", Json, nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(4), nullable=True),
        sa.Column("spent_days", sa.Integer(), nullable=True),
        sa.Column("next_rung_at", UtcDateTime(), nullable=True),
    )
    running, planned = sa.text("ended_at IS NULL"), sa.text("next_rung_at IS NOT NULL")
    op.create_index(
        "uq_step_clocks_running", "step_clocks", ["report_id"], unique=True, postgresql_where=running, sqlite_where=running
    )
    op.create_index("ix_step_clocks_report", "step_clocks", ["report_id"])
    op.create_index("ix_step_clocks_unit", "step_clocks", ["unit_code", "step", "started_at"])
    op.create_index(
        "ix_step_clocks_next_rung", "step_clocks", ["next_rung_at"], postgresql_where=planned, sqlite_where=planned
    )
    op.create_table(
        "extensions",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("clock_id", BIG, sa.ForeignKey("step_clocks.id"), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted_day", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(40), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("before", UtcDateTime(), nullable=True),
        sa.Column("after", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
    )
    asked = sa.text("state = 'asked'")
    op.create_index("ix_extensions_report", "extensions", ["report_id"])
    op.create_index(
        "uq_extensions_asked", "extensions", ["clock_id"], unique=True, postgresql_where=asked, sqlite_where=asked
    )
    op.create_table(
        "reminder_rules",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("measure", sa.String(8), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certainty", sa.String(12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "reminders",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("clock_id", BIG, sa.ForeignKey("step_clocks.id"), nullable=False),
        sa.Column("rung", sa.String(40), nullable=False),
        sa.Column("whom", sa.String(16), nullable=False),
        sa.Column("unit_code", sa.String(40), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("clock_id", "rung", "due_at", name="uq_reminders_clock_rung"),
    )
    op.create_index("ix_reminders_report", "reminders", ["report_id"])
    op.create_index("ix_reminders_unit", "reminders", ["unit_code", "whom", "id"])
    op.create_table(
        "verdicts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("answer_id", BIG, sa.ForeignKey("answers.id"), nullable=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.String(40), nullable=True),
        sa.Column("front_code", sa.String(40), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("rest_due_at", UtcDateTime(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_verdicts_report", "verdicts", ["report_id"])
    op.create_index("ix_verdicts_unit", "verdicts", ["unit_code", "created_at"])
    op.create_table(
        "verdict_photos",
        sa.Column("verdict_id", BIG, sa.ForeignKey("verdicts.id"), primary_key=True),
        sa.Column("photo_id", BIG, sa.ForeignKey("photos.id"), primary_key=True),
    )
    op.create_index("ix_verdict_photos_photo_id", "verdict_photos", ["photo_id"])
    op.create_table(
        "office_hours",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("opens", sa.String(5), nullable=False),
        sa.Column("closes", sa.String(5), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certainty", sa.String(12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    with op.batch_alter_table("deadline_rules") as batch_op:
        for name in ("working_hours", "max_extensions", "extension_days"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
    _start_clocks()


def _start_clocks():
    """A running clock for each open case with the due time that it had. The Front's check of an answer had none:
    it gets a week. What has ended owes nothing any more."""
    reports = sa.table(
        "reports",
        sa.column("id", BIG),
        sa.column("status", sa.String()),
        sa.column("unit_code", sa.String()),
        sa.column("supervisor_code", sa.String()),
        sa.column("created_at", UtcDateTime()),
        sa.column("updated_at", UtcDateTime()),
        sa.column("due_at", UtcDateTime()),
    )
    clocks = sa.table(
        "step_clocks",
        *(sa.column(name) for name in ("report_id", "step", "unit_code", "measure", "amount", "extensions")),
        *(sa.column(name, UtcDateTime()) for name in ("started_at", "first_due_at", "due_at", "paused_at", "next_rung_at")),
        sa.column("pauses", Json),
    )
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(
            sa.select(reports)
            .where(reports.c.id > last, reports.c.status.in_(STEPS), reports.c.due_at.is_not(None))
            .order_by(reports.c.id)
            .limit(1000)
        ).all()
        if not rows:
            break
        made = []
        for row in rows:
            step, of_unit = STEPS[row.status]
            due = row.updated_at + timedelta(days=7) if row.status == "answered" else row.due_at
            asked = row.status == "needs_info"
            made.append(
                {
                    "report_id": row.id,
                    "step": step,
                    "unit_code": row.unit_code if of_unit else row.supervisor_code,
                    "measure": "days",
                    "amount": 0,
                    "extensions": 0,
                    "started_at": row.updated_at if row.status == "answered" else row.created_at,
                    "first_due_at": due,
                    "due_at": due,
                    "paused_at": row.updated_at if asked else None,
                    "next_rung_at": None if asked else due,
                    "pauses": [],
                }
            )
        connection.execute(clocks.insert(), made)
        answered = [{"row": one["report_id"], "due": one["due_at"]} for one in made if one["step"] == "verify"]
        if answered:
            change = reports.update().where(reports.c.id == sa.bindparam("row"))
            connection.execute(change.values(due_at=sa.bindparam("due", type_=UtcDateTime())), answered)
        last = rows[-1].id
    connection.execute(reports.update().where(reports.c.status.not_in(STEPS)).values(due_at=None))


def downgrade():
    with op.batch_alter_table("deadline_rules") as batch_op:
        for name in ("working_hours", "max_extensions", "extension_days"):
            batch_op.drop_column(name)
    for table in ("office_hours", "verdict_photos", "verdicts", "reminders", "reminder_rules", "extensions", "step_clocks"):
        op.drop_table(table)
