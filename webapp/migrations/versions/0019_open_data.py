"""Versions of the open data.

Revision ID: 0019
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "open_data_versions",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("started_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("licence", sa.String(200), nullable=False),
        sa.Column("files", webapp.core.db.Json, nullable=False),
    )


def downgrade():
    op.drop_table("open_data_versions")
