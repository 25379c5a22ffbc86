"""When did reference data change last? A random stamp for each watched table, so that what is compiled from
its rows can be kept in memory and thrown away when it is old.

A stamp changes in the transaction of the rows themselves. It is random and not a number that counts up: one
that was rolled back never comes again with other rows behind it.
"""

from __future__ import annotations

import secrets
from typing import Any, TypeVar

from sqlalchemy import String, event, select
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from webapp.core.db import Base, db

_watched: dict[type[Base], str] = {}
Model = TypeVar("Model", bound=type[Base])


class Stamp(Base):
    """The state of one watched table."""

    __tablename__ = "stamps"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(32))


def watch(model: Model) -> Model:
    """Class decorator: changes of this model, by objects or by UPDATE and DELETE, renew its table's stamp."""
    _watched[model] = model.__tablename__
    return model


def current(*models: type[Base]) -> tuple[str, ...]:
    """The stamps of these models, to be read before their rows are."""
    names = [_watched[model] for model in models]
    found = {name: value for name, value in db.session.execute(select(Stamp.name, Stamp.value))}
    return tuple(found.get(name, "") for name in names)


@event.listens_for(Session, "before_flush")
def _on_flush(session: Session, _context: Any, _instances: Any) -> None:
    changed = {type(o) for o in (*session.new, *session.deleted)}
    changed |= {type(o) for o in session.dirty if session.is_modified(o)}
    _renew(session, {_watched[model] for model in changed if model in _watched})


@event.listens_for(Session, "do_orm_execute")
def _on_statement(state: ORMExecuteState) -> None:
    if state.is_select or not (state.is_update or state.is_delete or state.is_insert):
        return
    mapper = state.bind_mapper
    if mapper is not None and mapper.class_ in _watched:
        _renew(state.session, {_watched[mapper.class_]})


def _renew(session: Session, names: set[str]) -> None:
    for name in sorted(names):
        stamp = session.get(Stamp, name)
        if stamp is None:
            session.add(Stamp(name=name, value=secrets.token_hex(16)))
        else:
            stamp.value = secrets.token_hex(16)
