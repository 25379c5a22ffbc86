"""Options, the run's servers, and the fixtures of every test that needs an instance.

Integration tests run once per engine (`--engine`). A test says what it needs by naming a fixture:

    place       a fresh instance: folder, database, environment     app      its Flask application
    client      a browser without JavaScript                        session  its database session
    run_jobs    do all jobs that are due, in this process           worker_process   a real worker (PostGIS)
"""

from __future__ import annotations

import contextvars
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import services

ROOT = Path(__file__).resolve().parent.parent
# How long drawing an example takes says how busy the machine is, not whether the rule holds.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
RUN_FOLDER = "DGS_TEST_RUN"  # how the pytest processes of one run find each other


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=(*services.ENGINES, "both"),
        default="both",
        help="database engine of integration tests",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.dgs_run = services.Run.begin()  # type: ignore[attr-defined]
        os.environ[RUN_FOLDER] = str(config.dgs_run.folder)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    run = getattr(config, "dgs_run", None)
    if run is not None:
        run.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        engines = services.ENGINES if chosen == "both" else (chosen,)
        only = metafunc.definition.get_closest_marker("only_engine")
        if only:
            engines = tuple(engine for engine in engines if engine in only.args)
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line per part of the suite, so that a part that did not run is seen."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun"):
        for report in terminalreporter.stats.get(outcome, ()):
            part = report.nodeid.split("/")[1] if "/" in report.nodeid else report.nodeid
            if part == "integration":
                names = report.nodeid.partition("[")[2].rstrip("]").split("-")
                part += next((f" on {engine}" for engine in services.ENGINES if engine in names), "")
            counts.setdefault(part, Counter())[outcome] += 1
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"failed and was tried again: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
    if counts:
        terminalreporter.section("total")
        for part in sorted(counts):
            words = ", ".join(f"{number} {outcome}" for outcome, number in counts[part].items())
            terminalreporter.write_line(f"{part:24} {words}")


@pytest.fixture(scope="session")
def run() -> services.Run:
    """The test run: its servers and its databases."""
    return services.Run(Path(os.environ[RUN_FOLDER]), os.environ.get("PYTEST_XDIST_WORKER", ""))


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgis`; a test that uses it, or anything below, runs on both."""
    return str(request.param)


@pytest.fixture
def place(run: services.Run, engine: str, request: pytest.FixtureRequest) -> Iterator[services.Place]:
    """A fresh instance: migrated, with the reference data, nothing else.

    `@pytest.mark.template("areas")` adds the approximate areas of the whole country and the places of before."""
    marked = request.node.get_closest_marker("template")
    with run.place(engine, marked.args[0] if marked else services.REFERENCE) as fresh:
        yield fresh


@pytest.fixture
def settings(place: services.Place) -> Any:
    """The Settings of this test's instance. Override it to change one: `dataclasses.replace(settings, …)`."""
    from webapp.config import Settings

    return Settings.from_env(place.environ)


@pytest.fixture
def app(settings: Any, run: services.Run) -> Iterator[Any]:
    """The application of this test's instance, as production makes it but for `services.hurried`, without a thread
    that does jobs."""
    from webapp import create_app
    from webapp.core import outbox

    application = services.hurried(create_app(settings), run)
    yield application
    outbox.set_kick(None)
    services.close_engines(application)


@pytest.fixture
def session(app: Any) -> Iterator[Any]:
    """The database session, in an application context that lasts as long as the test.

    What the test wrote is committed before each request of `client` and before `run_jobs`; afterwards
    everything is read anew.
    """
    from webapp.core.db import db

    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def client(app: Any) -> Any:
    """A browser without JavaScript, with cookies. Each request has its own application context, as it has
    when served, even where the test stands in one itself. Not to be used as `with client:`."""
    from flask import has_app_context
    from flask.testing import FlaskClient

    from webapp.core.db import db

    class Client(FlaskClient):
        def open(self, *args: Any, **options: Any) -> Any:
            if has_app_context():
                db.session.commit()
            return contextvars.Context().run(super().open, *args, **options)

    return Client(app, app.response_class, use_cookies=True)


@pytest.fixture
def run_jobs(app: Any) -> Callable[..., int]:
    """Do all jobs that are due, in this process, until none is left; gives how many. The test fails if a job
    failed, unless called with `failing=True`."""

    def drain(*, failing: bool = False) -> int:
        from flask import has_app_context

        from webapp.core.db import db

        if has_app_context():
            db.session.commit()
        return contextvars.Context().run(_drain, app, failing)

    return drain


def _drain(app: Any, failing: bool) -> int:
    from sqlalchemy import select

    from webapp.core.db import db, reading
    from webapp.core.outbox import Job
    from workers.run import drain

    done = drain(app)
    with app.app_context(), reading():
        troubles = db.session.execute(select(Job.name, Job.last_error).where(Job.last_error.is_not(None))).all()
    assert failing or not troubles, troubles
    return done


@pytest.fixture
def worker_process(place: services.Place) -> Iterator[Any]:
    """A real worker in its own process on this test's database and Redis (engine postgis only).

    `worker_process.settle()` waits until no job is due and none is running."""
    assert place.engine == services.POSTGIS, "mark the test with only_engine('postgis')"
    with services.worker(place) as processes:
        yield processes
