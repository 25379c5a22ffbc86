"""Write docs/permissions.md: who may do what, from the map in webapp/accounts/permissions.py.

python -m scripts.permissions_matrix            writes the document
python -m scripts.permissions_matrix --check    says whether it is current, and writes nothing
"""

from __future__ import annotations

import sys
from pathlib import Path

from webapp.accounts import permissions as p

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "permissions.md"
ROLES = {
    p.COMMUNE_FRONT: "Front, commune",
    p.PROVINCE_FRONT: "Front, province",
    p.CENTRAL_FRONT: "Front, central",
    p.UNIT_OFFICER: "Responsible unit",
    p.UNIT_LINK: "Unit by one-time link",
    p.MEMBER_ORG: "Member organisation",
    p.ADMIN: "Administrator",
    p.SYSTEM: "System",
    p.REPORTER: "Reporter",
}
HEAD = """# Who may do what

Written by `python -m scripts.permissions_matrix` from `webapp/accounts/permissions.py`; a test keeps the two alike. \
Do not edit it by hand.

A permission says what. Where it counts follows from the account: a commune's Front sees its commune, a province's \
Front its province, a responsible unit the cases passed to it; each also those of areas and units of then that its \
own stands in for (ADR 28). What a sender did not want their commune to see is \
hidden from every body of that commune. What is in no row is nobody's.
"""


def document() -> str:
    """The document as it must be."""
    unknown = {role for roles in p.PERMISSIONS.values() for role in roles} - set(ROLES)
    if unknown:
        raise SystemExit(f"give these roles a name in ROLES: {sorted(unknown)}")
    lines = [HEAD, "## The map", "", f"| Permission | {' | '.join(ROLES.values())} |", f"|---|{'---|' * len(ROLES)}"]
    for name in sorted(p.PERMISSIONS):
        cells = ("yes" if p.allowed(role, name) else "" for role in ROLES)
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    lines += ["", "## Whose accounts one looks after", "", *_delegation(), ""]
    return "\n".join(lines)


def _delegation() -> list[str]:
    """The rule `manages`, asked for each pair: an account of one's own unit, of the level below, of elsewhere."""
    heading = "own unit | head of the own unit | unit directly below | head below | elsewhere"
    lines = [f"| Who | {heading} | second factor reset |", f"|---|{'---|' * 6}"]
    for role, name in ROLES.items():
        if role not in p.STAFF:
            continue
        for head in (False, True):
            who = p.Identity(role, 1, None if role == p.ADMIN else "own", province_code="86", head=head)
            below = p.COMMUNE_FRONT if role == p.PROVINCE_FRONT else p.UNIT_OFFICER if role in p.UNIT else p.MEMBER_ORG
            posts = (
                p.Post(role, who.unit_code, "above", "86"),
                p.Post(role, who.unit_code, "above", "86", head=True),
                p.Post(below, "below", who.unit_code, "86"),
                p.Post(below, "below", who.unit_code, "86", head=True),
                p.Post(below, "far", "other", "31"),
            )
            cells = ["yes" if p.manages(who, post) else "" for post in posts]
            resets = [word for word, post in (("own", posts[0]), ("below", posts[2])) if p.may_reset(who, post)]
            lines.append(f"| {name}{', head' if head else ''} | {' | '.join(cells)} | {', '.join(resets)} |")
    lines += ["", "Nobody changes their own account here, and only an administrator looks after administrators."]
    return lines


def main() -> None:
    """Write the document, or with --check say whether it is current."""
    wanted = document()
    if "--check" in sys.argv[1:]:
        there = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else ""
        raise SystemExit(0 if there == wanted else "docs/permissions.md is not current")
    DOCUMENT.write_text(wanted, "utf-8")
    print(f"{DOCUMENT.name}: {len(p.PERMISSIONS)} permissions, {len(ROLES)} roles")


if __name__ == "__main__":
    main()
