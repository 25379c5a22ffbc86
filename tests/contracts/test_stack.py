"""docker-compose.yml, scripts/stack and webapp/config.py agree on processes, commands, settings, keys."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import postgres, stack, vendor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8")))


def app_services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run our own image."""
    return {name: service for name, service in compose["services"].items() if "build" in service}


def names_read_by_config() -> set[str]:
    """Every environment name in webapp/config.py: what is asked of `env`, and the keys."""
    tree = ast.parse((ROOT / "webapp" / "config.py").read_text("utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    names = {word for word in strings if isinstance(word, str) and re.fullmatch(r"[A-Z][A-Z0-9_]*", word)}
    return names - {"INFO"}


def test_only_config_reads_the_environment() -> None:
    """One exception: the secrets are made before there are settings that would be accepted."""
    readers = [
        str(path.relative_to(ROOT))
        for package in ("geo", "webapp", "workers")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
    ]
    assert set(readers) <= {"webapp/config.py", "webapp/keys.py"}


def test_settings_are_those_of_config() -> None:
    assert set(stack.SETTINGS) == names_read_by_config()


def test_same_processes_and_commands(compose: dict[str, Any]) -> None:
    described = {name: tuple(service["command"]) for name, service in app_services(compose).items()}
    assert described == {process.name: process.command for process in stack.PROCESSES}


def test_each_service_gets_the_settings_and_its_own_keys(compose: dict[str, Any]) -> None:
    services = app_services(compose)
    for process in stack.PROCESSES:
        withheld = set(stack.PRIVATE_KEYS) - set(process.private_keys)
        assert set(services[process.name]["environment"]) == set(stack.SETTINGS) - withheld, process.name


def test_natively_a_process_gets_no_other_keys() -> None:
    everything = dict.fromkeys(stack.SETTINGS, "x")
    for process in stack.PROCESSES:
        given = stack.environment(everything, process)
        assert {name for name in stack.PRIVATE_KEYS if name in given} == set(process.private_keys), process.name


def test_settings_of_the_machine_do_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/production")
    monkeypatch.setenv("IDENTITY_PRIVATE_KEY", "stray")
    given = stack.environment({"PORT": "1"}, stack.PROCESSES[-1])
    assert "DATABASE_URL" not in given
    assert "IDENTITY_PRIVATE_KEY" not in given
    assert given["PORT"] == "1"


def test_one_shot_services_do_not_restart(compose: dict[str, Any]) -> None:
    for process in stack.PROCESSES:
        expected = "no" if process.once else "unless-stopped"
        assert app_services(compose)[process.name]["restart"] == expected, process.name


def test_database_is_made_alike(compose: dict[str, Any]) -> None:
    service = compose["services"]["postgis"]
    assert service["environment"]["POSTGRES_INITDB_ARGS"].split() == list(postgres.INITDB_ARGUMENTS)
    expected = ["postgres", *(part for setting in postgres.SERVER_SETTINGS for part in ("-c", setting))]
    assert service["command"] == expected
    assert service["environment"]["POSTGRES_USER"] == postgres.SUPERUSER
    assert service["environment"]["POSTGRES_DB"] == stack.DATABASE


def test_example_env_names_every_variable(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    required = set(re.findall(r"\$\{([A-Z0-9_]+):\?", (ROOT / "docker-compose.yml").read_text("utf-8")))
    example = (ROOT / ".env.example").read_text("utf-8")
    assert set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE)) == used
    assert set(re.findall(r"^([A-Z][A-Z0-9_]*)=$", example, re.MULTILINE)) == required


def test_proxy_takes_in_the_whole_request() -> None:
    conf = (ROOT / "scripts" / "nginx.conf").read_text("utf-8")
    assert re.search(r"proxy_request_buffering on;", conf)
    limit = re.search(r"client_max_body_size (\d+)m;", conf)
    assert limit
    assert int(limit[1]) * 1024 * 1024 > 64 * 1024 * 1024


def test_lock_files_name_no_index() -> None:
    for lock in [*(ROOT / "requirements").glob("*.lock"), ROOT / "package-lock.json", ROOT / ".npmrc"]:
        text = lock.read_text("utf-8")
        assert "://" not in text, lock.name
        assert "index-url" not in text, lock.name


def test_app_is_locked_to_what_is_tested() -> None:
    from scripts.prepare import pins

    app, dev = (pins(ROOT / "requirements" / f"{name}.lock") for name in ("app", "dev"))
    assert app
    assert app <= dev


def test_front_end_versions_are_exact() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert set(wanted) == set(vendor.FILES)
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
        assert locked[f"node_modules/{name}"]["integrity"].startswith("sha512-")
    assert all(path.exists() for path in vendor.served_files())


@pytest.mark.parametrize("script", ["scripts/stack", "scripts/run", ".ci/run"])
def test_scripts_can_be_started(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
    shell = "bash" if script == ".ci/run" else "sh"
    assert subprocess.run([shell, "-n", ROOT / script], check=False).returncode == 0
