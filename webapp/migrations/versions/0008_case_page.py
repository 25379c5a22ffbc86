"""Links between cases, reply templates, and documents with a number of a unit's register.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from webapp.core.db import Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_index("ix_reports_duplicate_of", "reports", ["duplicate_of_id"])
    op.create_table(
        "case_links",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("from_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("to_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("via_id", BIG, sa.ForeignKey("reports.id"), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("kind", "from_id", "to_id", name="uq_case_links_pair"),
    )
    op.create_index("ix_case_links_from", "case_links", ["from_id"])
    op.create_index("ix_case_links_to", "case_links", ["to_id"])
    op.create_table(
        "reply_templates",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("code", sa.String(60), nullable=False, unique=True),
        sa.Column("unit_code", sa.String(40), nullable=True),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("category_code", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_reply_templates_unit", "reply_templates", ["unit_code"])
    op.create_table(
        "documents",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("unit_code", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("paper", Json, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("unit_code", "year", "number", name="uq_documents_register"),
    )
    op.create_index("ix_documents_report", "documents", ["report_id"])


def downgrade():
    for table in ("documents", "reply_templates", "case_links"):
        op.drop_table(table)
    op.drop_index("ix_reports_duplicate_of", "reports")
