"""What load balancers and monitoring ask."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from webapp.core import clock, outbox
from webapp.core.storage import Storage
from webapp.reports.models import LegalReference
from webapp.routing.models import RoutingRule

PARTS = {"database", "migrations", "reference_data", "storage", "redis"}


def change(app: Any, **changes: Any) -> None:
    """Give the running instance another part."""
    app.extensions["dgs"] = dataclasses.replace(app.extensions["dgs"], **changes)


def test_a_fresh_instance_is_well(client: Any) -> None:
    alive = client.get("/healthz")
    assert (alive.status_code, alive.json) == (200, {"status": "ok"})
    assert alive.headers["Cache-Control"] == "no-store"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ok")
    assert ready.json["checks"] == dict.fromkeys(PARTS, "ok")


def test_without_a_database_it_cannot_serve(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.pages.api import health

    def away() -> None:
        raise OSError("postgres://user:password@host")

    monkeypatch.setattr(health, "_database", away)
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert response.status_code == 503
        assert response.json == {"status": "unavailable", "checks": {"database": "unreachable"}}


def test_a_database_that_really_is_away(settings: Any) -> None:
    """Not a stand-in: the address leads nowhere."""
    from webapp import create_app

    nowhere = dataclasses.replace(settings, database_url="postgresql+psycopg://u:secretpw@127.0.0.1:1/none")
    application = create_app(nowhere)
    response = application.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.json["checks"] == {"database": "unreachable"}
    assert "secretpw" not in response.text


def test_a_database_of_another_version(client: Any, session: Any) -> None:
    session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "flask db upgrade" in response.json["checks"]["migrations"]
    assert client.get("/healthz").status_code == 200


def test_without_reference_data(client: Any, session: Any) -> None:
    session.execute(delete(LegalReference))
    session.execute(delete(RoutingRule))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "flask data load" in response.json["checks"]["reference_data"]
    assert {name for name, result in response.json["checks"].items() if result != "ok"} == {"reference_data"}


def test_without_storage(client: Any, app: Any, tmp_path: Any) -> None:
    storage = Storage((tmp_path / "there").as_uri())

    def away() -> None:
        raise FileNotFoundError("/secret/place")

    storage.check = away  # type: ignore[method-assign]
    change(app, storage=storage)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["checks"]["storage"] == "unreachable"
    assert "secret" not in response.text


def test_without_redis(client: Any, app: Any) -> None:
    elsewhere = "redis://:secretpw@127.0.0.1:1/0"
    change(app, settings=dataclasses.replace(app.extensions["dgs"].settings, redis_url=elsewhere))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["checks"]["redis"] == "unreachable"
    assert "secretpw" not in response.text


def test_metrics_are_prometheus_text(client: Any, session: Any) -> None:
    job = outbox.enqueue("reports.route", run_after=clock.now() - timedelta(seconds=90), report_id=0)
    session.flush()
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = response.text.splitlines()
    assert response.text.endswith("\n")
    line = re.compile(r'[a-z_]+(\{[a-z]+="[a-z_]+"\})? [0-9]+(\.[0-9]+)?')
    assert all(line.fullmatch(found) for found in lines if not found.startswith("# "))
    values = dict(found.rsplit(" ", 1) for found in lines if not found.startswith("# "))
    assert values['dgs_jobs{state="pending"}'] == "1"
    assert values['dgs_reports{status="new"}'] == "0"
    assert 90 <= float(values["dgs_job_oldest_due_age_seconds"]) < 300
    assert job


def test_metrics_are_for_this_machine_only(client: Any) -> None:
    """They count what is hidden: differences would tell of a report that nobody may see."""
    for address in ("192.0.2.7", "10.0.0.1", "2001:db8::1", "", "nonsense"):
        response = client.get("/metrics", environ_overrides={"REMOTE_ADDR": address})
        assert response.status_code == 404, address
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404, header
    for address in ("127.0.0.1", "127.8.8.8", "::1"):
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 200, address
