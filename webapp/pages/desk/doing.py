"""One action of the Front on its way: what came with the form, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from webapp.accounts.permissions import Identity
from webapp.core import text
from webapp.core.events import Actor
from webapp.media.intake import Kept
from webapp.pages.desk import steps
from webapp.reports import lifecycle, service
from webapp.reports.models import Report

MAX_TEXT = 5000


class Wrong(ValueError):
    """Fields that are wrong, with their messages."""

    def __init__(self, **errors: str) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Doing:
    """One action on its way."""

    action: steps.Action
    report: Report
    who: Identity
    actor: Actor
    kept: tuple[Kept, ...] = ()  # pictures that came with the form
    refused: str = ""  # what was wrong with others

    def text(self, name: str, message: str = "", limit: int = MAX_TEXT) -> str:
        """A text field; with `message` it must not be empty."""
        value = text.clean(request.form.get(name), multiline=True)
        if message and not value:
            raise Wrong(**{name: message})
        if len(value) > limit:
            raise Wrong(**{name: _("Too long: at most %(count)s characters.", count=limit)})
        return value

    def move(self, reason: str = "") -> None:
        """Take the step that the action means from here."""
        to = steps.target(self.action, self.report.status)
        if to is None:
            raise lifecycle.NotAllowed(f"{self.report.status} {self.action.name}")
        service.move(self.report, to, self.actor, reason=reason)
