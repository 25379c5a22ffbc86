"""Rules, decisions and what is wrong with them, in the reader's words. Used by pages and by commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.pages import labels
from webapp.routing.decide import OFF, WORKING, Rule

KIND: dict[str, LazyString] = {
    "commune_committee": _l("People’s Committee of the commune"),
    "police_commune": _l("Police of the commune"),
    "front_commune": _l("Front of the commune"),
    "province_committee": _l("People’s Committee of the province"),
    "agri_env_dept": _l("Department of Agriculture and Environment"),
    "police_province": _l("Police of the province"),
    "forest_ranger": _l("Forest rangers"),
    "health_dept": _l("Department of Health"),
    "iz_board": _l("Board of industrial zones"),
    "front_province": _l("Front of the province"),
    "front_central": _l("Central Front"),
    "org_farmers": _l("Farmers’ Union"),
    "org_women": _l("Women’s Union"),
    "org_youth": _l("Youth Union"),
    "org_veterans": _l("Veterans’ Association"),
    "org_union": _l("Trade Union"),
}
LEVEL: dict[str, LazyString] = {"commune": _l("Front of the commune"), "province": _l("Front of the province")}
DAYS: dict[str, LazyString] = {WORKING: _l("on working days"), OFF: _l("on days off")}
CERTAINTY: dict[str, LazyString] = {
    "confirmed": _l("confirmed"),
    "secondary": _l("from a second source"),
    "check": _l("to be confirmed"),
    "provisional": _l("provisional"),
}
ORIGIN: dict[str, LazyString] = {
    "browser": _l("in the browser"),
    "command": _l("by a command"),
    "file": _l("from the program’s files"),
}
COLUMN: dict[str, LazyString] = {
    "code": _l("Code"),
    "priority": _l("Order"),
    "category_code": _l("Category"),
    "area_code": _l("Area"),
    "time_from": _l("From"),
    "time_to": _l("To"),
    "days": _l("Days"),
    "target_kind": _l("Kind of unit"),
    "target_unit_code": _l("This very unit"),
    "supervisor_level": _l("Supervised by"),
    "lead_organisation_kind": _l("Leads for the sector"),
    "valid_from": _l("Valid from"),
    "valid_to": _l("Valid to"),
    "note_vi": _l("Note"),
    "certainty": _l("Certainty"),
    "source": _l("Source"),
}
ROW_ERROR: dict[str, LazyString] = {
    "missing": _l("This is needed."),
    "too_long": _l("This is too long."),
    "not_a_choice": _l("This is none of the choices."),
    "bad_code": _l("Only small letters without accents, digits, dots and hyphens, such as r-noise-night."),
    "one_target": _l("Name either a kind of unit or one unit, not both and not none."),
    "not_a_time": _l("This is no time of day. Write it as 22:00."),
    "half_a_window": _l("Give both times, or none."),
    "empty_window": _l("The two times must differ."),
    "not_a_number": _l("This must be a whole number from 1."),
    "not_a_day": _l("This is not a day. Write it as 31/12/2026."),
    "ends_early": _l("The last day lies before the first."),
    "twice": _l("A row above has the same."),
    "taken": _l("There is one already."),
    "bad_category": _l(
        "Begin with a small letter; then small letters without accents, digits, low lines: noise_night."
    ),
    "not_a_number_from_0": _l("This must be a whole number from 0."),
    "not_a_switch": _l("Write 1 for yes, and nothing for no."),
    "law_unknown": _l("No legal basis has this code."),
    "too_exact": _l("Where a sender may be in danger, show only the commune, and nothing of the first 48 hours."),
    "in_use": _l(
        "There are cases under it, and their senders were told how exactly their place is shown. End this category and "
        "add another."
    ),
    "no_questions": _l("Ask at least one question."),
    "too_many_questions": _l("At most 60 questions."),
    "head_differs": _l("The rows of one checklist must agree about it."),
    "area_unknown": _l("No area has this code or name."),
    "area_several": _l("Several areas have this name. Enter the code."),
}
SHEET_ERROR: dict[str, LazyString] = {
    "none": _l("Choose a file."),
    "too_large": _l("The file is too large: at most 10 MB."),
    "not_a_table": _l("This is no CSV or XLSX file."),
    "no_header": _l("The file is empty."),
    "too_many_rows": _l("The file has more than 50,000 rows."),
    "columns": _l("The first row must hold the names of the columns, as in an exported file."),
}


def sheet_error(code: str, most: int) -> str:
    """What is wrong with a file (`sheets.BadSheet`), where at most so many rows are taken at once."""
    if code == "rows_here":
        return _("The file has more than %(count)s rows.", count=most)
    return str(SHEET_ERROR[code])


class Names(Protocol):
    """Names by code; `pages.desk.timeline.Names` is one."""

    def unit(self, code: str | None) -> str: ...
    def area(self, code: str | None) -> str: ...
    def category(self, code: str | None) -> str: ...


def kind(code: str | None) -> str:
    """What a kind of unit is called."""
    return str(KIND.get(code or "", code or ""))


def category(code: str, names: Names) -> str:
    """A rule's category."""
    return _("all categories") if code == "*" else names.category(code)


def area(code: str | None, names: Names) -> str:
    """A rule's area."""
    return names.area(code) if code else _("the whole country")


def target(rule: Rule, names: Names) -> str:
    """Who acts."""
    return names.unit(rule.target_unit_code) if rule.target_unit_code else kind(rule.target_kind)


def hours(rule: Rule) -> str:
    """When in the day and week a rule holds; empty for always."""
    words = [str(DAYS[rule.days])] if rule.days in DAYS else []
    if rule.time_from:
        words.insert(0, f"{rule.time_from}–{rule.time_to}")
    return ", ".join(words)


def validity(rule: Rule) -> str:
    """The days on which a rule holds."""
    if rule.valid_to is None:
        return _("from %(day)s", day=labels.day(rule.valid_from))
    return f"{labels.day(rule.valid_from)} – {labels.day(rule.valid_to)}"


def verdict(code: str, rule: Rule | None) -> str:
    """What spoke for or against a rule that was considered."""
    if code == "not_yet":
        return _("not valid yet: from %(day)s", day=labels.day(rule.valid_from)) if rule else _("not valid yet")
    if code == "ended":
        return _("no longer valid: until %(day)s", day=labels.day(rule.valid_to)) if rule else _("no longer valid")
    if code == "time":
        window = f"{rule.time_from}–{rule.time_to}" if rule else ""
        return _("another time of day: %(window)s", window=window) if window else _("another time of day")
    if code == "days":
        return _("only %(days)s", days=DAYS[rule.days]) if rule and rule.days else _("other days")
    if code == "later":
        return _("fits as well, but comes later in order")
    return _("decides")


def looked(role: str, wanted: str, found: str | None, names: Names) -> str:
    """A unit that was looked for."""
    what = {"unit": _("Acts"), "supervisor": _("Supervises"), "lead": _("Leads for the sector")}.get(role, role)
    sought = kind(wanted) if wanted in KIND else names.unit(wanted)
    return f"{what}: {sought} → {names.unit(found) if found else _('does not exist there')}"


def changed_cells(old: Rule, new: Rule, names: Names) -> list[str]:
    """What differs between two states of a rule, cell by cell."""
    lines = []
    for name, label in COLUMN.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            lines.append(f"{label}: {cell(name, before, names)} → {cell(name, after, names)}")
    return lines


def cell(name: str, value: Any, names: Names) -> str:
    """One cell in words."""
    if value in (None, ""):
        return {"area_code": _("the whole country"), "days": _("every day")}.get(name, "–")
    if isinstance(value, date):
        return labels.day(value)
    words: Mapping[str, Any] = {
        "category_code": {value: category(value, names)},
        "area_code": {value: names.area(value)},
        "target_unit_code": {value: names.unit(value)},
        "target_kind": KIND,
        "lead_organisation_kind": KIND,
        "supervisor_level": LEVEL,
        "days": DAYS,
        "certainty": CERTAINTY,
    }.get(name, {})
    return str(words.get(value, value))


def finding(data: Mapping[str, Any]) -> str:
    """What is wrong with a rule, as a sentence."""
    code, value = data["code"], data["value"]
    others = ", ".join(data["others"])
    day = labels.day(date.fromisoformat(data["day"])) if data["day"] else ""
    return {
        "unknown_category": _("There is no category %(value)s.", value=value),
        "unknown_area": _("There is no area with the code %(value)s.", value=value),
        "unknown_unit": _("There is no unit with the code %(value)s.", value=value),
        "unknown_kind": _("No unit is of the kind %(value)s.", value=value),
        "unknown_lead": _("No organisation is of the kind %(value)s.", value=value),
        "area_not_there": _("The area %(value)s does not exist on %(day)s.", value=value, day=day),
        "unit_not_there": _("The unit %(value)s does not exist on %(day)s.", value=value, day=day),
        "shadowed": _("Never decides: %(others)s come before it and take everything.", others=others),
        "tie": _("Stands at the same place in order as %(others)s: only the code decides between them.", others=others),
    }.get(code, code)


def gap(data: Mapping[str, Any], province: str, commune: str, names: Names) -> str:
    """Where nobody is named, as a sentence."""
    where = ngettext(
        "%(province)s, %(num)d commune (%(example)s)",
        "%(province)s, %(num)d communes (such as %(example)s)",
        data["communes"],
        province=province,
        example=commune,
    )
    what = ", ".join(names.category(c) for c in data["categories"][:4])
    if len(data["categories"]) > 4:
        what += _(" and %(count)s more", count=len(data["categories"]) - 4)
    if data["why"] == "no_rule":
        return _("%(where)s: no rule for %(what)s.", where=where, what=what)
    who = kind(data["target"])
    return _("%(where)s: no “%(who)s” for %(what)s.", where=where, who=who, what=what)


def moved(data: Mapping[str, Any], names: Names) -> tuple[str, str]:
    """(who had it, who would have it)."""
    return tuple(names.unit(data[k]) if data[k] else _("the Front decides") for k in ("from", "to"))  # type: ignore[return-value]


def codes_of(rules: Iterable[Rule | None]) -> tuple[set[str | None], set[str | None]]:
    """(units, areas) that rules name."""
    there = [r for r in rules if r is not None]
    return {r.target_unit_code for r in there}, {r.area_code for r in there}
