"""Keys of programs that send reports, each with its own limits; the newest cases of a rare kind by an index.

Revision ID: 0018
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_reports_category", "reports", ["category_code", "created_at"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("reports_per_hour", sa.Integer, nullable=False),
        sa.Column("reads_per_minute", sa.Integer, nullable=False),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.Column("used_on", sa.Date),
        sa.Column("revoked_at", webapp.core.db.UtcDateTime()),
    )


def downgrade():
    op.drop_table("api_keys")
    op.drop_index("ix_reports_category", "reports")
