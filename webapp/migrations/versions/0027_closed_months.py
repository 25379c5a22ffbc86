"""Months that are over are added up once for the score cards; a clock says when its row was written.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from webapp.core.db import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# A step of a unit began when the one before it ended, even where a hand-over kept from when its term counts.
BEFORE = """(SELECT max(b.ended_at) FROM step_clocks AS b
    WHERE b.report_id = step_clocks.report_id AND b.id < step_clocks.id)"""
EVER = "1970-01-01 00:00:00.000000"  # a column that may not be empty needs a value before it has its own
OTHERWISE = "step IN ('receive', 'answer') AND made_at <> started_at"


def upgrade():
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.add_column("step_clocks", sa.Column("made_at", UtcDateTime(), nullable=False, server_default=EVER))
    if postgresql:
        # No case counts otherwise yet: the triggers would have each looked at again.
        op.execute("ALTER TABLE step_clocks DISABLE TRIGGER USER")
    op.execute(
        f"UPDATE step_clocks SET made_at = CASE WHEN {BEFORE} > started_at THEN {BEFORE} ELSE started_at END"  # noqa: S608
    )
    if postgresql:
        op.execute("ALTER TABLE step_clocks ENABLE TRIGGER USER")
    op.drop_index("ix_step_clocks_unit", "step_clocks")
    op.create_index("ix_step_clocks_unit", "step_clocks", ["unit_code", "step", "made_at"])
    running = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_step_clocks_open",
        "step_clocks",
        ["unit_code", "step", "due_at", "report_id"],
        postgresql_where=running,
        sqlite_where=running,
    )
    # The figures for everybody count them by the month in which the unit got them.
    op.execute(f"INSERT INTO map_changes (report_id) SELECT DISTINCT report_id FROM step_clocks WHERE {OTHERWISE}")  # noqa: S608
    op.create_table("score_months", sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False))
    op.create_table(
        "score_sums",
        sa.Column("unit_code", sa.String(40), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True),
        sa.Column("measure", sa.String(12), primary_key=True),
        sa.Column("before", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
    )
    op.create_table(
        "score_days",
        sa.Column("unit_code", sa.String(40), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True),
        sa.Column("days", sa.SmallInteger(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
    )


def downgrade():
    for table in ("score_days", "score_sums", "score_months"):
        op.drop_table(table)
    op.drop_index("ix_step_clocks_open", "step_clocks")
    op.drop_index("ix_step_clocks_unit", "step_clocks")
    op.execute("ALTER TABLE step_clocks DROP COLUMN made_at")
    op.create_index("ix_step_clocks_unit", "step_clocks", ["unit_code", "step", "started_at"])
