"""Days that are over are added up for the score cards, not months alone. The sums are made anew by the next nights.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade():
    made("score_spans", "span")


def downgrade():
    made("score_months", "month")


def made(known, span):
    """Empty tables, whose column of days or months is called `span`."""
    before = "score_months" if known == "score_spans" else "score_spans"
    for table in ("score_days", "score_sums", before):
        op.drop_table(table)
    op.create_table(known, sa.Column(span, sa.Integer(), primary_key=True, autoincrement=False))
    op.create_table(
        "score_sums",
        sa.Column("unit_code", sa.String(40), primary_key=True),
        sa.Column(span, sa.Integer(), primary_key=True),
        sa.Column("measure", sa.String(12), primary_key=True),
        sa.Column("before", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
    )
    op.create_table(
        "score_days",
        sa.Column("unit_code", sa.String(40), primary_key=True),
        sa.Column(span, sa.Integer(), primary_key=True),
        sa.Column("days", sa.SmallInteger(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
    )
