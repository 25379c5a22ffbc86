"""What the figures for everybody are called, and what each means: the words of every table, page and file of them.

Where a figure is one of the score cards (`supervision/words.py`) it has the same name and counts the same, of what is
public.
"""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

# measure -> (its name, what it counts)
MEASURES: dict[str, tuple[LazyString, LazyString]] = {
    "reported": (_l("Reported"), _l("Cases that came in during the period.")),
    "received": (
        _l("Received by units"),
        _l(
            "Cases that the Fatherland Front passed on to a unit in the period. A case that went to two units one "
            "after the other counts for both."
        ),
    ),
    "taken_over": (
        _l("Taken over"),
        _l(
            "Cases among those received that another unit had had before, so that part of the time for the answer "
            "was gone."
        ),
    ),
    "answered": (
        _l("Answered"),
        _l(
            "Cases that the unit answered in the period. A case that is answered again in another month counts there "
            "as well."
        ),
    ),
    "in_time": (
        _l("Answered in time"),
        _l("Cases among those answered in which the unit took every step by its due time, accepting included."),
    ),
    "late": (
        _l("Answered late"),
        _l("Cases among those answered in which the unit took at least one step after its due time."),
    ),
    "extended": (
        _l("More time granted"),
        _l("Cases among those answered for which the Front granted more time. In time means by the new day."),
    ),
    "refused": (_l("Refused"), _l("Cases that the unit gave back in the period as not its own.")),
    "handed_on": (
        _l("Handed on"),
        _l(
            "Cases that went to somebody else in the period before the unit had done its step: handed over, given to "
            "another unit, or routed anew."
        ),
    ),
    "came_back": (
        _l("To do again"),
        _l("Cases that came back to the unit in the period, sent back by the Front or reopened."),
    ),
    "accepted": (
        _l("Verified"),
        _l("Cases in which the Front checked an answer in the period and accepted it."),
    ),
    "sent_back": (
        _l("Found insufficient"),
        _l("Cases in which the Front checked an answer in the period and did not accept it in full."),
    ),
    "solved": (_l("Solved, say senders"), _l("Cases whose sender said in the period that it is solved.")),
    "partly": (
        _l("Solved in part, say senders"),
        _l("Cases whose sender said in the period that it is solved in part."),
    ),
    "unsolved": (_l("Not solved, say senders"), _l("Cases whose sender said in the period that it is not solved.")),
    "waiting": (
        _l("With the Front now"),
        _l("Cases that the Front is screening, or whose answer it is checking, as of now."),
    ),
    "open": (_l("With the unit now"), _l("Cases that the unit has not finished, as of now.")),
    "overdue": (
        _l("Overdue now"),
        _l(
            "Cases with the unit whose due time has passed, as of now. It is told from the full hour on. The map marks "
            "late steps of the Front as well."
        ),
    ),
}
# What follows from the numbers.
DERIVED: dict[str, tuple[LazyString, LazyString]] = {
    "share_in_time": (
        _l("Share in time"),
        _l("Of the cases answered in the period, how many were answered in time."),
    ),
    "share_solved": (
        _l("Satisfaction"),
        _l(
            "Of the senders who said in the period whether it is solved, how many said that it is. Marks from 1 to 5 "
            "are not shown: where few give any, a mean would tell the single one."
        ),
    ),
    "half": (
        _l("Median days"),
        _l(
            "Half of the answers given in the period took the unit no more working days than this. Days off, and time "
            "in which the sender was asked, do not count."
        ),
    ),
    "nine_tenths": (_l("Days for 90 %"), _l("Nine of ten answers took no more working days than this.")),
}
NAME: dict[str, LazyString] = {code: name for code, (name, _meaning) in (MEASURES | DERIVED).items()}
SHORT: dict[str, LazyString] = NAME | {
    "in_time": _l("In time"),
    "late": _l("Late"),
    "share_in_time": _l("In time"),
}
# What holds for all of them, for the page of definitions.
IN_AND_OUT: tuple[LazyString, ...] = (
    _l(
        "In are all public cases. Out are cases that are not public yet, because sensitive kinds appear later; cases "
        "that were rejected or withdrawn; and duplicates, whose original is counted."
    ),
    _l("What happened counts in the month in which it happened, Vietnam's time. Over several months it is added up."),
    _l(
        "A case counts for the commune and province that its page names, and for the unit that was responsible then. "
        "After a merger the past counts for the unit or place of today."
    ),
    _l("Cases whose place is not established yet count for the whole country only."),
    _l("A month that is over can still change: a case comes out later, is corrected, or turns out to be a duplicate."),
    _l("Figures follow within seconds what happens in the cases."),
)
