"""Rules for addresses that are quick to add."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule whose functions that build addresses are compiled when they are first called, not when it is added:
    they are nine tenths of what making an application costs, and a process builds addresses of few of its pages."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        eager = super()._compile_builder

        @cache
        def compiled() -> Callable[..., tuple[str, str]]:
            return eager(append_unknown)

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return build
