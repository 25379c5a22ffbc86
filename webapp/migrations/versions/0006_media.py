"""Clips and voice notes; what is hidden in a photo; parts of its hash, so that lookalikes are found.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BANDS = ("dhash_a", "dhash_b", "dhash_c", "dhash_d")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "recordings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("original", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mime", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("created_at", webapp.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("report_id", "sha256", name="uq_recordings_report_sha"),
    )
    with op.batch_alter_table("recordings") as batch_op:
        batch_op.create_index("ix_recordings_report_id", ["report_id"], unique=False)
        batch_op.create_index("ix_recordings_original", ["original"], unique=False)
    with op.batch_alter_table("photos") as batch_op:
        for name in BANDS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("marks", webapp.core.db.Json, nullable=False, server_default=sa.text("'[]'")))
        for name in ("marks_version", "public_version"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    _fill_bands()
    with op.batch_alter_table("photos") as batch_op:
        for name in BANDS:
            batch_op.create_index(f"ix_photos_{name}", [name], unique=False)


def _fill_bands():
    photos = sa.table("photos", sa.column("id", BIG), sa.column("dhash", sa.BigInteger()), *map(sa.column, BANDS))
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(
            sa.select(photos.c.id, photos.c.dhash)
            .where(photos.c.id > last, photos.c.dhash.is_not(None))
            .order_by(photos.c.id)
            .limit(1000)
        ).all()
        if not rows:
            return
        connection.execute(
            photos.update()
            .where(photos.c.id == sa.bindparam("row"))
            .values({name: sa.bindparam(f"new_{name}", type_=sa.Integer()) for name in BANDS}),
            [
                {"row": row.id, **{f"new_{name}": row.dhash >> shift & 0xFFFF for name, shift in zip(BANDS, (48, 32, 16, 0), strict=True)}}
                for row in rows
            ],
        )
        last = rows[-1].id


def downgrade():
    with op.batch_alter_table("photos") as batch_op:
        for name in BANDS:
            batch_op.drop_index(f"ix_photos_{name}")
    with op.batch_alter_table("photos") as batch_op:
        for name in (*BANDS, "marks", "marks_version", "public_version"):
            batch_op.drop_column(name)
    with op.batch_alter_table("recordings") as batch_op:
        batch_op.drop_index("ix_recordings_original")
        batch_op.drop_index("ix_recordings_report_id")
    op.drop_table("recordings")
