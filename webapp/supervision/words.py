"""What the figures of score cards are called and what they mean, for pages, files and letters; and the steps."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from webapp.reports import lifecycle

MEASURES: dict[str, tuple[LazyString, LazyString]] = {
    "received": (_l("Received"), _l("Cases passed on to the unit in the period.")),
    "in_time": (_l("In time"), _l("Cases in which every step that the unit finished in the period was in time.")),
    "late": (
        _l("Late"),
        _l("Cases in which the unit finished a step in the period after its due time, or lost it after that."),
    ),
    "handed_on": (
        _l("Handed on"),
        _l(
            "Cases that went to somebody else in the period before the unit had done its step: handed over, given to "
            "another unit, or routed anew. That step counts neither as in time nor, before its due time, as late."
        ),
    ),
    "overdue": (_l("Overdue now"), _l("Cases with the unit whose due time has passed, as of now.")),
    "open": (_l("With the unit now"), _l("Cases that the unit has not finished, as of now.")),
    "refused": (_l("Refused"), _l("Cases that the unit gave back in the period as not its own.")),
    "came_back": (
        _l("To do again"),
        _l("Cases that came back to the unit in the period, sent back by the Front or reopened."),
    ),
    "accepted": (_l("Verified"), _l("Cases in which the Front checked an answer in the period and accepted it.")),
    "sent_back": (
        _l("Found insufficient"),
        _l("Cases in which the Front checked an answer in the period and did not accept it in full."),
    ),
    "solved": (_l("Solved, say senders"), _l("Cases whose sender said in the period that it is solved.")),
    "unsolved": (_l("Not solved, say senders"), _l("Cases whose sender said in the period that it is not solved.")),
}
# What follows from the numbers.
DERIVED: tuple[tuple[LazyString, LazyString], ...] = (
    (
        _l("Median days"),
        _l("Half of the answers that the unit gave in the period took it no more working days than this."),
    ),
    (_l("Days for 90 %"), _l("Nine of ten answers took no more working days than this.")),
    (_l("Mark"), _l("The mean of the senders' marks in the period, 1 to 5.")),
)
# The steps whose time is counted (`reports.lifecycle.STEPS`).
STEP: dict[str, LazyString] = {
    lifecycle.SCREEN: _l("Screening by the Front"),
    lifecycle.RECEIVE: _l("Acceptance by the unit"),
    lifecycle.ANSWER: _l("Answer of the unit"),
    lifecycle.HANDLE: _l("Handling by the unit"),
    lifecycle.VERIFY: _l("Check by the Front"),
}
