"""Which week was told to which office, so that it is told once.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from webapp.core.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "digests",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("unit_code", sa.String(40), primary_key=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )


def downgrade():
    op.drop_table("digests")
