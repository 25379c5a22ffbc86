"""The door before the app says a tile again for a moment, and nothing that is not everybody's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.test import Client

from webapp.pages.public.tile_cache import MOST, TileCache

SHARED = [("Cache-Control", "public, max-age=30"), ("ETag", '"a1"'), ("Content-Type", "application/json")]


class App:
    """Says how often it was asked."""

    def __init__(self, status: str = "200 OK", headers: list[tuple[str, str]] | None = None) -> None:
        self.asked = 0
        self.status, self.headers = status, SHARED if headers is None else headers

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        start_response(self.status, self.headers)
        return [f"{environ['PATH_INFO']}?{environ['QUERY_STRING']} {self.asked}".encode()]


def test_the_same_tile_is_asked_for_once_in_two_seconds() -> None:
    app, time = App(), [0.0]
    client = Client(TileCache(app, 2, lambda: time[0]))
    first = client.get("/map/tiles/5/25/15.json?status=done")
    assert client.get("/map/tiles/5/25/15.json?status=done").data == first.data
    assert client.get("/map/tiles/5/25/15.json").data != first.data
    assert app.asked == 2
    time[0] = 2.1
    assert client.get("/map/tiles/5/25/15.json?status=done").data != first.data


def test_who_has_it_already_is_told_so_from_the_first_time() -> None:
    client = Client(TileCache(App(), 2))
    for tag in ('"a1"', 'W/"a1"'):
        answer = client.get("/map/tiles/5/25/15.json", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == '"a1"'
        assert "Content-Type" not in answer.headers
    assert client.get("/map/tiles/5/25/15.json", headers={"If-None-Match": '"b"'}).status_code == 200


def test_refusals_other_pages_and_other_methods_pass_through() -> None:
    for app in (App("404 NOT FOUND"), App(headers=[("Cache-Control", "no-store")])):
        client = Client(TileCache(app, 2))
        answers = {client.get("/map/tiles/99/0/0.json").data for _ in range(3)}
        assert len(answers) == app.asked == 3
    app = App()
    client = Client(TileCache(app, 2))
    for _ in range(2):
        client.get("/cases")
        client.post("/map/tiles/5/25/15.json")
        client.head("/map/tiles/5/25/15.json")
    assert app.asked == 6


def test_memory_has_an_end() -> None:
    app = App()
    client = Client(TileCache(app, 2, lambda: 0.0))
    for x in range(MOST + 10):
        client.get(f"/map/tiles/12/{x}/0.json")
    client.get("/map/tiles/12/0/0.json")
    assert app.asked == MOST + 11
