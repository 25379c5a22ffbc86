"""The unit's side: who has a case in hand, handing over, documents, inspections on the spot, units without accounts.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = webapp.core.db.UtcDateTime
JSON = webapp.core.db.Json


def upgrade():
    # Not in a batch: that would make `reports` anew on SQLite, under the rows that refer to it.
    op.add_column("reports", sa.Column("assignee_id", sa.Integer(), nullable=True))
    op.add_column("reports", sa.Column("refusals", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_index("ix_reports_assignee_id", "reports", ["assignee_id"])
    _count_refusals()
    op.create_table(
        "answer_files",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("answer_id", BIG, nullable=False),
        sa.Column("original", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("report_id", "sha256", name="uq_answer_files_report_sha"),
    )
    op.create_index("ix_answer_files_answer_id", "answer_files", ["answer_id"])
    op.create_index("ix_answer_files_original", "answer_files", ["original"])
    op.create_table(
        "handovers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("from_code", sa.String(length=40), nullable=False),
        sa.Column("to_code", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME(), nullable=False),
        sa.Column("decided_at", TIME(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_handovers_report", "handovers", ["report_id", "decided_at"])
    op.create_table(
        "checklists",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("group_code", sa.String(length=40), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("questions", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certainty", sa.String(length=12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "inspection_sheets",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("checklist_code", sa.String(length=40), nullable=False),
        sa.Column("questions", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("began_at", TIME(), nullable=True),
        sa.Column("ended_at", TIME(), nullable=True),
        sa.Column("created_at", TIME(), nullable=False),
        sa.Column("signed_at", TIME(), nullable=True),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("answer_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("client_key"),
    )
    op.create_index("ix_inspection_sheets_report_id", "inspection_sheets", ["report_id"])
    op.create_index("ix_inspection_sheets_answer_id", "inspection_sheets", ["answer_id"])
    op.create_table(
        "unit_contacts",
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("updated_at", TIME(), nullable=False),
        sa.PrimaryKeyConstraint("unit_code"),
    )
    op.create_table(
        "unit_links",
        sa.Column("id", BIG, nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", TIME(), nullable=False),
        sa.Column("expires_at", TIME(), nullable=False),
        sa.Column("sent_at", TIME(), nullable=True),
        sa.Column("opened_at", TIME(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_unit_links_report", "unit_links", ["report_id", "created_at"])


def _count_refusals():
    """How often each open case was given back stands in the record already."""
    events = sa.table("events", sa.column("stream", sa.String()), sa.column("kind", sa.String()), sa.column("data", JSON))
    reports = sa.table("reports", sa.column("id", BIG), sa.column("refusals", sa.Integer()), sa.column("status", sa.String()))
    connection, last = op.get_bind(), 0
    open_ones = sa.select(reports.c.id).where(reports.c.status.not_in(("closed", "duplicate", "out_of_scope", "rejected", "withdrawn")))
    while True:
        ids = list(connection.scalars(open_ones.where(reports.c.id > last).order_by(reports.c.id).limit(500)))
        if not ids:
            return
        last = ids[-1]
        counts: dict[int, int] = {}
        moves = sa.select(events.c.stream, events.c.data).where(
            events.c.stream.in_([f"report:{number}" for number in ids]), events.c.kind == "report:moved"
        )
        for stream, data in connection.execute(moves):
            if (data.get("from"), data.get("to")) == ("assigned", "screening"):
                number = int(stream.partition(":")[2])
                counts[number] = counts.get(number, 0) + 1
        for number, count in counts.items():
            connection.execute(reports.update().where(reports.c.id == number).values(refusals=count))


def downgrade():
    op.drop_table("unit_links")
    op.drop_table("unit_contacts")
    op.drop_table("inspection_sheets")
    op.drop_table("checklists")
    op.drop_table("handovers")
    op.drop_table("answer_files")
    op.execute("DELETE FROM photos WHERE purpose = 'sheet'")
    op.drop_index("ix_reports_assignee_id", "reports")
    op.drop_column("reports", "refusals")
    op.drop_column("reports", "assignee_id")
