"""What the tests stand on: a private PostGIS and Redis for the whole run, a fresh database for each test.

One run owns one folder. The servers start when the first test asks for them, whichever pytest process that
test is in, and end with the run. A database is migrated and filled once per engine, by the very commands that
an installation uses, and then copied: that takes 50 ms instead of seconds.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.util import LRUCache

from scripts import postgres
from scripts.stack import Process, Processes, StackFailed

SQLITE, POSTGIS = "sqlite", "postgis"
ENGINES = (SQLITE, POSTGIS)
FOLDER_PREFIX = "dgs-test-"
REDIS_DATABASES = 256
REDIS_PER_WORKER = 16
FLASK = ("flask", "--app", "webapp")

# What a fresh database may hold, from the cheapest to the richest: each kind is made once per run and copied.
REFERENCE, AREAS = "reference", "areas"
TEMPLATES: dict[str, tuple[Process, ...]] = {
    REFERENCE: (),
    AREAS: (
        Process("areas", (*FLASK, "areas", "approximate"), once=True),
        Process("legacy", (*FLASK, "areas", "legacy"), once=True),
    ),
}


# Hashing a password is slow on purpose, a third of a second of two processors; not where a thousand people sign in.
CHEAP_HASH = {"argon2__time_cost": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1}


def hurried(app: Any, run: Run) -> Any:
    """The application for tests: cheap passwords, templates that are compiled once in a run, statements once in a
    process. Nothing else differs from how production makes it. `close_engines` is its end."""
    from jinja2 import FileSystemBytecodeCache

    app.testing = True
    app.extensions["security"].pwd_context.update(**CHEAP_HASH)
    compiled = run.folder / "templates"
    compiled.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    open_engines(app)
    return app


# Driver -> the dialect of the first engine that was connected in this process, and the statements compiled for it.
_COMPILED: dict[str, tuple[Any, Any]] = {}
STATEMENTS_KEPT = 2_000


def open_engines(app: Any) -> None:
    """Let the application's engines use what was compiled for those of earlier tests, as the requests of one process
    of production do: a statement is compiled for a dialect and tables, whatever the database is called."""
    with app.app_context():
        for engine in db_engines():
            if kept := _COMPILED.get(engine.url.drivername):
                engine.dialect, engine._compiled_cache = kept


def close_engines(app: Any) -> None:
    """Give the connections back; what was compiled stays for the next test."""
    from webapp.core.db import db

    with app.app_context():
        db.session.remove()
        for engine in db_engines():
            if engine.dialect.server_version_info:  # it has been connected, so its dialect knows the server
                _COMPILED.setdefault(engine.url.drivername, (engine.dialect, LRUCache(STATEMENTS_KEPT)))
            engine.dispose()


def db_engines() -> list[Any]:
    """The engines of the current application."""
    from webapp.core.db import db

    return list(db.engines.values())


@dataclass(frozen=True)
class Place:
    """Where one test's instance lives. `environ` is what its processes and its Settings are made from."""

    engine: str
    home: Path
    environ: dict[str, str] = field(repr=False)

    @property
    def logs(self) -> Path:
        return self.home / "log"


class Run:
    """One test run, shared by all its pytest processes through the folder."""

    def __init__(self, folder: Path, worker: str = "") -> None:
        self.folder = folder
        self.worker = worker or "main"
        self._numbers = itertools.count(1)
        self._redis_numbers = itertools.cycle(range(REDIS_PER_WORKER))

    @classmethod
    def begin(cls) -> Run:
        """Make the folder of a new run, and clear away what runs that were killed left behind."""
        top = Path("/tmp")  # short, and a place that PostgreSQL's user can enter
        for old in top.glob(f"{FOLDER_PREFIX}*"):
            with suppress(FileNotFoundError):  # another run that begins now was quicker, or this one has just ended
                if old.stat().st_uid == os.geteuid() and not _owner_lives(old):
                    cls(old).end()
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=top))
        folder.chmod(0o755)
        (folder / "owner").write_text(str(os.getpid()))
        return cls(folder)

    def end(self) -> None:
        """Stop the servers and delete the folder."""
        if (self.folder / "postgres").exists():
            postgres.Postgres(self.folder / "postgres", throwaway=True).destroy()
        redis = (self._read("redis") or {}).get("value")
        if redis and postgres.command_of(redis["pid"], "redis-server", "valkey-server"):
            os.kill(redis["pid"], signal.SIGTERM)
            postgres.wait_until_gone(redis["pid"])
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- servers ---

    @cached_property
    def postgres(self) -> postgres.Postgres:
        """The run's PostGIS, started by whoever asks first."""
        with self._turn("postgres"):
            server = postgres.Postgres(self.folder / "postgres", throwaway=True)
            server.start()
        return server

    @cached_property
    def redis(self) -> dict[str, Any]:
        """The run's Redis: pid, port, password."""

        def start() -> dict[str, Any]:
            server = postgres.Redis(self.folder / "redis")
            server.start()
            return {"pid": server.pid, "port": server.port, "password": server.password}

        return self._shared("redis", start)

    @cached_property
    def keys(self) -> dict[str, str]:
        """The secrets of every instance in this run."""

        def make() -> dict[str, str]:
            from webapp.core.sealing import make_key_pair

            identity, evidence = make_key_pair(), make_key_pair()
            return {
                "SECRET_KEY": "test-secret-" * 4,
                "CODE_KEY": "test-codes-" * 4,
                "IDENTITY_PUBLIC_KEY": identity[0],
                "IDENTITY_PRIVATE_KEY": identity[1],
                "EVIDENCE_PUBLIC_KEY": evidence[0],
                "EVIDENCE_PRIVATE_KEY": evidence[1],
            }

        return self._shared("keys", make)

    @cached_property
    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.postgres.url("postgres").replace("+psycopg", ""), autocommit=True)

    # -- databases ---

    @contextmanager
    def place(self, engine: str, template: str = REFERENCE, **settings: str) -> Iterator[Place]:
        """A fresh instance: its own folder and a copy of the template database (an empty one for `""`).

        `settings` are environment names that override the usual ones. All of it is gone afterwards.
        """
        name = f"t_{self.worker}_{next(self._numbers)}"
        home = self.folder / "homes" / name
        home.mkdir(parents=True)
        environ = {
            **self.keys,
            "DGS_HOME": str(home),
            "STORAGE_URL": (home / "storage").as_uri(),
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "DGS_DEMO": "1",
            "OPEN311_KEYS": "demo",
            "LOG_LEVEL": "WARNING",
            "TILES_KEPT_S": "0",  # a test asks again at once
        }
        try:
            if engine == POSTGIS:
                self._make_postgis(name, self.template(engine, template) if template else None)
                environ |= {"DATABASE_URL": self.postgres.url(name), "REDIS_URL": self._redis_url()}
            else:
                if template:
                    shutil.copyfile(self.template(engine, template), home / "dgs.sqlite")
                environ |= {"DATABASE_URL": f"sqlite:///{home / 'dgs.sqlite'}", "REDIS_URL": ""}
            yield Place(engine, home, {**environ, **settings})
        finally:
            if engine == POSTGIS:
                self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            shutil.rmtree(home, ignore_errors=True)

    def template(self, engine: str, kind: str = REFERENCE) -> str:
        """The database that fresh ones are copied from: its name, or the path of a file."""

        def make() -> str:
            below = "" if kind == REFERENCE else REFERENCE
            with self.place(engine, below) as place:
                processes = Processes(place.environ, place.logs)
                for step in ("migrate", "data") if not below else TEMPLATES[kind]:
                    processes.run_once(step)
                return self._keep(engine, kind, place)

        return str(self._shared(f"template-{engine}-{kind}", make))

    def _keep(self, engine: str, kind: str, place: Place) -> str:
        if engine == POSTGIS:
            self._admin.execute(f'CREATE DATABASE "template_{kind}" TEMPLATE "{place.home.name}"')
            return f"template_{kind}"
        connection = sqlite3.connect(place.home / "dgs.sqlite")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return shutil.copyfile(place.home / "dgs.sqlite", str(self.folder / f"template-{kind}.sqlite"))

    def _make_postgis(self, name: str, template: str | None) -> None:
        if template:
            self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        else:
            self.postgres.make_database(name)

    def _redis_url(self) -> str:
        """The address of a numbered database that no test of another worker uses, emptied."""
        import redis

        worker = int("".join(filter(str.isdigit, self.worker)) or 0)
        number = (worker * REDIS_PER_WORKER + next(self._redis_numbers)) % REDIS_DATABASES
        url = f"redis://:{self.redis['password']}@127.0.0.1:{self.redis['port']}/{number}"
        with redis.from_url(url) as client:
            client.flushdb()
        return url

    # -- sharing between processes ---

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        with (self.folder / f"{name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _shared(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returned to the first process that asked. A failure is remembered too, so that a
        hundred tests do not each wait for the same thing to fail."""
        with self._turn(name):
            known = self._read(name)
            if known is None:
                try:
                    known = {"value": make()}
                except Exception as problem:
                    known = {"problem": f"{type(problem).__name__}: {problem}"}
                    self._write(name, known)
                    raise
                self._write(name, known)
        if "problem" in known:
            raise StackFailed(f"{name}, which is shared by all tests, could not be made: {known['problem']}")
        return known["value"]

    def _write(self, name: str, value: dict[str, Any]) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(value))

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(json.loads((self.folder / f"{name}.json").read_text()))
        except (OSError, ValueError):
            return None


def _owner_lives(folder: Path) -> bool:
    try:
        return bool(postgres.command_of(int((folder / "owner").read_text()), "py"))
    except (OSError, ValueError):
        # Just being made, perhaps.
        return time.time() - folder.stat().st_mtime < 3600


@dataclass
class Server:
    """Processes that serve one instance, and their address."""

    url: str
    place: Place
    processes: Any

    def log(self, label: str) -> str:
        """What a process wrote, for example `web-1` or `worker-1`."""
        return postgres.tail(self.place.logs / f"{label}.log", 200)


@contextmanager
def production_server(run: Run, *, workers: int = 1, **settings: str) -> Iterator[Server]:
    """gunicorn, RQ workers and the relay on PostGIS and Redis, started as an installation starts them."""
    port = str(postgres.free_port())
    url = f"http://127.0.0.1:{port}"
    with run.place(POSTGIS, AREAS, HOST="127.0.0.1", PORT=port, PUBLIC_URL=url, **settings) as place:
        processes = Processes(place.environ, place.logs)
        try:
            processes.start("web")
            processes.start("worker", workers)
            processes.start("notifier")
            processes.start("relay")
            processes.wait_ready(url)
            yield Server(url, place, processes)
        finally:
            processes.stop()


@contextmanager
def embedded_server(run: Run, *, host: str = "127.0.0.1", **settings: str) -> Iterator[Server]:
    """One process on SQLite that serves and does its own jobs: what `make run` starts. `host`: what it is called."""
    port = str(postgres.free_port())
    url = f"http://{host}:{port}"
    with run.place(SQLITE, AREAS, HOST="127.0.0.1", PORT=port, PUBLIC_URL=url, **settings) as place:
        processes = Processes(place.environ, place.logs)
        try:
            processes.start("embedded")
            processes.wait_ready(url)
            yield Server(url, place, processes)
        finally:
            processes.stop()


class Worker(Processes):
    """A worker process of one test, and the wait for it."""

    place: Place

    def settle(self, seconds: float = 60) -> None:
        """Wait until no job is due and none is running. Fails when that takes too long or a job failed."""
        deadline = time.monotonic() + seconds
        address = self.place.environ["DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            while True:
                self.check()
                open_jobs = connection.execute(
                    "SELECT name, state, last_error FROM jobs WHERE last_error IS NOT NULL"
                    " OR state = 'running' OR (state = 'pending' AND run_after <= now())"
                ).fetchall()
                assert not any(trouble for _, _, trouble in open_jobs), open_jobs
                if not open_jobs:
                    return
                assert time.monotonic() < deadline, f"still open: {open_jobs}\n{self.log('worker-1')}"
                time.sleep(0.05)

    def log(self, label: str) -> str:
        """What a process wrote."""
        return postgres.tail(self.logs / f"{label}.log", 200)


@contextmanager
def worker(place: Place, number: int = 1) -> Iterator[Worker]:
    """`number` worker processes on one instance, and the relay that tells them what was committed."""
    processes = Worker(place.environ, place.logs)
    processes.place = place
    processes.start("worker", number)
    processes.start("relay")
    processes.start("notifier")
    try:
        yield processes
        processes.check()
    finally:
        processes.stop()
