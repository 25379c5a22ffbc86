"""Jobs: a row first; nothing is lost, nothing is done twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests import factories
from webapp.core import clock, outbox
from webapp.core.db import db
from webapp.core.outbox import Job
from webapp.reports import service
from webapp.reports.models import Photo, Report
from workers import registry, schedule, upkeep
from workers.run import run_job


def test_a_report_and_its_job_commit_together_or_not_at_all(session: Any) -> None:
    factories.report()
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Job)) == 0
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_a_kick_follows_the_commit_and_a_dead_redis_loses_nothing(session: Any, run_jobs: Any) -> None:
    kicked: list[int] = []
    outbox.set_kick(kicked.extend)
    factories.report()
    assert kicked == []
    session.commit()
    assert len(kicked) == 1

    def broken(_ids: list[int]) -> None:
        raise ConnectionError("no Redis")

    outbox.set_kick(broken)
    report = factories.report()
    session.commit()
    run_jobs()  # the sweep
    session.refresh(report)
    assert report.status == "received"


def test_a_job_is_claimed_once_until_its_lease_runs_out(session: Any, monkeypatch: Any) -> None:
    factories.report()
    session.commit()
    job_id = outbox.due_ids()[0]
    claimed = outbox.claim(job_id)
    assert claimed is not None
    lease = claimed.lease
    session.commit()
    assert outbox.claim(job_id) is None
    assert outbox.due_ids() == []
    # The worker dies; after the lease somebody else takes over, and the first one may not finish any more.
    later = clock.now() + outbox.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert outbox.due_ids() == [job_id]
    taken_over = outbox.claim(job_id)
    assert taken_over is not None
    assert taken_over.attempts == 2
    assert outbox.finish(job_id, lease or "") is False
    assert outbox.finish(job_id, taken_over.lease or "") is True


def test_a_failing_job_is_tried_again_later_and_in_the_end_shown_to_staff(
    app: Any, session: Any, monkeypatch: Any
) -> None:
    def fails(report_id: int) -> None:
        db.session.execute(update(Report).where(Report.id == report_id).values(place_text="half done"))
        raise RuntimeError("the words of a resident")

    monkeypatch.setitem(registry.JOBS, "reports.route", fails)
    report = factories.report()
    session.commit()
    job_id = outbox.due_ids()[0]
    moment = clock.now()
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        session.rollback()
        assert run_job(app, job_id) is False
        session.expire_all()
        job = session.get(Job, job_id)
        assert job.attempts == attempt
        assert "RuntimeError" in job.last_error
        assert "words of a resident" not in job.last_error
        moment = max(moment, job.run_after) + timedelta(seconds=1)
    assert job.state == outbox.FAILED
    assert session.get(Report, report.id).place_text == ""
    monkeypatch.undo()
    outbox.retry(job)
    session.commit()
    assert run_job(app, job_id) is True
    session.expire_all()
    assert session.get(Report, report.id).status == "received"


def test_job_arguments_are_ids_only(session: Any) -> None:
    factories.report(contact={"contact_phone": "0912345678"})
    for job in session.scalars(select(Job)):
        assert all(isinstance(value, int) for value in job.args.values())


def test_upkeep_is_planned_once_in_its_period(session: Any) -> None:
    assert set(schedule.plan()) == {*schedule.EVERY, *schedule.WEEKLY}
    assert schedule.plan() == []


def test_uploads_without_a_report_go_after_a_day_and_others_stay(session: Any, run_jobs: Any, monkeypatch: Any) -> None:
    from webapp.core.instance import instance

    storage = instance().storage
    storage.put("originals/nobody/abc", b"sealed")
    report = factories.report()
    storage.put("originals/somebody/def", b"sealed")
    service.add_photos(
        report,
        (service.StoredPhoto("originals/somebody/def", "d" * 64, 6, "image/jpeg"),),
        purpose="report",
    )
    session.commit()
    assert upkeep.sweep_uploads() == 0
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert upkeep.sweep_uploads() == 1
    with pytest.raises(FileNotFoundError):
        storage.get("originals/nobody/abc")
    assert storage.get("originals/somebody/def") == b"sealed"
    assert session.scalar(select(func.count()).select_from(Photo)) == 1


@pytest.mark.only_engine("postgis")  # a worker process of its own needs Redis and a shared database
def test_a_real_worker_process_routes_and_cleans(session: Any, worker_process: Any) -> None:
    factories.duyen_hai()
    report = factories.report()
    session.commit()
    worker_process.settle()
    session.expire_all()
    found = session.get(Report, report.id)
    assert (found.status, found.unit_code) == ("received", "so-nnmt-86")
