"""Who saw two cases counts once when they are merged.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("witnesses", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("witnesses", sa.Column("counts_as", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True))


def downgrade():
    op.drop_column("witnesses", "counts_as")
    op.drop_column("witnesses", "sealed")
