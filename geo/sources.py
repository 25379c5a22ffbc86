"""Where boundary features come from: files, zips and folders, opened with care for hostile ones."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from geo.jsonstream import NotGeoJson, features

# All of Vietnam in full resolution is about 600 MB of text in 3,355 files.
MAX_BYTES = 2 << 30
MAX_FILES = 20_000

# `86_vinh_long/86_vinh_long.geojson` and `86_vinh_long/wards/29335_tam_ngai.geojson`, under any folders.
_LAYOUT = re.compile(
    r"(?:^|/)(?P<province>[0-9]{2})_[^/]+/"
    r"(?:(?P=province)_[^/]+|wards/(?P<commune>[0-9]{5})_[^/]+)\.(?:geo)?json$"
)


class SourceError(ValueError):
    """A file cannot be read at all, or is not to be trusted; `where` names it."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One raw feature. Level, code and province are what the layout says of it, None where nothing."""

    where: str  # for messages: "feature 12", or the file's name inside the zip
    properties: Mapping[str, Any]
    geometry: Any
    level: str | None = None
    code: str | None = None
    parent_code: str | None = None


def entries(path: Path, max_bytes: int | None = None) -> Iterator[Entry]:
    """All raw features of a file or folder. Raises SourceError if it cannot be read.

    Never writes anything; reads at most `max_bytes` (default MAX_BYTES) of unpacked text, so that a small
    file that unpacks to a huge one ends early.
    """
    budget = _Budget(MAX_BYTES if max_bytes is None else max_bytes)
    if path.is_dir():
        yield from _layout(path.name, _folder_files(path), budget)
        return
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
            stream.seek(0)
            if start == b"PK\x03\x04":
                with _readable(path.name), zipfile.ZipFile(stream) as archive:
                    yield from _layout(path.name, _zip_files(path.name, archive), budget)
                return
            unpacked: Any = gzip.GzipFile(fileobj=stream) if start[:2] == b"\x1f\x8b" else stream
            with _readable(path.name):
                for number, feature in enumerate(features(_Limited(unpacked, budget)), 1):  # type: ignore[arg-type]
                    yield _entry(f"feature {number}", feature)
    except OSError as error:
        raise SourceError(path.name, error.strerror or str(error)) from error


def _layout(name: str, files: Iterator[tuple[str, Callable[[], BinaryIO]]], budget: _Budget) -> Iterator[Entry]:
    recognised = 0
    for inner, opener in files:
        match = _LAYOUT.search(inner)
        if match is None:
            continue
        recognised += 1
        province, commune = match["province"], match["commune"]
        with _readable(inner), opener() as stream:
            found = list(features(_Limited(stream, budget)))  # type: ignore[arg-type]
        if len(found) != 1:
            raise SourceError(inner, f"there are {len(found)} features in it; one is expected")
        raw = _entry(inner, found[0])
        yield Entry(
            inner,
            raw.properties,
            raw.geometry,
            level="commune" if commune else "province",
            code=commune or province,
            parent_code=province if commune else None,
        )
    if not recognised:
        raise SourceError(name, "no files named NN_name/NN_name.geojson or NN_name/wards/CODE_name.geojson in it")


def _entry(where: str, feature: Any) -> Entry:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise SourceError(where, "it is not a GeoJSON Feature")
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        raise SourceError(where, "it has no properties")
    return Entry(where, properties, feature.get("geometry"))


def _zip_files(name: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise SourceError(name, f"more than {MAX_FILES} files in it")
    for member in sorted(members, key=lambda m: m.filename):
        # Nothing is ever written to disk; a name like this still means that someone tampered with the file.
        pure = PurePosixPath(member.filename.replace("\\", "/"))
        if pure.is_absolute() or ".." in pure.parts:
            raise SourceError(name, f"it holds a file that points outside of it: {member.filename[:80]!r}")
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise SourceError(name, f"{member.filename[:80]!r} is packed in a way that is not read here")
        if not (member.is_dir() or _hidden(pure)):
            yield str(pure), lambda m=member: archive.open(m)  # type: ignore[misc]


def _folder_files(folder: Path) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    root = folder.resolve()
    count = 0
    for file in sorted(folder.rglob("*json")):
        pure = PurePosixPath(file.relative_to(folder).as_posix())
        if not file.is_file() or _hidden(pure):
            continue
        count += 1
        if count > MAX_FILES:
            raise SourceError(folder.name, f"more than {MAX_FILES} files in it")
        if not file.resolve().is_relative_to(root):
            raise SourceError(str(pure), "it is a link that points outside of the folder")
        # A province's own folder may have been named: its name belongs to the layout.
        yield f"{root.name}/{pure}", lambda f=file: f.open("rb")  # type: ignore[misc]


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turn what broken files raise into SourceError."""
    try:
        yield
    except NotGeoJson as error:
        raise SourceError(where, str(error)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as error:
        raise SourceError(where, f"the packed file is broken or cut off ({str(error)[:80]})") from error
    except RuntimeError as error:  # what zipfile raises for an encrypted member
        raise SourceError(where, f"the packed file cannot be opened ({str(error)[:80]})") from error


@dataclass(slots=True)
class _Budget:
    left: int


class _Limited:
    """A stream that refuses to give more bytes than are left in the budget."""

    def __init__(self, stream: BinaryIO, budget: _Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._budget.left -= len(data)
        if self._budget.left < 0:
            raise NotGeoJson("it unpacks to more than is allowed")
        return data
