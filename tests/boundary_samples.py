"""Invented boundaries: two provinces of three communes each, squares of a tenth of a degree in two rows."""

from __future__ import annotations

import copy
import gzip
import json
import os
import zipfile
from pathlib import Path
from typing import Any

# code -> (province, kind, name without kind, column, row); the squares begin at 106 E 10 N.
COMMUNES = {
    "90001": ("90", "Phường", "Bến Đá", 0, 0),
    "90002": ("90", "Xã", "Gò Cát", 1, 0),
    "90003": ("90", "Xã", "Hoà Thuận", 2, 0),
    "91001": ("91", "Phường", "Đồi Thông", 0, 1),
    "91002": ("91", "Xã", "Suối Đục", 1, 1),
    "91003": ("91", "Đặc khu", "Hòn Vắng", 2, 1),
}
PROVINCES = {"90": ("Tỉnh", "Bãi Sậy", 0), "91": ("Thành phố", "Mây Trắng", 1)}


def square(column: float, row: float, width: float = 1) -> list[list[list[list[float]]]]:
    """MultiPolygon coordinates."""
    west, south = 106 + column / 10, 10 + row / 10
    east, north = west + width / 10, south + 0.1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return [[[[round(a, 6), round(b, 6)] for a, b in ring]]]


def commune(code: str, **changes: Any) -> dict[str, Any]:
    """A feature as the flat files have it; `changes` go over its properties."""
    province, kind, name, column, row = COMMUNES[code]
    properties = {"code": code, "level": "commune", "kind": kind, "name": f"{kind} {name}"}
    properties |= {"name_en": f"{code} Test", "province_code": province} | changes
    geometry = {"type": "MultiPolygon", "coordinates": square(column, row)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def province(code: str) -> dict[str, Any]:
    kind, name, row = PROVINCES[code]
    properties = {"code": code, "level": "province", "kind": kind, "name": f"{kind} {name}", "name_en": code}
    geometry = {"type": "MultiPolygon", "coordinates": square(0, row, width=3)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def everything() -> list[dict[str, Any]]:
    """Two provinces and six communes, fresh copies."""
    return copy.deepcopy([province(c) for c in PROVINCES] + [commune(c) for c in COMMUNES])


def write(path: Path, features: list[dict[str, Any]]) -> Path:
    """As GeoJSON, packed if the name ends in .gz."""
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def upstream_files() -> dict[str, bytes]:
    """The same areas in the public dataset's layout: file name -> content."""
    files = {}
    for feature in everything():
        old = feature["properties"]
        bare = old["name"].removeprefix(old["kind"]).strip()
        feature["properties"] = {
            "code": old["code"],
            "name": bare,
            "nameEn": old["name_en"],
            "fullName": old["name"],
            "fullNameEn": old["name_en"],
            "codeName": "x",
        }
        parent = old.get("province_code", old["code"])
        name = f"{parent}_x/{parent}_x.geojson"
        if old["level"] == "commune":
            name = f"{parent}_x/wards/{old['code']}_x.geojson"
        files[name] = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    return files


def write_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


def real_folder() -> Path | None:
    """Where the real boundary files lie: DGS_BOUNDARIES, or the shared folder beside the repository."""
    named = os.environ.get("DGS_BOUNDARIES")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared/data/boundaries"
    return folder if (folder / "communes.geojson.gz").exists() else None
