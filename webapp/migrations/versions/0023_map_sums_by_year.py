"""The map's sums over everything are kept by year too, and for squares of zoom 13.

Revision ID: 0023
Revises: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SUMS = ("n", "sum_x", "sum_y", "squares", "sum_id")


def upgrade():
    added = ", ".join(f"SUM({name})" for name in SUMS)
    op.execute(
        f"INSERT INTO map_cells (level, dim, period, cell, state, {', '.join(SUMS)}) "  # noqa: S608
        f"SELECT level, dim, period / 100, cell, state, {added} FROM map_cells "
        "WHERE dim = '' AND level BETWEEN 7 AND 12 AND period BETWEEN 10000 AND 999999 "
        "GROUP BY level, dim, period / 100, cell, state"
    )
    op.execute(
        f"INSERT INTO map_cells (level, dim, period, cell, state, {', '.join(SUMS)}) "  # noqa: S608
        "SELECT 13, '', 0, cell >> 2, state, "
        f"{added} FROM map_cells WHERE dim = '' AND level = 14 AND period = 0 GROUP BY cell >> 2, state"
    )


def downgrade():
    op.execute("DELETE FROM map_cells WHERE period BETWEEN 1 AND 9999 OR level = 13")
