"""docs/privacy.md names every column of the database and how it is kept. A new column without a line fails here."""

from __future__ import annotations

import re
from pathlib import Path

from webapp import create_app  # noqa: F401 - loads every model
from webapp.core.db import Base

DOC = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
CLASSES = {"public", "staff", "sealed", "hash", "technical"}


def described() -> dict[str, dict[str, str]]:
    """table -> column -> class, as the document has it."""
    tables: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in DOC.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"### `(\w+)`.*", line):
            assert heading[1] not in tables, f"{heading[1]} stands twice"
            current = tables.setdefault(heading[1], {})
        elif row := re.fullmatch(r"\| `(\w+)` \| (\w+) \|.*\|", line):
            assert row[1] not in current, f"{row[1]} stands twice"
            current[row[1]] = row[2]
    return tables


def models() -> dict[str, set[str]]:
    import webapp.accounts.api_keys
    import webapp.figures.models
    import webapp.mapping.models
    import webapp.notifications.models
    import webapp.opendata.models
    import webapp.pages.desk.views
    import webapp.pages.resident.report
    import webapp.reorganisations.models  # noqa: F401

    return {name: {column.name for column in table.columns} for name, table in Base.metadata.tables.items()}


def test_every_column_stands_there_with_its_class() -> None:
    there, written = models(), described()
    missing = [f"{t}.{c}" for t, columns in there.items() for c in sorted(columns - set(written.get(t, {})))]
    gone = [f"{t}.{c}" for t, columns in written.items() for c in sorted(set(columns) - there.get(t, set()))]
    assert not missing, f"say in docs/privacy.md how these are kept: {missing}"
    assert not gone, f"these are no more: {gone}"
    assert {c for columns in written.values() for c in columns.values()} <= CLASSES


def test_nothing_in_the_clear_is_named_like_a_sender() -> None:
    telling = {"phone", "email", "contact", "ip", "agent", "device", "address", "network"}
    clear = [
        f"{table}.{column}"
        for table, columns in described().items()
        for column, kept in columns.items()
        if telling & set(column.split("_")) and kept not in {"sealed", "hash"}
    ]
    offices = {"users.email", "unit_contacts.email"}
    assert set(clear) == offices, "only staff and their offices have an address that is kept in the clear"
