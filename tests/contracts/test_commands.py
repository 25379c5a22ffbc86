"""The operators' commands are found by name, each where `webapp.commands` says."""

from __future__ import annotations

import ast
from pathlib import Path

import click
import pytest

from webapp.commands import GROUPS, Commands

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_is_loaded_by_its_name(name: str) -> None:
    found = Commands().get_command(click.Context(click.Command("flask")), name)
    assert isinstance(found, click.Group)
    assert found.name == name
    assert found.commands


def test_no_group_is_left_out() -> None:
    written = {
        node.args[0].value
        for package in ("webapp", "workers")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "AppGroup"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert written == set(GROUPS)


def test_they_are_listed() -> None:
    assert set(Commands().list_commands(click.Context(click.Command("flask")))) >= set(GROUPS)
