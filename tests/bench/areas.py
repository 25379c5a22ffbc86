"""Places: importing all communes, finding the commune of a position, and how right the approximate areas are.

Needs the real boundary files (DGS_BOUNDARIES). Each import runs in a process of its own, so that its peak of
memory is its own. Lookups are compared with PostGIS through the same library on the same positions: one
connection, one after the other, the server's time included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select

from geo.boundaries import read
from geo.spatial import covers_point
from tests import boundary_samples as samples
from tests import services
from tests.bench._report import Figure, figure, write
from tests.integration.areas_app import areas_app
from webapp.areas import approximate, queries
from webapp.areas.models import COMMUNE, Area
from webapp.areas.service import import_boundaries
from webapp.core.db import committing, db, reading

LOOKUPS = 3000
FILE = "communes.geojson.gz"


def land_points(features: list[Any], number: int) -> list[tuple[float, float, str]]:
    """Random positions, evenly over the land, with the commune of each."""
    random = np.random.default_rng(42)
    tree = shapely.STRtree([f.geometry for f in features])
    points: list[tuple[float, float, str]] = []
    while len(points) < number:
        lon, lat = random.uniform(102, 110, 4000), random.uniform(8, 23.5, 4000)
        found = tree.query(shapely.points(lon, lat), predicate="within")
        points += [(float(lon[i]), float(lat[i]), features[j].code) for i, j in found.T]
    return points[:number]


def imported(path: Path) -> dict[str, float]:
    """Import `path` into the open instance; seconds and megabytes it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    with committing():
        import_boundaries(path)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20),
    }


def child(engine: str, folder: str, file: str) -> None:
    """In a process of its own: import twice, look up, and print what was measured as JSON."""
    run = services.Run(Path(folder), "bench")
    with areas_app(run, engine):
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        first = imported(Path(file))
        again = imported(Path(file))
        db.session.remove()
        points = land_points(list(read(Path(file))), LOOKUPS)
        with reading():
            result = {"idle": idle, "first": first, "again": again} | lookups(engine, points)
    print(json.dumps(result))


def lookups(engine: str, points: list[tuple[float, float, str]]) -> dict[str, float]:
    def by_postgis(lon: float, lat: float) -> Area | None:
        query = select(Area).where(Area.level == COMMUNE, queries.valid_on(None))
        query = query.where(covers_point(Area.boundary, lon, lat)).order_by(Area.code)
        return db.session.scalars(query).first()

    near = [p for p in points if 105.6 < p[0] < 106.9 and 9.4 < p[1] < 10.4]  # a province: what a day's work is
    near = (near * (LOOKUPS // max(len(near), 1) + 1))[:LOOKUPS]
    rates = {
        "country": rate(queries.locate, points),
        "province": rate(queries.locate, near),
        "agree": sum(area_code(queries.locate(x, y)) == code for x, y, code in points) / len(points),
    }
    if engine == services.POSTGIS:
        rates |= {"postgis country": rate(by_postgis, points), "postgis province": rate(by_postgis, near)}
        rates["same as postgis"] = sum(
            area_code(queries.locate(x, y)) == area_code(by_postgis(x, y)) for x, y, _ in points
        ) / len(points)
    return rates


def area_code(area: Area | None) -> str | None:
    return area.code if area else None


def rate(ask: Callable[[float, float], Area | None], points: list[tuple[float, float, str]]) -> float:
    """Lookups per second of wall-clock time; each begins without objects kept from the one before."""
    for lon, lat, _ in points[:50]:
        ask(lon, lat)
    begun = time.perf_counter()
    for lon, lat, _ in points:
        ask(lon, lat)
        db.session.expunge_all()
    return len(points) / (time.perf_counter() - begun)


def agreement(points: list[tuple[float, float, str]]) -> tuple[float, float]:
    """Share of positions whose approximate commune is the right one, and seconds it took to make them all."""
    begun = time.process_time()
    communes = [f for f in approximate.features() if f.level == COMMUNE]
    took = time.process_time() - begun
    tree = shapely.STRtree([f.geometry for f in communes])
    found = dict(tree.query(shapely.points([p[:2] for p in points]), predicate="covered_by").T.tolist())
    right = sum(i in found and communes[found[i]].code == p[2] for i, p in enumerate(points))
    return right / len(points), took


def main() -> int:
    folder = samples.real_folder()
    if folder is None:
        print("No boundary files; set DGS_BOUNDARIES to their folder.", file=sys.stderr)
        return 1
    figures: list[Figure] = []
    features = list(read(folder / FILE))
    run = services.Run.begin()
    try:
        for engine in services.ENGINES:
            command = [sys.executable, "-m", "tests.bench.areas", engine, str(run.folder), str(folder / FILE)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            got = json.loads(done.stdout.splitlines()[-1])
            figures += [
                figure(f"import of {len(features)} communes, {engine}", got["first"]["wall"], "s"),
                figure(f"import, processor time, {engine}", got["first"]["cpu"], "s"),
                figure(f"import, peak memory, {engine}", got["first"]["rss"], "MB"),
                figure(f"memory before the import, {engine}", got["idle"], "MB"),
                figure(f"the same file again, {engine}", got["again"]["wall"], "s"),
                figure(f"right communes, {engine}", got["agree"] * 100, "%", floor=100, n=LOOKUPS),
            ]
            for place in ("country", "province"):
                beside = got.get(f"postgis {place}")
                name = f"locate, positions over a {place}, {engine}"
                figures.append(figure(name, got[place], "1/s", floor=beside, n=LOOKUPS))
            if "same as postgis" in got:
                same = got["same as postgis"] * 100
                figures.append(figure("same commune as ST_Covers", same, "%", floor=100, n=LOOKUPS))
    finally:
        run.end()
    right, took = agreement(land_points(features, 20_000))
    figures.append(figure("approximate areas that are right", right * 100, "%", floor=80, n=20_000))
    figures.append(figure("making approximate areas, processor time", took, "s"))
    write("areas", figures)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(*sys.argv[1:])
    else:
        sys.exit(main())
