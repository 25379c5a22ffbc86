"""Words that all pages share: what a status, a finding or a measure is called, and how days are written."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import LazyString, ngettext
from flask_babel import lazy_gettext as _

from webapp.core import clock
from webapp.reports import lifecycle
from webapp.routing import terms

STATUS: dict[str, LazyString] = {
    lifecycle.NEW: _("Just sent"),
    lifecycle.RECEIVED: _("Received"),
    lifecycle.SCREENING: _("Being screened"),
    lifecycle.NEEDS_INFO: _("More information needed"),
    lifecycle.ASSIGNED: _("Sent to the responsible unit"),
    lifecycle.VERIFYING: _("Being verified"),
    lifecycle.IN_PROGRESS: _("Being handled"),
    lifecycle.ANSWERED: _("Answered"),
    lifecycle.VERIFIED: _("Answer checked"),
    lifecycle.REWORK: _("Sent back for rework"),
    lifecycle.CLOSED: _("Closed"),
    lifecycle.DUPLICATE: _("Duplicate"),
    lifecycle.OUT_OF_SCOPE: _("Out of scope"),
    lifecycle.REJECTED: _("Rejected"),
    lifecycle.WITHDRAWN: _("Withdrawn"),
}

# One plain sentence each: what it means and whose move it is.
STATUS_MEANING: dict[str, LazyString] = {
    lifecycle.NEW: _("The report has arrived and is being passed to the Front of the place."),
    lifecycle.RECEIVED: _("The Fatherland Front has the report and will look at it."),
    lifecycle.SCREENING: _("The Fatherland Front is checking the report and who is responsible."),
    lifecycle.NEEDS_INFO: _("The Fatherland Front has asked the sender for more and waits for the answer."),
    lifecycle.ASSIGNED: _("The Fatherland Front has passed the case to the unit responsible for it."),
    lifecycle.VERIFYING: _("The responsible unit has accepted the case and is checking it on the spot."),
    lifecycle.IN_PROGRESS: _("The responsible unit is dealing with the case."),
    lifecycle.ANSWERED: _("The responsible unit has answered; the Front is checking the answer."),
    lifecycle.VERIFIED: _("The Fatherland Front has checked the answer and found it sufficient."),
    lifecycle.REWORK: _("The Fatherland Front found the answer insufficient and sent the case back to the unit."),
    lifecycle.CLOSED: _("The case has been dealt with and closed."),
    lifecycle.DUPLICATE: _("The same thing was reported before; it is followed in that case."),
    lifecycle.OUT_OF_SCOPE: _("This service cannot deal with it; the sender was told why."),
    lifecycle.REJECTED: _("The report was not accepted; the sender was told why."),
    lifecycle.WITHDRAWN: _("The sender has withdrawn the report. Nobody acts on it, and the public does not see it."),
}

# Names of the tone classes in app.css; colour is never the only sign (see templates/components/status.html).
STATUS_TONE: dict[str, str] = {
    lifecycle.NEW: "neutral",
    lifecycle.RECEIVED: "info",
    lifecycle.SCREENING: "info",
    lifecycle.NEEDS_INFO: "attention",
    lifecycle.ASSIGNED: "progress",
    lifecycle.VERIFYING: "progress",
    lifecycle.IN_PROGRESS: "progress",
    lifecycle.ANSWERED: "info",
    lifecycle.VERIFIED: "good",
    lifecycle.REWORK: "attention",
    lifecycle.CLOSED: "good",
    lifecycle.DUPLICATE: "neutral",
    lifecycle.OUT_OF_SCOPE: "neutral",
    lifecycle.REJECTED: "bad",
    lifecycle.WITHDRAWN: "neutral",
}

# The groups that the public map and its figures know (`reports.lifecycle` statuses put together).
STATUS_GROUP: dict[str, LazyString] = {
    "waiting": _("With the Front"),
    "working": _("With the unit"),
    "answered": _("Answered"),
    "done": _("Done"),
    "ended": _("Not taken on"),
}
OVERDUE: LazyString = _("Overdue")

# What the Front says of an answer (`reports.verdicts.VERDICTS`).
VERDICT: dict[str, LazyString] = {
    "accepted": _("Sufficient"),
    "partly": _("Sufficient in part"),
    "not": _("Not sufficient"),
}
VERDICT_TONE: dict[str, str] = {"accepted": "good", "partly": "attention", "not": "bad"}

# What a sender may ask about their own data (`reports.data_requests.KINDS`).
DATA_REQUEST: dict[str, LazyString] = {
    "access": _("See the data that is kept about me"),
    "correct": _("Correct my data"),
    "withdraw": _("Withdraw my consent or restrict the use"),
    "delete": _("Delete my data"),
}

CHANNEL: dict[str, LazyString] = {"web": _("the form"), "open311": _("a program"), "staff": _("an officer")}
ROLE: dict[str, LazyString] = {
    "front": _("Fatherland Front"),
    "unit": _("Responsible unit"),
    "admin": _("Administration"),
    "member": _("Member organisation"),
}
# How a report that staff entered for somebody was told.
SOURCE: dict[str, LazyString] = {
    "phone": _("by phone"),
    "paper": _("on paper"),
    "in_person": _("in person"),
    "pagoda": _("at a pagoda or church"),
    "meeting": _("at a residents' meeting"),
}

FINDING: dict[str, LazyString] = {
    "violation": _("Violation found"),
    "no_violation": _("No violation found"),
    "not_established": _("Could not be established"),
}
FINDING_TONE: dict[str, str] = {"violation": "bad", "no_violation": "good", "not_established": "neutral"}

MEASURE: dict[str, LazyString] = {
    "none": _("No measure"),
    "reminder": _("Reminder"),
    "fine": _("Fine"),
    "suspension": _("Activity suspended"),
    "remedy": _("Ordered to repair the damage"),
    "criminal": _("Passed on for criminal proceedings"),
}


def day(value: date | datetime | None) -> str:
    """dd/mm/yyyy; a datetime as its day in Vietnam, None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return f"{value:%d/%m/%Y}"


def moment(value: datetime | None) -> str:
    """dd/mm/yyyy HH:MM in Vietnam's time, None as a dash."""
    return "–" if value is None else f"{clock.local(value):%d/%m/%Y %H:%M}"


def iso_day(value: date | datetime | None) -> str:
    """yyyy-mm-dd of the day in Vietnam, for <time datetime>; empty for None."""
    if value is None:
        return ""
    return (clock.local(value).date() if isinstance(value, datetime) else value).isoformat()


def number(value: int) -> str:
    """A whole number as Vietnamese writes it: 1.234.567."""
    return f"{value:,}".replace(",", ".")


def dong(value: int | None) -> str:
    """An amount of money: 12.000.000 đ; None as a dash."""
    return "–" if value is None else f"{number(value)} đ"


def overdue_days(due_at: datetime, now: datetime) -> int:
    """Working days, begun ones included, by which `now` is past `due_at`; at least one."""
    return max(1, terms.days_late(due_at, now))


def overdue_words(due_at: datetime, now: datetime) -> str:
    """How late, in working days, begun ones included, in the reader's language. Must be called inside a request."""
    days = overdue_days(due_at, now)
    return ngettext("%(num)d day overdue", "%(num)d days overdue", days)
