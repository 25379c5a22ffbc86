"""Importing areas: repeatable, whole or not at all, and what ended stays answerable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from geo.boundaries import BoundaryError
from tests import boundary_samples as samples
from tests import services
from tests.integration.areas_app import areas_app
from webapp.areas import queries
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.areas.service import ImportResult, import_boundaries
from webapp.core.db import committing, db
from webapp.core.events import Event, first_broken, history

MERGER = date(2026, 4, 30)
BEFORE = date(2026, 4, 29)


@pytest.fixture(scope="module")
def database(run: services.Run, engine: str) -> Iterator[Flask]:
    with areas_app(run, engine) as app:
        yield app


@pytest.fixture
def app(database: Flask) -> Flask:
    with committing():
        db.session.execute(delete(Area))
    queries.forget_caches()
    return database


def load(path: Path, **options: Any) -> ImportResult:
    with committing():
        return import_boundaries(path, **options)


@pytest.fixture
def record(app: Flask) -> Callable[[], list[Event]]:
    """The entries that this test has caused; those of tests before it cannot be deleted."""
    before = len(history("areas"))
    return lambda: history("areas")[before:]


def counts(result: ImportResult) -> dict[str, int]:
    names = ("added", "changed", "unchanged", "retired")
    return {n: getattr(result, n).total() for n in names if getattr(result, n).total()}


def code_at(lon: float, lat: float, on: date | None = None) -> str | None:
    area = queries.locate(lon, lat, on)
    return area.code if area else None


def snapshot() -> list[tuple[Any, ...]]:
    columns = (Area.code, Area.level, Area.name, Area.valid_from, Area.valid_to, Area.digest, Area.source)
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(*columns[:4]))]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return samples.write(tmp_path / "sample.geojson.gz", samples.everything())


def test_an_import_brings_everything_in(app: Flask, sample: Path) -> None:
    result = load(sample, source="mẫu thử")
    assert counts(result) == {"added": 8}
    assert (result.added[PROVINCE], result.added[COMMUNE]) == (2, 6)
    area = queries.by_code("90001")
    assert area is not None
    assert (area.name, area.kind, area.parent_code) == ("Phường Bến Đá", "Phường", "90")
    assert (area.valid_from, area.valid_to, area.approximate) == (date(2025, 7, 1), None, False)
    assert (area.folded, area.source) == ("phuong ben da", "mẫu thử")
    assert (area.min_lon, area.min_lat, area.max_lon, area.max_lat) == (106.0, 10.0, 106.1, 10.1)
    assert area.boundary.contains(area.outline.representative_point())
    assert code_at(area.point_lon, area.point_lat) == "90001"


@pytest.mark.parametrize("layout", ["plain", "zip", "folder"])
def test_the_same_again_changes_nothing_in_any_layout(
    record: Callable[[], list[Event]], sample: Path, tmp_path: Path, layout: str
) -> None:
    load(sample)
    before = snapshot()
    if layout == "plain":
        again = samples.write(tmp_path / "again.geojson", samples.everything()[::-1])
    elif layout == "zip":
        again = samples.write_zip(tmp_path / "again.zip", samples.upstream_files())
    else:
        again = samples.write_folder(tmp_path / "again", samples.upstream_files())
    assert counts(load(again)) == {"unchanged": 8}
    assert counts(load(again, valid_from=MERGER)) == {"unchanged": 8}
    assert snapshot() == before
    assert len(record()) == 1


def test_a_change_closes_the_old_state_and_opens_a_new_one(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample)
    features = samples.everything()
    features[3]["properties"] |= {"name": "Phường Gò Cát", "kind": "Phường"}  # 90002
    features[3]["geometry"]["coordinates"] = samples.square(1, 0, width=0.5)
    result = load(samples.write(tmp_path / "later.geojson", features), valid_from=MERGER)
    assert counts(result) == {"changed": 1, "unchanged": 7}
    assert result.corrected == 0
    old, new = queries.by_code("90002", on=BEFORE), queries.by_code("90002", on=MERGER)
    assert old is not None
    assert new is not None
    assert (old.name, old.valid_to) == ("Xã Gò Cát", BEFORE)
    assert (new.name, new.valid_from, new.valid_to) == ("Phường Gò Cát", MERGER, None)
    assert code_at(106.18, 10.05, BEFORE) == "90002"
    assert code_at(106.18, 10.05, MERGER) is None
    assert code_at(106.12, 10.05, MERGER) == "90002"
    assert code_at(106.12, 10.05, date(2025, 6, 30)) is None


def test_a_correction_of_the_same_day_replaces_in_place(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample)
    features = samples.everything()
    features[2]["properties"]["name"] = "Phường Bến Đá Mới"
    result = load(samples.write(tmp_path / "b.geojson", features))
    assert (counts(result), result.corrected) == ({"changed": 1, "unchanged": 7}, 1)
    assert db.session.scalar(select(func.count()).select_from(Area)) == 8
    assert queries.by_code("90001").name == "Phường Bến Đá Mới"  # type: ignore[union-attr]


def test_what_a_covered_province_lacks_is_retired(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample)
    merged = [samples.province("90"), samples.commune("90001"), samples.commune("90003")]
    merged[1]["geometry"]["coordinates"] = samples.square(0, 0, width=2)  # takes in 90002
    result = load(samples.write(tmp_path / "merged.geojson", merged), valid_from=MERGER)
    assert counts(result) == {"changed": 1, "unchanged": 2, "retired": 1}
    assert code_at(106.15, 10.05, BEFORE) == "90002"
    assert code_at(106.15, 10.05, MERGER) == "90001"
    # The other province is not in the file and stays as it is.
    assert {a.code for a in queries.communes_of("91", MERGER)} == {"91001", "91002", "91003"}
    assert {a.code for a in queries.communes_of("90", MERGER)} == {"90001", "90003"}
    assert {a.code for a in queries.communes_of("90", BEFORE)} == {"90001", "90002", "90003"}


def test_a_file_with_few_of_the_communes_is_questioned(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample)
    few = samples.write(tmp_path / "few.geojson", [samples.commune("90001")])
    before = snapshot()
    with pytest.raises(BoundaryError, match="2 of its communes are not in the file"):
        load(few, valid_from=MERGER)
    assert snapshot() == before
    assert counts(load(few, valid_from=MERGER, missing="keep")) == {"unchanged": 1}
    assert counts(load(few, valid_from=MERGER, missing="retire")) == {"unchanged": 1, "retired": 2}


def test_what_was_retired_comes_back(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample)
    two = samples.write(tmp_path / "two.geojson", [samples.commune("90001"), samples.commune("90002")])
    load(two, valid_from=MERGER)
    assert queries.by_code("90003", on=MERGER) is None
    with pytest.raises(BoundaryError, match="ended on 2026-04-29"):
        load(sample, valid_from=date(2026, 1, 1))
    assert counts(load(sample, valid_from=MERGER)) == {"added": 1, "unchanged": 7}
    assert queries.by_code("90003", on=MERGER) is not None


def test_an_older_state_is_refused(app: Flask, sample: Path, tmp_path: Path) -> None:
    load(sample, valid_from=MERGER)
    features = samples.everything()
    features[2]["properties"]["name"] = "Phường Khác"
    with pytest.raises(BoundaryError, match="a later state, valid from 2026-04-30"):
        load(samples.write(tmp_path / "old.geojson", features))
    two = samples.write(tmp_path / "two.geojson", [samples.commune("90001"), samples.commune("90002")])
    with pytest.raises(BoundaryError, match="valid only from 2026-04-30"):
        load(two)


def test_no_code_is_ever_valid_twice_on_a_day(app: Flask, sample: Path, tmp_path: Path) -> None:
    """Whatever is imported, in whatever order of days, accepted or refused."""
    changed = samples.everything()
    changed[2]["geometry"]["coordinates"] = samples.square(0, 0, width=0.5)
    fewer = [f for f in samples.everything() if f["properties"]["code"] != "90003"]
    paths = [sample, samples.write(tmp_path / "c.json", changed), samples.write(tmp_path / "f.json", fewer)]
    days = [date(2025, 7, 1), date(2026, 1, 1), MERGER]
    accepted = 0
    for step in range(18):
        try:
            load(paths[(step * 2 + step // 3) % 3], valid_from=days[(step + step // 9) % 3])
            accepted += 1
        except BoundaryError:
            pass
        for day in (*days, date(2025, 12, 31), BEFORE, date(2030, 1, 1)):
            codes = db.session.execute(
                select(Area.level, Area.code)
                .where(queries.valid_on(day))
                .group_by(Area.level, Area.code)
                .having(func.count() > 1)
            ).all()
            assert codes == []
    assert accepted > 3


@pytest.mark.parametrize("at", [0, 4, 7])
def test_a_fault_anywhere_leaves_nothing(record: Callable[[], list[Event]], tmp_path: Path, at: int) -> None:
    features = samples.everything()
    features[at]["geometry"]["coordinates"][0][0][1] = [200.0, 10.0]
    with pytest.raises(BoundaryError, match=f"feature {at + 1} .*outside Vietnam"):
        load(samples.write(tmp_path / "bad.geojson", features))
    assert snapshot() == []
    assert record() == []


def test_provinces_are_joined_from_communes_where_the_file_has_none(app: Flask, sample: Path, tmp_path: Path) -> None:
    names = {"90": "Tỉnh Bãi Sậy", "91": "Thành phố Mây Trắng"}
    communes = [samples.commune(c, province=names[c[:2]]) for c in samples.COMMUNES]
    path = samples.write(tmp_path / "communes.geojson", communes)
    result = load(path)
    assert (result.added[PROVINCE], result.added[COMMUNE]) == (2, 6)
    joined = queries.by_code("91", PROVINCE)
    assert joined is not None
    assert (joined.name, joined.kind) == ("Thành phố Mây Trắng", "Thành phố trực thuộc trung ương")
    assert joined.name_en == "May Trang City"
    assert joined.boundary.area == pytest.approx(0.03)
    assert counts(load(path)) == {"unchanged": 8}
    # The real provinces take their place, and stay when the communes come again.
    replaced = load(sample)
    assert (replaced.changed[PROVINCE], replaced.unchanged[COMMUNE]) == (2, 6)
    assert counts(load(path)) == {"unchanged": 6}
    assert queries.by_code("91", PROVINCE).source == "sample.geojson.gz"  # type: ignore[union-attr]


def test_two_names_for_one_province_are_refused(app: Flask, tmp_path: Path) -> None:
    communes = [
        samples.commune("90001", province="Tỉnh Bãi Sậy"),
        samples.commune("90002", province="Tỉnh Khác"),
    ]
    with pytest.raises(BoundaryError, match="province 90: it has two names"):
        load(samples.write(tmp_path / "a.geojson", communes))


def test_each_import_is_on_record(record: Callable[[], list[Event]], sample: Path, tmp_path: Path) -> None:
    load(sample, source="nguồn")
    load(sample)
    features = samples.everything()
    features[2]["properties"]["name"] = "Phường Mới"
    load(samples.write(tmp_path / "b.geojson", features), valid_from=MERGER)
    first, second = record()
    assert first.kind == "areas:imported"
    assert first.data["source"] == "nguồn"
    assert first.data["added"] == {"province": 2, "commune": 6}
    assert second.data["changed"] == {"commune": 1}
    assert second.data["valid_from"] == "2026-04-30"
    assert first_broken(history("areas")) is None


def test_progress_is_told(app: Flask, sample: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    load(sample, progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "write"][-1] == ("write", 6, 6)


# -- the command ---


def test_command_line(app: Flask, sample: Path, tmp_path: Path) -> None:
    cli = app.test_cli_runner()
    done = cli.invoke(args=["areas", "import", str(sample)])
    assert done.exit_code == 0, done.output
    assert "Provinces: 2 added, 0 changed, 0 retired, 0 unchanged" in done.output
    assert "Communes: 6 added, 0 changed, 0 retired, 0 unchanged" in done.output
    again = cli.invoke(args=["areas", "import", str(sample), "--valid-from", "2026-04-30"])
    assert "Communes: 0 added, 0 changed, 0 retired, 6 unchanged" in again.output

    found = cli.invoke(args=["areas", "locate", "10.05", "106.05"])
    assert (found.exit_code, found.stdout) == (0, "90001  Phường Bến Đá, Tỉnh Bãi Sậy\n")
    comma = cli.invoke(args=["areas", "locate", "10,05", "106,05", "--on", "2026-05-01"])
    assert comma.stdout == found.stdout
    none = cli.invoke(args=["areas", "locate", "9.9", "106.05"])
    assert none.exit_code == 1
    assert "No commune at 9.9 106.05; the nearest is 90001 Phường Bến Đá, 11.1 km away" in none.stderr
    assert none.stdout == ""
    earlier = cli.invoke(args=["areas", "locate", "10.05", "106.05", "--on", "2025-06-30"])
    assert earlier.exit_code == 1
    south = cli.invoke(args=["areas", "locate", "-10.05", "106.05"])
    assert south.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["locate", "106.05", "10.05"], "give the latitude first"),
        (["locate", "abc", "10.05"], "must be numbers"),
        (["locate", "nan", "10.05"], "must be numbers"),
        (["locate", "99", "10.05"], "between -90 and 90"),
        (["locate", "10.05", "106.05", "--on", "1/5/2026"], "is not a date such as"),
        (["import", "missing.geojson"], "missing.geojson was refused, nothing has changed"),
        (["import"], "Missing argument"),
    ],
)
def test_wrong_input_on_the_command_line(app: Flask, arguments: list[str], message: str) -> None:
    done = app.test_cli_runner().invoke(args=["areas", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_broken_file_on_the_command_line(app: Flask, tmp_path: Path) -> None:
    features = samples.everything()
    features[5]["geometry"] = None
    path = samples.write(tmp_path / "bad.geojson", features)
    done = app.test_cli_runner().invoke(args=["areas", "import", str(path)])
    assert done.exit_code == 2
    assert "bad.geojson was refused, nothing has changed. feature 6 (91001 Phường Đồi Thông)" in done.stderr
    assert snapshot() == []
