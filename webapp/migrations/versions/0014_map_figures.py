"""The map's own tables: public points, sums of them by square, and triggers that say which case to look at again.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTED = (
    "status, category_code, unit_code, area_code, province_code, created_at, due_at, publish_at, "
    "public_lon, public_lat, public_cell"
)


def facts():
    return [
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("province", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=8), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
    ]


def upgrade():
    op.create_table(
        "map_points",
        sa.Column("report_id", BIG, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        *facts(),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_map_points_cell", "map_points", ["cell", "state"])
    op.create_index("ix_map_points_day", "map_points", ["day", "cell"])
    op.create_index("ix_map_points_category", "map_points", ["category", "day", "cell"])
    op.create_index("ix_map_points_unit", "map_points", ["unit", "cell"])
    op.create_index("ix_map_points_commune", "map_points", ["commune", "day"])
    op.create_table(
        "map_deltas",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        *facts(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "map_cells",
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("dim", sa.String(length=48), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sum_x", sa.BigInteger(), nullable=False),
        sa.Column("sum_y", sa.BigInteger(), nullable=False),
        sa.Column("squares", sa.BigInteger(), nullable=False),
        sa.Column("sum_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("level", "dim", "period", "cell", "state"),
    )
    op.create_table(
        "map_changes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    state = op.create_table(
        "map_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", webapp.core.db.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(state, [{"id": 1, "seen_at": None, "version": 0}])
    op.create_index("ix_reports_publish_at", "reports", ["publish_at"])
    op.create_index("ix_reports_due_at", "reports", ["due_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION note_map_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO map_changes (report_id) VALUES (COALESCE(NEW.id, OLD.id));
              RETURN NULL;
            END $$
            """
        )
        for name, event, condition in triggers():
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON reports FOR EACH ROW "
                f"WHEN ({condition}) EXECUTE FUNCTION note_map_change()"
            )
    else:
        for name, event, condition in triggers():
            row = "OLD" if event == "DELETE" else "NEW"
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON reports FOR EACH ROW WHEN {condition} "
                f"BEGIN INSERT INTO map_changes (report_id) VALUES ({row}.id); END"
            )


def triggers():
    """(name, event, condition). What is not to be published, before or after, concerns no map."""
    return (
        ("map_report_new", "INSERT", "NEW.publish_at IS NOT NULL"),
        (
            "map_report_changed",
            f"UPDATE OF {COUNTED}",
            "NEW.publish_at IS NOT NULL OR OLD.publish_at IS NOT NULL",
        ),
        ("map_report_gone", "DELETE", "OLD.publish_at IS NOT NULL"),
    )


def downgrade():
    for name, _event, _condition in triggers():
        on = " ON reports" if op.get_bind().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {name}{on}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION note_map_change()")
    op.drop_index("ix_reports_due_at", "reports")
    op.drop_index("ix_reports_publish_at", "reports")
    for table in ("map_state", "map_changes", "map_cells", "map_deltas", "map_points"):
        op.drop_table(table)
