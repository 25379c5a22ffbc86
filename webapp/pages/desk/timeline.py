"""A case's record in words for staff; for the unit without anything between the Front and the reporter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.core.events import Event
from webapp.pages import labels
from webapp.pages import routing_words as routing_words_of
from webapp.pages.desk import case_timeline, safety_timeline, supervision_timeline, unit_timeline
from webapp.pages.desk.unit_words import REFUSAL
from webapp.reports import lifecycle as life

# Steps whose reason a unit may read: those between the Front and the unit.
_UNIT_REASONS = {
    (life.ASSIGNED, life.SCREENING),
    (life.ASSIGNED, life.ASSIGNED),
    (life.ANSWERED, life.REWORK),
    (life.ANSWERED, life.VERIFIED),
    (life.CLOSED, life.REWORK),
    (life.VERIFYING, life.ASSIGNED),
    (life.IN_PROGRESS, life.ASSIGNED),
    (life.REWORK, life.ASSIGNED),
}
_UNIT_KINDS = {
    "report:submitted",
    "report:routed",
    "report:assigned",
    "report:moved",
    "report:objected",
    "report:rated",
    "report:upheld",
    "report:clock_restarted",
    "report:reorganised",
    "report:reminded",
    "extension:asked",
    "extension:granted",
    "extension:refused",
    "outcome:recorded",
    "outcome:published",
    *unit_timeline.KINDS,
}


class Names:
    """Names by code that the record's entries speak of."""

    def __init__(
        self, units: dict[str, Any], posts: dict[int, str], areas: dict[str, str], categories: dict[str, str]
    ) -> None:
        self.areas, self.posts = areas, posts
        self._units, self._categories = units, categories

    def unit(self, code: str | None) -> str:
        found = self._units.get(code or "")
        return (found.short_name_vi or found.name_vi) if found else (code or _("nobody"))

    def row(self, code: str) -> Any:
        """The unit itself, under its name of today or its last one; None if it was not looked up."""
        return self._units.get(code)

    def area(self, code: str | None) -> str:
        return self.areas.get(code or "", code or _("no known commune"))

    def category(self, code: str | None) -> str:
        return self._categories.get(code or "", code or "")

    def who(self, entry: Event) -> str:
        """The unit and the post of whoever acted."""
        plain = {
            "system": _("The system"),
            "reporter": _("The sender"),
            "program": _("A connected program"),
            "admin": _("An administrator"),
        }
        if entry.actor in plain:
            return plain[entry.actor]
        post = self.posts.get(entry.user_id or 0, "")
        unit = self.unit(entry.unit_code) if entry.unit_code else ""
        if entry.actor == "unit_link":
            post = _("by e-mail link")
        return " · ".join(word for word in (unit, post) if word)


def codes_in(entries: list[Event]) -> tuple[set[str | None], set[int], set[str | None]]:
    """(unit codes, user ids, area codes) that the entries speak of."""
    units: set[str | None] = set()
    users: set[int] = set()
    areas: set[str | None] = set()
    for entry in entries:
        for part in (entry.data, entry.data.get("before"), entry.data.get("after")):
            if isinstance(part, dict):
                units |= {part[k] for k in ("unit", "supervisor", "lead", "proposed", "handed_over_by") if part.get(k)}
                areas |= {part[k] for k in ("area", "commune", "province") if part.get(k)}
        if entry.unit_code:
            units.add(entry.unit_code)
        users |= {n for n in (entry.user_id, entry.data.get("officer")) if n}
    return units, users, areas


def items(entries: list[Event], names: Names, *, for_unit: bool = False) -> list[dict[str, Any]]:
    """What to show, newest first: at, title, who, body, reason, internal, status."""
    shown = []
    for entry in entries:
        if for_unit and entry.kind not in _UNIT_KINDS:
            continue
        words = _words(entry, names, for_unit)
        if words is not None:
            shown.append(
                {
                    "at": labels.moment(entry.at),
                    "iso": entry.at.isoformat(),
                    # Whom somebody told is a trace to them, so the unit does not learn it.
                    "who": _("The sender") if for_unit and entry.kind == "report:submitted" else names.who(entry),
                    "internal": not entry.public,
                    "seq": entry.seq,
                    "status": None,
                    "body": "",
                    "reason": "",
                }
                | words
            )
    return shown[::-1]


def shown(items: list[dict[str, Any]], only: str) -> list[dict[str, Any]]:
    """The items that a reader asked for: `public`, `internal`, anything else means all."""
    if only not in ("public", "internal"):
        return items
    return [item for item in items if item["internal"] == (only == "internal")]


def _words(entry: Event, names: Names, for_unit: bool) -> dict[str, Any] | None:
    data = entry.data
    kind = entry.kind
    if kind == "report:moved":
        return _move(data, names, for_unit)
    if kind == "report:submitted":
        return {"title": _("Report sent"), "status": life.NEW}
    if kind == "report:routed":
        return {
            "title": _("Proposed: %(unit)s", unit=names.unit(data.get("unit"))),
            "body": routing_words(data, names),
            "icon": "forward",
        }
    if kind == "report:assigned":
        note = data.get("note", "")
        if data.get("proposed") == data.get("unit") and not note:
            return None  # the step itself follows and says the same
        unit = names.unit(data.get("unit"))
        return {"title": _("Chosen by hand: %(unit)s", unit=unit), "body": note, "icon": "building"}
    if kind == "report:corrected":
        body = "\n".join(changes(data, names))
        reason = {"reason": data.get("reason", ""), "only_front": True}
        return {"title": _("Corrected"), "body": body, "icon": "edit"} | reason
    if kind == "report:bypassed":
        body = "\n".join(changes(data, names))
        reason = {"reason": data.get("reason", ""), "only_front": True}
        return {"title": _("Kept from the commune"), "body": body, "icon": "shield"} | reason
    if kind == "report:reorganised":
        lines = changes(data, names)
        if data.get("doubt"):
            lines.append(_("The plan alone does not say whose it is now. Please check."))
        title = _("Reorganisation: %(title)s", title=data.get("title", ""))
        return {"title": title, "body": "\n".join(lines), "icon": "refresh"}
    if kind == "report:clock_restarted":
        return {"title": _("New due time: %(day)s", day=_day(data.get("due"))), "icon": "clock"}
    if kind in supervision_timeline.KINDS:
        return supervision_timeline.words(kind, data, names)
    if kind == "report:supplemented":
        return {
            "title": _("The sender added something"),
            "body": _("%(count)s photos", count=data.get("photos", 0)) if data.get("photos") else "",
            "icon": "chat",
        }
    if kind in ("report:objected", "report:rated"):
        word = {"yes": _("solved"), "partly": _("solved in part"), "no": _("not solved")}.get(data.get("word", ""), "")
        stars = _("%(number)s out of 5", number=data["rating"]) if data.get("rating") else ""
        return {"title": _("The sender says: %(word)s", word=word), "body": stars, "icon": "chat"}
    if kind == "report:upheld":
        return {"title": _("Checked again: the answer stands"), "reason": data.get("reason", ""), "icon": "check"}
    if kind == "report:published":
        return {
            "title": _("Public part changed"),
            "body": _(
                "Text: %(text)s, photos: %(photos)s, answers: %(answers)s",
                text=_("yes") if data.get("text") else _("no"),
                photos=len(data.get("photos", [])),
                answers=len(data.get("answers", [])),
            ),
            "icon": "eye",
        }
    if kind in case_timeline.KINDS:
        return case_timeline.words(kind, data)
    if kind in unit_timeline.KINDS:
        return unit_timeline.words(kind, data, names)
    if kind in safety_timeline.KINDS:
        return safety_timeline.words(kind, data)
    if kind == "outcome:recorded":
        finding = labels.FINDING.get(data.get("finding", ""), "")
        return {"title": _("Inspection outcome recorded"), "body": str(finding), "icon": "document"}
    if kind == "outcome:published":
        return {"title": _("Inspection outcome published"), "icon": "eye"}
    if kind == "photo:blurred":
        count = data.get("areas", 0)
        title = _("%(count)s areas hidden in a photo", count=count) if count else _("Nothing is hidden in a photo now")
        return {"title": title, "icon": "eye"}
    if kind == "photo:refused":
        return {"title": _("A photo could not be made safe and stays sealed"), "icon": "photo"}
    if kind == "recording:sealed":
        return {"title": _("A recording could not be made safe and stays sealed"), "icon": "lock"}
    if kind in ("recording:stripped", "photo:cleaned"):
        return None  # a matter of the machine; the photo shows it
    return {"title": kind, "icon": "info"}


def _move(data: dict[str, Any], names: Names, for_unit: bool) -> dict[str, Any]:
    frm, to = data.get("from", ""), data.get("to", "")
    refused = frm == life.ASSIGNED and to == life.SCREENING
    reason = data.get("reason", "")
    if for_unit and (frm, to) not in _UNIT_REASONS:
        reason = ""
    title = str(labels.STATUS.get(to, to))
    body = ""
    if refused:
        title = _("The unit gave the case back")
        why = REFUSAL.get(data.get("why", ""), "")
        proposed = _("Proposed: %(unit)s", unit=names.unit(data["proposed"])) if data.get("proposed") else ""
        body = ". ".join(str(part) for part in (why, proposed) if part)
    elif data.get("recalled"):
        title = _("Taken back from %(unit)s", unit=names.unit(data.get("handed_over_by")))
    elif data.get("taken"):
        title = _("The Front gave it to %(unit)s", unit=names.unit(data.get("unit")))
        body = _("Before: %(unit)s", unit=names.unit(data.get("handed_over_by")))
    elif data.get("handed_over_by"):
        title = _("Handed over to %(unit)s", unit=names.unit(data.get("unit")))
    elif to == life.ASSIGNED:
        title = _("Passed to %(unit)s", unit=names.unit(data.get("unit")))
    elif data.get("verdict") == "partly":
        rest = _("Sufficient in part; the rest has a new due time")
        title = rest if data.get("rest") else _("Sufficient in part; sent back for rework")
    elif frm in life.ENDED:
        title = _("Reopened: %(status)s", status=title)
    between = refused or bool(data.get("handed_over_by"))
    return {"title": title, "body": body, "reason": reason, "status": to, "between_offices": between}


def routing_words(data: dict[str, Any], names: Names) -> str:
    """Why this unit, or why none, as a sentence."""
    why = data.get("why")
    commune = names.area(data.get("commune"))
    if why == "no_area":
        return _("The place lies in no known commune, so the Front decides by hand.")
    if why == "bypass" and data.get("bypass") == "front":
        return _(
            "%(commune)s: rule %(rule)s names a body of the commune, from which the Front keeps the case. "
            "The province Front decides by hand.",
            commune=commune,
            rule=data.get("rule"),
        )
    if why == "bypass":
        return _(
            "%(commune)s: rule %(rule)s names a body of the commune, which the sender does not want to see it. "
            "The province Front decides by hand.",
            commune=commune,
            rule=data.get("rule"),
        )
    if why == "no_rule":
        return _("No rule fits this category in %(commune)s, so the Front decides by hand.", commune=commune)
    rule, since = data.get("rule"), _day(data.get("rule_valid_from"))
    if why == "no_unit":
        return _(
            "%(commune)s: rule %(rule)s (valid from %(since)s) names a unit that does not exist there.",
            commune=commune,
            rule=rule,
            since=since,
        )
    return _("%(commune)s, rule %(rule)s, valid from %(since)s.", commune=commune, rule=rule, since=since)


def changes(data: dict[str, Any], names: Names) -> list[str]:
    """What a correction changed, line by line; empty if nothing did."""
    before, after = data.get("before", {}), data.get("after", {})
    named = (
        ("category", _("Category"), names.category),
        ("area", _("Commune"), names.area),
        ("unit", _("Unit"), names.unit),
        ("supervisor", _("Supervised by"), names.unit),
        ("rule", _("Rule"), lambda code: code or "–"),
    )
    return [
        f"{label}: {name(before.get(key))} → {name(after.get(key))}"
        for key, label, name in named
        if before.get(key) != after.get(key)
    ]


def rerouted(entries: list[Event], names: Names) -> dict[str, Any] | None:
    """The last time somebody sent the case another way: when, who, what changed, why; None if nobody did."""
    last = next((e for e in reversed(entries) if e.kind in ("report:corrected", "report:bypassed")), None)
    if last is None:
        return None
    return {
        "at": labels.moment(last.at),
        "who": names.who(last),
        "changes": changes(last.data, names),
        "reason": last.data.get("reason", ""),
    }


def decision_steps(data: dict[str, Any], names: Names) -> list[str]:
    """How a decision came about, line by line: rules in order with what spoke against them, units looked for."""
    steps = [f"{code}: {routing_words_of.verdict(verdict, None)}" for code, verdict in data.get("considered", [])]
    steps += [routing_words_of.looked(role, wanted, found, names) for role, wanted, found in data.get("looked", [])]
    if data.get("version"):
        steps.append(
            _(
                "Version %(number)s of the rules, %(day)s %(at)s",
                number=data["version"],
                day=_day(data.get("day")),
                at=data.get("at", ""),
            )
        )
    return steps


def _day(text: str | None) -> str:
    """A day out of an ISO date, or of a moment as the day in Vietnam."""
    if not text:
        return "–"
    return labels.day(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))
