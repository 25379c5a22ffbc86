"""Open data for people: what there is to fetch, how big, since when, what it means, what one may do with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from webapp.core.instance import instance
from webapp.opendata import descriptor, schema, service, words
from webapp.opendata.models import OpenDataVersion
from webapp.pages import labels, pieces
from webapp.pages.i18n import language
from webapp.pages.public.shared import SharedResponse, shared_json

bp = Blueprint("open_data", __name__)

# A version never changes, but it goes one day, with all that has been withdrawn since.
KEPT = "public, max-age=3600"
NEWEST = "public, max-age=60"
SHOWN = 31  # older versions on the page


@bp.get("/open-data")
@bp.get("/data", endpoint="short")
def index() -> str:
    """The page."""
    settings = instance().settings
    versions = service.versions()
    return render_template(
        "public/open_data.html",
        newest=_shown(versions[0]) if versions else None,
        older=[_shown(one) for one in versions[1 : SHOWN + 1]],
        title=words.TITLE,
        description=words.DESCRIPTION,
        fields=[
            (f.name, words.KIND[f.kind], words.FIELD[f.name], [(code, _meaning(f.name, code)) for code in f.one_of])
            for f in schema.FIELDS
        ],
        licence=(settings.open_data_licence, settings.open_data_licence_url),
        base=settings.public_url,
        number=labels.number,
    )


@bp.get("/open-data/latest/<name>")
def latest(name: str) -> AnyResponse:
    """The file of the newest version."""
    found = service.version("latest")
    if found is None or name not in {f["name"] for f in found.files}:
        abort(404)
    response = redirect(f"/open-data/{found.name}/{name}", Response=SharedResponse)
    response.headers["Cache-Control"] = NEWEST
    return _for_all(response)


@bp.get("/open-data/dictionary.json")
def dictionary() -> AnyResponse:
    """The data dictionary in English and Vietnamese, also before there is a version."""
    body = {
        "schema_version": schema.VERSION,
        **descriptor.in_languages("title", words.TITLE),
        **descriptor.in_languages("description", words.DESCRIPTION),
        "fields": descriptor.dictionary(),
    }
    return _for_all(shared_json(body, KEPT))


@bp.get("/open-data/<version>/<name>")
def file(version: str, name: str) -> AnyResponse:
    """A file of a version, or a part of it."""
    found = service.version(version)
    known = next((f for f in found.files if f["name"] == name), None) if found is not None else None
    if found is None or known is None:
        abort(404)
    tag = known["sha256"][:32]
    if request.if_none_match.contains(tag):
        response: Response = SharedResponse(status=304)
    else:
        response = pieces.answer(
            service.stored_as(found.name, name), known["size"], known["mimetype"], kind=SharedResponse
        )
        saved_as = f"dan-giam-sat-{found.name}-{name}"
        response.headers["Content-Disposition"] = f'attachment; filename="{saved_as}"'
    response.set_etag(tag)
    response.headers["Cache-Control"] = KEPT
    return _for_all(response)


def _for_all(response: Any) -> AnyResponse:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response  # type: ignore[no-any-return]


def _meaning(field: str, code: str) -> Any:
    return labels.STATUS_GROUP[code] if field == "stage" else labels.STATUS[code]


def _shown(version: OpenDataVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "made": version.started_at,
        "rows": version.rows,
        "licence": version.licence,
        "files": [
            {**f, "address": f"/open-data/{version.name}/{f['name']}", "size_label": _size(f["size"])}
            for f in version.files
        ],
    }


def _size(size: int) -> str:
    """In words that people know; the number as this language writes it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            shown = f"{size / factor:.1f}"
            return f"{shown if language() == 'en' else shown.replace('.', ',')} {unit}"
    return f"{size} B"
