"""What score cards look up: clocks by when they ended, words of reporters by when they were said.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_step_clocks_ended", "step_clocks", ["unit_code", "ended_at"])
    op.create_index("ix_feedback_created", "feedback", ["created_at"])


def downgrade():
    op.drop_index("ix_feedback_created", "feedback")
    op.drop_index("ix_step_clocks_ended", "step_clocks")
