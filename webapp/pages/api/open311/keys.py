"""Who asks, by the key they show, and how often they may.

Sending needs a key: one of those that the administration hands out (`accounts.api_keys`), each with its own limits,
or one that the operator has set for programs of their own, without any. Reading needs none; a key gives its own
limit instead of the one that counts for a network. A key that is wrong or revoked reads as none does.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from webapp.accounts import api_keys
from webapp.accounts.api_keys import ApiKey
from webapp.core.instance import instance
from webapp.pages import limits
from webapp.pages.api.open311 import body
from webapp.pages.api.open311.formats import Problem

_READS, _REPORTS = "open311-reads", "open311-reports"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that may send. `stored` is None for one of the operator's own."""

    key: str
    stored: ApiKey | None


def sender() -> Caller:
    """Who sends. Raises Problem 403 if the key is none of ours."""
    given = body.fields().get("api_key") or request.args.get("api_key") or ""
    if _operators(given):
        return Caller(given, None)
    stored = api_keys.by_text(given)
    if stored is None:
        raise Problem(403, _("api_key: wrong.") if given else _("api_key: missing."))
    return Caller(given, stored)


def count_report(caller: Caller) -> None:
    """Count a report that is stored in the open transaction. Raises Problem 429 if it is one too many, and the
    edge then rolls it back; what was sent before is always answered again."""
    if caller.stored is None:
        return
    wait = limits.take(_REPORTS, caller.stored.reports_per_hour, "hour", _whose(caller.stored))
    if wait is not None:
        raise _too_often(wait)
    api_keys.used(caller.stored)


def count_reading() -> None:
    """Count a request that only reads. Raises Problem 429 if it is one too many."""
    given = request.args.get("api_key", "")
    if _operators(given):
        return
    stored = api_keys.by_text(given)
    if stored is not None:
        wait = limits.take(_READS, stored.reads_per_minute, "minute", _whose(stored))
    elif _from_here():
        return  # whoever runs this machine, or everybody behind a proxy that is not believed (PROXIES)
    else:
        wait = limits.take(_READS, instance().settings.open311_reads_per_minute, "minute")
    if wait is not None:
        raise _too_often(wait)


def _operators(given: str) -> bool:
    known = instance().settings.open311_keys
    return any([hmac.compare_digest(key.encode(), given.encode("utf-8", "replace")) for key in known])


def _whose(stored: ApiKey) -> str:
    return f"key:{stored.id}"


def _from_here() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _too_often(wait: int) -> Problem:
    return Problem(
        429, _("Too many requests. Try again in %(count)s seconds.", count=wait), headers={"Retry-After": str(wait)}
    )
