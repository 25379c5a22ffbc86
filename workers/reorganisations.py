"""Reorganisation jobs. Each may run twice: what is done already is left alone."""

from __future__ import annotations

from webapp.core import outbox
from webapp.core.db import db
from webapp.reorganisations import service
from webapp.reorganisations.models import Reorganisation


def apply(reorganisation_id: int) -> None:
    """Carry out an approved plan whose day has come."""
    row = db.session.get(Reorganisation, reorganisation_id, with_for_update=True)
    if row is not None:
        service.apply(row)


def move(reorganisation_id: int, after: int) -> None:
    """Let the next open cases follow."""
    row = db.session.get(Reorganisation, reorganisation_id, with_for_update=True)
    if row is not None:
        service.move_cases(row, after)


def words(reorganisation_id: int, after: int) -> None:
    """Let the next cases be found by the new names."""
    row = db.session.get(Reorganisation, reorganisation_id)
    if row is not None:
        service.find_by_new_names(row, after)


def heirs(reorganisation_id: int, after: int) -> None:
    """Tell the next ended cases to which part of what was divided they belong."""
    row = db.session.get(Reorganisation, reorganisation_id)
    if row is not None:
        service.find_heirs(row, after)


def due() -> None:
    """Queue every approved plan whose day has come, each as a job of its own, and look for cases left behind."""
    service.look_behind()
    for reorganisation_id in service.due():
        outbox.enqueue("reorganisations.apply", reorganisation_id=reorganisation_id)
