"""Reorganisations as reviewed plans, what came after what, and places under their former names.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "successions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("what", sa.String(4), nullable=False),
        sa.Column("from_code", sa.String(40), nullable=False),
        sa.Column("to_code", sa.String(40), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("plan_code", sa.String(60), nullable=False),
        sa.UniqueConstraint("what", "from_code", "to_code", "on", name="uq_successions_step"),
    )
    op.create_index("ix_successions_to", "successions", ["what", "to_code"])
    op.create_table(
        "legacy_places",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("within", sa.String(120), nullable=False),
        sa.Column("bare", sa.String(80), nullable=False),
        sa.Column("words", sa.String(240), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("today", webapp.core.db.Json, nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
    )
    op.create_index("ix_legacy_places_code", "legacy_places", ["level", "code"])
    op.create_table(
        "reorganisations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(60), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("applied_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("cases_moved", sa.Integer(), nullable=False),
        sa.Column("cases_doubtful", sa.Integer(), nullable=False),
        sa.Column("moved_at", webapp.core.db.UtcDateTime(), nullable=True),
    )
    op.create_index("ix_reorganisations_state", "reorganisations", ["state", "effective_on"])
    op.create_table(
        "reorganisation_steps",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reorganisation_id", sa.Integer(), sa.ForeignKey("reorganisations.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("what", sa.String(4), nullable=False),
        sa.Column("from_code", sa.String(40), nullable=False),
        sa.Column("to_code", sa.String(40), nullable=False),
        sa.Column("name_vi", sa.String(160), nullable=False),
        sa.Column("name_en", sa.String(160), nullable=False),
        sa.Column("short_name_vi", sa.String(80), nullable=False),
        sa.Column("parent_code", sa.String(40), nullable=False),
        sa.Column("area_code", sa.String(8), nullable=False),
        sa.Column("name_before", sa.String(160), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("cases", webapp.core.db.Json, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.UniqueConstraint("reorganisation_id", "position", name="uq_reorganisation_steps_position"),
    )


def downgrade():
    for table in ("reorganisation_steps", "reorganisations", "legacy_places", "successions"):
        op.drop_table(table)
