"""The map's points are counted in their indexes alone.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SUMMED = ["state", "x", "y", "report_id"]
INDEXES = {
    "ix_map_points_cell": (["cell"], [*SUMMED, "day", "category", "unit"]),
    "ix_map_points_day": (["day", "cell"], [*SUMMED, "province", "commune"]),
    "ix_map_points_category": (["category", "day", "cell"], SUMMED),
    "ix_map_points_unit": (["unit", "cell"], [*SUMMED, "day", "category"]),
    "ix_map_points_commune": (["commune", "day"], SUMMED),
}


def upgrade():
    for name, (columns, included) in INDEXES.items():
        op.drop_index(name, "map_points")
        op.create_index(name, "map_points", columns, postgresql_include=included)


def downgrade():
    for name, (columns, _included) in INDEXES.items():
        op.drop_index(name, "map_points")
        op.create_index(name, "map_points", ["cell", "state"] if name == "ix_map_points_cell" else columns)
