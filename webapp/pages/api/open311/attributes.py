"""What a service asks for beyond the fixed fields: its definition, and reading what was given."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp.pages.i18n import in_language
from webapp.reports.models import Category

OBSERVED_AT, BYPASS = "observed_at", "bypass_commune"
WARNING, EVIDENCE = "warning", "evidence"  # told to the person, nothing is asked
YES, NO = "yes", "no"
_ATTRIBUTE = re.compile(r"attribute\[([^\]]{0,80})\](\[[0-9]{0,3}\])?")  # with [] or [0] behind it in lists


def definition_of(category: Category) -> list[dict[str, Any]]:
    """The attributes of a service, in order.

    A warning ("keep away") and what evidence helps are told with `variable` false: the specification's way to put
    words before the person.
    """
    found: list[dict[str, Any]] = []
    if warning := in_language(category.warning):
        found.append({"variable": False, "code": WARNING, "datatype": "text", "description": str(warning)})
    if evidence := in_language(category.evidence):
        helps = _("What helps: %(what)s", what="; ".join(evidence))
        found.append({"variable": False, "code": EVIDENCE, "datatype": "text", "description": helps})
    found.append(
        {
            "code": OBSERVED_AT,
            "datatype": "datetime",
            "datatype_description": _("Such as 2026-03-01T07:30:00+07:00"),
            "description": _("When was it seen?"),
        }
    )
    found.append(
        {
            "code": BYPASS,
            "datatype": "singlevaluelist",
            "datatype_description": _("Yes, if the sender fears the commune: the Front of the province takes it over."),
            "description": _("Do not show this report to my commune"),
            "values": [{"key": YES, "name": _("Yes")}, {"key": NO, "name": _("No")}],
        }
    )
    return [_whole(order, one) for order, one in enumerate(found, start=1)]


def _whole(order: int, one: dict[str, Any]) -> dict[str, Any]:
    empty = {"variable": True, "code": "", "datatype": "", "required": False, "datatype_description": None}
    return empty | {"order": order, "description": None, "values": []} | one


def given_attributes(form: MultiDict[str, str], wrong: list[str]) -> dict[str, str]:
    """{code: value} of `attribute[code]` and `attribute[code][]` with anything in it.

    What no definition has, or holds more than the one value that every code here takes, is appended to `wrong`:
    told, not swallowed.
    """
    found: dict[str, set[str]] = {}
    for name, value in form.items(multi=True):
        match = _ATTRIBUTE.fullmatch(name)
        if match and value.strip():
            found.setdefault(match[1], set()).add(value.strip())
    unknown = [code for code in found if code not in {OBSERVED_AT, BYPASS, WARNING, EVIDENCE}]
    wrong += [
        _("attribute[%(code)s] is not in the definition of the service.", code=code[:40]) for code in unknown[:20]
    ]
    several = [code for code in (OBSERVED_AT, BYPASS) if len(found.get(code, ())) > 1]
    wrong += [_("attribute[%(code)s]: one value only.", code=code) for code in several]
    read = {code: min(values) for code, values in found.items() if code not in unknown}
    chosen = read.get(BYPASS, NO).lower()
    if chosen not in {YES, NO}:
        wrong.append(_("attribute[%(code)s]: one of %(values)s.", code=BYPASS, values=f"{YES}, {NO}"))
    return read | {BYPASS: YES if chosen == YES else ""}
