"""What a program sends: the fields of a form, as the specification has it, or of a JSON object, as some programs do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from flask import g, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict

from webapp.pages.api.open311.formats import Problem

TEXT_FORM, FILE_FORM, OBJECT = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
MAX_TEXT = 1024 * 1024  # bytes of fields; a form with files has the instance's own limit

Fields = MultiDict[str, str]


def fields() -> Fields:
    """The fields of the request. Raises Problem 400 for JSON that is no flat object, 415 for any other kind."""
    if "open311_fields" not in g:
        g.open311_fields = _read()
    found: Fields = g.open311_fields
    return found


def files() -> list[FileStorage]:
    """Everything that was sent as a file. Programs call it media, media[], photo1 and so on; none is to be lost."""
    return [file for _name, file in request.files.items(multi=True) if file.filename]


def repeated(given: Fields, names: Iterable[str]) -> list[str]:
    """What is wrong with fields that take one value and have several that differ: nobody can tell which is meant."""
    several = [name for name in names if len({value.strip() for value in given.getlist(name) if value.strip()}) > 1]
    return [_("%(name)s: one value only.", name=name) for name in several]


def _read() -> Fields:
    if request.mimetype == FILE_FORM:
        return request.form
    if request.mimetype not in (TEXT_FORM, OBJECT):
        if request.content_length:
            raise Problem(415, _("Send the fields as a form, not as %(kind)s.", kind=request.mimetype[:60] or "?"))
        return MultiDict()
    request.max_content_length = MAX_TEXT
    return request.form if request.mimetype == TEXT_FORM else MultiDict(_of_object(request.get_data(cache=False)))


def _of_object(data: bytes) -> Iterator[tuple[str, str]]:
    """(name, value) of a JSON object, named as in a form."""
    try:
        given = orjson.loads(data)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Problem(400, _("The JSON could not be read as an object of fields."))
    for name, value in given.items():
        if name in ("attribute", "attributes") and isinstance(value, dict):
            for code, answer in value.items():
                yield from _pairs(f"attribute[{code}]", answer)
        else:
            yield from _pairs(name, value)


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, bool):
            yield name, "yes" if one else "no"
        elif isinstance(one, (str, int, float)):
            yield name, str(one)
        elif one is not None:
            raise Problem(400, _("%(name)s: a text or a number.", name=name[:60]))
