"""A country's worth of cases, written by the database itself: `fill(url, 1_000_000)` takes a minute or two.

PostgreSQL only, and only for an empty database made from the template with areas (`services.AREAS`). Spread as
people are: a few communes have many cases, wards more than villages; kinds of unequal weight; a tenth of the
cases open and young, the rest over some years. Pictures, contacts, objections and entries of the record are
there for a part of the cases. Hashes of the record are not a chain, and nothing sealed can be opened.

Same parameters, same cases, on the same day.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import psycopg
from psycopg import sql

from webapp.reports import lanes
from webapp.reports import lifecycle as life

# Shares of the open and of the ended cases by status.
OPEN = {
    life.NEW: 1,
    life.RECEIVED: 14,
    life.SCREENING: 7,
    life.NEEDS_INFO: 6,
    life.ASSIGNED: 16,
    life.VERIFYING: 14,
    life.IN_PROGRESS: 20,
    life.REWORK: 5,
    life.ANSWERED: 12,
    life.VERIFIED: 5,
}
ENDED = {life.CLOSED: 70, life.DUPLICATE: 12, life.OUT_OF_SCOPE: 8, life.REJECTED: 7, life.WITHDRAWN: 3}
WORDS = (
    (
        "Sáng nay",
        "Đêm qua",
        "Mấy hôm nay",
        "Cả tuần nay",
        "Từ đầu tháng",
        "Cứ chiều tối",
        "Mỗi khi có gió chướng",
        "Sau trận mưa",
    ),
    (
        "có xe ben đổ rác thải",
        "ghe hút cát neo sát bờ",
        "khói đen bốc lên",
        "nước thải chảy ra kênh",
        "tro xỉ bay vào nhà dân",
        "người ta đốt rơm rạ",
        "mùi hôi từ trại heo",
        "máy đào lấy đất mặt ruộng",
        "bao bì thuốc sâu vứt đầy bờ",
        "bọt trắng nổi đầy mương",
    ),
    (
        "gần trường học",
        "sau chợ",
        "cạnh cầu sắt",
        "dọc tuyến đê",
        "ngay đầu ấp",
        "trước cổng chùa",
        "bên hông nhà văn hóa",
        "dưới chân cầu",
        "ở bãi bồi",
        "trong khu dân cư",
    ),
    (
        "mong cơ quan chức năng kiểm tra",
        "bà con rất khó chịu",
        "cá tôm chết nhiều",
        "trẻ em ho suốt đêm",
        "đã báo nhưng chưa thấy ai tới",
        "đường trơn, nguy hiểm",
    ),
)
ACCENTED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
PLAIN = "a" * 17 + "e" * 11 + "i" * 5 + "o" * 17 + "u" * 11 + "y" * 5 + "d"
FILLED = ("reports", "events", "photos", "contacts", "feedback", "report_search", "step_clocks")


def fill(
    url: str,
    number: int,
    *,
    open_share: float = 0.1,
    years: float = 3,
    photo_share: float = 0.3,
    record_share: float = 0.05,
    now: datetime | None = None,
    bare: bool = False,
    indexed: bool = True,
) -> None:
    """Write `number` cases into the database at `url` (of SQLAlchemy or libpq), with its statistics up to date.

    `record_share`: of the ended cases, how many have entries of the record; all open ones have. `bare`: cases alone,
    nothing that hangs on them. `indexed`: the indexes are there afterwards.
    """
    moment = now or datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=False) as connection:
        one = connection.execute
        one("SET LOCAL session_replication_role = replica")  # neither foreign keys nor triggers, row by row
        one("SET LOCAL work_mem = '256MB'")
        one("SET LOCAL maintenance_work_mem = '512MB'")
        one("SELECT setseed(0.42)")
        one(FOLD.format(accented=ACCENTED, plain=PLAIN))
        one(CELL)
        one(UNITS)
        _choices(connection)
        indexes = _without_indexes(connection)
        one(DRAW, {"number": number, "open": open_share, "slots": _slots(connection)})
        one("ANALYZE draw")
        one(REPORTS, {"now": moment, "days": years * 365.25})
        one("SELECT setval(pg_get_serial_sequence('reports', 'id'), %s)", (number,))
        one("ANALYZE reports")  # without figures the planner joins a million rows with nested loops
        one(DUPLICATES)
        if not bare:
            one(RECORD, {"share": record_share})
            one(CLOCKS)
            one(PHOTOS, {"share": photo_share})
            one(CONTACTS)
            one(OBJECTIONS)
            one(LANES.format(usual=_cases(lanes.lane_of), objected=_cases(lambda s: lanes.lane_of(s, lanes.OBJECTED))))
            one(FOLDED)
            one(WORDS_FOUND)
        for definition in indexes if indexed else ():
            one(definition)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _cases(lane: Callable[[str], int | None]) -> str:
    return " ".join(f"WHEN '{status}' THEN {number}" for status in life.STATUSES if (number := lane(status)))


def _choices(connection: psycopg.Connection[Any]) -> None:
    """What is drawn from, each with its share: communes, categories, statuses, words."""
    connection.execute(SLOTS)
    connection.execute(CATEGORIES)
    connection.execute("CREATE TEMP TABLE pick_status (open boolean, n serial, status text)")
    with connection.cursor() as cursor:
        for is_open, shares in ((True, OPEN), (False, ENDED)):
            bag = [status for status, share in shares.items() for _ in range(share)]
            cursor.executemany(
                "INSERT INTO pick_status (open, n, status) VALUES (%s, %s, %s)",
                [(is_open, n, status) for n, status in enumerate(bag)],
            )
        cursor.execute("CREATE TEMP TABLE pick_words (n int, words text, folded text)")
        chance = random.Random(42)  # the same cases each time
        sentences = [" ".join((a, b, c)) + ", " + d for a, b, c, d in _product(chance)]
        cursor.executemany(
            "INSERT INTO pick_words VALUES (%s, %s, pg_temp.fold(%s))",
            [(n, words, words) for n, words in enumerate(sentences)],
        )


def _product(chance: random.Random) -> list[tuple[str, str, str, str]]:
    every = list(product(*WORDS))
    chance.shuffle(every)
    return every


def _slots(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM pick_place").fetchone()
    if not row or not row[0]:
        raise ValueError("no communes: fill a database made from the template with areas")
    return int(row[0])


def _without_indexes(connection: psycopg.Connection[Any]) -> list[sql.SQL]:
    """Drop what slows writing; returns the statements that bring it back."""
    rows = connection.execute(
        """
        SELECT c.relname, pg_get_indexdef(i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relname = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
        """,
        (list(FILLED),),
    ).fetchall()
    for name, _definition in rows:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [sql.SQL(definition) for _name, definition in rows]


FOLD = """
CREATE FUNCTION pg_temp.fold(raw text) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT translate(lower(raw), '{accented}', '{plain}') $$
"""
# geo.cells.cell in SQL; a test compares the two.
CELL = """
CREATE FUNCTION pg_temp.spread(n bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  n := (n | (n << 16)) & x'0000FFFF0000FFFF'::bigint;
  n := (n | (n << 8)) & x'00FF00FF00FF00FF'::bigint;
  n := (n | (n << 4)) & x'0F0F0F0F0F0F0F0F'::bigint;
  n := (n | (n << 2)) & x'3333333333333333'::bigint;
  RETURN (n | (n << 1)) & x'5555555555555555'::bigint;
END $$;
CREATE FUNCTION pg_temp.cell(lon double precision, lat double precision) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
SELECT pg_temp.spread(floor((lon + 180) / 360 * 16777216)::bigint) | (pg_temp.spread(floor(
  (0.5 - ln((1 + sin(radians(lat))) / (1 - sin(radians(lat)))) / (4 * pi())) * 16777216)::bigint) << 1) $$
"""
# Every commune and province gets its committee and its Front, every province its department.
UNITS = """
INSERT INTO units (code, kind, name_vi, name_en, short_name_vi, level, area_code, province_code, valid_from,
                   certainty, source, note)
SELECT k.prefix || a.code, k.kind, k.vi || a.name, k.en || a.name_en, k.short || a.name, a.level, a.code,
       coalesce(a.parent_code, a.code), DATE '2015-01-01', 'check', 'minh họa', ''
FROM areas a JOIN (VALUES
  ('ubnd-', 'commune_committee', 'Ủy ban nhân dân ', 'People''s Committee of ', 'UBND ', 'commune'),
  ('mttq-', 'front_commune', 'Mặt trận Tổ quốc ', 'Front of ', 'MTTQ ', 'commune'),
  ('ubnd-', 'province_committee', 'Ủy ban nhân dân ', 'People''s Committee of ', 'UBND ', 'province'),
  ('so-nnmt-', 'agri_env_dept', 'Sở Nông nghiệp và Môi trường ', 'Department of ', 'Sở NN&MT ', 'province'),
  ('mttq-', 'front_province', 'Mặt trận Tổ quốc ', 'Front of ', 'MTTQ ', 'province')
) AS k (prefix, kind, vi, en, short, level) ON k.level = a.level
WHERE a.valid_to IS NULL AND NOT EXISTS (SELECT 1 FROM units u WHERE u.code = k.prefix || a.code)
"""
# One row per share: a ward three times as many as a village, and a few communes with very many.
SLOTS = """
CREATE TEMP TABLE pick_place AS
SELECT (row_number() OVER () - 1)::int AS n, s.* FROM (
  SELECT a.code, a.parent_code AS province, a.point_lon AS lon, a.point_lat AS lat,
         (a.max_lon - a.min_lon) / 4 AS wide, (a.max_lat - a.min_lat) / 4 AS high
  FROM areas a, LATERAL generate_series(1, least(120, ceil(
    (CASE WHEN a.kind = 'Phường' THEN 3 ELSE 1 END) * 2
    / (0.02 + ('x' || substr(md5(a.code), 1, 6))::bit(24)::int / 16777216.0)))::int)
  WHERE a.level = 'commune' AND a.valid_to IS NULL ORDER BY a.code) s;
CREATE UNIQUE INDEX ON pick_place (n);
ANALYZE pick_place
"""
CATEGORIES = """
CREATE TEMP TABLE pick_category AS
SELECT (row_number() OVER () - 1)::int AS n, s.* FROM (
  SELECT c.code, c.urgent, c.public_blur_m AS blur, c.publish_delay_hours AS delay,
         c.code LIKE 'waste%' AS local
  FROM (SELECT *, row_number() OVER (ORDER BY array_position(ARRAY['waste_household', 'straw_burning', 'odour',
            'wastewater', 'noise', 'plastic', 'dust_emission', 'waste_industrial', 'landfill'], code::text), md5(code)
        ) AS place FROM categories WHERE reportable AND ended_from IS NULL) c,
       LATERAL generate_series(1, ceil(60.0 / c.place)::int)) s;
ANALYZE pick_category
"""
# Chance, drawn once for each case.
DRAW = """
CREATE TEMP TABLE draw AS
SELECT n, random() < %(open)s AS open, floor(random() * %(slots)s)::int AS place,
       floor(random() * (SELECT count(*) FROM pick_category))::int AS category,
       random() AS status, floor(random() * (SELECT count(*) FROM pick_words))::int AS words,
       random() + random() - 1 AS east, random() + random() - 1 AS north,
       random() AS age, random() AS pace, random() AS chance
FROM generate_series(1, %(number)s) AS n
"""
REPORTS = """
INSERT INTO reports (id, public_id, client_key, code_hash, version, category_code, description, lang, channel,
    location, accuracy_m, place_source, place_text, area_code, province_code, bypass_commune, created_at, status,
    unit_code, supervisor_code, rule_code, routing, due_at, closed_at, updated_at, publish_at, public_lon,
    public_lat, public_cell, public_text)
SELECT r.n, substr(md5(r.n::text), 1, 4) || lpad(to_hex(r.n), 6, '0'), 'fill-' || md5('c' || r.n),
    'fill-' || md5('h' || r.n), 3, r.category, r.words, (ARRAY['vi','vi','vi','vi','km','en'])[1 + r.n %% 6], 'web',
    ST_SetSRID(ST_MakePoint(r.lon, r.lat), 4326), 10 + 40 * r.chance, 'device', '', r.area, r.province,
    r.chance < 0.005, r.created, r.status,
    CASE WHEN r.status <> 'new' THEN CASE WHEN r.local OR r.chance < 0.4 THEN 'ubnd-' || r.area
        ELSE 'so-nnmt-' || r.province END END,
    CASE WHEN r.status <> 'new' THEN 'mttq-' || CASE WHEN r.local OR r.chance < 0.4 THEN r.area ELSE r.province END END,
    NULL, '{}',
    CASE WHEN r.status <> 'new' THEN r.created + (CASE WHEN r.urgent THEN 5 ELSE 28 END) * interval '1 day' END,
    CASE WHEN r.open THEN NULL ELSE r.ended END,
    CASE WHEN r.open THEN least(%(now)s, r.created + r.pace * (%(now)s - r.created)) ELSE r.ended END,
    CASE WHEN r.status <> 'new' THEN r.created + r.delay * interval '1 hour' END,
    CASE WHEN r.status <> 'new' THEN coalesce(r.public_lon, r.lon) END,
    CASE WHEN r.status <> 'new' THEN coalesce(r.public_lat, r.lat) END,
    CASE WHEN r.status <> 'new' THEN pg_temp.cell(coalesce(r.public_lon, r.lon), coalesce(r.public_lat, r.lat)) END,
    CASE WHEN r.chance > 0.8 THEN r.words ELSE '' END
FROM (
  SELECT d.n, d.open, d.pace, d.chance, p.code AS area, p.province, c.code AS category, c.urgent, c.delay, c.local,
      w.words, s.status, t.created,
      least(%(now)s, t.created + (1 + 60 * d.pace * d.pace) * interval '1 day') AS ended,
      p.lon + d.east * p.wide AS lon, p.lat + d.north * p.high AS lat,
      CASE WHEN c.blur IS NULL THEN p.lon END AS public_lon, CASE WHEN c.blur IS NULL THEN p.lat END AS public_lat
  FROM draw d
  JOIN pick_place p ON p.n = d.place
  JOIN pick_category c ON c.n = d.category
  JOIN pick_words w ON w.n = d.words
  JOIN pick_status s ON s.open = d.open
      AND s.n = floor(d.status * (SELECT count(*) FROM pick_status k WHERE k.open = d.open))::int
  CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - interval '1 minute' - (CASE WHEN s.status = 'new' THEN 0.01 * d.age
      WHEN d.open THEN 45 * d.age * sqrt(d.age) ELSE 2 + %(days)s * d.age END) * interval '1 day' AS created) t
) r
"""
DUPLICATES = """
UPDATE reports SET duplicate_of_id = id - 1 WHERE status = 'duplicate' AND id > 1
    AND EXISTS (SELECT 1 FROM reports o WHERE o.id = reports.id - 1 AND o.status <> 'duplicate')
"""
# How it came and how it got to where it is; a sixth of those being screened were given back by a unit.
RECORD = """
INSERT INTO events (stream, seq, kind, at, actor, public, data, prev_hash, hash)
SELECT 'report:' || r.id, e.seq, e.kind, e.at, e.actor, true, e.data, '', md5(r.id || '-' || e.seq)
FROM reports r CROSS JOIN LATERAL (VALUES
    (1, 'report:submitted', r.created_at, 'reporter',
        jsonb_build_object('category', r.category_code, 'channel', 'web', 'photos', 0)),
    (2, 'report:moved', r.created_at + interval '1 minute', 'system', '{"from": "new", "to": "received"}'::jsonb),
    (3, 'report:moved', r.updated_at, 'front', jsonb_build_object('to', r.status, 'unit', r.unit_code, 'from',
        CASE WHEN r.status = 'screening' AND r.id %% 6 = 0 THEN 'assigned' WHEN r.status = 'screening' THEN 'received'
             WHEN r.status = 'rework' AND r.id %% 3 = 0 THEN 'closed' WHEN r.status = 'rework' THEN 'answered'
             ELSE 'screening' END))
) AS e (seq, kind, at, actor, data)
WHERE (r.closed_at IS NULL OR abs(hashint8(r.id)) %% 1000 < %(share)s * 1000)
    AND (e.seq = 1 OR (e.seq = 2 AND r.status <> 'new') OR (e.seq = 3 AND r.status NOT IN ('new', 'received')))
"""
# The clock of each step that a case has taken, and of the one that runs; a third of the answers come late.
CLOCKS = """
INSERT INTO step_clocks (report_id, step, unit_code, measure, amount, started_at, made_at, first_due_at, due_at, pauses,
    extensions, ended_at, outcome, spent_days)
SELECT c.report, c.step, c.unit, 'days', c.amount, c.started, c.started, c.due, c.due, '[]', 0, c.ended,
    CASE WHEN c.ended <= c.due THEN 'met' WHEN c.ended > c.due THEN 'late' END,
    CASE WHEN c.ended IS NOT NULL THEN ceil(extract(epoch FROM c.ended - c.started) / 86400 * 5 / 7) END
FROM (
  SELECT r.id AS report, s.step, s.unit, s.amount, s.started, s.ended,
         s.started + s.amount * interval '1 day' AS due
  FROM (SELECT *, created_at + 0.1 * (updated_at - created_at) AS passed_on,
               created_at + 0.2 * (updated_at - created_at) AS accepted,
               created_at + 0.9 * (updated_at - created_at) AS answered,
               status IN ('new', 'received', 'screening', 'needs_info') AS screening,
               status IN ('answered', 'verified', 'closed') AS done,
               status IN ('assigned', 'verifying', 'in_progress', 'rework', 'answered', 'verified', 'closed') AS passed
        FROM reports) r
  CROSS JOIN LATERAL (VALUES
    ('screen', r.supervisor_code, 2, r.created_at, CASE WHEN NOT r.screening THEN r.passed_on END, r.status <> 'new'),
    ('receive', r.unit_code, 3, r.passed_on, CASE WHEN r.status <> 'assigned' THEN r.accepted END, r.passed),
    ('answer', r.unit_code, 28, r.accepted, CASE WHEN r.done THEN r.answered END,
        r.passed AND r.status NOT IN ('assigned', 'in_progress')),
    ('handle', r.unit_code, 28, r.accepted, NULL, r.status = 'in_progress'),
    ('verify', r.supervisor_code, 7, r.answered,
        CASE WHEN r.status NOT IN ('answered', 'verified') THEN r.updated_at END, r.done)
  ) AS s (step, unit, amount, started, ended, there)
  WHERE s.there
) c
"""
PHOTOS = """
INSERT INTO photos (public_id, report_id, purpose, original, sha256, size, mime, state, dhash, width, height, public,
    dhash_a, dhash_b, dhash_c, dhash_d, marks, marks_version, public_version, created_at)
SELECT lpad(to_hex(id), 8, '0') || substr(md5('p' || id), 1, 12), id, 'report', 'originals/' || id, md5('s' || id),
    500000, 'image/jpeg', 'clean', (a::bigint << 48) | (b::bigint << 32) | (c::bigint << 16) | d, 1600, 1200, false,
    a, b, c, d, '[]', 0, 0, created_at
FROM (SELECT id, created_at, floor(random() * 32768)::int AS a, floor(random() * 65536)::int AS b,
          floor(random() * 65536)::int AS c, floor(random() * 65536)::int AS d
      FROM reports WHERE abs(hashint8(id + 7)) %% 1000 < %(share)s * 1000) r
"""
CONTACTS = """
INSERT INTO contacts (report_id, sealed, created_at)
SELECT id, decode('00', 'hex'), created_at FROM reports WHERE abs(hashint8(id + 3)) % 10 < 3 AND status <> 'withdrawn'
"""
OBJECTIONS = """
INSERT INTO feedback (report_id, verdict, created_at, settled_at)
SELECT id, CASE WHEN id % 20 < 3 THEN 'no' WHEN id % 20 < 6 THEN 'partly' ELSE 'yes' END, updated_at,
    CASE WHEN id % 20 < 3 AND status <> 'closed' THEN NULL WHEN id % 100 = 0 AND status = 'closed' THEN NULL
         ELSE updated_at END
FROM reports WHERE status IN ('answered', 'verified', 'closed') AND abs(hashint8(id + 5)) % 10 < 3
"""
# Where each waits on the desks, with the same ways of coming back as RECORD and OBJECTIONS.
LANES = """
UPDATE reports SET lane = w.lane,
    lane_at = CASE WHEN w.lane IN (40, 41, 42, 50, 70, 90) THEN updated_at
        ELSE coalesce(due_at, '9999-01-01 00:00Z') END
FROM (
    SELECT r.id, CASE WHEN f.report_id IS NOT NULL THEN CASE r.status {objected} END
        WHEN r.status = 'screening' AND r.id % 6 = 0 THEN 20 WHEN r.status = 'rework' AND r.id % 3 = 0 THEN 80
        ELSE CASE r.status {usual} END END AS lane
    FROM reports r LEFT JOIN feedback f ON f.report_id = r.id AND f.verdict = 'no' AND f.settled_at IS NULL
) w WHERE w.id = reports.id AND w.lane IS NOT NULL
"""
FOLDED = """
CREATE TEMP TABLE folded_category AS SELECT code, pg_temp.fold(name->>'vi') AS name FROM categories;
CREATE TEMP TABLE folded_area AS SELECT code, level, pg_temp.fold(name) AS name FROM areas WHERE valid_to IS NULL;
ANALYZE folded_category;
ANALYZE folded_area;
ANALYZE pick_words
"""
WORDS_FOUND = """
INSERT INTO report_search (report_id, told, shared, keys)
SELECT r.id, ' ' || translate(w.folded, ',', '') || s.shared, s.shared,
    concat_ws(' ', '@' || r.area_code, '@' || r.province_code, '@' || r.unit_code, '@' || r.supervisor_code,
        CASE WHEN r.lane IS NOT NULL THEN concat_ws(' ', '!' || r.area_code, '!' || r.province_code, '!' || r.unit_code,
            '!' || r.supervisor_code, '!') END)
FROM reports r
JOIN draw d ON d.n = r.id JOIN pick_words w ON w.n = d.words
JOIN folded_category c ON c.code = r.category_code
JOIN folded_area a ON a.code = r.area_code AND a.level = 'commune'
JOIN folded_area p ON p.code = r.province_code AND p.level = 'province'
CROSS JOIN LATERAL (SELECT ' ' || concat_ws(' ', r.public_id, c.name, a.name, p.name,
    CASE WHEN r.unit_code LIKE 'so-%' THEN 'so nong nghiep va moi truong ' || p.name
         WHEN r.unit_code IS NOT NULL THEN 'uy ban nhan dan ubnd ' || a.name END,
    CASE WHEN r.public_text <> '' THEN translate(w.folded, ',', '') END) || ' ' AS shared) s
"""
