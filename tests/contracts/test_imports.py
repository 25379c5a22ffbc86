"""Imports point one way. Each module stands on a floor and may import from its own floor or from below.

Imports inside functions count as well: a dependency that is hidden is still one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("geo", "webapp", "workers")

# From the ground up. A name stands for the module and all that is in it, the longest matching name counts.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("geo",),
    ("webapp.config", "webapp.core", "webapp.media"),
    ("webapp.accounts", "webapp.areas"),
    ("webapp.units",),
    ("webapp.reports",),
    (
        "webapp.routing",
        "webapp.inspections",
        "webapp.mapping",
        "webapp.figures",
        "webapp.opendata",
        "webapp.notifications",
        "webapp.supervision",
        "webapp.documents",
        "webapp.reorganisations",
    ),
    ("webapp.pages", "workers"),
    # Doors: they put the house together and nobody may import them, except the processes that start it.
    (
        "webapp",
        "webapp.__main__",
        "webapp.commands",
        "webapp.data_loader",
        "webapp.demo",
        "webapp.keys",
        "workers.__main__",
    ),
)
STARTERS = ("workers.__main__", "workers.relay")

RULES = (
    "lifecycle",
    "permissions",
    "deadlines",
    "decide",
    "privacy",
    "likeness",
    "placeholders",
    "layout",
    "lineage",
    "plan",
    "cubes",
    "facts",
    "fair",
)
RULE_MODULES = ("webapp.routing.checks", "webapp.routing.rows")
FRAMEWORK = (
    "flask",
    "flask_sqlalchemy",
    "flask_babel",
    "flask_login",
    "flask_security",
    "flask_wtf",
    "werkzeug",
)
DATABASE = ("flask_sqlalchemy", "sqlalchemy", "geoalchemy2", "alembic", "psycopg", "sqlite3", "flask_migrate")
MIGRATIONS = "webapp.migrations"
SPATIAL = "geo.spatial"  # builds the spatial SQL, so it may name the database


@cache
def modules() -> dict[str, Path]:
    """Every module of ours, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "versions" in parts:  # migrations are frozen history and import no code of ours
                continue
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> tuple[tuple[str, int], ...]:
    """(what is imported, line) for each import statement of a module, relative ones resolved."""
    return tuple(_imports(module, modules()[module]))


def _imports(module: str, path: Path) -> Iterator[tuple[str, int]]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                # `from webapp import pages` imports the module webapp.pages, not the house.
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base, node.lineno


def floor(module: str) -> int | None:
    """The number of the floor a module stands on, None when nobody said.

    Commands are an audience like any other: a `cli` module stands beside the pages, wherever it is kept."""
    beside_pages = module.endswith(".cli") and not module.startswith("webapp.demo.")
    name = "webapp.pages" if beside_pages else module
    while name:
        for number, names in enumerate(FLOORS):
            if name in names and not (name == "webapp" and module != "webapp"):
                return number
        name = name.rpartition(".")[0]
    return None


def test_there_is_something_to_prove() -> None:
    assert len(modules()) > 20
    assert {floor(name) for name in modules()} >= {0, 1, 2, 3, 4, 5, 6, 7}


def test_every_module_stands_on_a_floor() -> None:
    homeless = [name for name in modules() if floor(name) is None and not name.startswith("webapp.migrations")]
    assert not homeless, f"say in FLOORS where these belong: {homeless}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down(module: str) -> None:
    mine = floor(module)
    if mine is None:  # named by the test above
        return
    wrong = [
        f"{modules()[module].relative_to(ROOT)}:{line} imports {target}"
        for target, line in imports(module)
        if target.split(".")[0] in PACKAGES
        and (floor(target) or 0) > mine
        and not (target == "webapp" and module in STARTERS)
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("module", sorted(name for name in modules() if name.startswith("webapp.")))
def test_the_web_does_not_know_the_workers(module: str) -> None:
    """The web writes job names; what they mean is the workers' business. Only the embedded process, which is
    both at once, and the demo, which plays all parts itself, put the two together."""
    if module in {"webapp.__main__", "webapp.demo.story"}:
        return
    wrong = [f"{module}:{line}" for target, line in imports(module) if target.split(".")[0] == "workers"]
    assert not wrong, wrong


def is_rule(module: str) -> bool:
    """True for modules that must be readable, and testable, without a framework or a database."""
    return (
        module.rpartition(".")[2] in RULES
        or module in RULE_MODULES
        or (module.partition(".")[0] == "geo" and module != SPATIAL)
    )


@pytest.mark.parametrize("module", sorted(filter(is_rule, modules())))
def test_rules_are_pure(module: str) -> None:
    forbidden = set(FRAMEWORK) | set(DATABASE)
    wrong = [f"{target} ({path})" for target, path in _reached(module) if target.split(".")[0] in forbidden]
    assert not wrong, f"{module} reaches {wrong}"


def test_spatial_sql_knows_no_framework() -> None:
    wrong = [target for target, _ in _reached(SPATIAL) if target.split(".")[0] in FRAMEWORK]
    assert not wrong, wrong


def _reached(module: str) -> list[tuple[str, str]]:
    """Everything foreign that importing a module brings in through modules of ours, with the way to it.

    The packages above a module count only for what their own `__init__` imports, which `webapp` itself is
    exempt from: it puts the house together."""
    seen, found, todo = {module}, [], [(module, module)]
    while todo:
        name, way = todo.pop()
        for target, line in imports(name):
            if target in modules():
                if target not in seen and target != "webapp":
                    seen.add(target)
                    todo.append((target, f"{way} -> {target}"))
            else:
                found.append((target, f"{way}:{line}"))
    return found


LARGE = ("fpdf", "openpyxl")  # 25 MB of a process that perhaps never prints anything


@pytest.mark.parametrize("module", sorted(set(modules()) - {"webapp.documents.pdf"}))
def test_large_libraries_are_loaded_by_those_who_need_them(module: str) -> None:
    tree = ast.parse(modules()[module].read_text("utf-8"))
    names = [
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    ]
    at_once = [name for name in names if name.split(".")[0] in LARGE or name == "webapp.documents.pdf"]
    assert not at_once, f"import these inside the function that needs them: {at_once}"
