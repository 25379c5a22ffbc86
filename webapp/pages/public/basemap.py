"""`/map/base/{z}/{x}/{y}`: raster tiles out of the operator's own PMTiles file, so that no map asks anybody else."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from flask import Response, abort

from geo.pmtiles import Archive
from webapp.core.instance import instance
from webapp.pages.public.shared import SharedResponse, shared_bytes

CACHE = "public, max-age=604800, stale-while-revalidate=2592000"


def answer(z: int, x: int, y: int) -> Response:
    """The tile's picture; 204 where the file has none, 404 where the instance has no file."""
    path = instance().settings.basemap_file
    if not path:
        abort(404)
    archive = _open(path, Path(path).stat().st_mtime_ns)
    if z > 24 or x >= 1 << z or y >= 1 << z:
        abort(404)
    found = archive.tile(z, x, y)
    if found is None:
        empty = SharedResponse(status=204)
        empty.headers["Cache-Control"] = CACHE
        return empty
    return shared_bytes(found, CACHE, mimetype=archive.mimetype)


@lru_cache(maxsize=4)
def _open(path: str, _changed: int) -> Archive:
    return Archive(Path(path))
