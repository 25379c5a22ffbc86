"""Following a case or an area, notices, the reporter's word on an answer, and "I see it too".

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from webapp.core.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "subscriptions",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=True),
        sa.Column("area_code", sa.String(8), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("radius_m", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("lang", sa.String(5), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("address_key", "target", name="uq_subscriptions_address_target"),
        sa.CheckConstraint(
            "(report_id IS NOT NULL AND area_code IS NULL AND lon IS NULL AND lat IS NULL AND radius_m IS NULL)"
            " OR (report_id IS NULL AND area_code IS NOT NULL AND lon IS NULL AND lat IS NULL AND radius_m IS NULL)"
            " OR (report_id IS NULL AND area_code IS NULL AND lon IS NOT NULL AND lat IS NOT NULL"
            " AND radius_m IS NOT NULL)",
            name="ck_subscriptions_one_target",
        ),
    )
    op.create_index("ix_subscriptions_area", "subscriptions", ["area_code"])
    op.create_index("ix_subscriptions_report_id", "subscriptions", ["report_id"])
    op.create_table(
        "notices",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscription_id", BIG, sa.ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("about", sa.String(40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("subscription_id", "about", name="uq_notices_subscription_about"),
    )
    op.create_index("ix_notices_created_at", "notices", ["created_at"])
    op.create_table(
        "feedback",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("answer_id", BIG, sa.ForeignKey("answers.id"), nullable=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_feedback_report", "feedback", ["report_id", "settled_at"])
    op.create_table(
        "witnesses",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("device_key", sa.String(64), nullable=False),
        sa.UniqueConstraint("report_id", "device_key", name="uq_witnesses_report_device"),
    )


def downgrade():
    for table in ("witnesses", "feedback", "notices", "subscriptions"):
        op.drop_table(table)
