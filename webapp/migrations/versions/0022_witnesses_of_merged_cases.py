"""Who saw two cases counts once when they are merged.

Revision ID: 0022
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("witnesses", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("witnesses", sa.Column("counts_as", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True))


def downgrade():
    op.drop_column("witnesses", "counts_as")
    op.drop_column("witnesses", "sealed")
