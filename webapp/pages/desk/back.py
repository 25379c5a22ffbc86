"""The way back to the list from which a case was opened: the list's own address goes along as `list`.

Only an address of a list of this desk is taken up, so nobody is led elsewhere; what does not look like one is left out.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote

from flask import request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

_QUERY = r"(?:\?[\w=&%.+~*-]{0,600})?"  # as `urlencode` writes it
_LIST = re.compile(rf"(/scores/[\w-]{{1,40}}/\w{{1,20}}|/scores|/digest|/escalated)?{_QUERY}", re.ASCII)
LABELS: dict[str, LazyString] = {
    "scores": _l("Score cards of units"),
    "digest": _l("Digest of the week"),
    "escalated": _l("Reported up"),
}


def given() -> str:
    """The list in the address of this page, without its desk (`?tab=all`, `/scores?by=head`); "" for the plain one."""
    raw = request.args.get("list", "")
    return raw if _LIST.fullmatch(raw) else ""


def href(base: str) -> str:
    """The address of the list, on the desk `base`."""
    return f"{base}{given()}"


def label(usual: str) -> str:
    """What the list is called; `usual` is the desk's own."""
    path = given().partition("?")[0]
    return str(LABELS.get(path.lstrip("/").partition("/")[0], usual))


def queue_query() -> dict[str, str] | None:
    """What the list asks for, where it is a queue; None for another list."""
    path, _mark, query = given().partition("?")
    return None if path else dict(parse_qsl(query))


def way(list_address: str | None = None, mark: str = "?") -> str:
    """What is added to a link to a case, so that it leads back: to a list of this desk (`?tab=all`), by default to
    the one that this page came from. `mark` is & where the link has a query already. Empty for the plain list."""
    found = given() if list_address is None else list_address
    return f"{mark}list={quote(found, safe='')}" if found else ""
