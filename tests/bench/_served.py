"""What a request costs as it is served: by gunicorn, in the processes that answer, counted by the system.

Ours and the floor run under the same configuration side by side; requests go one after the other over one kept
connection. What is counted is CPU (user and system) of the answering processes only, which other work on the machine
disturbs little; rounds alternate between the two so that what disturbs one disturbs the other.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urlsplit

from scripts import postgres
from scripts.stack import PRIVATE_KEYS, Process, Processes
from tests import services


@dataclass
class Served:
    """A running gunicorn: its address, and the process that started the answering ones."""

    url: str
    pid: int
    connection: http.client.HTTPConnection = field(init=False)
    cookies: str = ""  # what was set last
    tag: str = ""  # the ETag that was said last

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def ask(self, wish: Wish) -> bytes:
        """One request over the kept connection. Fails on another status than the one that is expected."""
        body = urlencode(wish.data) if wish.data is not None else None
        headers = dict(wish.headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("POST" if body is not None else "GET", wish.path, body, headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if kept := answer.headers.get_all("Set-Cookie"):
            self.cookies = "; ".join(one.split(";")[0] for one in kept)
        self.tag = answer.headers.get("ETag", "")
        assert answer.status == wish.expected, (wish.path, answer.status, said[:300])
        return said

    def cpu(self) -> float:
        """CPU seconds that the answering processes have used so far."""
        return sum(_on_cpu(child) for child in _children(self.pid)) / 1e9

    def memory(self) -> float:
        """MiB of the largest answering process that are its own or shared out evenly (PSS)."""
        return max(_pss(child) for child in _children(self.pid))


@dataclass(frozen=True)
class Wish:
    """One request: a POST where there is `data`."""

    path: str
    data: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: int = 200


def compare(
    ours: tuple[Served, Callable[[], Wish]],
    floor: tuple[Served, Callable[[], Wish]],
    *,
    rounds: int = 9,
    each: int = 80,
) -> tuple[float, float]:
    """CPU milliseconds of one request of ours and of the floor's: the medians of rounds that alternate."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for one, times in zip((ours, floor), found, strict=True):
            server, make = one
            wishes = [make() for _ in range(each)]
            server.connection.close()  # it may have waited longer than gunicorn keeps one
            before = server.cpu()
            for wish in wishes:
                server.ask(wish)
            if number:  # the first round is for what is read once and kept
                times.append(1000 * (server.cpu() - before) / each)
    return median(found[0]), median(found[1])


@contextmanager
def ours(place: services.Place, **settings: str) -> Iterator[Served]:
    """The web process of an instance as an installation starts it, and nothing else. One answering process."""
    with _gunicorn(place, "webapp:create_app()", settings) as served:
        yield served


@contextmanager
def floor(place: services.Place) -> Iterator[Served]:
    """The least that could be done, on the database of the same instance where that is PostgreSQL."""
    address = place.environ["DATABASE_URL"].replace("+psycopg", "")
    if address.startswith("postgresql"):
        import psycopg

        from tests.bench._floor import TABLE

        with psycopg.connect(address, autocommit=True) as made:
            made.execute(TABLE)
    with _gunicorn(place, "tests.bench._floor:app", {"FLOOR_DATABASE": address}) as served:
        yield served


@contextmanager
def _gunicorn(place: services.Place, app: str, settings: Mapping[str, str]) -> Iterator[Served]:
    port = str(postgres.free_port())
    url = f"http://127.0.0.1:{port}"
    environ = {**place.environ, "HOST": "127.0.0.1", "PORT": port, "PUBLIC_URL": url, **settings}
    processes = Processes(environ, place.logs)
    command = ("gunicorn", "--config", "scripts/gunicorn.conf.py", "--workers", "1", "--max-requests", "0", app)
    label = f"bench-{port}"
    try:
        processes.running[label] = processes._spawn(Process(label, command, private_keys=PRIVATE_KEYS), label)
        processes.wait_ready(url)
        yield Served(url, processes.running[label].pid)
    finally:
        processes.stop()


def _children(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    assert found, "nobody answers"
    return found


def _on_cpu(pid: int) -> int:
    """Nanoseconds that the threads of a process have run: the first field of schedstat, see proc(5)."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not say")
