"""A step that was taken from its unit before it was done is neither in time nor, before its due time, late.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UNIT_STEPS = "('receive', 'answer', 'handle')"
# Another unit had to accept the case at the moment at which the step ended.
GIVEN_ON = f"""EXISTS (SELECT 1 FROM step_clocks AS n WHERE n.report_id = step_clocks.report_id
    AND n.id > step_clocks.id AND n.step = 'receive' AND n.started_at = step_clocks.ended_at
    AND n.unit_code <> step_clocks.unit_code)"""  # noqa: S608 - names of ours
# Its unit was reorganised: the same step went on with the unit that came after.
WENT_ON = """EXISTS (SELECT 1 FROM step_clocks AS n WHERE n.report_id = step_clocks.report_id
    AND n.id > step_clocks.id AND n.step = step_clocks.step AND n.started_at = step_clocks.started_at
    AND n.unit_code <> step_clocks.unit_code)"""


def upgrade():
    op.add_column("step_clocks", sa.Column("moved", sa.Boolean(), nullable=False, server_default=sa.false()))
    of_units = f"ended_at IS NOT NULL AND step IN {UNIT_STEPS}"
    op.execute(f"UPDATE step_clocks SET moved = true WHERE {of_units} AND {GIVEN_ON}")  # noqa: S608
    undone = f"{of_units} AND outcome = 'met' AND (moved OR {WENT_ON})"
    op.execute(f"UPDATE step_clocks SET outcome = NULL WHERE {undone}")  # noqa: S608


def downgrade():
    op.execute("UPDATE step_clocks SET outcome = 'met' WHERE ended_at IS NOT NULL AND outcome IS NULL")
    op.execute("ALTER TABLE step_clocks DROP COLUMN moved")
