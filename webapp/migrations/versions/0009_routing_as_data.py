"""Rules by time of day, versions of the rule set, the operator's own days and deadlines, stamps of reference data.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WINDOW = (("time_from", 5), ("time_to", 5), ("days", 8))
OWN = ("deadline_rules", "calendar_days")


def upgrade():
    op.create_table(
        "stamps",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "rule_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("rows", webapp.core.db.Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changes", webapp.core.db.Json, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("trial", webapp.core.db.Json, nullable=True),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("published_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_rule_versions_number"),
    )
    with op.batch_alter_table("routing_rules") as batch_op:
        for name, length in WINDOW:
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=True))
    for table in OWN:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    for table in OWN:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("own")
    # Without its window a rule would hold the whole day.
    op.execute("DELETE FROM routing_rules WHERE time_from IS NOT NULL OR days IS NOT NULL")
    with op.batch_alter_table("routing_rules") as batch_op:
        for name, _length in WINDOW:
            batch_op.drop_column(name)
    op.drop_table("rule_versions")
    op.drop_table("stamps")
