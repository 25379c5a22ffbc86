"""The first tables.

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op

import webapp.core.db
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('CREATE EXTENSION IF NOT EXISTS postgis')
    op.create_table('areas',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('name_en', sa.String(length=80), nullable=False),
    sa.Column('folded', sa.String(length=80), nullable=False),
    sa.Column('parent_code', sa.String(length=8), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('approximate', sa.Boolean(), nullable=False),
    sa.Column('source', sa.String(length=120), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('min_lon', sa.Float(), nullable=False),
    sa.Column('min_lat', sa.Float(), nullable=False),
    sa.Column('max_lon', sa.Float(), nullable=False),
    sa.Column('max_lat', sa.Float(), nullable=False),
    sa.Column('point_lon', sa.Float(), nullable=False),
    sa.Column('point_lat', sa.Float(), nullable=False),
    sa.Column('imported_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('boundary', webapp.core.db.GeoColumn('MULTIPOLYGON'), nullable=False),
    sa.Column('outline', webapp.core.db.GeoColumn('MULTIPOLYGON'), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code', 'level', 'valid_from', name='uq_areas_code_level_from')
    )
    with op.batch_alter_table('areas', schema=None) as batch_op:
        batch_op.create_index('ix_areas_bbox', ['level', 'min_lon', 'max_lon', 'min_lat', 'max_lat'], unique=False)
        if op.get_bind().dialect.name == 'postgresql':
            batch_op.create_index('ix_areas_boundary', ['boundary'], unique=False, postgresql_using='gist')
        batch_op.create_index('ix_areas_parent', ['parent_code'], unique=False)

    op.create_table('calendar_days',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('name_vi', sa.Text(), nullable=False),
    sa.Column('certainty', sa.String(length=12), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('day')
    )
    op.create_table('category_groups',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('icon', sa.String(length=60), nullable=False),
    sa.Column('name', webapp.core.db.Json, nullable=False),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('deadline_rules',
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('step', sa.String(length=12), nullable=False),
    sa.Column('category_code', sa.String(length=40), nullable=False),
    sa.Column('working_days', sa.Integer(), nullable=True),
    sa.Column('hours_around_clock', sa.Integer(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('certainty', sa.String(length=12), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('events',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stream', sa.String(length=64), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=48), nullable=False),
    sa.Column('at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(length=16), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('unit_code', sa.String(length=40), nullable=True),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('data', webapp.core.db.Json, nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('stream', 'seq', name='uq_events_stream_seq')
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index('ix_events_kind_at', ['kind', 'at'], unique=False)

    op.create_table('jobs',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('args', webapp.core.db.Json, nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('run_after', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease', sa.String(length=32), nullable=True),
    sa.Column('lease_until', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('finished_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index('ix_jobs_name_created', ['name', 'created_at'], unique=False)
        batch_op.create_index('ix_jobs_state_run_after', ['state', 'run_after'], unique=False)

    op.create_table('legal_references',
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('title_vi', sa.Text(), nullable=False),
    sa.Column('article', sa.String(length=80), nullable=False),
    sa.Column('subject_vi', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('certainty', sa.String(length=12), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('routing_rules',
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('category_code', sa.String(length=40), nullable=False),
    sa.Column('area_code', sa.String(length=8), nullable=True),
    sa.Column('target_kind', sa.String(length=32), nullable=True),
    sa.Column('target_unit_code', sa.String(length=40), nullable=True),
    sa.Column('supervisor_level', sa.String(length=10), nullable=False),
    sa.Column('lead_organisation_kind', sa.String(length=32), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('note_vi', sa.Text(), nullable=False),
    sa.Column('certainty', sa.String(length=12), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('units',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('name_vi', sa.String(length=160), nullable=False),
    sa.Column('name_en', sa.String(length=160), nullable=False),
    sa.Column('short_name_vi', sa.String(length=80), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.Column('area_code', sa.String(length=8), nullable=True),
    sa.Column('parent_code', sa.String(length=40), nullable=True),
    sa.Column('province_code', sa.String(length=8), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('certainty', sa.String(length=12), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code', 'valid_from', name='uq_units_code_from')
    )
    with op.batch_alter_table('units', schema=None) as batch_op:
        batch_op.create_index('ix_units_kind_area', ['kind', 'area_code'], unique=False)

    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('password', sa.String(length=200), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.Column('unit_code', sa.String(length=40), nullable=True),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('email'),
    sa.UniqueConstraint('fs_uniquifier')
    )
    op.create_table('categories',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('group_code', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('icon', sa.String(length=60), nullable=False),
    sa.Column('name', webapp.core.db.Json, nullable=False),
    sa.Column('description', webapp.core.db.Json, nullable=False),
    sa.Column('evidence', webapp.core.db.Json, nullable=False),
    sa.Column('warning', webapp.core.db.Json, nullable=False),
    sa.Column('sensitive', sa.Boolean(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('reportable', sa.Boolean(), nullable=False),
    sa.Column('public_blur_m', sa.Integer(), nullable=True),
    sa.Column('publish_delay_hours', sa.Integer(), nullable=False),
    sa.Column('legal', webapp.core.db.Json, nullable=False),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['group_code'], ['category_groups.code'], ),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('reports',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('client_key', sa.String(length=64), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('category_code', sa.String(length=40), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('observed_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('lang', sa.String(length=5), nullable=False),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('location', webapp.core.db.GeoColumn('POINT'), nullable=True),
    sa.Column('accuracy_m', sa.Float(), nullable=True),
    sa.Column('place_source', sa.String(length=12), nullable=False),
    sa.Column('place_text', sa.String(length=300), nullable=False),
    sa.Column('area_code', sa.String(length=8), nullable=True),
    sa.Column('province_code', sa.String(length=8), nullable=True),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('unit_code', sa.String(length=40), nullable=True),
    sa.Column('supervisor_code', sa.String(length=40), nullable=True),
    sa.Column('lead_code', sa.String(length=40), nullable=True),
    sa.Column('rule_code', sa.String(length=60), nullable=True),
    sa.Column('routing', webapp.core.db.Json, nullable=False),
    sa.Column('due_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('duplicate_of_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('closed_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('updated_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.Column('publish_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('public_lon', sa.Float(), nullable=True),
    sa.Column('public_lat', sa.Float(), nullable=True),
    sa.Column('public_cell', sa.BigInteger(), nullable=True),
    sa.Column('public_text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['category_code'], ['categories.code'], ),
    sa.ForeignKeyConstraint(['duplicate_of_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('client_key'),
    sa.UniqueConstraint('code_hash'),
    sa.UniqueConstraint('public_id')
    )
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.create_index('ix_reports_area', ['area_code', 'created_at'], unique=False)
        batch_op.create_index('ix_reports_created', ['created_at'], unique=False)
        if op.get_bind().dialect.name == 'postgresql':
            batch_op.create_index('ix_reports_location', ['location'], unique=False, postgresql_using='gist')
        batch_op.create_index('ix_reports_province', ['province_code', 'created_at'], unique=False)
        batch_op.create_index('ix_reports_public_cell', ['public_cell', 'status', 'category_code', 'created_at'], unique=False)
        batch_op.create_index('ix_reports_supervisor_status', ['supervisor_code', 'status'], unique=False)
        batch_op.create_index('ix_reports_unit_status', ['unit_code', 'status'], unique=False)

    op.create_table('answers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('report_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_code', sa.String(length=40), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answers_report_id'), ['report_id'], unique=False)

    op.create_table('contacts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('report_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contacts_report_id'), ['report_id'], unique=False)

    op.create_table('inspection_outcomes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('report_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('unit_code', sa.String(length=40), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('inspected_on', sa.Date(), nullable=False),
    sa.Column('finding', sa.String(length=20), nullable=False),
    sa.Column('measure', sa.String(length=20), nullable=False),
    sa.Column('fine_vnd', sa.BigInteger(), nullable=True),
    sa.Column('decision_number', sa.String(length=80), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('published_at', webapp.core.db.UtcDateTime(), nullable=True),
    sa.Column('published_by_code', sa.String(length=40), nullable=True),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('public_id')
    )
    with op.batch_alter_table('inspection_outcomes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inspection_outcomes_public'), ['public'], unique=False)
        batch_op.create_index(batch_op.f('ix_inspection_outcomes_report_id'), ['report_id'], unique=False)

    op.create_table('messages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('report_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sender', sa.String(length=10), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_messages_report_id'), ['report_id'], unique=False)

    op.create_table('photos',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=24), nullable=False),
    sa.Column('report_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('purpose', sa.String(length=12), nullable=False),
    sa.Column('original', sa.String(length=160), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('mime', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('dhash', sa.BigInteger(), nullable=True),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('created_at', webapp.core.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['answers.id'], ),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('public_id'),
    sa.UniqueConstraint('report_id', 'sha256', 'purpose', name='uq_photos_report_sha')
    )
    with op.batch_alter_table('photos', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_photos_report_id'), ['report_id'], unique=False)



def downgrade():
    with op.batch_alter_table('photos', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_photos_report_id'))

    op.drop_table('photos')
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_messages_report_id'))

    op.drop_table('messages')
    with op.batch_alter_table('inspection_outcomes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inspection_outcomes_report_id'))
        batch_op.drop_index(batch_op.f('ix_inspection_outcomes_public'))

    op.drop_table('inspection_outcomes')
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contacts_report_id'))

    op.drop_table('contacts')
    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_answers_report_id'))

    op.drop_table('answers')
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.drop_index('ix_reports_unit_status')
        batch_op.drop_index('ix_reports_supervisor_status')
        batch_op.drop_index('ix_reports_public_cell')
        batch_op.drop_index('ix_reports_province')
        if op.get_bind().dialect.name == 'postgresql':
            batch_op.drop_index('ix_reports_location', postgresql_using='gist')
        batch_op.drop_index('ix_reports_created')
        batch_op.drop_index('ix_reports_area')

    op.drop_table('reports')
    op.drop_table('categories')
    op.drop_table('users')
    with op.batch_alter_table('units', schema=None) as batch_op:
        batch_op.drop_index('ix_units_kind_area')

    op.drop_table('units')
    op.drop_table('routing_rules')
    op.drop_table('legal_references')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index('ix_jobs_state_run_after')
        batch_op.drop_index('ix_jobs_name_created')

    op.drop_table('jobs')
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_index('ix_events_kind_at')

    op.drop_table('events')
    op.drop_table('deadline_rules')
    op.drop_table('category_groups')
    op.drop_table('calendar_days')
    with op.batch_alter_table('areas', schema=None) as batch_op:
        batch_op.drop_index('ix_areas_parent')
        if op.get_bind().dialect.name == 'postgresql':
            batch_op.drop_index('ix_areas_boundary', postgresql_using='gist')
        batch_op.drop_index('ix_areas_bbox')

    op.drop_table('areas')
