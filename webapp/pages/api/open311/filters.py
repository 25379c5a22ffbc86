"""Reading what a program asks for: ids, services, status, dates, pages. Everything has a limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp.core import clock
from webapp.pages.api.open311 import body
from webapp.pages.api.open311.formats import Problem
from webapp.pages.api.open311.services import unknown_service
from webapp.reports import queries

SPAN = timedelta(days=90)
LIMIT = 1000
MAX_IDS = 100
PAGING = ("page", "page_size", "per_page", "after")
SINGLE = ("start_date", "end_date", *PAGING)
MAX_PAGE = 10_000
MAX_OFFSET = 10_000  # rows that a page number alone may skip; `after`, which the Link header has, skips none

_ID = re.compile(r"[0-9a-z]{1,24}")
_NUMBER = re.compile(r"[0-9]{1,7}")
# As programs write it: 2026-03-01, with T or a space before the time, up to nine digits of a second, Z, +07:00, +0700.
_DATE = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"([Tt ](?P<time>\d{2}:\d{2}(:\d{2})?)([.,](?P<part>\d{1,9}))?\s?(?P<zone>[Zz]|[+-]\d{2}(:?\d{2})?)?)?",
    re.ASCII,
)
_LOST_PLUS = re.compile(r"([Tt][0-9:.]+) (\d{2}:?\d{2})$")
_YEARS = range(2000, 2101)


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `since` and `until` in UTC, both included; empty tuples mean all."""

    since: datetime
    until: datetime
    codes: tuple[str, ...]
    statuses: tuple[str, ...]  # of "open", "closed"
    page: int
    per_page: int
    after: str = ""  # what the page before ended with, in the form that the listing gave out
    paged: bool = False  # whether pages were asked for at all

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.per_page


def read_ids(args: MultiDict[str, str]) -> list[str]:
    """The ids asked for, each once; empty if none are. Raises Problem."""
    ids = _listed(args, "service_request_id")
    if len(ids) > MAX_IDS:
        raise Problem(400, _("service_request_id: at most %(count)s at once.", count=MAX_IDS))
    if wrong := [one for one in ids if not _ID.fullmatch(one)]:
        raise Problem(400, _("service_request_id: %(id)s is not an id.", id=wrong[0][:40]))
    return ids


def is_id(text: str) -> bool:
    """Whether a text can be the id of a request."""
    return bool(_ID.fullmatch(text))


def read(args: MultiDict[str, str], now: datetime) -> Query:
    """The question in a query string. Raises Problem 400 with everything that is wrong, or 404 for a service
    that does not exist."""
    wrong = body.repeated(args, SINGLE)
    since, until = read_span(args, now, wrong)
    statuses = tuple(s.lower() for s in _listed(args, "status"))
    if set(statuses) - {"open", "closed"}:
        wrong.append(_("status: only open and closed are known."))
    page = _number(args, ("page",), 1, MAX_PAGE, wrong)
    per_page = _number(args, ("page_size", "per_page"), LIMIT, LIMIT, wrong)
    after = args.get("after", "").strip()
    if not after and (page - 1) * per_page > MAX_OFFSET and not wrong:
        wrong.append(
            _(
                "page: at most %(count)s rows can be skipped; follow the Link header, or ask for fewer days.",
                count=MAX_OFFSET,
            )
        )
    codes = tuple(_listed(args, "service_code"))
    if wrong:
        raise Problem(400, *wrong)
    known = queries.catalogue().categories
    if unknown := [code for code in codes if code not in known]:
        raise Problem(404, *(unknown_service(code) for code in unknown[:10]))
    paged = any(args.get(name, "").strip() for name in PAGING)
    return Query(since, until, codes, statuses, page, per_page, after, paged)


def read_span(args: MultiDict[str, str], now: datetime, wrong: list[str]) -> tuple[datetime, datetime]:
    """`start_date` and `end_date`: at most 90 days, and the last 90 where neither is given. What is wrong is
    appended to `wrong`."""
    before = len(wrong)
    since = _moment(args, "start_date", wrong)
    until = _moment(args, "end_date", wrong, end_of_day=True)
    if len(wrong) > before:
        return now, now
    if since is None:
        until = until or now.replace(microsecond=0)
        since = until - SPAN
    elif until is None:
        until = since + SPAN
    if since > until:
        wrong.append(_("start_date lies after end_date."))
    elif until - since > SPAN + timedelta(days=1):  # a day's grace, for whoever counts whole days
        wrong.append(_("start_date and end_date may span 90 days at most; ask in several steps."))
    return since, until


def _listed(args: MultiDict[str, str], name: str) -> list[str]:
    """The values of a parameter that may be repeated and may hold several between commas; each once."""
    values = [part.strip() for value in args.getlist(name) for part in value.split(",")]
    return list(dict.fromkeys(value for value in values if value))


def _number(args: MultiDict[str, str], names: tuple[str, ...], default: int, largest: int, wrong: list[str]) -> int:
    for name in names:
        raw = args.get(name, "").strip()
        if not raw:
            continue
        if _NUMBER.fullmatch(raw) and 1 <= int(raw) <= largest:
            return int(raw)
        wrong.append(_("%(name)s: a whole number from 1 to %(largest)s.", name=name, largest=largest))
    return default


def _moment(args: MultiDict[str, str], name: str, wrong: list[str], *, end_of_day: bool = False) -> datetime | None:
    # In an address a plus sign that was not escaped arrives as a space.
    raw = _LOST_PLUS.sub(r"\1+\2", args.get(name, "").strip())
    if not raw:
        return None
    found = _DATE.fullmatch(raw)
    try:
        moment = datetime.fromisoformat(_plain(found)) if found else None
        if found is not None and moment is not None and moment.year in _YEARS:
            if end_of_day and not found["time"]:
                moment = datetime.combine(moment, clock_time.max)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=clock.VIETNAM)
            # Whole seconds, as the Link header says them: the next page must be of the same question.
            return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        pass
    wrong.append(_("%(name)s: not a date and time such as 2026-03-01T00:00:00Z.", name=name))
    return None


def _plain(found: re.Match[str]) -> str:
    """The date and time as Python reads it; of a second it knows six digits."""
    if not found["time"]:
        return found["day"]
    part = f".{found['part'][:6]}" if found["part"] else ""
    return f"{found['day']}T{found['time']}{part}{(found['zone'] or '').upper()}"
