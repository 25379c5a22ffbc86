"""Figures for everybody: what each public case counts for, sums of it, and triggers that say what to look at again.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MEASURES = (
    *("reported", "received", "taken_over", "answered", "in_time", "late", "extended", "refused", "handed_on"),
    *("came_back", "accepted", "sent_back", "solved", "partly", "unsolved", "waiting", "open", "overdue"),
)
# What of a step counts; that a reminder was sent does not.
STEP = "unit_code, step, started_at, ended_at, outcome, spent_days, extensions, counts_from"


def counted():
    return [sa.Column(name, sa.Integer(), nullable=False) for name in MEASURES]


def where():
    return [
        sa.Column("province", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=True),
    ]


def key():
    return [
        sa.Column("dim", sa.String(length=48), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
    ]


def upgrade():
    op.create_table(
        "figure_facts",
        sa.Column("report_id", BIG, autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        *where(),
        *counted(),
        sa.PrimaryKeyConstraint("report_id", "unit", "month"),
    )
    op.create_index("ix_figure_facts_unit", "figure_facts", ["unit", "month"])
    op.create_index("ix_figure_facts_commune", "figure_facts", ["commune", "month"])
    op.create_index("ix_figure_facts_province", "figure_facts", ["province", "month"])
    op.create_index("ix_figure_facts_month", "figure_facts", ["month"])
    op.create_table(
        "figure_deltas",
        sa.Column("id", BIG, nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        *where(),
        *counted(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table("figure_sums", *key(), *counted(), sa.PrimaryKeyConstraint("dim", "period", "category"))
    op.create_table(
        "figure_days",
        *key(),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dim", "period", "category", "days"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION note_figure_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO map_changes (report_id) SELECT id FROM reports
                WHERE id = COALESCE(NEW.report_id, OLD.report_id) AND publish_at IS NOT NULL;
              RETURN NULL;
            END $$
            """
        )
        for name, event, table in triggers():
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION note_figure_change()"
            )
    else:
        for name, event, table in triggers():
            row = "OLD" if event == "DELETE" else "NEW"
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW BEGIN "
                "INSERT INTO map_changes (report_id) SELECT id FROM reports "
                f"WHERE id = {row}.report_id AND publish_at IS NOT NULL; END"  # noqa: S608
            )
    # The next fold looks at every case, and finds that none has figures yet.
    op.execute("UPDATE map_state SET seen_at = NULL")


def triggers():
    """(name, event, table)."""
    for table, changed in (("step_clocks", STEP), ("verdicts", "verdict, again, unit_code"), ("feedback", "verdict")):
        yield f"figures_{table}_new", "INSERT", table
        yield f"figures_{table}_changed", f"UPDATE OF {changed}", table
        yield f"figures_{table}_gone", "DELETE", table


def downgrade():
    for name, _event, table in triggers():
        on = f" ON {table}" if op.get_bind().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {name}{on}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION note_figure_change()")
    for table in ("figure_days", "figure_sums", "figure_deltas", "figure_facts"):
        op.drop_table(table)
