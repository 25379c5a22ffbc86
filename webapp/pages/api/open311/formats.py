"""Answers in JSON and XML from one value, and problems as the specification wants them told.

The JSON is the specification's own mapping of the XML: a list of elements becomes an array without the name
of the elements, so the XML needs to know that name (`ITEMS`). We only write XML and never parse any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from flask import Request, Response

from webapp.pages.public.shared import SharedResponse

JSON, XML = "json", "xml"
MIMETYPES = {JSON: "application/json; charset=utf-8", XML: "text/xml; charset=utf-8"}

DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'

# What the elements of a list are called in XML.
ITEMS = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_requests": "request",
    "service_requests_updates": "request_update",
    "services": "service",
    "values": "value",
}
# Characters that no XML 1.0 document may hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Problem(Exception):
    """The request cannot be fulfilled. `errors` are (code, description for people); `headers` go along."""

    def __init__(self, status: int, *descriptions: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(*descriptions)
        self.status = status
        # Descriptions quote what was sent; both formats quote the same.
        self.errors = [(status, _NOT_XML.sub("", description)) for description in descriptions]
        self.headers = dict(headers or {})


def answer(fmt: str, root: str, value: Any, status: int = 200) -> Response:
    """A response with `value`: made of dicts, lists, strings, numbers, booleans and None."""
    body = as_xml(root, value) if fmt == XML else orjson.dumps(value)
    return SharedResponse(body, status, content_type=MIMETYPES[fmt])


def refusal(fmt: str, problem: Problem) -> Response:
    """The response to a request with a problem."""
    errors = [{"code": code, "description": description} for code, description in problem.errors]
    response = answer(fmt, "errors", errors, problem.status)
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def as_xml(root: str, value: Any) -> bytes:
    """`value` as a document in UTF-8, without a namespace, as the specification recommends."""
    element = Element(root)
    _fill(element, value)
    # The specification writes the declaration with these quotes, and some programs compare letters.
    return DECLARATION + bytes(tostring(element, encoding="utf-8", xml_declaration=False))


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(SubElement(element, name), inner)
    elif isinstance(value, list):
        for inner in value:
            _fill(SubElement(element, ITEMS[element.tag]), inner)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value))


def wanted(request: Request) -> str:
    """The format to answer in: the address's ending, else what the program accepts, else JSON."""
    ending = request.path.rpartition(".")[2]
    if ending in MIMETYPES:
        return ending
    best = request.accept_mimetypes.best_match(["application/json", "text/xml", "application/xml"])
    return XML if best and best.endswith("xml") else JSON
