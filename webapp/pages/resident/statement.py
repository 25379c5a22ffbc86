"""The statement about personal data, and the quick exit that pages of the reporter carry."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, render_template
from markupsafe import Markup

from webapp.reports.intake import CONSENT

bp = Blueprint("privacy", __name__)
RETENTION_MONTHS = 24  # a product decision, to be confirmed by a lawyer: no statutory period was found


@bp.get("/privacy")
def statement() -> str:
    """Who handles personal data here, why, for how long, and what one may ask for."""
    return render_template("resident/privacy.html", wording=CONSENT, months=RETENTION_MONTHS)


@bp.app_template_global("module_text")
def module_text(name: str) -> Markup:
    """A small module of static/js as text: the first view of the form has no request to spare for it."""
    return Markup((Path(current_app.static_folder or "") / "js" / name).read_text("utf-8"))  # noqa: S704 - our own file
