"""Languages: Vietnamese first, English the source, Khmer for the resident's journey.

The browser's Accept-Language counts until the person chooses; the choice is a plain cookie, no account.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, redirect, request
from flask.globals import app_ctx
from flask_babel import Babel, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.wrappers import Response

LANGUAGES = ("vi", "en", "km")
COOKIE = "lang"


def init_app(app: Flask) -> None:
    """Choose the language of each request and add /language."""
    Babel(app, locale_selector=select_locale)
    app.jinja_env.globals.update({"gettext": say, "_": say})  # type: ignore[dict-item]
    app.add_template_global(get_locale)
    app.add_template_filter(in_language)


def select_locale() -> str:
    """The person's choice, else the browser's first wish that we have, else Vietnamese."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or "vi"


def language() -> str:
    """The two letters of this request's language."""
    return str(get_locale() or "vi")[:2]


@pass_eval_context
def say(context: EvalContext, message: str, **variables: Any) -> str:
    """A message in this request's language, for templates; %-formatted always, as Jinja's own newstyle gettext is.

    A page says some fifty of them. Flask-Babel looks the language and the catalogue up for each, which was a tenth
    of a desk page's CPU; here a message without variables is found in one dictionary.
    """
    if not context.autoescape:
        return str(get_translations().ugettext(message)) % variables
    if variables:
        return Markup(get_translations().ugettext(message)) % variables  # noqa: S704 - written by translators
    said = _said_here()
    text = said.get(message)
    if text is None:
        text = said[message] = Markup(get_translations().ugettext(message)) % {}  # noqa: S704
    return text


def _said_here() -> dict[str, Markup]:
    """What `say` has said in this language so far. Only messages of our own templates come in."""
    babel = getattr(app_ctx.g, "_flask_babel", None)
    locale = getattr(babel, "babel_locale", None) or get_locale()
    return _said.setdefault(locale.language if locale else "", {})


_said: dict[str, dict[str, Markup]] = {}


def in_language(texts: dict[str, Any] | None) -> Any:
    """The text for this request's language out of {language: text}, else Vietnamese."""
    texts = texts or {}
    return texts.get(language()) or texts.get("vi") or ""


def remember(language_code: str, target: str) -> Response:
    """Go to `target` (an address on this site) and remember the language for a year."""
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        target = "/"
    response = redirect(target)
    if language_code in LANGUAGES:
        response.set_cookie(
            COOKIE, language_code, max_age=31_536_000, samesite="Lax", httponly=True, secure=request.is_secure
        )
    return response
