"""A commune with its offices: the app served from this process, so that its clock can be set, and everybody's deeds.

What people do in the browser is `Person`; what is done without one, in bulk, goes through the same services with the
same rights of the record (`Offices`). Jobs run when the test says so, in the notifier's and worker's own runner.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from scripts import postgres
from tests import factories, services
from webapp.core import clock
from webapp.core.events import Actor
from webapp.reports.models import Report

LON, LAT = factories.DUYEN_HAI


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, *_: Any) -> None:
        pass


@dataclass
class Commune:
    """The place and its reports: `numbers` and `codes` by the line of the ledger."""

    app: Any
    url: str
    home: Path
    moment: datetime = datetime(2026, 2, 9, tzinfo=clock.VIETNAM)
    numbers: dict[int, str] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)

    def at(self, written: str) -> None:
        """Set everybody's clock: `2026-02-09 08:00`, in Vietnam. Then what the schedule does by itself is done."""
        from webapp.core import outbox
        from webapp.core.db import committing

        moment = datetime.fromisoformat(written).replace(tzinfo=clock.VIETNAM)
        assert moment >= self.moment, "time goes forward"
        self.moment = moment
        with self.app.app_context(), committing():
            outbox.enqueue("reminders.climb")
        self.jobs()

    def jobs(self) -> None:
        """Do all jobs that are due. None of them may fail."""
        from sqlalchemy import select

        from webapp.core.db import db, reading
        from webapp.core.outbox import Job
        from workers.run import drain

        drain(self.app)
        with self.app.app_context(), reading():
            assert not db.session.execute(select(Job.name, Job.last_error).where(Job.last_error.is_not(None))).all()

    @contextmanager
    def case(self, line: int) -> Iterator[Report]:
        """A case by its line, in one transaction; its jobs are done afterwards."""
        from sqlalchemy import select

        from webapp.core.db import committing, db

        with self.app.app_context(), committing():
            yield db.session.scalars(select(Report).where(Report.public_id == self.numbers[line])).one()
        self.jobs()

    def sent(self, line: int, code: str) -> None:
        """A report came in through a page: put it into the ledger by its tracking code."""
        from webapp.core.db import reading
        from webapp.reports import service

        self.jobs()
        with self.app.app_context(), reading():
            report = service.by_code(code)
            assert report is not None
            self.numbers[line], self.codes[line] = report.public_id, code

    def letters(self) -> list[str]:
        """All mails that have left."""
        return [path.read_text("utf-8") for path in sorted((self.home / "outbox").glob("*.txt"))]


class Offices:
    """What residents and offices do away from our browser, each as the office that has the case."""

    def __init__(self, commune: Commune) -> None:
        self.commune = commune

    def send(self, *lines: int, kind: str) -> None:
        """Residents send reports of this kind, each at a place of its own in the commune."""
        from webapp.core.db import committing
        from webapp.reports import service

        with self.commune.app.app_context(), committing():
            for line in lines:
                given = service.submit(
                    factories.submission(
                        category_code=kind,
                        description=f"Việc thứ {line} (minh họa)",
                        lon=LON + (line % 8) * 0.0011,
                        lat=LAT + (line // 8) * 0.0011,
                    )
                )
                self.commune.numbers[line], self.commune.codes[line] = given.report.public_id, given.code
        self.commune.jobs()

    def assign(self, *lines: int, unit: str = "", note: str = "") -> None:
        """The Front that supervises takes cases on and passes them to the unit proposed, or to another with a note."""
        from webapp.routing import assign
        from webapp.units import queries as units

        for line in lines:
            with self.commune.case(line) as report:
                found = units.by_code(unit or report.unit_code)
                assert found is not None
                assign.assign(report, found, self._front(report), note)

    def accept(self, *lines: int) -> None:
        self._move("verifying", lines)

    def start(self, *lines: int) -> None:
        self._move("in_progress", lines)

    def answer(self, *lines: int) -> None:
        """With signed minutes of an inspection, which need no picture."""
        from webapp.reports import service

        for line in lines:
            with self.commune.case(line) as report:
                service.answer(report, self._unit(report), f"Đã xử lý việc thứ {line}", (), minutes=True)

    def refuse(self, line: int, proposed: str) -> None:
        from webapp.reports import unit_work
        from webapp.units import queries as units

        with self.commune.case(line) as report:
            unit_work.refuse(
                report, self._unit(report), "other_matter", "Không thuộc thẩm quyền", units.by_code(proposed)
            )

    def check(self, *lines: int, close: bool = True) -> None:
        """The Front finds the answers sufficient and closes the cases."""
        from webapp.reports import lifecycle, service, verdicts

        for line in lines:
            with self.commune.case(line) as report:
                verdicts.check(report, self._front(report), verdicts.ACCEPTED, "Đã kiểm tra tại chỗ")
                if close:
                    service.move(report, lifecycle.CLOSED, self._front(report))

    def say(self, line: int, word: str, mark: int) -> None:
        """The sender says whether it is solved."""
        from webapp.reports import feedback

        with self.commune.case(line) as report:
            feedback.say(report, word, mark, "", ())

    def _move(self, to: str, lines: tuple[int, ...]) -> None:
        from webapp.reports import service

        for line in lines:
            with self.commune.case(line) as report:
                service.move(report, to, self._unit(report))

    def _front(self, report: Report) -> Actor:
        return Actor("front", None, report.supervisor_code)

    def _unit(self, report: Report) -> Actor:
        return Actor("unit", None, report.unit_code)


class Person:
    """Somebody of an office in front of a browser, who signs in whenever asked to."""

    def __init__(self, commune: Commune, page: Page, email: str) -> None:
        self.commune, self.page, self.email = commune, page, email
        self.room = "unit"

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.commune.url}{path}")
        if "/auth/login" in self.page.url:
            self.page.locator("#field-email").fill(self.email)
            self.page.locator("#field-password").fill(factories.PASSWORD)
            self.page.locator("form[action*='/auth/login'] button").click()
            self.page.wait_for_url(re.compile(r"/(desk|unit|entry)"))
            self.page.goto(f"{self.commune.url}{path}")
        return self.page

    def open(self, line: int) -> Page:
        """The page of a case."""
        return self.go(f"/{self.room}/cases/{self.commune.numbers[line]}")

    def do(self, line: int, name: str, files: Path | None = None, **fields: str) -> Page:
        """One action on a case's page: its fields filled, its button pressed, and what follows from it done."""
        page = self.open(line)
        form = page.locator(f"form[action$='/{name}']:not([action*='/outcomes/'])").last
        if not form.locator("button[type=submit]").last.is_visible():
            page.locator(f"#do-{name} > summary").click()
        for field_name, value in fields.items():
            fill(form, field_name, value)
        if files is not None:
            form.locator("[name=evidence]").set_input_files(files)
        press(page, form.locator("button[type=submit]").last)
        assert page.locator("main .error-summary, main #error-top").count() == 0, page.locator("main").inner_text()
        self.commune.jobs()
        return page


class Front(Person):
    """Of the Front."""

    def __init__(self, commune: Commune, page: Page, email: str) -> None:
        super().__init__(commune, page, email)
        self.room = "desk"


def fill(form: Locator, name: str, value: str) -> None:
    """Fill a field, whatever it is."""
    target = form.locator(f"[name={name}]").first
    if target.evaluate("e => e.tagName") == "SELECT":
        target.select_option(value)
    elif target.get_attribute("type") in {"radio", "checkbox"}:
        form.locator(f"[name={name}][value='{value}']").first.check()
    else:
        target.fill(value)


def press(page: Page, button: Locator) -> None:
    """Press a button that sends a form, and wait for the page that answers."""
    with page.expect_navigation():
        button.click()
    page.wait_for_load_state()


@contextmanager
def commune(run: services.Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commune]:
    """Phường Duyên Hải and its neighbour Long Hòa, served by this process on the clock of `Commune.moment`."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core import outbox
    from webapp.core.db import committing, db

    port = postgres.free_port()
    url = f"http://127.0.0.1:{port}"
    with run.place(services.SQLITE, HOST="127.0.0.1", PORT=str(port), PUBLIC_URL=url) as place:
        # Days pass between two deeds of one person, who need not sign in again each time.
        settings = replace(
            Settings.from_env(place.environ), staff_idle_minutes=60 * 24 * 60, staff_session_hours=24 * 60
        )
        app = services.hurried(create_app(settings), run)
        made = Commune(app, url, place.home)
        monkeypatch.setattr(clock, "now", lambda: made.moment.astimezone(clock.UTC))
        with app.app_context(), committing():
            factories.duyen_hai()
            for email, role, unit_code in PEOPLE.values():
                factories.user(email, role, unit_code)
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join(5)
            server.server_close()
            outbox.set_kick(None)
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


PEOPLE = {
    "front": ("mattran.duyenhai@thu.example", "front", "mttq-29512"),
    "province": ("mattran.vinhlong@thu.example", "front", "mttq-86"),
    "committee": ("ubnd.duyenhai@thu.example", "unit", "ubnd-29512"),
    "department": ("snnmt.vinhlong@thu.example", "unit", "so-nnmt-86"),
    "police": ("congan.duyenhai@thu.example", "unit", "ca-29512"),
}
