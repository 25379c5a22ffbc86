"""Waiting for something a page's script comes to."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page

PATIENCE = 30.0  # seconds


def until(page: Page, script: str, arg: Any = None) -> Any:
    """What `script`, an expression or a function of `arg`, gives once that is true; AssertionError after PATIENCE.

    Playwright's own `wait_for_function` asks again from inside the page, where our content security policy forbids
    to evaluate text: it fails whenever its first look comes too early. This asks again from outside.
    """
    ends = time.monotonic() + PATIENCE
    while not (found := page.evaluate(script, arg)):
        assert time.monotonic() < ends, f"not within {PATIENCE:.0f} s: {script}"
        page.wait_for_timeout(50)
    return found
