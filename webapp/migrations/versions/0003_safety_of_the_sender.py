"""A sender who bypasses the commune, consent, and requests about one's own data.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("reports", sa.Column("bypass_commune", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("contacts", sa.Column("consent", sa.String(length=16), nullable=True))
    op.create_table(
        "data_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("acknowledged_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answered_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("data_requests", schema=None) as batch_op:
        batch_op.create_index("ix_data_requests_open", ["answered_at", "due_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_data_requests_report_id"), ["report_id"], unique=False)


def downgrade():
    op.drop_table("data_requests")
    # Not in a batch: that would make `reports` anew on SQLite, under the rows that refer to it.
    op.execute("ALTER TABLE contacts DROP COLUMN consent")
    op.execute("ALTER TABLE reports DROP COLUMN bypass_commune")
