"""docs/open311.md is true: each of its curl examples is run against the instance, and its answer is what it says."""

from __future__ import annotations

import argparse
import io
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from tests import georeport_schemas as schemas
from tests.factories import duyen_hai, jpeg
from webapp.core import clock

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "open311.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
EXAMPLES = [body for kind, body in BLOCKS if kind == "sh"]


def curl(client: Any, command: str) -> Any:
    """Do with the client what curl would do on the wire."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-F", action="append", default=[])
    parser.add_argument("--data-urlencode", action="append", default=[])
    program, *words = shlex.split(command.replace("\\\n", " "))
    assert program == "curl"
    given = parser.parse_args(words)
    url = urlsplit(given.url)
    assert (url.scheme, url.netloc) == ("https", "example.org")
    address = f"{url.path}?{url.query}" if url.query else url.path
    headers = dict(header.split(": ", 1) for header in given.H) | {"Accept-Language": "en"}
    fields: dict[str, Any] = dict(field.split("=", 1) for field in given.data_urlencode + given.F)
    if not fields:
        return client.get(address, headers=headers)
    for name, value in fields.items():
        if given.F and value.startswith("@"):
            fields[name] = (io.BytesIO(jpeg()), value[1:])
    kind = "multipart/form-data" if given.F else "application/x-www-form-urlencoded"
    return client.post(address, data=fields, headers=headers, content_type=kind)


def filled(example: str, one: str) -> str:
    """The example with what is the reader's own; the day on which something was seen may not lie years back."""
    yesterday = clock.today() - timedelta(days=1)
    return example.replace("YOUR_KEY", "demo").replace("REQUEST_ID", one).replace("2026-11-01", str(yesterday))


def told(response: Any) -> Any:
    if response.mimetype == "application/json":
        return response.json
    root = response.data.partition(b"\n")[2].partition(b">")[0].strip(b"</ ").decode()
    created = response.request.method == "POST"
    return schemas.read_xml(response.data, schemas.CREATED if created else schemas.ROOTS[root])


@pytest.fixture
def ready(client: Any, session: Any, run_jobs: Any) -> str:
    """The id of a report that was sent and is public."""
    duyen_hai()
    form = {"api_key": "demo", "service_code": "noise", "lat": "9.585", "long": "106.525"}
    sent = client.post("/open311/v2/requests.json", data=form).json[0]["service_request_id"]
    run_jobs()
    return str(sent)


def test_there_are_examples_of_everything() -> None:
    assert len(EXAMPLES) == 10
    for name in ("discovery", "services.", "services/", "requests.", "requests/", "tokens", "servicerequestupdates"):
        assert any(name in example for example in EXAMPLES), name


def test_every_example_works(client: Any, ready: str) -> None:
    for example in EXAMPLES:
        response = curl(client, filled(example, ready))
        if "status=done" in example:
            (expected,) = [orjson.loads(body) for kind, body in BLOCKS if kind == "json"]
            assert (response.status_code, response.json) == (400, expected)
            continue
        assert response.status_code == 200, (example, response.text)
        assert told(response) or "start_date" in example, example


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    from webapp.pages.api.open311 import filters, posting, records, repeats, requests

    for number in (filters.MAX_IDS, repeats.LONGEST, filters.SPAN.days):
        assert re.search(rf"\b{number}\b", TEXT), number
    for number in (filters.LIMIT, filters.MAX_OFFSET, requests.COUNTED, records.MAX_TEXT):
        assert f"{number:,}" in TEXT
    for field in set(posting.NAMES.values()) - {"lat, long", "first_name, last_name"}:
        assert field in TEXT
