"""What notices say. Nothing that a lock screen, a mail server or a stranger could learn a report from.

All that follow a case read the same sentence, whatever happened; the link leads to the page that asks for the code
and not to the case.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale, gettext, ngettext


@dataclass(frozen=True, slots=True)
class Message:
    """One notice, ready for any channel. Addresses in it are absolute; `key` is the same at each try. `stop` is empty
    where there is nothing to stop: a letter to staff."""

    subject: str
    body: str
    link: str
    stop: str  # where to stop them; empty for what is sent to staff in their office
    key: str
    lang: str


def news_of_report(base: str, token: str, lang: str, key: str) -> Message:
    """Something happened under a code that the reader has."""
    with force_locale(lang):
        return Message(
            subject=gettext("There is news"),
            body=gettext("There is news under the code you follow. Open the page and enter your code to read it."),
            link=f"{base}/track",
            stop=f"{base}/notices/{token}",
            key=key,
            lang=lang,
        )


def news_of_area(base: str, token: str, lang: str, key: str) -> Message:
    """Something became public in a followed area. Which area is on the page only."""
    with force_locale(lang):
        return Message(
            subject=gettext("There is news"),
            body=gettext("There is news in the area you follow. Open the page to read it."),
            link=f"{base}/notices/{token}",
            stop=f"{base}/notices/{token}",
            key=key,
            lang=lang,
        )


def please_confirm(base: str, token: str, lang: str, key: str) -> Message:
    """Somebody, the reader one hopes, asked for notices to this address."""
    with force_locale(lang):
        return Message(
            subject=gettext("Please confirm"),
            body=gettext(
                "Somebody asked for notices to this address. Open the page to confirm. "
                "If it was not you, do nothing: nothing more will be sent."
            ),
            link=f"{base}/notices/{token}",
            stop=f"{base}/notices/{token}",
            key=key,
            lang=lang,
        )


def reminder(number: str, link: str, lang: str, key: str, *, late: int, to_those_above: bool) -> Message:
    """To staff: a step of a case is due, or late by so many working days. Nothing of the report itself."""
    with force_locale(lang):
        subject, body = _due(number, late)
        if to_those_above:
            body += " " + gettext("You are told because the unit in charge has not acted after earlier reminders.")
        return Message(subject=subject, body=body, link=link, stop="", key=key, lang=lang)


def reminder_for_unit(base: str, token: str, key: str, number: str, *, late: int) -> Message:
    """The same to an office that has no account, with a link of its own to the case."""
    with force_locale("vi"):
        subject, body = _due(number, late)
        body += " " + gettext(
            "The link is valid for 14 days and works once; please do not pass it on outside your unit."
        )
        return Message(subject=subject, body=body, link=f"{base}/unit-link/{token}", stop="", key=key, lang="vi")


def _due(number: str, late: int) -> tuple[str, str]:
    if not late:
        subject = gettext("Case %(number)s is due", number=number)
        return subject, gettext(
            "A step of case %(number)s falls due. Open the page and deal with it in time.", number=number
        )
    body = ngettext(
        "A step of case %(number)s is overdue by %(num)d working day. Open the page to deal with it.",
        "A step of case %(number)s is overdue by %(num)d working days. Open the page to deal with it.",
        late,
        number=number,
    )
    return gettext("Case %(number)s is overdue", number=number), body


def invitation(link: str, lang: str, key: str) -> Message:
    """The link with which a member of staff chooses a password."""
    with force_locale(lang):
        return Message(
            subject=gettext("Your account at Dân Giám Sát"),
            body=gettext(
                "Open the link to choose a password for your account. It works once, for %(days)s days. "
                "If you do not expect this letter, tell your unit and do not open the link.",
                days=7,
            ),
            link=link,
            stop="",
            key=key,
            lang=lang,
        )


def case_for_unit(base: str, token: str, key: str) -> Message:
    """A case was passed to an office that has no account. Which case is behind the link only."""
    with force_locale("vi"):
        return Message(
            subject=gettext("A case has been passed to your unit"),
            body=gettext(
                "The Fatherland Front has passed a case to your unit on Dân Giám Sát. Open the link and press the "
                "button to read it, accept it or give it back, and answer. The link is valid for 14 days and works "
                "once; please do not pass it on outside your unit."
            ),
            link=f"{base}/unit-link/{token}",
            stop="",
            key=key,
            lang="vi",
        )


def case_gone(number: str, link: str, lang: str, key: str) -> Message:
    """A case was taken from a unit. Why stands in no mail."""
    with force_locale(lang):
        return Message(
            subject=gettext("Case %(number)s is no longer with your unit", number=number),
            body=gettext(
                "The Fatherland Front has taken case %(number)s back to have it dealt with elsewhere. There is nothing "
                "more for your unit to do; what it did stays in the record.",
                number=number,
            ),
            link=link,
            stop="",
            key=key,
            lang=lang,
        )


def footer(message: Message) -> str:
    """How to stop, for channels that have room for it; or that it is part of the office."""
    with force_locale(message.lang):
        if not message.stop:
            return gettext("This message is sent by the system to staff accounts. Please do not reply to it.")
        return gettext("To stop these notices: %(link)s", link=message.stop)
