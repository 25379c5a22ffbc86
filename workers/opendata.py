"""The nightly version of the open data."""

from __future__ import annotations

from webapp.opendata import service


def nightly() -> None:
    """Make the day's version, once its night has come; asked every hour."""
    service.nightly()
