"""datapackage.json: what is in a version, and the data dictionary, as a Frictionless Data Package."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from flask_babel import force_locale

from webapp.config import Settings
from webapp.opendata import schema, words
from webapp.opendata.records import written

NAME = "datapackage.json"
LANGUAGES = ("en", "vi")
_TABULAR = ("reports.csv",)
_ENCODING = {"reports.csv": "utf-8-sig", "reports.geojson": "utf-8", "reports.jsonl": "utf-8"}


def package(name: str, now: datetime, rows: int, files: Sequence[dict[str, Any]], settings: Settings) -> bytes:
    """The descriptor of a version with these data files."""
    return orjson.dumps(
        {
            "name": "dan-giam-sat-reports",
            "id": f"{settings.public_url}/open-data/{name}/{NAME}",
            "version": name,
            "schema_version": schema.VERSION,
            "created": written(now),
            "homepage": f"{settings.public_url}/open-data",
            "rows": rows,
            **in_languages("title", words.TITLE),
            **in_languages("description", words.DESCRIPTION),
            "licenses": [{"title": settings.open_data_licence, "path": settings.open_data_licence_url}],
            "resources": [_resource(file) for file in files],
        },
        option=orjson.OPT_INDENT_2,
    )


def dictionary() -> list[dict[str, Any]]:
    """The fields with their meaning, in English and Vietnamese."""
    return [
        {
            "name": field.name,
            "type": field.kind,
            **in_languages("description", words.FIELD[field.name]),
            "constraints": ({"required": True} if field.required else {})
            | ({"enum": list(field.one_of)} if field.one_of else {}),
        }
        for field in schema.FIELDS
    ]


def in_languages(key: str, text: Any) -> dict[str, str]:
    """{key: English, key_vi: Vietnamese}."""
    found = {}
    for language in LANGUAGES:
        with force_locale(language):
            found[key if language == "en" else f"{key}_{language}"] = str(text)
    return found


def _resource(file: dict[str, Any]) -> dict[str, Any]:
    name = str(file["name"])
    resource: dict[str, Any] = {
        "name": name.replace(".", "-"),
        "path": name,
        "format": name.rpartition(".")[2],
        "mediatype": file["mimetype"],
        "bytes": file["size"],
        "hash": f"sha256:{file['sha256']}",
    }
    if name in _ENCODING:
        resource["encoding"] = _ENCODING[name]
    if name in _TABULAR:
        resource["profile"] = "tabular-data-resource"
    return resource | {"schema": {"fields": dictionary(), "primaryKey": "id", "missingValues": [""]}}
