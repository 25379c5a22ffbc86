"""Units are entered in the browser: one's own rows.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("units", sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    op.drop_column("units", "own")
