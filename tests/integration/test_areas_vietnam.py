"""All of Vietnam: the approximate areas, and the real boundary files where they are at hand.

The files are no part of the project; `DGS_BOUNDARIES` names their folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from flask import Flask
from sqlalchemy import func, select

from geo.boundaries import BoundaryFeature, read
from geo.spatial import covers_point
from tests import boundary_samples as samples
from tests import services
from tests.integration.areas_app import areas_app
from webapp.areas import approximate, queries
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.areas.service import ImportResult, import_boundaries
from webapp.core.db import committing, db
from webapp.core.text import fold

DUYEN_HAI = (106.525, 9.585)


@pytest.fixture(scope="session")
def folder() -> Path:
    found = samples.real_folder()
    if found is None:
        pytest.skip("the real boundaries are no part of the project; DGS_BOUNDARIES names their folder")
    return found


@pytest.fixture(scope="session")
def truth(folder: Path) -> list[BoundaryFeature]:
    return list(read(folder / "communes.geojson.gz"))


@pytest.fixture(scope="session")
def land_points(truth: list[BoundaryFeature]) -> list[tuple[float, float, str]]:
    """1,000 random positions in communes, evenly over the land, with the code that brute force finds."""
    random = np.random.default_rng(2026)
    tree = shapely.STRtree([f.geometry for f in truth])
    points: list[tuple[float, float, str]] = []
    while len(points) < 1000:
        lon, lat = random.uniform(102, 110, 2000), random.uniform(8, 23.5, 2000)
        hits: dict[int, str] = {}
        for point, area in tree.query(shapely.points(lon, lat), predicate="covered_by").T:
            hits[point] = min(truth[area].code, hits.get(point, "99999"))
        points += [(float(lon[i]), float(lat[i]), code) for i, code in sorted(hits.items())]
    return points[:1000]


@pytest.fixture(scope="module")
def imported(run: services.Run, engine: str, folder: Path) -> Iterator[tuple[Flask, list[ImportResult]]]:
    """An instance that began with nothing and imported communes, then provinces, then both again."""
    with areas_app(run, engine) as app:
        results = []
        for name in ("communes", "provinces", "communes", "provinces"):
            with committing():
                results.append(import_boundaries(folder / f"{name}.geojson.gz"))
        yield app, results


def test_all_communes_and_provinces_are_imported(imported: tuple[Flask, list[ImportResult]]) -> None:
    communes, provinces, *again = imported[1]
    assert (communes.added[COMMUNE], communes.added[PROVINCE]) == (3321, 34)
    assert provinces.changed[PROVINCE] + provinces.unchanged[PROVINCE] == 34
    assert [result.touched for result in again] == [0, 0]
    assert len(queries.provinces()) == 34
    numbers = {"86": 124, "75": 95, "31": 114, "11": 45}
    assert {code: len(queries.communes_of(code)) for code in numbers} == numbers
    assert not queries.any_approximate()


def test_the_power_plant_lies_in_duyen_hai(imported: tuple[Flask, Any]) -> None:
    found = imported[0].test_cli_runner().invoke(args=["areas", "locate", "9.585", "106.525"])
    assert found.stdout == "29512  Phường Duyên Hải, Tỉnh Vĩnh Long\n"
    assert queries.locate(*DUYEN_HAI, level=PROVINCE).code == "86"  # type: ignore[union-attr]
    assert "29512" in [area.code for area in queries.search("duyen hai vinh long")]


def test_random_land_points_are_found_where_they_are(
    imported: tuple[Flask, Any], land_points: list[tuple[float, float, str]]
) -> None:
    wrong = [
        (lon, lat, code)
        for lon, lat, code in land_points
        if (area := queries.locate(lon, lat)) is None or area.code != code
    ]
    assert wrong == []


@pytest.mark.only_engine("postgis")  # SQLite has no spatial SQL to compare with
def test_postgis_gives_the_same_commune(
    imported: tuple[Flask, Any], land_points: list[tuple[float, float, str]]
) -> None:
    for lon, lat, code in land_points:
        query = select(func.min(Area.code)).where(
            Area.level == COMMUNE, queries.valid_on(None), covers_point(Area.boundary, lon, lat)
        )
        assert db.session.scalar(query) == code  # as locate() does, see above


@pytest.mark.parametrize(
    ("lon", "lat", "who"),
    [
        (107.5, 9.0, "open sea"),
        (107.6, 20.3, "Gulf of Tonkin"),
        (104.92, 11.56, "Phnom Penh"),
        (102.6, 17.97, "Vientiane"),
        (108.37, 22.82, "Nanning"),
        (2.35, 48.86, "Paris"),
    ],
)
def test_sea_and_abroad_are_in_no_commune(imported: tuple[Flask, Any], lon: float, lat: float, who: str) -> None:
    assert queries.locate(lon, lat) is None


def test_off_the_coast_the_nearest_commune_is_told(imported: tuple[Flask, Any]) -> None:
    found = queries.nearest(106.62, 9.50)
    assert found is not None
    area, metres = found
    assert area.parent_code == "86"
    assert 1000 < metres < 15_000


def test_outlines_are_light_and_whole(imported: tuple[Flask, Any]) -> None:
    whole, light = db.session.execute(
        select(Area.boundary, Area.outline).where(Area.level == COMMUNE, Area.code == "29512")
    ).one()
    assert light.is_valid
    assert light.symmetric_difference(whole).area < 0.03 * whole.area
    shapes = db.session.scalars(select(Area.outline).where(Area.level == COMMUNE)).all()
    assert all(shape is not None and shape.is_valid and not shape.is_empty for shape in shapes)
    assert sum(map(shapely.get_num_coordinates, shapes)) < 600_000
    assert len(queries.outlines(PROVINCE)["features"]) == 34


def test_the_public_datasets_own_layout(run: services.Run, engine: str, folder: Path) -> None:
    with areas_app(run, engine):
        with committing():
            result = import_boundaries(folder / "upstream_sample.zip")
        assert (result.added[PROVINCE], result.added[COMMUNE]) == (2, 124 + 45)
        assert queries.locate(*DUYEN_HAI).code == "29512"  # type: ignore[union-attr]
        with committing():
            assert import_boundaries(folder / "upstream_sample.zip").touched == 0


# -- approximate areas ---


@pytest.fixture(scope="session")
def approximate_features() -> list[BoundaryFeature]:
    return approximate.features()


@pytest.fixture(scope="module")
def approximated(run: services.Run, engine: str, approximate_features: list[BoundaryFeature]) -> Iterator[Flask]:
    with areas_app(run, engine) as app, pytest.MonkeyPatch.context() as patch:
        # Made once for all tests: that takes seconds.
        patch.setattr(approximate, "features", lambda: approximate_features)
        with committing():
            result = approximate.load()
        assert result is not None
        assert (result.added[PROVINCE], result.added[COMMUNE]) == (34, 3321)
        yield app


def test_approximate_areas_cover_the_country(approximated: Flask) -> None:
    assert queries.any_approximate()
    found = approximated.test_cli_runner().invoke(args=["areas", "locate", "9.585", "106.525"])
    assert found.stdout == "29512  Phường Duyên Hải, Tỉnh Vĩnh Long\n"
    assert "Approximate" in found.stderr
    assert queries.by_code("75", PROVINCE).name == "Thành phố Đồng Nai"  # type: ignore[union-attr]
    for lon, lat in ((107.8, 8.8), (107.6, 20.0), (104.92, 11.56), (102.6, 17.97), (108.37, 22.82)):
        assert queries.locate(lon, lat) is None
    with committing():
        again = approximate.load()
    assert again is not None
    assert again.touched == 0


def test_approximate_areas_are_right_four_times_in_five(
    approximated: Flask, land_points: list[tuple[float, float, str]]
) -> None:
    right = sum((area := queries.locate(lon, lat)) is not None and area.code == code for lon, lat, code in land_points)
    assert right >= 770, right


def test_approximate_areas_have_todays_codes_and_names(approximated: Flask, truth: list[BoundaryFeature]) -> None:
    names = dict(db.session.execute(select(Area.code, Area.folded).where(Area.level == COMMUNE)).all())
    assert names == {f.code: fold(f.name) for f in truth}
