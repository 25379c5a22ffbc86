"""Asking for areas: borders, the sea, names, outlines, and the caches behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, event

from geo.boundaries import BoundaryFeature, read
from tests import boundary_samples as samples
from tests import services
from tests.integration.areas_app import areas_app
from webapp.areas import approximate, queries, service
from webapp.areas.models import PROVINCE, Area
from webapp.areas.service import import_boundaries, store
from webapp.core.db import committing, db


@pytest.fixture(scope="module")
def database(run: services.Run, engine: str) -> Iterator[Flask]:
    with areas_app(run, engine) as app:
        yield app


@pytest.fixture
def app(database: Flask, tmp_path: Path) -> Flask:
    """With the sample areas."""
    with committing():
        db.session.execute(delete(Area))
        import_boundaries(samples.write(tmp_path / "a.geojson", samples.everything()))
    return database


def codes(areas: list[Area]) -> list[str]:
    return [area.code for area in areas]


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (106.05, 10.05, "90001"),
        (106.1, 10.05, "90001"),  # on the border with 90002
        (106.1, 10.1, "90001"),  # where four meet
        (106.2, 10.1, "90002"),
        (106.25, 10.1, "90003"),  # on the border of the provinces
        (106.3, 10.2, "91003"),  # the outer corner
        (106.300001, 10.2, None),
        (0.0, 0.0, None),
        (-180.0, 90.0, None),
        (float("nan"), 10.05, None),
        (106.05, float("inf"), None),
    ],
)
def test_the_area_of_a_position(app: Flask, lon: float, lat: float, code: str | None) -> None:
    area = queries.locate(lon, lat)
    assert (area.code if area else None) == code


def test_the_province_of_a_position(app: Flask) -> None:
    area = queries.locate(106.05, 10.15, level=PROVINCE)
    assert area is not None
    assert area.name == "Thành phố Mây Trắng"


def test_nearest_area_of_a_position_at_sea(app: Flask) -> None:
    found = queries.nearest(106.05, 9.9)
    assert found is not None
    assert found[0].code == "90001"
    assert found[1] == pytest.approx(11_119.5, rel=0.001)
    corner = queries.nearest(106.4, 10.25)
    assert corner is not None
    assert corner[0].code == "91003"
    assert corner[1] == pytest.approx(12_270, rel=0.01)
    inside = queries.nearest(106.05, 10.05)
    assert inside is not None
    assert (inside[0].code, inside[1]) == ("90001", 0.0)
    assert queries.nearest(106.05, 9.0) is None
    assert queries.nearest(106.05, 9.9, max_m=11_000) is None
    assert queries.nearest(float("nan"), 9.9) is None


def test_lists_are_in_the_order_of_names(app: Flask) -> None:
    assert [a.name for a in queries.provinces()] == ["Tỉnh Bãi Sậy", "Thành phố Mây Trắng"]
    assert codes(queries.communes_of("91")) == ["91001", "91003", "91002"]  # Đồi, Hòn, Suối
    assert queries.communes_of("99") == []
    assert queries.provinces(date(2025, 6, 30)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bến Đá", ["90001"]),
        ("ben da", ["90001"]),
        ("  BEN   DA ", ["90001"]),
        ("hòa thuận", ["90003"]),  # the other way to place the tone mark
        ("suối mây trắng", ["91002"]),
        ("suối bãi sậy", []),
        ("phường", ["90001", "91001"]),
        ("mây trắng", ["91"]),
        ("%", []),
        ("_", []),
        ("'; --", []),
        ("", []),
        ("\u0301", []),
    ],
)
def test_search(app: Flask, text: str, expected: list[str]) -> None:
    assert codes(queries.search(text)) == expected


def test_search_survives_a_megabyte(app: Flask) -> None:
    assert queries.search("đ " * 500_000) is not None


def test_outlines_for_the_map(app: Flask) -> None:
    collection = queries.outlines(PROVINCE)
    assert [f["properties"]["code"] for f in collection["features"]] == ["90", "91"]
    ring = collection["features"][0]["geometry"]["coordinates"][0][0]
    assert ring[0] == ring[-1]
    assert {tuple(corner) for corner in ring} == {(106.0, 10.0), (106.3, 10.0), (106.3, 10.1), (106.0, 10.1)}
    communes = queries.outlines("commune", province="90")
    assert [f["properties"]["code"] for f in communes["features"]] == ["90001", "90002", "90003"]
    assert communes["features"][0]["properties"]["approximate"] is False
    boxed = queries.outlines("commune", bbox=(106.01, 10.11, 106.02, 10.12))
    assert [f["properties"]["code"] for f in boxed["features"]] == ["91001"]
    assert queries.outlines("commune", bbox=(0, 0, 1, 1))["features"] == []


def test_shapes_are_cached_until_they_change(app: Flask, tmp_path: Path) -> None:
    def statements() -> int:
        seen: list[str] = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            assert queries.locate(106.09, 10.05).code == "90001"  # type: ignore[union-attr]
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    queries.locate(106.09, 10.05)
    assert statements() == 1
    features = samples.everything()
    features[2]["geometry"]["coordinates"] = samples.square(0, 0, width=0.5)
    with committing():
        import_boundaries(samples.write(tmp_path / "b.geojson", features))
    assert queries.locate(106.09, 10.05) is None
    assert queries.locate(106.04, 10.05).code == "90001"  # type: ignore[union-attr]


def test_the_cache_forgets_the_oldest() -> None:
    cache = queries._ShapeCache(2)
    shape = next(iter(_features([samples.province("90")]))).geometry
    for number in range(5):
        cache._shapes[number, "x"] = shape
        area = Area(id=number, digest="x")
        assert cache.covers(area, shape.centroid)
    assert len(cache._shapes) <= 3


def test_many_threads_get_the_same_answer(app: Flask) -> None:
    wrong: list[object] = []

    def ask() -> None:
        with app.app_context():
            for _ in range(30):
                area = queries.locate(106.15, 10.15)
                if area is None or area.code != "91002":
                    wrong.append(area)
            db.session.remove()

    db.session.commit()
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- approximate areas ---


def _features(raw: list[dict]) -> list[BoundaryFeature]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return list(read(samples.write(Path(folder) / "a.geojson", raw), {"90", "91"}))


def _rough() -> list[BoundaryFeature]:
    raw = samples.everything()
    for feature in raw[2:]:
        _, _, _, column, row = samples.COMMUNES[feature["properties"]["code"]]
        feature["geometry"]["coordinates"] = samples.square(column + 0.2, row)
    return _features(raw)


@pytest.fixture
def rough(app: Flask) -> Flask:
    """With approximate areas only."""
    with committing():
        db.session.execute(delete(Area))
        store(_rough(), source="rough", valid_from=service.TWO_LEVELS_SINCE, approximate=True)
    return app


def test_approximate_areas_say_so(rough: Flask) -> None:
    assert queries.any_approximate()
    area = queries.locate(106.05, 10.05)
    assert area is not None
    assert area.approximate
    found = rough.test_cli_runner().invoke(args=["areas", "locate", "10.05", "106.05"])
    assert found.stdout == "90001  Phường Bến Đá, Tỉnh Bãi Sậy\n"
    assert "Approximate" in found.stderr


@pytest.mark.parametrize("day", [service.TWO_LEVELS_SINCE, date(2025, 1, 1), date(2026, 4, 30)])
def test_real_boundaries_replace_approximate_ones(rough: Flask, tmp_path: Path, day: date) -> None:
    with committing():
        result = import_boundaries(samples.write(tmp_path / "a.geojson", samples.everything()), valid_from=day)
    assert result.changed.total() + result.unchanged.total() == 8
    assert not queries.any_approximate()
    assert queries.locate(106.01, 10.05).code == "90001"  # type: ignore[union-attr]
    before = queries.locate(106.05, 10.05, date(2026, 4, 29))
    assert before is not None
    assert before.approximate == (day == date(2026, 4, 30))  # rather roughly than not at all


def test_one_real_province_leaves_the_others_approximate(rough: Flask, tmp_path: Path) -> None:
    real = [f for f in samples.everything() if str(f["properties"]["code"]).startswith("90")]
    del real[2]  # 90002 is no more
    with committing():
        result = import_boundaries(samples.write(tmp_path / "a.geojson", real))
    assert result.retired.total() == 1
    assert queries.any_approximate()
    assert {a.code: a.approximate for a in queries.communes_of("90")} == {"90001": False, "90003": False}
    assert all(a.approximate for a in queries.communes_of("91"))
    assert queries.by_code("90002") is None


def test_real_wins_where_it_overlaps_with_approximate(rough: Flask, tmp_path: Path) -> None:
    real = [samples.commune("90002")]
    with committing():
        import_boundaries(samples.write(tmp_path / "a.geojson", real), missing="keep")
    # Approximate 90001, which has the smaller code, reaches over here.
    assert queries.locate(106.11, 10.05).code == "90002"  # type: ignore[union-attr]


def test_approximate_areas_do_not_replace_real_ones(app: Flask) -> None:
    before = codes(queries.provinces())
    done = app.test_cli_runner().invoke(args=["areas", "approximate"])
    assert done.exit_code == 0
    assert "Real boundaries are there already" in done.output
    assert codes(queries.provinces()) == before


def test_without_the_package_the_reason_is_told(rough: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "PACKAGE", "no_such_package")
    done = rough.test_cli_runner().invoke(args=["areas", "approximate"])
    assert done.exit_code == 2
    assert "not installed" in done.stderr
