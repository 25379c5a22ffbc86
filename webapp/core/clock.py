"""Time. The database holds UTC; people read the time of Vietnam, which has had no summer time since 1975."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The present as an aware UTC datetime. Tests and the demo replace this one function."""
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """An aware datetime as Vietnamese wall-clock time."""
    return moment.astimezone(VIETNAM)


def today() -> date:
    """The present day in Vietnam."""
    return local(now()).date()
