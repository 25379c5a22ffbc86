"""What requests cost as gunicorn serves them: `python -m tests.bench.served`.

CPU of the answering process, beside a bare Flask + psycopg route that does the same in its simplest form, under the
same gunicorn on the same database in the same run: the way in which the other systems' figures were taken. See
`_served` for how it is counted.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from tests import factories, services
from tests.bench import _served
from tests.bench._floor import COLUMNS, UNIQUE
from tests.bench._report import Figure, figure, write
from tests.bench._served import Served, Wish
from webapp.reports.codes import new_client_id

CASES = 60  # enough for a whole page of a queue
WORDS = {"category": "coal_ash", "description": "Tro xỉ bay vào nhà dân mỗi khi có gió chướng"}
ROUNDS, EACH = 5, 60


def instance(place: services.Place) -> tuple[str, dict[str, str]]:
    """Cases at Duyên Hải, routed and public, and an officer: (a case's public number, the officer's cookies)."""
    import contextvars

    from tests.integration.staff import people, sign_in
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db
    from webapp.reports import service
    from webapp.reports.models import Report
    from workers.run import drain

    app = create_app(Settings.from_env(place.environ))
    with app.app_context():
        factories.duyen_hai()
        people("commune")
        for _ in range(CASES):
            service.submit(factories.submission())
        db.session.commit()
        drain(app)
        public = db.session.query(Report).first()
        assert public
        number = public.public_id
        db.session.remove()
    officer = app.test_client()
    contextvars.Context().run(sign_in, officer, "commune")
    kept = "; ".join(f"{cookie.key}={cookie.value}" for cookie in officer._cookies.values())
    with app.app_context():
        db.engine.dispose()
    return number, {"Cookie": kept}


def arrivals(served: Served) -> dict[str, Any]:
    """What makes the request of a report by the form, and of one out of a phone's queue."""
    page = served.ask(Wish("/report"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.decode())
    assert token
    lon, lat = factories.DUYEN_HAI
    words = WORDS | {"lat": str(lat), "lon": str(lon), "place_source": "device", "accuracy": "12"}
    cookie = served.cookies

    def form() -> Wish:
        fields = words | {"csrf_token": token[1], "client_id": new_client_id()}
        return Wish("/report", fields, {"Cookie": cookie, **network()}, 303)

    def queue() -> Wish:
        return Wish("/report", words | {"client_id": new_client_id()}, {"Accept": "application/json", **network()}, 201)

    return {"a report by the form": form, "a report out of a phone's queue": queue}


numbers = itertools.count()


def network() -> dict[str, str]:
    """Forty reports come from each network, fewer than it may send."""
    number = next(numbers) // 40
    return {"X-Forwarded-For": f"10.{number // 250 % 250}.{number % 250}.7"}


def least() -> Wish:
    """The floor's insert: as many fields."""
    filled = {name: "2026-11-22T02:03:04.567890" for name in COLUMNS} | WORDS
    return Wish("/report", filled | {name: new_client_id() * 2 for name in UNIQUE})


def measured(run: services.Run) -> list[Figure]:
    """All measurements, on PostGIS and Redis."""
    figures: list[Figure] = []

    def add(name: str, cost: tuple[float, float]) -> None:
        figures.append(figure(name, cost[0], "ms CPU", floor=cost[1], n=ROUNDS * EACH))

    with run.place(services.POSTGIS, services.REFERENCE) as place:
        number, officer = instance(place)
        with _served.ours(place, PROXIES="1") as ours, _served.floor(place) as floor:
            empty = (floor, lambda: Wish("/"))
            for name, make in arrivals(ours).items():
                add(f"{name} (aim 4)", _served.compare((ours, make), (floor, least), rounds=ROUNDS, each=EACH))
            for name, wish in {
                "the desk's queue, 50 cases (aim 20)": Wish("/desk", headers=officer),
                "a public case page (aim 12)": Wish(f"/cases/{number}"),
                "the home page": Wish("/"),
                "the map page": Wish("/map"),
                "the report form": Wish("/report"),
            }.items():
                add(name, _served.compare((ours, lambda wish=wish: wish), empty, rounds=ROUNDS, each=EACH // 2))
            figures.append(figure("memory of the answering process (at most 120)", ours.memory(), "MiB"))
            figures.append(figure("memory of the floor's", floor.memory(), "MiB"))
    return figures


def main() -> None:
    run = services.Run.begin()
    try:
        write("served", measured(run))
    finally:
        run.end()


if __name__ == "__main__":
    main()
