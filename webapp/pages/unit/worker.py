"""The service worker of the inspection form. For everybody: browsers ask for it without saying who they are, and it
holds nothing but the way in which a phone keeps the form."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template

from webapp.pages.web import asset

bp = Blueprint("unit_worker", __name__)


@bp.get("/unit/sw.js")
def worker() -> Response:
    """The script. Its scope is below /unit/cases/, and there it answers for inspection forms alone."""
    script = render_template("unit/sw.js", sheets=json.dumps(asset("js/sheets.js")))
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
