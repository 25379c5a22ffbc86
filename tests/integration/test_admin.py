"""The state of the instance: figures, failed jobs again, no secrets; accounts from the command line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests import factories
from tests.integration.staff import case, field, people, sign_in
from webapp.accounts.cli import users_cli
from webapp.accounts.models import User
from webapp.core import outbox
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.routing.models import CalendarDay


@pytest.fixture(autouse=True)
def places(session: Any) -> None:
    factories.duyen_hai()
    people("admin", "commune")


def failed_job() -> Any:
    job = db.session.get_one(outbox.Job, outbox.enqueue("reports.route", report_id=0))
    job.state, job.attempts, job.last_error = outbox.FAILED, 8, "OSError in put:12"
    return job


def test_overview(client: Any, session: Any) -> None:
    failed_job()
    case(lon=2.35, lat=48.85)
    html = sign_in(client, "admin").get("/admin").get_data(as_text=True)
    for words in (
        "reports.route",
        "OSError in put:12",
        "units.csv",
        "/admin/people",
        "/admin/audit",
        "minh họa",
    ):
        assert words in html, words
    settings = instance().settings
    for secret in (settings.secret_key, settings.code_key, settings.evidence_private_key, settings.database_url):
        assert secret not in html


def test_a_failed_job_runs_again(client: Any, session: Any) -> None:
    job = failed_job()
    sign_in(client, "admin")
    token = field(client.get("/admin").get_data(as_text=True), "csrf_token")
    assert client.post(f"/admin/jobs/{job.id}/retry").status_code == 400
    response = client.post(f"/admin/jobs/{job.id}/retry", data={"csrf_token": token})
    assert response.status_code == 303
    session.refresh(job)
    assert (job.state, job.attempts) == (outbox.PENDING, 0)
    assert client.post(f"/admin/jobs/{job.id}/retry", data={"csrf_token": token}).status_code == 303
    for missing in (job.id + 99, 10**30):
        assert client.post(f"/admin/jobs/{missing}/retry", data={"csrf_token": token}).status_code == 404


def test_missing_days_off_are_said(client: Any, session: Any) -> None:
    sign_in(client, "admin")
    assert "wrong until they are entered" not in client.get("/admin").get_data(as_text=True)
    session.execute(delete(CalendarDay).where(CalendarDay.day >= date(2026, 1, 1)))
    response = client.get("/admin", headers={"Accept-Language": "en"})
    assert "wrong until they are entered" in response.get_data(as_text=True)


def test_only_for_admins(client: Any) -> None:
    assert client.get("/admin").status_code == 302
    assert sign_in(client, "commune").get("/admin").status_code == 403
    assert sign_in(client, "admin").get("/desk").status_code == 403


def users(app: Any, session: Any, *args: str) -> Any:
    session.commit()
    return app.test_cli_runner().invoke(users_cli, args)


def test_add_an_account(app: Any, client: Any, session: Any) -> None:
    made = users(
        app,
        session,
        "add",
        "--email",
        "Moi@dgs.test",
        "--role",
        "unit",
        "--unit",
        "ubnd-29512",
        "--name",
        "Chuyên viên",
    )
    assert made.exit_code == 0, made.output
    password = made.output.split("password")[1].split()[0]
    user = session.scalars(select(User).where(User.email == "moi@dgs.test")).one()
    assert password not in user.password
    page = client.get("/auth/login").get_data(as_text=True)
    data = {"email": "moi@dgs.test", "password": password, "csrf_token": field(page, "csrf_token")}
    assert client.post("/auth/login", data=data).status_code == 302
    assert client.get("/unit").status_code == 200
    assert "moi@dgs.test" in users(app, session, "list").output
    assert users(app, session, "switch-off", "moi@dgs.test", "--reason", "Thôi việc").exit_code == 0
    assert client.get("/unit").status_code == 302, "the open session ends too"


@pytest.mark.parametrize(
    "args",
    [
        ("--email", "x", "--role", "admin", "--name", "a"),
        ("--email", "a@b.c", "--role", "front", "--unit", "ubnd-29512", "--name", "a"),
        ("--email", "a@b.c", "--role", "unit", "--unit", "mttq-86", "--name", "a"),
        ("--email", "a@b.c", "--role", "unit", "--name", "a"),
        ("--email", "a@b.c", "--role", "admin", "--unit", "mttq-86", "--name", "a"),
        ("--email", "a@b.c", "--role", "admin", "--name", " "),
        ("--email", "a@b.c", "--role", "admin", "--name", "a", "--password", "ngắn"),
        ("--email", "ADMIN@dgs.test", "--role", "admin", "--name", "a"),
        ("--email", "a@b.c", "--role", "king", "--name", "a"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(app: Any, session: Any, args: tuple[str, ...]) -> None:
    before = len(session.scalars(select(User.id)).all())
    result = users(app, session, "add", *args)
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert len(session.scalars(select(User.id)).all()) == before
