"""Categories and checklists are edited in the browser: one's own rows, ends by date, versions. The last day on which
somebody signed in.

Revision ID: 0024
Revises: 0023
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

JSON = webapp.core.db.Json
def kept():
    return [
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("group_code", sa.String(length=40), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("questions", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certainty", sa.String(length=12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
    ]


def versions():
    return [*kept(), sa.Column("number", sa.Integer(), nullable=False), sa.Column("own", sa.Boolean(), nullable=False)]


def today():
    return (datetime.now(UTC) + timedelta(hours=7)).date()


def upgrade():
    op.add_column("users", sa.Column("signed_in_on", sa.Date(), nullable=True))
    op.add_column("categories", sa.Column("ended_from", sa.Date(), nullable=True))
    op.add_column("categories", sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("categories", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    found = sa.table("categories", sa.column("retired", sa.Boolean), sa.column("ended_from", sa.Date))
    op.execute(found.update().where(found.c.retired).values(ended_from=today()))
    op.drop_column("categories", "retired")
    rows = [dict(row) | {"number": 1, "own": False} for row in checklists()]
    replace(versions(), ["code", "number"], rows)


def downgrade():
    op.drop_column("users", "signed_in_on")
    newest = {}
    for row in checklists("number"):
        newest[row["code"]] = {name: value for name, value in row.items() if name not in {"number", "own"}}
    replace(kept(), ["code"], list(newest.values()))
    op.add_column("categories", sa.Column("retired", sa.Boolean(), nullable=False, server_default=sa.false()))
    found = sa.table("categories", sa.column("retired", sa.Boolean), sa.column("ended_from", sa.Date))
    op.execute(found.update().where(found.c.ended_from <= today()).values(retired=True))
    for name in ("version", "own", "ended_from"):
        op.drop_column("categories", name)


def checklists(*more):
    """The rows, oldest version first."""
    columns = [sa.column(c.name, c.type) for c in kept()] + [sa.column(name) for name in more]
    query = sa.select(*columns).select_from(sa.table("checklists", *columns))
    return op.get_bind().execute(query.order_by(*(sa.column(name) for name in more))).mappings().all()


def replace(columns, key, rows):
    """The table anew, with another key."""
    op.drop_table("checklists")
    made = op.create_table("checklists", *columns, sa.PrimaryKeyConstraint(*key))
    if rows:
        op.bulk_insert(made, rows)
