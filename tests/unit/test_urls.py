"""Addresses are built from rules that compile lazily as they are from Werkzeug's own."""

from __future__ import annotations

import pytest
from werkzeug.routing import BuildError, Map, Rule

from webapp.core.urls import LazyRule

RULES = (
    {"string": "/", "endpoint": "home"},
    {"string": "/r/<code>/ế", "endpoint": "case"},
    {"string": "/list", "endpoint": "list", "defaults": {"page": 1}},
    {"string": "/list/<int:page>", "endpoint": "list"},
    {"string": "/files/<path:rule>", "endpoint": "file"},
)
ASKED = (
    ("home", {}),
    ("home", {"q": "á b", "rule": "x"}),
    ("case", {"code": "a/b", "self": 1}),
    ("list", {"page": 1}),
    ("list", {"page": 2, "more": [1, 2]}),
    ("file", {"rule": "a/b c"}),
)


@pytest.mark.parametrize(("endpoint", "values"), ASKED)
@pytest.mark.parametrize("unknown", [True, False])
def test_the_address_is_that_of_an_eager_rule(endpoint: str, values: dict[str, object], unknown: bool) -> None:
    lazy, eager = (Map([kind(**rule) for rule in RULES]).bind("x.test") for kind in (LazyRule, Rule))  # type: ignore[arg-type]
    for _ in range(2):
        assert lazy.build(endpoint, values, append_unknown=unknown) == eager.build(
            endpoint, values, append_unknown=unknown
        )


def test_what_cannot_be_built_is_refused() -> None:
    with pytest.raises(BuildError):
        Map([LazyRule("/list/<int:page>", endpoint="list")]).bind("x.test").build("list", {})
