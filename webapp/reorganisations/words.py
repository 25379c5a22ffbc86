"""What can be wrong with a plan, in plain English for commands and the record; pages have their own words."""

from __future__ import annotations

from webapp.reorganisations.plan import Problem

PROBLEMS = {
    "no_steps": "the plan has no steps",
    "twice": "the same step stands there twice",
    "action_unknown": "the action is none of rename, merge, split, abolish",
    "what_unknown": "neither area nor unit",
    "from_missing": "it is not said whom it is about",
    "to_missing": "it is not said what comes after",
    "rename_keeps_code": "a new name keeps the code; use merge for a new code",
    "name_missing": "the new name is missing",
    "to_itself": "it cannot end and be its own successor",
    "share_bad": "a share lies between 0 and 1",
    "cases_only_for_split": "only where a unit is split can communes be given for its cases",
    "two_fates": "two different things happen to it",
    "several_targets": "it has several successors; that is a split",
    "shares_too_large": "the shares are more than the whole",
    "target_ends": "its successor ends in the same plan",
    "unknown_code": "there is no such code on the day before",
    "overlap": "a later state is already there",
    "target_missing": "the successor does not exist and has no name here by which it could be made",
    "level_differs": "a province and a commune",
    "kind_unknown": "the name does not begin with a kind of area, such as Xã, Phường, Tỉnh",
    "land_left": "the area would belong to nobody",
    "split_boundary": "import the boundaries that hold from that day first",
    "gap": "the new areas do not cover the old one; of it would be left out",
    "unit_left": "its area ends, but nothing is said about it",
    "commune_left": "its province is split, but nothing is said about it",
    "account_left": "an account would be left without a unit",
    "rule_names": "a routing rule names what ends",
}
REFUSALS = (
    "code_bad",
    "title_missing",
    "too_many_steps",
    "code_taken",
    "changed_meanwhile",
    "has_problems",
    "state_wrong",
)
TABLE = (
    "too_large",
    "not_a_table",
    "column_missing",
    "line_unknown",
    "day_bad",
    "too_long",
    "share_bad",
)


def plain(problem: Problem) -> str:
    """One line."""
    where = f"step {problem.step}: " if problem.step else ""
    about = f" ({problem.about})" if problem.about else ""
    return f"{where}{PROBLEMS[problem.code]}{about}"
