"""Rules in the browser: the list, the simulator, the checks and the versions. The draft is in `rule_draft`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts import audit
from webapp.accounts.permissions import allowed
from webapp.core import clock, sheets, stamps, text
from webapp.core.db import db
from webapp.pages import labels, routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import places
from webapp.pages.desk.timeline import Names
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries
from webapp.reports.models import Category, CategoryGroup
from webapp.reports.service import actor_of
from webapp.routing import checks, rows, rulesets, trial
from webapp.routing.decide import Rule, Rules
from webapp.routing.models import RoutingRule, RuleVersion
from webapp.routing.router import router
from webapp.units import queries as units
from webapp.units.models import Unit

bp = Blueprint("rules", __name__, url_prefix="/admin/routing")
PAGE = 50
WHEN: dict[str, LazyString] = {
    "now": _l("Valid today"),
    "coming": _l("To come"),
    "ended": _l("Ended"),
    "all": _l("All"),
}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def page(template: str, tab: str, status: int = 200, **context: Any) -> Response:
    """A page of this part, with its tabs."""
    draft = rulesets.draft()
    tabs = [
        ("/admin/routing", _("Rules"), tab == "rules"),
        ("/admin/routing/simulate", _("Simulator"), tab == "simulate"),
        ("/admin/routing/checks", _("Gaps and checks"), tab == "checks"),
        ("/admin/routing/versions", _("Versions"), tab == "versions"),
        ("/admin/tables/deadlines", _("Deadlines"), tab == "deadlines"),
        ("/admin/tables/days", _("Days off"), tab == "days"),
        ("/admin/tables/hours", _("Office hours"), tab == "hours"),
        ("/admin/tables/reminders", _("Reminders"), tab == "reminders"),
        ("/admin/categories", _("Categories"), tab == "categories"),
        ("/admin/checklists", _("Checklists"), tab == "checklists"),
        ("/admin/units", _("Units"), tab == "units"),
    ]
    if may_edit() and draft is not None:
        tabs.insert(4, ("/admin/routing/draft", _("Draft"), tab == "draft"))
    shown = {"tabs": tabs, "may_edit": may_edit(), "open_draft": draft, "words": routing_words, "labels": labels}
    return Response(render_template(template, **shown | context), status, mimetype="text/html")


def may_edit() -> bool:
    """Whether the signed-in person may change rules."""
    return allowed(identity().role, "rules:edit")


def names_for(unit_codes: set[str | None], area_codes: set[str | None], users: set[int | None] | None = None) -> Names:
    """Names to show; one statement each."""
    return Names(
        units.by_codes({code for code in unit_codes if code}),
        desk_queries.posts(users or ()),
        desk_queries.area_names(area_codes),
        {code: in_language(name) for code, name in db.session.execute(select(Category.code, Category.name))},
    )


def category_choices() -> list[Any]:
    """Categories under their groups."""
    groups = db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position)).all()
    found = db.session.scalars(select(Category).where(~Category.retired).order_by(Category.position)).all()
    grouped = [
        (in_language(g.name), [(c.code, in_language(c.name)) for c in found if c.group_code == g.code]) for g in groups
    ]
    return [(label, members) for label, members in grouped if members]


@bp.get("")
def overview() -> Response:
    """The rules in order, those of the draft with `?draft`."""
    require("rules:view")
    draft = rulesets.draft() if "draft" in request.args and may_edit() else None
    rules = Rules(rulesets.rules_of(draft)) if draft else router().rules
    asked = {
        "q": text.clean(request.args.get("q"))[:80],
        "category": request.args.get("category", "")[:40],
        "area": text.clean(request.args.get("area"))[:80],
        "when": request.args.get("when", "now") if request.args.get("when", "now") in WHEN else "now",
    }
    errors: dict[str, str] = {}
    near: set[str] = set()
    if asked["area"]:
        try:
            found = places.find(asked["area"])
            near = {found.code, found.parent_code or ""}
        except places.Unclear as unclear:
            errors["area"] = unclear_words(unclear)
    listed = [r for r in rules.ordered if not errors and _matches(r, asked, near)]
    start = _start(listed, request.args.get("after", "")[:60])
    shown = listed[start : start + PAGE]
    more = listed[start + PAGE - 1].code if len(listed) > start + PAGE else None
    kept = {k: v for k, v in asked.items() if v} | ({"draft": "1"} if draft else {})
    return page(
        "admin/routing/rules.html",
        "draft" if draft else "rules",
        rules=shown,
        total=len(listed),
        every=len(rules.ordered),
        names=names_for(*routing_words.codes_of(shown)),
        categories=[("*", _("all categories")), *category_choices()],
        when_options=list(WHEN.items()),
        values=asked,
        errors=errors,
        draft=draft,
        number=rulesets.number(),
        more=f"/admin/routing?{urlencode(kept | {'after': more})}" if more else None,
        first=f"/admin/routing?{urlencode(kept)}" if start else None,
    )


def _matches(rule: Rule, asked: dict[str, str], near: set[str]) -> bool:
    today = clock.today()
    over = rule.valid_to is not None and rule.valid_to < today
    state = "ended" if over else "coming" if rule.valid_from > today else "now"
    if asked["when"] not in ("all", state) or (asked["category"] and rule.category_code != asked["category"]):
        return False
    if near and rule.area_code not in near:
        return False
    about = f"{rule.code} {rule.target_unit_code or ''} {rule.target_kind or ''} {rule.note_vi} {rule.source}"
    return all(word in text.fold(about) for word in text.fold(asked["q"]).split())


def _start(rules: list[Rule], after: str) -> int:
    return next((i + 1 for i, rule in enumerate(rules) if rule.code == after), 0) if after else 0


def unclear_words(unclear: places.Unclear) -> str:
    """What to say at the field of an area."""
    if unclear.options:
        some = ", ".join(f"{a.name} ({a.code})" for a in unclear.options[:6])
        return _("Which one? Enter the code: %(communes)s", communes=some)
    return str(routing_words.ROW_ERROR[unclear.code])


@bp.post("/export.<any(csv,xlsx):form>")
def export(form: str) -> Response:
    """The rules in force, of a version (`version`) or of the draft (`draft`) as a table."""
    require("rules:view")
    wanted = request.form.get("version", "")
    if "draft" in request.form and may_edit():
        found = rulesets.draft()
        label = "draft"
    else:
        found = version_or_404(wanted) if wanted else None
        label = f"{found.number if found else rulesets.number()}"
    if "draft" in request.form and found is None:
        abort(404)
    rules = Rules(rulesets.rules_of(found)).ordered if found else router().rules.ordered
    data = sheets.write(form, rows.COLUMNS, map(rows.as_cells, rules), "routing_rules")
    taken = Taken("rules:exported", "routing_rules", {"version": label, "rows": len(rules)})
    return download(data, form, f"routing-rules-{label}", taken)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the audit trail says of an export."""

    kind: str
    what: str
    data: dict[str, Any]


def download(data: bytes, form: str, name: str, taken: Taken) -> Response:
    """A table as a file, noted in the audit trail."""
    audit.record(taken.kind, actor_of(identity()), taken.what, format=form, **taken.data)
    response = Response(data, content_type=sheets.MIMETYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def version_or_404(typed: str) -> RuleVersion:
    """A published version by its number."""
    found = rulesets.version(int(typed)) if typed.isdecimal() and len(typed) < 9 else None
    if found is None:
        abort(404)
    return found


@bp.get("/checks")
def check() -> Response:
    """What is wrong with the rules in force, and where they name nobody today."""
    require("rules:view")
    now = router()
    today = clock.today()
    key = (today, stamps.current(RoutingRule, Unit), rulesets.number())
    known = current_app.extensions.get("routing_checks")
    if known is None or known[0] != key:
        found = [trial.finding_data(f) for f in checks.findings(now.rules, trial.world())]
        known = (key, found, [trial.gap_data(g) for g in trial.gaps(now, today)])
        current_app.extensions["routing_checks"] = known
    _key, found, gaps = known
    return page(
        "admin/routing/checks.html",
        "checks",
        findings=found[: trial.LISTED],
        findings_total=len(found),
        **gap_context(gaps[: trial.LISTED]),
        gaps_total=len(gaps),
        number=rulesets.number(),
    )


def gap_context(gaps: list[dict[str, Any]]) -> dict[str, Any]:
    """Gaps in words."""
    names = names_for(set(), {g["example"] for g in gaps})
    provinces = trial.provinces()
    said = [
        (
            routing_words.gap(
                g, provinces.get(g["province_code"], g["province_code"]), names.area(g["example"]), names
            ),
            g.get("new"),
        )
        for g in gaps
    ]
    return {"gaps": said}


from webapp.pages.admin import rule_draft, rule_simulator, rule_versions  # noqa: E402, F401 - their routes belong here
