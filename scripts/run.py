"""Serve an embedded instance with the demo: `make run`, or scripts/run once the environment is there.

    DGS_HOME   folder of the instance (default var/instance)     HOST, PORT   where to serve (127.0.0.1, 8000)

Each step is done once and again only when what it was made from has changed, so a second start takes two
seconds and keeps what is there. A step that was interrupted is done again.
"""

from __future__ import annotations

import os
import runpy
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.prepare import ROOT, digest, stamped, write_stamp

BOUNDARY_FILES = ("*.geojson", "*.geojson.gz", "*.zip", "*/")


class CannotRun(Exception):
    """The instance cannot start; the message says why and what to do."""


class Instance:
    """The instance while it is made ready. Commands run in this process, which has the app loaded already."""

    def __init__(self, app: Any, home: Path) -> None:
        self.app = app
        self.home = home

    def flask(self, *arguments: str) -> None:
        """Run one of the app's commands, as `flask --app webapp …` does. Raises CannotRun."""
        import click
        from flask.cli import FlaskGroup

        group = FlaskGroup(create_app=lambda: self.app)
        try:
            group.main(args=list(arguments), prog_name="flask", standalone_mode=False)
        except click.ClickException as problem:
            raise CannotRun(f"flask {' '.join(arguments)}: {problem.format_message()}") from None

    def once(self, name: str, made_from: str, *commands: tuple[str, ...]) -> None:
        """Run commands unless they were run to their end on the same input before."""
        stamp = self.home / f".{name}.done"
        if stamped(stamp, made_from):
            return
        for command in commands:
            self.flask(*command)
        write_stamp(stamp, made_from)


def main() -> int:
    """Make the instance ready and serve it until interrupted. Returns an exit status."""
    home = Path(os.environ.get("DGS_HOME") or ROOT / "var" / "instance").resolve()
    os.environ["DGS_HOME"] = str(home)
    os.environ.setdefault("DGS_DEMO", "1")
    os.environ.setdefault("OPEN311_KEYS", "demo")
    os.chdir(ROOT)  # where the migrations are looked for
    from webapp.config import Settings, UnsafeSettings
    from webapp.keys import make_keys

    try:
        make_keys(home)
        settings = Settings.from_env()
        refuse_taken_port(settings.host, settings.port)
        make_ready(settings)
    except (UnsafeSettings, CannotRun, OSError) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    try:
        runpy.run_module("webapp", run_name="__main__")
    except KeyboardInterrupt:
        print()
    return 0


def make_ready(settings: Any) -> None:
    """Migrate, load the reference data, areas and demo where they are not there yet, and say where all is."""
    from webapp import create_app

    # Left over by an earlier instance in the same folder, they would say that work is done which is not.
    if settings.database_url.startswith("sqlite") and not (settings.home / "dgs.sqlite").exists():
        for stamp in settings.home.glob(".*.done"):
            stamp.unlink()
    instance = Instance(create_app(settings), settings.home)
    place = settings.database_url
    print("Getting the instance ready", flush=True)
    instance.once("schema", digest(place, *contents("webapp/migrations/versions", ".py")), ("db", "upgrade"))
    instance.once("data", digest(place, *contents("webapp/data", "")), ("data", "load"))
    boundaries = boundary_source(settings.home)
    if boundaries:
        state = boundaries.stat()
        known = digest(place, str(boundaries), str(state.st_size), str(state.st_mtime_ns))
        instance.once("areas", known, ("areas", "import", str(boundaries)))
    else:
        instance.once("areas", digest(place, "approximate"), ("areas", "approximate"))
    instance.once("legacy", digest(place), ("areas", "legacy"))
    plans = contents("webapp/data/reorganisations", ".csv")
    instance.once("plans", digest(place, *plans), ("reorganisations", "shipped"))
    if settings.demo:
        instance.once("demo", digest(place), ("demo", "load"))
    print(f"\n  Dân Giám Sát      {settings.public_url}")
    print(f"  Data              {settings.home}")
    print("  Stop              Ctrl+C\n", flush=True)
    if settings.demo:
        instance.flask("demo", "logins")
        print(flush=True)


def contents(folder: str, ending: str) -> Iterator[bytes]:
    """Name and content of each file below a folder of the project, in a fixed order."""
    for path in sorted((ROOT / folder).rglob(f"*{ending}")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.name.encode()
            yield path.read_bytes()


def boundary_source(home: Path) -> Path | None:
    """The boundary file or folder that lies in `boundaries/` of the instance or of the project, if any."""
    for folder in (home / "boundaries", ROOT / "boundaries"):
        for pattern in BOUNDARY_FILES:
            found = sorted(folder.glob(pattern))
            if found:
                # The public dataset's own layout is the folder itself, with one folder for each province.
                return folder if pattern == "*/" else found[0]
    return None


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotRun when somebody else serves there: better before the work than after it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotRun(
                f"Cannot serve on {host}:{port} ({problem.strerror}). Another port: PORT={port + 1} make run"
            ) from None


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="runpy")
    sys.exit(main())
