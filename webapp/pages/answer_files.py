"""Handing out a document: to be saved, never to be run in our pages' name."""

from __future__ import annotations

from flask import Response, abort

from webapp.core.instance import instance
from webapp.reports.models import AnswerFile


def hand_out(file: AnswerFile) -> Response:
    """The copy that was found harmless; 404 while there is none. The file's own name is not handed on."""
    if file.state != "clean":
        abort(404)
    try:
        data = instance().storage.get(file.copy_name)
    except FileNotFoundError:
        abort(404)
    response = Response(data, mimetype="application/pdf")
    guard(response, file)
    return response


def guard(response: Response, file: AnswerFile) -> None:
    """Keep a browser from doing anything with the document but saving it."""
    response.headers["Content-Disposition"] = f'attachment; filename="tai-lieu-{file.public_id[:10]}.pdf"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
