"""What notices say. Nothing that a lock screen, a mail server or a stranger could learn a report from.

All that follow a case read the same sentence, whatever happened; the link leads to the page that asks for the code
and not to the case.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale, gettext


@dataclass(frozen=True, slots=True)
class Message:
    """One notice, ready for any channel. Addresses in it are absolute; `key` is the same at each try."""

    subject: str
    body: str
    link: str
    stop: str
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


def footer(message: Message) -> str:
    """How to stop, for channels that have room for it; empty where it is an office that is written to."""
    if not message.stop:
        return ""
    with force_locale(message.lang):
        return gettext("To stop these notices: %(link)s", link=message.stop)
