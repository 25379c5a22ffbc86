"""Boundary files: read in every layout, refused whole with the feature and the reason."""

from __future__ import annotations

import gzip
import json
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import boundaries, jsonstream, sources
from geo.boundaries import BoundaryError, read
from tests import boundary_samples as samples

Feature = dict[str, Any]


def test_every_layout_gives_the_same_areas(tmp_path: Path) -> None:
    plain = list(read(samples.write(tmp_path / "a.geojson", samples.everything())))
    packed = list(read(samples.write(tmp_path / "a.geojson.gz", samples.everything())))
    zipped = list(read(samples.write_zip(tmp_path / "a.zip", samples.upstream_files())))
    nested = {f"dataset-main/gis/{name}": text for name, text in samples.upstream_files().items()}
    deep = list(read(samples.write_zip(tmp_path / "b.zip", nested)))
    folder = list(read(samples.write_folder(tmp_path / "folder", samples.upstream_files())))
    by_code = sorted(plain, key=lambda f: (f.level, f.code))
    assert plain == packed
    for other in (zipped, deep, folder):
        assert sorted(other, key=lambda f: (f.level, f.code)) == by_code
    first = next(f for f in plain if f.code == "90001")
    assert (first.kind, first.name, first.parent_code) == ("Phường", "Phường Bến Đá", "90")
    assert {f.kind for f in plain} == {
        "Phường",
        "Xã",
        "Đặc khu",
        "Tỉnh",
        "Thành phố trực thuộc trung ương",
    }


def test_a_single_province_folder_is_read(tmp_path: Path) -> None:
    samples.write_folder(tmp_path, samples.upstream_files())
    assert {f.code for f in read(tmp_path / "90_x")} == {"90", "90001", "90002", "90003"}


def test_names_come_out_composed_and_with_their_kind(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "phường  Bến\u00a0Đá ")
    bare = samples.commune("90002", name="Gò Cát", kind="xã", name_en="")
    path = samples.write(tmp_path / "a.json", [samples.province("90"), samples.commune("90001", name=decomposed), bare])
    _, first, second = read(path)
    assert first.name == "Phường Bến Đá"
    assert (second.name, second.kind, second.name_en) == ("Xã Gò Cát", "Xã", "Go Cat Commune")


def test_a_byte_order_mark_and_other_members_do_no_harm(tmp_path: Path) -> None:
    text = json.dumps({"features": samples.everything(), "crs": {"deep": [1, {"x": None}]}, "bbox": [1, 2], "n": 12.5})
    path = tmp_path / "a.geojson"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(list(read(path))) == 8


def test_three_dimensions_become_two(tmp_path: Path) -> None:
    feature = samples.province("90")
    feature["geometry"]["coordinates"] = [
        [[[*pair, 3.5] for pair in ring] for ring in polygon] for polygon in feature["geometry"]["coordinates"]
    ]
    (area,) = read(samples.write(tmp_path / "a.json", [feature]))
    assert not area.geometry.has_z


def change(**properties: Any) -> Callable[[Feature], None]:
    def apply(feature: Feature) -> None:
        feature["properties"].update(properties)

    return apply


def shape(kind: Any, coordinates: Any) -> Callable[[Feature], None]:
    def apply(feature: Feature) -> None:
        feature["geometry"] = {"type": kind, "coordinates": coordinates}

    return apply


def without(key: str) -> Callable[[Feature], None]:
    def apply(feature: Feature) -> None:
        feature.pop(key)

    return apply


RING = samples.square(0, 0)[0][0]
FAULTS: list[tuple[str, Callable[[Feature], None], str]] = [
    ("no code", change(code=None), "code is None"),
    ("number as code", change(code=90001), "code is 90001"),
    ("short code", change(code="9001"), "5 digits"),
    ("letters in code", change(code="9000a"), "5 digits"),
    ("foreign digits in code", change(code="៩0001"), "5 digits"),
    ("code of a province", change(code="90"), "5 digits"),
    ("list as code", change(code=["90001"]), "5 digits"),
    ("duplicate", change(code="90002"), "comes twice"),
    ("no level", change(level="quận"), "level is 'quận'"),
    ("list as level", change(level=["commune"]), "level is"),
    ("no name", change(name=None), "name is missing"),
    ("blank name", change(name="  "), "name is missing"),
    ("number as name", change(name=7), "name is missing"),
    ("long name", change(name="Xã " + "a" * 100), "longer than 80"),
    ("control character", change(name="Xã A\u0000B"), "control characters"),
    ("text direction", change(name="Xã A\u202eB"), "control characters"),
    ("unknown kind", change(name="Bến Đá", kind="Huyện"), "kind is 'Huyện'"),
    ("no kind", change(name="Bến Đá", kind=None), "kind is missing"),
    ("kind of another level", change(name="Tỉnh Bến Đá", kind="Tỉnh"), "kind is 'Tỉnh'"),
    ("no province", change(province_code=None), "province_code is None"),
    ("odd province", change(province_code="900"), "2 digits"),
    ("unknown province", change(province_code="77"), "province 77 is neither in the file nor known"),
    ("no properties", without("properties"), "no properties"),
    ("no geometry", without("geometry"), "no geometry"),
    ("null geometry", lambda f: f.update(geometry=None), "no geometry"),
    ("text as geometry", lambda f: f.update(geometry="POLYGON"), "no geometry"),
    ("no feature", lambda f: f.update(type="Nonsense"), "not a GeoJSON Feature"),
    ("point", shape("Point", [106, 10]), "not a Polygon"),
    ("list as type", shape([], [106, 10]), "not a Polygon|do not make"),
    ("no coordinates", shape("MultiPolygon", None), "empty"),
    ("null as ring", shape("Polygon", None), "do not make a polygon"),
    ("empty polygon", shape("Polygon", []), "do not make a polygon"),
    ("empty multipolygon", shape("MultiPolygon", []), "empty"),
    ("number as coordinates", shape("Polygon", 5), "do not make a polygon"),
    ("short ring", shape("Polygon", [RING[:3]]), "four"),
    ("flat ring", shape("Polygon", [[106, 10, 107, 10]]), "four"),
    ("ragged ring", shape("Polygon", [[[106, 10], [106], [107, 11], [106, 10]]]), "rings|polygon"),
    ("texts in ring", shape("Polygon", [[[str(a), str(b)] for a, b in RING]]), "four"),
    ("null in ring", shape("Polygon", [[[106.0, None], *RING]]), "four"),
    ("open ring", shape("Polygon", [RING[:-1]]), "not closed"),
    ("not a number", shape("Polygon", [[[float("nan"), 10.0], *RING[1:-1], [float("nan"), 10.0]]]), "number"),
    ("infinite", shape("Polygon", [[[float("inf"), 10.0], *RING]]), "not a number"),
    ("huge number", shape("Polygon", [[[1e308, 10.0], *RING[1:-1], [1e308, 10.0]]]), "outside Vietnam"),
    ("swapped", shape("Polygon", [[[b, a] for a, b in RING]]), "swapped"),
    ("metres", shape("Polygon", [[[a * 1e5, b * 1e5] for a, b in RING]]), "outside Vietnam"),
    ("abroad", shape("Polygon", [[[a - 104, b + 38] for a, b in RING]]), "outside Vietnam"),
    (
        "bow tie",
        shape("Polygon", [[[106, 10], [106.1, 10.1], [106.1, 10], [106, 10.1], [106, 10]]]),
        r"not valid: Self-intersection\[106.05 10.05\]",
    ),
    ("hole outside", shape("Polygon", [RING, samples.square(5, 5)[0][0]]), "not valid: Hole"),
]


@pytest.mark.parametrize(("fault", "reason"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_faulty_feature_is_named_with_the_reason(
    tmp_path: Path, fault: Callable[[Feature], None], reason: str
) -> None:
    features = samples.everything()
    fault(features[2])
    with pytest.raises(BoundaryError, match=reason) as refused:
        list(read(samples.write(tmp_path / "a.geojson", features)))
    # A duplicate is noticed at the second of the two.
    assert refused.value.feature.startswith("feature ")
    assert len(str(refused.value)) < 300


GOOD = json.dumps({"type": "FeatureCollection", "features": samples.everything()}).encode()
BROKEN = {
    "empty": (b"", "cut off"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not JSON"),
    "zeros": (bytes(1000), "not JSON"),
    "web page": (b"<!DOCTYPE html><p>404</p>", "not JSON"),
    "list": (b"[]", "not JSON"),
    "no features": (b'{"type": "FeatureCollection"}', "no list of features"),
    "nothing in it": (b"{}", "no list of features"),
    "empty features": (b'{"type": "FeatureCollection", "features": []}', "no areas"),
    "features are no list": (b'{"features": {}}', "not JSON"),
    "two lists": (b'{"features": [], "features": []}', "two lists"),
    "one feature": (json.dumps(samples.commune("90001")).encode(), "not a FeatureCollection"),
    "topojson": (b'{"type": "Topology", "objects": {}}', "not a FeatureCollection"),
    "null feature": (b'{"features": [null]}', "not a GeoJSON Feature"),
    "cut off": (GOOD[: len(GOOD) // 2], "cut off"),
    "last byte missing": (GOOD[:-1], "cut off"),
    "more after the end": (GOOD + b"{}", "follows after the end"),
    "not utf-8": (GOOD.replace(b"Test", b"\xff\xfe\xfd\xfc"), "UTF-8"),
    "utf-16": (GOOD.decode().encode("utf-16"), "not JSON"),
    "deep": (b'{"features": [' + b"[" * 100_000, "nested too deeply|cut off"),
    "digits": (b'{"features": [{"a": ' + b"1" * 10_000 + b"}]}", "not JSON|not a GeoJSON"),
    "cut gzip": (gzip.compress(GOOD)[:-20], "broken or cut off"),
    "gzip of a picture": (gzip.compress(b"\x89PNG"), "not JSON"),
    "damaged gzip": (gzip.compress(GOOD)[:200] + bytes(50), "broken or cut off|not JSON"),
    "cut zip": (b"PK\x03\x04" + bytes(100), "broken or cut off"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(tmp_path: Path, name: str) -> None:
    content, reason = BROKEN[name]
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    with pytest.raises(BoundaryError, match=reason):
        list(read(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoundaryError, match="No such file"):
        list(read(tmp_path / "none.geojson"))
    with pytest.raises(BoundaryError, match="no files named"):
        list(read(tmp_path))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_any_single_wrong_byte_is_read_or_refused(tmp_path_factory: Any, at: int, byte: int) -> None:
    path = tmp_path_factory.getbasetemp() / "wrong_byte.geojson"
    path.write_bytes(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    try:
        assert list(read(path))
    except BoundaryError as error:
        assert error.reason


def test_small_windows_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, numbers and characters of several bytes are cut at every possible place."""
    path = samples.write(tmp_path / "a.geojson", samples.everything())
    whole = list(read(path))
    monkeypatch.setattr(jsonstream, "CHUNK", 7)
    assert list(read(path)) == whole


def test_one_endless_feature_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonstream, "MAX_VALUE", 10_000)
    monkeypatch.setattr(jsonstream, "CHUNK", 1000)
    path = tmp_path / "a.geojson"
    path.write_bytes(b'{"features": [{"a": "' + b"x" * 1_000_000)
    with pytest.raises(BoundaryError, match="larger than"):
        list(read(path))


@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_a_bomb_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1_000_000)
    path = tmp_path / "bomb"
    content = b'{"type": "FeatureCollection", ' + b" " * 50_000_000
    if packed == "gzip":
        path.write_bytes(gzip.compress(content))
    else:
        samples.write_zip(path, {"90_x/90_x.geojson": content})
    assert path.stat().st_size < 100_000
    with pytest.raises(BoundaryError, match="unpacks to more than"):
        list(read(path))


def test_the_budget_is_for_all_files_of_a_zip_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = samples.upstream_files()
    path = samples.write_zip(tmp_path / "a.zip", files)
    monkeypatch.setattr(sources, "MAX_BYTES", sum(map(len, files.values())) - 1)
    with pytest.raises(BoundaryError, match="unpacks to more than"):
        list(read(path))


@pytest.mark.parametrize("name", ["../90_x/90_x.geojson", "/90_x/90_x.geojson", "a\\..\\90_x/90_x.geojson"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = samples.write_zip(tmp_path / "a.zip", samples.upstream_files() | {name: b"{}"})
    with pytest.raises(BoundaryError, match="points outside"):
        list(read(path))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = samples.write_folder(tmp_path / "folder", samples.upstream_files())
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (folder / "90_x/wards/90009_x.geojson").symlink_to(secret)
    with pytest.raises(BoundaryError, match="points outside"):
        list(read(folder))


def test_zips_with_too_many_or_oddly_packed_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = samples.write_zip(tmp_path / "odd.zip", samples.upstream_files(), zipfile.ZIP_BZIP2)
    with pytest.raises(BoundaryError, match="packed in a way"):
        list(read(odd))
    monkeypatch.setattr(sources, "MAX_FILES", 3)
    many = samples.write_zip(tmp_path / "many.zip", samples.upstream_files())
    with pytest.raises(BoundaryError, match="more than 3 files"):
        list(read(many))


def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path) -> None:
    path = samples.write_zip(tmp_path / "a.zip", samples.upstream_files(), zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"90002 Test", b"90002 Tost", 1))
    with pytest.raises(BoundaryError, match=r"90002_x\.geojson: .*broken"):
        list(read(path))


def test_names_and_contents_of_a_zip_must_agree(tmp_path: Path) -> None:
    files = samples.upstream_files()
    files["90_x/wards/90009_x.geojson"] = files.pop("90_x/wards/90001_x.geojson")
    with pytest.raises(BoundaryError, match="code is 90001, but the file's name says 90009"):
        list(read(samples.write_zip(tmp_path / "a.zip", files)))
    files = samples.upstream_files()
    files["90_x/wards/90001_x.geojson"] = json.dumps(
        {"type": "FeatureCollection", "features": samples.everything()[2:4]}
    ).encode()
    with pytest.raises(BoundaryError, match="there are 2 features"):
        list(read(samples.write_zip(tmp_path / "b.zip", files)))


def test_the_province_of_a_commune_may_be_known_or_named(tmp_path: Path) -> None:
    alone = samples.write(tmp_path / "a.json", [samples.commune("90001")])
    with pytest.raises(BoundaryError, match="province 90 is neither"):
        list(read(alone))
    assert len(list(read(alone, known_provinces={"90"}))) == 1
    named = samples.write(tmp_path / "b.json", [samples.commune("90001", province="Tỉnh Bãi Sậy")])
    assert next(read(named)).parent_name == "Tỉnh Bãi Sậy"


def test_kinds_are_told_by_whole_words() -> None:
    assert boundaries.split_kind("commune", "xã Bắc Sơn") == ("Xã", "Xã Bắc Sơn")
    assert boundaries.split_kind("commune", "Xãm Lốm") is None
    assert boundaries.split_kind("commune", "Xã ") is None
    assert boundaries.english_name("Phường", "Phường Đông Hưng") == "Dong Hung Ward"
