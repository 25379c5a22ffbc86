"""The production shape, natively: PostGIS, Redis, web, worker, notifier and relay, set up as in docker-compose.yml.

    scripts/stack up     [--home DIR] [--port N] [--workers N] [--demo]
    scripts/stack down   [--home DIR]
    scripts/stack status [--home DIR]

What a process is called, how it is started and which private keys it is given stand in one table, PROCESSES;
docker-compose.yml says the same, and tests/contracts/test_stack.py compares the two. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts import postgres, programs

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / ".venv" / "bin"
READY_SECONDS = 60
DATABASE = "dgs"


@dataclass(frozen=True)
class Process:
    """One kind of process: its name, command, the private keys it may hold, whether it ends by itself."""

    name: str
    command: tuple[str, ...]
    private_keys: tuple[str, ...] = ()
    once: bool = False


_SENDING = ("VAPID_PRIVATE_KEY", "MAIL_URL", "SMS_TOKEN", "ZALO_TOKEN")
PRIVATE_KEYS = ("IDENTITY_PRIVATE_KEY", "EVIDENCE_PRIVATE_KEY", "OIDC_CLIENT_SECRET", *_SENDING)

# In the order they are started. The web opens contacts for staff but never original photos; the worker that
# decodes strangers' pictures never sees who sent them; the notifier, which opens addresses, decodes nothing.
PROCESSES = (
    Process("migrate", ("flask", "--app", "webapp", "db", "upgrade"), once=True),
    Process("data", ("flask", "--app", "webapp", "data", "load"), once=True),
    Process(
        "web",
        ("gunicorn", "--config", "scripts/gunicorn.conf.py", "webapp:create_app()"),
        private_keys=("IDENTITY_PRIVATE_KEY", "OIDC_CLIENT_SECRET"),
    ),
    Process("worker", ("python", "-m", "workers"), private_keys=("EVIDENCE_PRIVATE_KEY",)),
    Process("notifier", ("python", "-m", "workers", "notices"), private_keys=("IDENTITY_PRIVATE_KEY", *_SENDING)),
    Process("relay", ("python", "-m", "workers.relay")),
)
# What `make run` serves with instead: one process that does its own jobs, so it holds all keys.
EMBEDDED = Process("embedded", ("python", "-m", "webapp"), private_keys=PRIVATE_KEYS)

# Every name that webapp/config.py reads; docker-compose.yml passes the same.
SETTINGS = (
    *("DGS_HOME", "DATABASE_URL", "REDIS_URL", "STORAGE_URL", "PUBLIC_URL", "HOST", "PORT", "PROXIES"),
    *("SECRET_KEY", "CODE_KEY", "IDENTITY_PUBLIC_KEY", "EVIDENCE_PUBLIC_KEY", *PRIVATE_KEYS),
    *("DGS_DEMO", "OPEN311_KEYS", "TILE_URL", "BASEMAP_FILE", "TILE_ATTRIBUTION", "TILES_KEPT_S", "LOG_LEVEL"),
    *("VAPID_PUBLIC_KEY", "PUSH_HOSTS", "MAIL_FROM", "SMS_URL", "ZALO_URL"),
    *("MAX_PHOTOS", "MAX_PHOTO_BYTES", "MAX_BODY_BYTES"),
    *("CONTROLLER_NAME", "CONTROLLER_CONTACT", "QUICK_EXIT_URL", "REPORTS_PER_HOUR", "OPEN311_READS_PER_MINUTE"),
    *("SECOND_FACTOR", "STAFF_SESSION_HOURS", "STAFF_IDLE_MINUTES"),
    *("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_NAME"),
    *("OPEN_DATA_LICENCE", "OPEN_DATA_LICENCE_URL", "OPEN_DATA_KEEP"),
    *("MAX_CLIPS", "MAX_CLIP_BYTES", "MAX_VOICE", "MAX_VOICE_BYTES"),
)


class StackFailed(RuntimeError):
    """A process did not come up; the message ends with what it wrote to its log."""


def environment(settings: Mapping[str, str], process: Process) -> dict[str, str]:
    """The environment of a process: the machine's own without any setting of ours, then `settings`
    without the private keys that are not this process's."""
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    withheld = set(PRIVATE_KEYS) - set(process.private_keys)
    own = {name: value for name, value in settings.items() if name not in withheld}
    return {**inherited, "PYTHONUNBUFFERED": "1", **own}


def named(name: str) -> Process:
    """The process of that name in the table."""
    return next(process for process in (*PROCESSES, EMBEDDED) if process.name == name)


def argv(process: Process) -> list[str]:
    """The command line of a process, its program taken from the virtual environment."""
    return [str(PROGRAMS / process.command[0]), *process.command[1:]]


class Processes:
    """The application's processes with one set of settings, logs in `logs`."""

    def __init__(self, settings: Mapping[str, str], logs: Path) -> None:
        self.settings = dict(settings)
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def run_once(self, wanted: str | Process) -> None:
        """Run a process that ends by itself, of the table or another. Raises StackFailed if it fails."""
        process = named(wanted) if isinstance(wanted, str) else wanted
        if self._spawn(process, process.name).wait():
            log = postgres.tail(self.logs / f"{process.name}.log")
            raise StackFailed(f"{process.name} failed:\n{log}")

    def start(self, name: str, number: int = 1) -> None:
        """Start `number` processes of a kind."""
        for _ in range(number):
            label = f"{name}-{sum(key.startswith(f'{name}-') for key in self.running) + 1}"
            self.running[label] = self._spawn(named(name), label)

    def wait_ready(self, url: str) -> None:
        """Wait until the web answers on /healthz and nothing has died. Raises StackFailed."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(f"{url}/healthz"):
            self.check()
            if time.monotonic() > deadline:
                first = next(iter(self.running), "nothing")
                raise StackFailed(
                    f"{url}/healthz does not answer; {first}:\n{postgres.tail(self.logs / f'{first}.log')}"
                )
            time.sleep(0.1)
        self.check()

    def check(self) -> None:
        """Raise StackFailed if a process has ended."""
        for label, server in self.running.items():
            if server.poll() is not None:
                raise StackFailed(f"{label} ended:\n{postgres.tail(self.logs / f'{label}.log')}")

    def stop(self) -> None:
        """Ask all processes to end, the last started first, and make sure that they did."""
        for server in reversed(self.running.values()):
            if server.poll() is None:
                server.terminate()
        for server in self.running.values():
            try:
                server.wait(postgres.STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        self.running.clear()

    def _spawn(self, process: Process, label: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{label}.log").open("ab") as log:
            return subprocess.Popen(
                argv(process),
                cwd=ROOT,
                env=environment(self.settings, process),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def answers(url: str) -> bool:
    """True when the address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Stack:
    """The whole house under one folder: servers, keys, logs, and who is running."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.state_file = self.home / "stack.json"

    def up(self, *, port: int, workers: int, demo: bool) -> str:
        """Start everything that does not run, with the database migrated. Returns the address."""
        self.stop_processes()
        self.home.mkdir(parents=True, exist_ok=True)
        server = postgres.Postgres(self.home / "postgres")
        server.start()
        server.make_database(DATABASE)
        state = self.state()
        redis = postgres.Redis(self.home / "redis", password=state.get("redis_password", ""))
        redis.start()
        url = f"http://127.0.0.1:{port}"
        settings = {
            **self.keys(),
            "DGS_HOME": str(self.home / "instance"),
            "DATABASE_URL": server.url(DATABASE),
            "REDIS_URL": redis.url(),
            "STORAGE_URL": (self.home / "storage").as_uri(),
            "PUBLIC_URL": url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        if demo:
            settings |= {"DGS_DEMO": "1", "OPEN311_KEYS": "demo"}
        processes = Processes(settings, self.home / "log")
        self.save({"url": url, "redis_password": redis.password, "pids": {"redis": redis.pid}})
        try:
            for process in PROCESSES:
                if process.once:
                    processes.run_once(process.name)
                else:
                    processes.start(process.name, workers if process.name == "worker" else 1)
            pids = {label: started.pid for label, started in processes.running.items()}
            self.save({**self.state(), "pids": {"redis": redis.pid, **pids}})
            processes.wait_ready(url)
        except BaseException:
            processes.stop()
            self.down()
            raise
        return url

    def keys(self) -> dict[str, str]:
        """The secrets of this instance, made at the first start. They lie outside DGS_HOME, so that a process
        gets only those that the table gives it."""
        folder = self.home / "keys"
        if not (folder / "keys.env").exists():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            subprocess.run(
                [PROGRAMS / "python", "-m", "webapp.keys"],
                check=True,
                cwd=ROOT,
                env={**os.environ, "DGS_HOME": str(folder)},
                stdout=subprocess.DEVNULL,
            )
        lines = (folder / "keys.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def down(self) -> None:
        """Stop everything; the data stay."""
        self.stop_processes()
        if (self.home / "postgres").exists():
            postgres.Postgres(self.home / "postgres").stop()

    def stop_processes(self) -> None:
        """Stop what the state file names, as long as these numbers are still ours."""
        ours = {label: pid for label, pid in self.alive().items() if pid}
        for pid in reversed(ours.values()):
            os.kill(pid, signal.SIGTERM)
        for pid in ours.values():
            if not postgres.wait_until_gone(pid):
                os.kill(pid, signal.SIGKILL)

    def alive(self) -> dict[str, int | None]:
        """Each process that was started: its number, or None when it ended."""
        words = (str(PROGRAMS), str(self.home), "redis-server", "valkey-server")
        pids = self.state().get("pids", {})
        return {label: pid if postgres.command_of(pid, *words) else None for label, pid in pids.items()}

    def state(self) -> dict:
        """What the last `up` wrote; empty before the first."""
        try:
            return dict(json.loads(self.state_file.read_text()))
        except (OSError, ValueError):
            return {}

    def save(self, state: dict) -> None:
        """Write the state whole or not at all, for our eyes only."""
        fresh = self.state_file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(state, indent=2))
        fresh.replace(self.state_file)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns an exit status; `status` gives 1 when something does not run."""
    parser = argparse.ArgumentParser(prog="scripts/stack", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "stack", help="folder of the instance")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--demo", action="store_true", help="well-known logins, for this machine only")
    options = parser.parse_args(arguments)
    stack = Stack(options.home)
    if options.action == "up":
        try:
            url = stack.up(port=options.port, workers=options.workers, demo=options.demo)
        except (StackFailed, postgres.ServiceFailed, programs.MissingProgram) as problem:
            print(problem, file=sys.stderr)
            return 1
        print(f"{url}\nlogs: {stack.home / 'log'}")
    elif options.action == "down":
        stack.down()
    else:
        server = postgres.Postgres(stack.home / "postgres").pid() if (stack.home / "postgres").exists() else None
        rows = {"postgres": server, **stack.alive()}
        for label, pid in rows.items():
            print(f"{label:12} {pid or 'stopped'}")
        return 0 if all(rows.values()) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
