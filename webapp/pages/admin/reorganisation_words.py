"""A reorganisation in words for people: states, steps, and what stands in the way."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.reorganisations.plan import Problem

STATES: dict[str, tuple[LazyString, str]] = {
    "draft": (_l("Draft"), "neutral"),
    "approved": (_l("Approved, waits for its day"), "attention"),
    "applied": (_l("Carried out"), "good"),
    "withdrawn": (_l("Withdrawn"), "neutral"),
    "refused": (_l("Stopped on its day"), "bad"),
}
ACTIONS: dict[str, LazyString] = {
    "rename": _l("Rename"),
    "merge": _l("Merge into"),
    "split": _l("Split into"),
    "abolish": _l("End"),
}
WHATS: dict[str, LazyString] = {"area": _l("Area"), "unit": _l("Unit")}
EVENTS: dict[str, LazyString] = {
    "reorganisation:drafted": _l("Drafted"),
    "reorganisation:changed": _l("Changed"),
    "reorganisation:approved": _l("Approved"),
    "reorganisation:withdrawn": _l("Withdrawn"),
    "reorganisation:reopened": _l("Made a draft again"),
    "reorganisation:refused": _l("Stopped: something stood in the way"),
    "reorganisation:applied": _l("Carried out"),
    "reorganisation:cases_moved": _l("All open cases have followed"),
    "reorganisation:done_again": _l("Names put in place again after an import"),
}
_PROBLEMS: dict[str, LazyString] = {
    "no_steps": _l("The plan has no steps yet."),
    "twice": _l("The same step stands there twice."),
    "action_unknown": _l("The action must be rename, merge, split or abolish."),
    "what_unknown": _l("It must say area or unit."),
    "from_missing": _l("Say whom it is about."),
    "to_missing": _l("Say what comes after."),
    "rename_keeps_code": _l("A new name keeps its code. For another code use a merger."),
    "name_missing": _l("The new name is missing."),
    "to_itself": _l("What ends cannot be its own successor."),
    "share_bad": _l("A share is a number between 0 and 1."),
    "cases_only_for_split": _l("Communes for the cases can only be named where a unit is split."),
    "two_fates": _l("Two different things happen to the same code."),
    "several_targets": _l("It has several successors: that is a split."),
    "shares_too_large": _l("The shares are more than the whole."),
    "target_ends": _l("The successor ends in the same plan."),
    "unknown_code": _l("On the day before there is no such code."),
    "overlap": _l("A later state of it is already there."),
    "target_missing": _l("The successor does not exist. Give its name, so that it can be made."),
    "level_differs": _l("A province and a commune cannot stand in for each other."),
    "kind_unknown": _l("The name must begin with its kind, such as Xã, Phường, Tỉnh."),
    "land_left": _l("The area would belong to nobody."),
    "split_boundary": _l("Import the boundaries that hold from that day first."),
    "gap": _l("The new areas do not cover the old one."),
    "unit_left": _l("Its area ends, but the plan says nothing about this unit."),
    "commune_left": _l("Its province is split, but the plan says nothing about this commune."),
    "account_left": _l("This account would be left without a unit. Switch it off, or name a successor."),
    "rule_names": _l("This routing rule names what ends. Change the rule for that day."),
}
# What a step may say besides its name and code.
FIELDS: dict[str, LazyString] = {
    "name_en": _l("Name in English"),
    "short_name_vi": _l("Short name"),
    "parent_code": _l("Stands under (code)"),
    "name_before": _l("Name before that day"),
}
REFUSALS: dict[str, LazyString] = {
    "code_bad": _l("Use small letters without diacritics, digits and hyphens, such as dong-nai-2026."),
    "title_missing": _l("Give the plan a title."),
    "too_many_steps": _l("The plan has too many steps."),
    "code_taken": _l("There is a plan with this code already, and it is no draft any more."),
    "changed_meanwhile": _l("The plan has been changed since you opened it. Read it again."),
    "own_plan": _l("You have drafted or changed this plan, so another administrator approves it."),
    "has_problems": _l("Something stands in the way of the plan. See below."),
    "state_wrong": _l("The plan is not in the state for this any more."),
}
TABLE: dict[str, LazyString] = {
    "too_large": _l("The file is too large."),
    "not_a_table": _l("The file is no CSV in UTF-8 and no XLSX."),
    "column_missing": _l("A column is missing."),
    "line_unknown": _l("This line is neither part of the head nor a step."),
    "day_bad": _l("Give the day, such as 30/4/2026."),
    "too_long": _l("This text is too long."),
    "share_bad": _l("A share is a number between 0 and 1."),
}


def problem(found: Problem) -> str:
    """One problem as a sentence, with the step and what it is about."""
    words = str(_PROBLEMS[found.code])
    words = f"{found.about}: {words}" if found.about else words
    return _("Step %(number)s: %(words)s", number=found.step, words=words) if found.step else words


def table(code: str, line: int | None, about: str) -> str:
    """Why a file cannot be read."""
    words = f"{about}: {TABLE[code]}" if about else str(TABLE[code])
    return _("Line %(number)s: %(words)s", number=line, words=words) if line else words
