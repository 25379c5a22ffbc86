"""The demo, loaded once per engine on approximate areas: whole, honest about what it is, and never doubled."""

from __future__ import annotations

import contextvars
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests import services
from webapp.accounts import permissions
from webapp.accounts.models import User
from webapp.core import clock, events
from webapp.core.events import Event
from webapp.core.instance import instance
from webapp.core.outbox import FAILED, Job
from webapp.demo import pictures, scenes, script, steps
from webapp.demo.users import DEMO_PASSWORD, DEMO_USERS, NotADemo, add_demo_users
from webapp.inspections.models import Outcome
from webapp.reports import lifecycle, privacy, service
from webapp.reports.data_requests import DataRequest
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Message, Photo, Report


def command(app: Any, *args: str) -> Any:
    """A shell command in a context of its own, as from a shell."""
    return contextvars.Context().run(app.test_cli_runner().invoke, args=args)


@pytest.fixture(scope="module")
def demo(run: services.Run, engine: str) -> Iterator[Any]:
    """The application of an instance into which the demo has been loaded by its command."""
    from webapp import create_app
    from webapp.config import Settings

    with run.place(engine, services.AREAS) as place:
        app = services.hurried(create_app(Settings.from_env(place.environ)), run)
        result = command(app, "demo", "load")
        assert result.exit_code == 0, result.output
        app.extensions["demo-output"] = command(app, "demo", "logins").output
        yield app
        services.close_engines(app)


@pytest.fixture
def session(demo: Any) -> Iterator[Any]:
    from webapp.core.db import db

    with demo.app_context():
        yield db.session
        db.session.rollback()


def test_every_status_and_all_four_provinces_are_there(session: Any) -> None:
    reports = session.scalars(select(Report)).unique().all()
    assert len(reports) == len(script.load_cases()) >= 64
    assert {report.status for report in reports} == set(lifecycle.STATUSES)
    provinces = Counter(report.province_code for report in reports if report.status != lifecycle.NEW)
    assert set(provinces) == set(script.PROVINCES)
    assert min(provinces.values()) >= 10
    assert {"web", "open311"} <= {report.channel for report in reports}
    assert {"vi", "km", "en"} <= {report.lang for report in reports}


def test_what_the_front_needs_to_see_is_there(session: Any) -> None:
    now = clock.now()
    reports = session.scalars(select(Report)).unique().all()
    picked = [steps.report_of(case.key) for case in script.load_cases() if case.commune == "29512"]
    assert len(picked) >= 8
    assert len({report.status for report in picked if report}) >= 8
    assert sum(privacy.is_overdue(report, now) for report in reports) >= 5
    smell = steps.report_of("dx-mui-1")
    duplicates = session.scalar(select(func.count()).where(Report.duplicate_of_id == smell.id))
    assert smell is not None
    assert duplicates >= 3
    at_sea = steps.report_of("bien-vang-dau")
    assert at_sea is not None
    assert (at_sea.area_code, at_sea.routing["why"]) == (None, "no_area")
    assert any(report.category_code == "other" and report.routing.get("why") == "no_rule" for report in reports)


def test_what_a_resident_may_do_is_there(session: Any) -> None:
    afraid = steps.report_of("anphutan-giu-kin")
    assert afraid is not None
    assert (afraid.bypass_commune, afraid.supervisor_code) == (True, "mttq-86")
    assert not (afraid.unit_code or "").endswith("29317")
    said = {verdict for (verdict,) in session.execute(select(Feedback.verdict))}
    assert said >= {"yes", "no"}
    assert session.scalar(select(func.count()).select_from(DataRequest).where(DataRequest.answered_at.is_(None))) == 1
    assert any(login.role == "member" for login in DEMO_USERS)


def test_every_text_is_composed_and_says_that_it_is_made_up(session: Any) -> None:
    texts = [text for (text,) in session.execute(select(Report.description))]
    public = [text for (text,) in session.execute(select(Report.public_text)) if text]
    said = [text for model in (Answer, Message) for (text,) in session.execute(select(model.text))]
    found = [text for (text,) in session.execute(select(Outcome.summary))]
    assert min(len(texts), len(public), len(said), len(found)) >= 10
    for text in texts + public + said + found:
        assert "minh họa" in text, text
        assert unicodedata.is_normalized("NFC", text), text
        assert not re.search(r"[{}]", text), text


def test_no_picture_is_public_unless_it_was_cleaned(session: Any) -> None:
    photos = session.scalars(select(Photo)).all()
    shown = [photo for photo in photos if photo.public]
    assert len(shown) >= 40
    assert {photo.state for photo in photos} == {"clean"}
    store = instance().storage
    originals = [Image.open(io.BytesIO(instance().evidence.open(store.get(p.original)))) for p in shown[:5]]
    assert all(picture.getexif() for picture in originals)
    for photo in shown[:5]:
        copy = Image.open(io.BytesIO(store.get(photo.clean_name)))
        assert not copy.getexif()
        assert copy.size == (photo.width, photo.height) == pictures.SAVED


def test_the_record_holds_and_runs_forward(session: Any) -> None:
    now = clock.now()
    streams = session.scalars(select(Event.stream).distinct()).all()
    assert len(streams) >= 64
    for stream in streams:
        entries = events.history(stream)
        assert events.first_broken(entries) is None, stream
        # The demo tells case after case, so the link of a duplicate comes into the record of a case told before.
        times = [entry.at for entry in entries if entry.kind != "case:linked"]
        assert times == sorted(times), stream
        assert times[-1] <= now, stream
    for report in session.scalars(select(Report)).unique():
        last = [e for e in events.history(service.stream(report)) if e.kind == "report:moved"]
        assert not last or last[-1].data["to"] == report.status
    assert not session.scalar(select(func.count()).where(Job.state == FAILED))


def test_each_step_was_taken_by_one_who_may(session: Any) -> None:
    """Read back from the record: fronts do the front's steps, units the units', reporters their own."""
    sides = {"front": permissions.FRONT, "unit": permissions.UNIT, "system": {"system"}, "reporter": {"reporter"}}
    moves = session.scalars(select(Event).where(Event.kind == "report:moved")).all()
    assert len(moves) > 250
    for move in moves:
        asked = lifecycle.TRANSITIONS[move.data["from"], move.data["to"]].permission
        assert permissions.PERMISSIONS[asked] & sides[move.actor], (move.stream, move.data)


def test_outcomes_are_published_and_not_from_the_future(session: Any) -> None:
    outcomes = session.scalars(select(Outcome)).all()
    assert len(outcomes) >= 8
    for outcome in outcomes:
        assert outcome.public
        assert outcome.report is not None
        reported = clock.local(outcome.report.created_at).date()
        assert reported <= outcome.inspected_on <= clock.today()
    assert {"violation", "not_established"} <= {outcome.finding for outcome in outcomes}


def test_loading_again_adds_nothing(demo: Any) -> None:
    from webapp.core.db import db

    def counts() -> list[int | None]:
        with demo.app_context():
            return [db.session.scalar(select(func.count(m.id))) for m in (Report, Photo, Event, Job, User, Answer)]

    before = counts()
    result = command(demo, "demo", "load")
    assert result.exit_code == 0, result.output
    assert "nothing was loaded" in result.output
    assert counts() == before


def test_the_command_shows_logins_that_work_and_codes_that_find(demo: Any, session: Any) -> None:
    from flask_security.utils import verify_password

    output = demo.extensions["demo-output"]
    assert DEMO_PASSWORD in output
    for login in DEMO_USERS:
        assert login.email in output
        user = session.scalars(select(User).where(User.email == login.email)).one()
        assert (user.role, user.unit_code) == (login.role, login.unit_code)
    assert verify_password(DEMO_PASSWORD, user.password)
    found = re.findall(r"(\d{4} \d{4} \d{4} \d{4})  (\S+)", output)
    assert len(found) >= 5
    for code, key in found:
        assert service.by_code(code.replace(" ", "")) == steps.report_of(key)


def test_a_real_instance_refuses_the_demo(run: services.Run, engine: str) -> None:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with run.place(engine) as place:
        app = create_app(replace(Settings.from_env(place.environ), demo=False))
        result = command(app, "demo", "load")
        assert result.exit_code == 1
        assert "not a demo" in result.output
        with app.app_context():
            with pytest.raises(NotADemo):
                add_demo_users()
            assert db.session.scalar(select(func.count(Report.id))) == 0
            assert db.session.scalar(select(func.count(User.id))) == 0
            db.session.remove()
            db.engine.dispose()


def test_each_login_may_be_typed_into_the_sign_in_form(demo: Any) -> None:
    mail = demo.extensions["security"]._mail_util
    with demo.test_request_context():
        for login in DEMO_USERS:
            assert mail.validate(login.email) == login.email


def test_pictures_are_the_same_each_time_and_differ_from_case_to_case() -> None:
    used = {scene for case in script.load_cases() for scene in case.pictures}
    used |= {scene for c in script.load_cases() for s in c.steps if s.verb == "answer" for scene in s.args}
    assert used <= set(scenes.SCENES)
    assert len(used) >= 10
    one, again, other = (pictures.draw("ash_heap", seed).tobytes() for seed in ("a", "a", "b"))
    assert one == again != other
