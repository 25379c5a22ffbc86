"""A small page with the figures of a place or a unit, for other sites to show in a frame.

The only page that may be framed. It takes no cookie and sets none, runs no script, has no form, and is the same for
everybody: the language is in its address.
"""

from __future__ import annotations

from flask import Response, render_template, request
from flask_babel import force_locale

from webapp.core import clock
from webapp.core.instance import instance
from webapp.figures import queries
from webapp.pages.i18n import LANGUAGES
from webapp.pages.public import figures_asked, figures_tables
from webapp.pages.public.figures_files import CACHE
from webapp.pages.public.figures_subject import Subject, country_subject, place_subject, unit_subject
from webapp.pages.public.figures_tables import Line
from webapp.pages.public.shared import shared_bytes
from webapp.pages.public.views import known_codes

COUNTRY = "country"
SHOWN = ("reported", "received", "answered", "share_in_time", "overdue", "accepted")
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"


def answer(code: str) -> Response:
    """`/embed/<code>`: "country", the code of a province or commune, or of a unit; `lang` and the filters of figures.
    What is wrong in the address is left out: there is nobody in the frame to correct it."""
    wanted = request.args.get("lang", "vi")
    lang = wanted if wanted in LANGUAGES else "vi"
    with force_locale(lang):
        subject = _subject(code)
        question, _problems = figures_asked.read(request.args.items(multi=True), known_codes(), clock.today())
        line = Line("", "", None, queries.one(subject.scope, question.asked), subject.where, question)
        query = figures_asked.canonical(question)
        html = render_template(
            "public/embed.html",
            lang=lang,
            subject=subject,
            period=figures_asked.in_words(question),
            facts=[fact for fact in figures_tables.facts(SHOWN, line) if fact[2].text != "–"][:4],
            page=instance().settings.public_url + subject.path + (f"?{query}" if query else ""),
        )
    asked = figures_asked.canonical(question, lang=lang if lang != "vi" else None)
    response = shared_bytes(
        html.encode(), CACHE, mimetype="text/html", address=f"/embed/{code}" + (f"?{asked}" if asked else "")
    )
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def snippet(subject: Subject, query: str, title: str) -> str:
    """The words that show the box on another site."""
    address = f"{instance().settings.public_url}/embed/{subject.code or COUNTRY}" + (f"?{query}" if query else "")
    escaped = address.replace("&", "&amp;"), title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<iframe src="{escaped[0]}" title="{escaped[1]}" width="340" height="280" loading="lazy"></iframe>'


def _subject(code: str) -> Subject:
    if code == COUNTRY:
        return country_subject()
    return place_subject(code) if code.isdigit() else unit_subject(code)
