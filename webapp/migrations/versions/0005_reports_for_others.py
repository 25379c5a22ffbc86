"""Reports entered for others: how they were told, when, and by which unit they were entered.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("reports") as table:
        table.add_column(sa.Column("source", sa.String(length=12), nullable=True))
        table.add_column(sa.Column("received_at", webapp.core.db.UtcDateTime(), nullable=True))
        table.add_column(sa.Column("entered_by_unit", sa.String(length=40), nullable=True))


def downgrade():
    with op.batch_alter_table("reports") as table:
        table.drop_column("entered_by_unit")
        table.drop_column("received_at")
        table.drop_column("source")
