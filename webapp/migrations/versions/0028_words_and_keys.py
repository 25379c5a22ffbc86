"""Words of cases in one index, whole and with the keys of those whose business the case is.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CODES = ("area_code", "province_code", "unit_code", "supervisor_code")
INDEXED = "array_to_tsvector(string_to_array(btrim(told || keys), ' '))"  # as webapp/reports/search.py has it


def upgrade():
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        for column in ("told", "shared"):
            op.drop_index(f"ix_report_search_{column}", "report_search")
    op.add_column("report_search", sa.Column("keys", sa.Text(), nullable=False, server_default=""))
    every = [f"coalesce('@' || r.{code} || ' ', '')" for code in CODES]
    waiting = [f"coalesce('!' || r.{code} || ' ', '')" for code in CODES]
    op.execute(
        "UPDATE report_search SET keys = (SELECT trim("
        + " || ".join(every)
        + " || CASE WHEN r.lane IS NULL THEN '' ELSE "
        + " || ".join([*waiting, "'!'"])
        + " END) FROM reports r WHERE r.id = report_search.report_id)"
    )
    if postgresql:
        # No lexeme takes more than 2,046 bytes; nobody can type a word of a hundred letters.
        for column in ("told", "shared"):
            op.execute(
                f"UPDATE report_search SET {column} = regexp_replace({column}, '(\\S{{100}})\\S+', '\\1', 'g')"
                f" WHERE {column} ~ '\\S{{101}}'"
            )
        op.create_index("ix_report_search_words", "report_search", [sa.text(INDEXED)], postgresql_using="gin")
    with op.batch_alter_table("report_search") as batch_op:
        batch_op.alter_column("keys", existing_type=sa.Text(), existing_nullable=False, server_default=None)


def downgrade():
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.drop_index("ix_report_search_words", "report_search")
    with op.batch_alter_table("report_search") as batch_op:
        batch_op.drop_column("keys")
    if postgresql:
        for column in ("told", "shared"):
            op.create_index(
                f"ix_report_search_{column}",
                "report_search",
                [column],
                postgresql_using="gin",
                postgresql_ops={column: "gin_trgm_ops"},
            )
