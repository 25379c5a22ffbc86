"""Words of the unit's side that only staff read."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

# Why a unit gives a case back (`reports.unit_work.REFUSALS`).
REFUSAL: dict[str, LazyString] = {
    "other_area": _("The place is not in our area"),
    "other_matter": _("The matter is not ours to decide"),
    "handled_already": _("It has been dealt with, or is being dealt with in another case"),
    "too_little": _("Too little is known to act on"),
    "other": _("Another reason"),
}
# Answers to a yes-or-no question of a checklist (`inspections.checklists.WORDS`).
SEEN: dict[str, LazyString] = {"yes": _("yes"), "no": _("no"), "unknown": _("not established")}
