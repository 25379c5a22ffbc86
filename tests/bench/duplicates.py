"""Duplicate suggestions for a new report, on PostGIS at 10,000 and at 1,000,000 reports.

What is measured is the whole question as the case page asks it, database time included: the candidates near by in
space and time and those with almost the same picture, compared and put in order. What a table that grows a
hundredfold does to it is the figure to keep flat; the density of reports grows with the table, as it would.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from sqlalchemy import func, select, text, true

from tests import services
from tests.bench._report import Figure, figure, write
from webapp.reports import duplicates
from webapp.reports.models import Category, Photo, Report

SIZES = tuple(int(n) for n in os.environ.get("BENCH_SIZES", "10000,1000000").split(","))
ASKED = 200
TOWNS = 300  # half of what is reported comes from around these, the other half from anywhere

# Set-based, so that a million rows take minutes and not hours. Positions repeat for the same `seed`.
_REPORTS = """
INSERT INTO reports (public_id, client_key, code_hash, version, category_code, description, lang, channel,
  location, place_source, place_text, area_code, province_code, bypass_commune, created_at, status, routing, updated_at,
  public_text)
SELECT 'b' || lpad(to_hex(n), 9, '0'), md5('c' || n) || md5('d' || n), md5('e' || n) || md5('f' || n), 1,
  (CAST(:codes AS text[]))[1 + n % array_length(CAST(:codes AS text[]), 1)],
  'Rác thải đổ ven đường số ' || n % 977, 'vi', 'web',
  ST_SetSRID(ST_MakePoint(x, y), 4326), 'device', '',
  lpad(((floor((x - 102) * 9) * 90 + floor((y - 8) * 6))::int % 90000)::text, 5, '0'),
  lpad((floor((x - 102) * 1.2) * 10 + floor((y - 8) * 0.6))::int::text, 2, '0'), false,
  timestamptz '2026-10-01' - (random() * 730) * interval '1 day',
  CASE WHEN n % 9 = 0 THEN 'received' ELSE 'closed' END, '{}', now(), ''
FROM (
  SELECT n,
    CASE WHEN n % 2 = 0 THEN 102.5 + 6.5 * random()
      ELSE 102.5 + 6.5 * ((n % CAST(:towns AS int)) * 0.618 % 1) + 0.02 * random() END AS x,
    CASE WHEN n % 2 = 0 THEN 8.6 + 14 * random()
      ELSE 8.6 + 14 * ((n % CAST(:towns AS int)) * 0.414 % 1) + 0.02 * random() END AS y
  FROM generate_series(1, CAST(:size AS int)) AS n
) AS spread
"""
_PHOTOS = """
INSERT INTO photos (public_id, report_id, purpose, original, sha256, size, mime, state, dhash, public, dhash_a, dhash_b,
  dhash_c, dhash_d, marks, marks_version, public_version, created_at)
SELECT 'p' || lpad(to_hex(id), 19, '0'), id, 'report', 'x', md5('x' || id) || md5('y' || id), 1, 'image/jpeg', 'clean',
  h, false, (h >> 48) & 65535, (h >> 32) & 65535, (h >> 16) & 65535, h & 65535, '[]', 0, 0, created_at
FROM (SELECT id, created_at, ('x' || substr(md5('h' || id), 1, 16))::bit(64)::bigint AS h FROM reports) AS hashed
"""


def fill(session: Any, size: int) -> None:
    """`size` reports over Vietnam and two years, each with a picture; half of them around towns."""
    codes = list(session.scalars(select(Category.code).where(Category.reportable).order_by(Category.code)))
    session.execute(text("SELECT setseed(0.4)"))
    session.execute(text(_REPORTS), {"codes": codes, "size": size, "towns": TOWNS})
    session.execute(text(_PHOTOS))
    session.commit()
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(text("VACUUM ANALYZE"))
    session.rollback()


def ask(session: Any, report_id: int) -> tuple[float, int]:
    """(milliseconds, suggestions) for one report, read anew."""
    session.expire_all()
    session.expunge_all()
    report = session.get_one(Report, report_id)
    assert report.photos
    assert report.category
    began = time.perf_counter()
    found = duplicates.suggestions(report, true())
    return 1000 * (time.perf_counter() - began), len(found)


def measure(session: Any, size: int) -> list[Figure]:
    newest = select(Report.id).where(Report.status == "received").order_by(Report.created_at.desc()).limit(20 * ASKED)
    ids = session.scalars(newest).all()[::20]
    for report_id in ids[:20]:
        ask(session, report_id)
    taken = sorted(ask(session, report_id) for report_id in ids)
    times = [milliseconds for milliseconds, _ in taken]
    some = sum(count > 0 for _, count in taken)
    label = f"duplicate suggestions for a new report, {size:,} reports"
    return [
        figure(f"{label}, median", statistics.median(times), "ms", n=len(times)),
        figure(f"{label}, p95", times[int(0.95 * len(times))], "ms", n=len(times)),
        figure(f"{label}: share of reports with a suggestion", 100 * some / len(times), "%", n=len(times)),
    ]


def main() -> None:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    run = services.Run.begin()
    figures: list[Figure] = []
    try:
        for size in SIZES:
            with run.place(services.POSTGIS, services.REFERENCE) as place:
                app = create_app(Settings.from_env(place.environ))
                with app.app_context():
                    fill(db.session, size)
                    assert db.session.scalar(select(func.count()).select_from(Photo)) == size
                    figures += measure(db.session, size)
                    db.session.remove()
                    db.engine.dispose()
    finally:
        run.end()
    medians = [f.value for f in figures if f.name.endswith("median")]
    if len(medians) > 1:
        growth = medians[-1] / medians[0]
        figures.append(figure(f"growth of the median from {SIZES[0]:,} to {SIZES[-1]:,}", growth, "times", n=1))
    write("duplicates", figures)


if __name__ == "__main__":
    main()
