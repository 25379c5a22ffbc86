"""The desks' queues among very many cases: `python -m tests.bench.queue [number …]`, by default 10000 and 1000000.

The whole request of a signed-in member of staff, in this process, on PostGIS: sign-in, counts, rows, template.
CPU is this process's own, beside an empty Flask route in the same run; waiting for the database is in the wall
time. Each desk is asked for its first page, for a later one, with words that many and that few cases hold, and for
the score cards of a year with the lists behind their largest figures.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from tests import factories, services
from tests.bench import _served
from tests.bench._fill import fill
from tests.bench._report import Figure, figure, write
from tests.bench._served import Wish

NUMBERS = (10_000, 1_000_000)
TIMES, ROUNDS, PER_ROUND = 20, 5, 10
PROVINCE = "79"
MOST_CPU = 20  # times an empty route


@dataclass
class Desk:
    """A signed-in browser and its desk."""

    name: str
    base: str
    cookie: str


def environs(path: str, cookie: str, number: int) -> list[dict[str, Any]]:
    return [EnvironBuilder(path=path, headers={"Cookie": cookie}).get_environ() for _ in range(number)]


def ask(app: Any, environ: dict[str, Any]) -> bytes:
    body, status, _headers = run_wsgi_app(app, environ)
    whole = b"".join(body)
    assert status.startswith("200"), status
    return whole


def waits(app: Any, path: str, cookie: str) -> tuple[float, float]:
    """Milliseconds until the page is there: the median and the 95th percentile."""
    ask(app, environs(path, cookie, 1)[0])
    taken = []
    for environ in environs(path, cookie, TIMES):
        began = time.perf_counter()
        ask(app, environ)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), statistics.quantiles(taken, n=20)[18]


def statements(app: Any, path: str, cookie: str) -> int:
    """How many SQL statements a page takes once names are known."""
    seen: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    ask(app, environs(path, cookie, 1)[0])
    event.listen(Engine, "before_cursor_execute", count)
    try:
        ask(app, environs(path, cookie, 1)[0])
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(seen)


def people(app: Any) -> list[Desk]:
    """A member of staff for each kind of desk, signed in."""
    from webapp.core.db import committing, db
    from webapp.reports.models import Report

    with app.app_context():
        biggest = select(Report.area_code).where(Report.province_code == PROVINCE).group_by(Report.area_code)
        commune = db.session.scalar(biggest.order_by(func.count().desc()).limit(1))
        posts = {
            "province": ("front", f"mttq-{PROVINCE}"),
            "country": ("front", "mttq-tw"),
            "commune": ("front", f"mttq-{commune}"),
            "unit": ("unit", f"so-nnmt-{PROVINCE}"),
        }
        with committing():
            for name, (role, unit) in posts.items():
                factories.user(f"{name}@dgs.test", role, unit)
    return [Desk(name, "/unit" if name == "unit" else "/desk", signed_in(app, name)) for name in posts]


def signed_in(app: Any, name: str) -> str:
    browser = Client(app)
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.get("/auth/login").text)
    assert token
    data = {"email": f"{name}@dgs.test", "password": factories.PASSWORD, "csrf_token": token[1]}
    assert browser.post("/auth/login", data=data).status_code == 302
    return "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())


def pages(app: Any, desk: Desk) -> dict[str, str]:
    """What is asked of a desk: name of the measurement -> address."""
    first = ask(app, environs(desk.base, desk.cookie, 1)[0]).decode()
    more = re.search(r'href="([^"]*after=[^"]*)"', first)
    found = {"first page": desk.base}
    if more:
        found["second page"] = more[1].replace("&amp;", "&")
    found["many match “rac thai”"] = f"{desk.base}?q={quote('rac thai')}"
    found["few match “sat, cho, hut cat”"] = f"{desk.base}?q={quote('cau sat hut cat dem qua ca tom')}"
    found["one common word “rac”"] = f"{desk.base}?q=rac"
    found["one rare word “mon”"] = f"{desk.base}?q=mon"
    found["an unfinished word “ch”"] = f"{desk.base}?q=ch"
    if case := re.search(rf'href="{desk.base}/cases/([0-9a-z]+)', first):
        found["a number typed whole"] = f"{desk.base}?q={case[1]}"
        found["a number typed in part"] = f"{desk.base}?q={case[1][:5]}"
    found["by group"] = f"{desk.base}?group=waste"
    if desk.name in ("province", "unit"):
        today = date.today()
        year = f"from={today - timedelta(days=365)}&to={today}"
        found["score card of a year"] = f"{desk.base}/scores?{year}"
        for measure in ("received", "in_time", "overdue", "took"):
            found[f"cases of the year behind “{measure}”, first page"] = f"{desk.base}/scores/all/{measure}?{year}"
        behind = ask(app, environs(f"{desk.base}/scores/all/received?{year}", desk.cookie, 1)[0]).decode()
        if following := re.search(r'href="([^"]*after=[^"]*)" rel="next"|href="([^"]*&amp;after=[^"]*)"', behind):
            found["cases of the year behind “received”, second page"] = next(filter(None, following.groups())).replace(
                "&amp;", "&"
            )
    if desk.name != "unit":
        found["all, searched"] = f"{desk.base}?tab=all&q={quote('bai boi')}"
    return found


def measured(run: services.Run, number: int) -> list[Figure]:
    """All measurements among `number` cases."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core import outbox
    from webapp.core.db import db
    from webapp.reports.models import Report

    figures = []
    with run.place(services.POSTGIS, services.AREAS) as place:
        began = time.perf_counter()
        fill(place.environ["DATABASE_URL"], number)
        figures.append(figure(f"filling {number:,} cases", time.perf_counter() - began, "s"))
        app = create_app(Settings.from_env(place.environ))
        outbox.set_kick(lambda ids: None)
        with app.app_context():
            waiting = db.session.scalars(select(Report.id).where(Report.lane.is_not(None))).all()
            figures.append(figure(f"{number:,}: waiting in a lane", len(waiting), "cases"))
            db.session.remove()
            figures.append(figure(f"{number:,}: days that are over, added up", days(), "s"))
        desks = people(app)
        for desk in desks:
            for name, address in pages(app, desk).items():
                median, p95 = waits(app, address, desk.cookie)
                figures.append(figure(f"{number:,}: {desk.name}, {name}, median", median, "ms", n=TIMES))
                figures.append(figure(f"{number:,}: {desk.name}, {name}, p95", p95, "ms", n=TIMES))
            count = statements(app, desk.base, desk.cookie)
            figures.append(figure(f"{number:,}: {desk.name}, SQL statements of a page", count, "statements"))
        figures += as_served(place, desks, number)
        with app.app_context():
            db.engine.dispose()
    return figures


def as_served(place: services.Place, desks: list[Desk], number: int) -> list[Figure]:
    """CPU of the answering process for a first page of 50, beside an empty route under the same gunicorn."""
    found = []
    with _served.ours(place) as served, _served.floor(place) as floor:
        empty = (floor, lambda: Wish("/"))
        for desk in desks:
            wish = Wish(desk.base, headers={"Cookie": desk.cookie})
            mine, least = _served.compare((served, lambda wish=wish: wish), empty, rounds=ROUNDS, each=PER_ROUND)
            label = f"{number:,}: {desk.name}, CPU of a page as served (aim {MOST_CPU} empty routes)"
            found.append(figure(label, mine, "ms CPU", floor=least, n=ROUNDS * PER_ROUND, less_is_better=True))
    return found


def days() -> float:
    """Add up the days that are over, as nights do; the seconds that it takes."""
    from webapp.core.db import committing
    from webapp.supervision import closed_days

    began = time.perf_counter()
    closed = True
    while closed:
        with committing():
            closed = closed_days.close_next() is not None
    return time.perf_counter() - began


def growth(figures: list[Figure], numbers: tuple[int, ...]) -> list[Figure]:
    """How many times longer the largest number of cases takes than the smallest."""
    known = {f.name: f.value for f in figures}
    low, high = (f"{n:,}: " for n in (min(numbers), max(numbers)))
    return [
        figure(f"growth: {name.removeprefix(high)}", value / known[low + name.removeprefix(high)], "times")
        for name, value in known.items()
        if name.startswith(high) and name.endswith("median") and low + name.removeprefix(high) in known
    ]


def main(numbers: tuple[int, ...]) -> None:
    run = services.Run.begin()
    try:
        figures = [f for number in numbers for f in measured(run, number)]
    finally:
        run.end()
    if len(numbers) > 1:
        figures += growth(figures, numbers)
    write("queue", figures)


if __name__ == "__main__":
    main(tuple(int(n) for n in sys.argv[1:]) or NUMBERS)
