"""A PostgreSQL cluster and a Redis server of one's own. Standard library only.

PostgreSQL listens on a unix socket alone and is never started as root: where this process is root, the server
runs as `postgres` or `nobody` in a folder which that user owns.
"""

from __future__ import annotations

import hashlib
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts import programs

SUPERUSER = "dgs"
PASSWORD_LENGTH = 24
START_SECONDS = 60
STOP_SECONDS = 30

# The same in docker-compose.yml, proved by tests/contracts/test_stack.py. The Vietnamese ICU collation sorts
# a ă â, d đ, e ê the way people here read a list.
INITDB_ARGUMENTS = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=vi")
SERVER_SETTINGS = ("jit=off", "max_connections=200")
# Only where losing everything in a power cut does not matter.
THROWAWAY_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class ServiceFailed(RuntimeError):
    """A server did not start; the message ends with what it wrote to its log."""


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


class Postgres:
    """One cluster under `home`; `throwaway` trades durability for speed."""

    def __init__(self, home: Path, *, throwaway: bool = False) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.throwaway = throwaway
        self.programs = programs.ensure("PostgreSQL with PostGIS")["PostgreSQL with PostGIS"]
        # Short and the same at each start: a path under `home` may be too long for a socket.
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        self.sockets = Path("/tmp") / f"dgs-pg-{name}"  # noqa: S108 - its owner is checked

    def start(self) -> None:
        """Create the cluster if there is none and start it unless it runs. Raises ServiceFailed."""
        if self.pid():
            return
        self._own(self.home)
        self._own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        settings = [*SERVER_SETTINGS, *(THROWAWAY_SETTINGS if self.throwaway else ())]
        settings += ["listen_addresses=", f"unix_socket_directories={self.sockets}"]
        command = [str(self.programs / "postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **self._as_user(),
            )
        self._wait(server)

    def stop(self) -> None:
        """Stop the server; nothing happens if it does not run."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGQUIT if self.throwaway else signal.SIGINT)
            wait_until_gone(pid)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def destroy(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def pid(self) -> int | None:
        """The server's process id, or None when it does not run."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if command_of(pid, "postgres") else None

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='')}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL through psql; returns its bare output. Raises ServiceFailed with the server's words."""
        done = subprocess.run(
            [str(self.programs / "psql"), "-h", str(self.sockets), "-U", SUPERUSER, "-d", database]
            + ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServiceFailed(done.stderr.strip())
        return done.stdout.strip()

    def make_database(self, name: str) -> None:
        """Create a database with PostGIS in it, as the container image does, unless it exists."""
        if self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "1":  # noqa: S608 - our own names
            return
        self.sql(f'CREATE DATABASE "{name}"')
        self.sql("CREATE EXTENSION postgis", name)

    def _create(self) -> None:
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [
            str(self.programs / "initdb"),
            "-D",
            str(fresh),
            "-U",
            SUPERUSER,
            "--auth=trust",
            *INITDB_ARGUMENTS,
        ]
        if platform.system() == "Darwin":  # which has this locale only since lately
            command.append("--locale=en_US.UTF-8")
        if self.throwaway:
            command.append("--no-sync")
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())
        if done.returncode:
            raise ServiceFailed(f"initdb: {done.stderr.strip()}")
        fresh.rename(self.data)

    def _wait(self, server: subprocess.Popen[Any]) -> None:
        for _ in range(START_SECONDS * 20):
            if server.poll() is not None:
                break
            try:
                self.sql("SELECT 1")
                return
            except ServiceFailed:
                time.sleep(0.05)
        raise ServiceFailed(f"PostgreSQL did not start:\n{tail(self.log)}")

    def _own(self, folder: Path) -> None:
        """Make a folder that only the server's user enters."""
        folder.mkdir(parents=True, exist_ok=True)
        user = self._user()
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        if folder.stat().st_uid != (user.pw_uid if user else os.geteuid()):
            raise ServiceFailed(f"{folder} belongs to somebody else")
        folder.chmod(0o700)
        if user and subprocess.run(["test", "-x", folder], check=False, **self._as_user("/")).returncode:
            raise ServiceFailed(f"The user {user.pw_name} cannot enter {folder}: choose another home folder")

    def _as_user(self, cwd: str | None = None) -> dict[str, Any]:
        """What subprocess needs to run as the server's user, with a folder that user can stand in."""
        user = self._user()
        options: dict[str, Any] = {"cwd": cwd or str(self.home)}
        if user:
            options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        return options

    @staticmethod
    def _user() -> pwd.struct_passwd | None:
        """Whom to become when we are root; None when we are not."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise ServiceFailed("PostgreSQL refuses to run as root and there is no user postgres or nobody")


class Redis:
    """One Redis server on a free port of 127.0.0.1, behind a random password, that keeps nothing on disk.

    It needs to keep nothing: jobs are rows in the database, and Redis only wakes the workers.
    """

    def __init__(self, home: Path, *, port: int = 0, password: str = "") -> None:
        self.home = home.resolve()
        self.port = port
        self.password = password or secrets.token_hex(PASSWORD_LENGTH)
        self.server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. Raises ServiceFailed."""
        program = programs.ensure("Redis")["Redis"]
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        attempts = 1 if self.port else 5  # a free port may be taken by somebody else before we get to it
        for _ in range(attempts):
            port = self.port or free_port()
            settings = self.home / "redis.conf"  # not on the command line, where the password could be read
            settings.write_text(
                f'bind 127.0.0.1\nport {port}\nrequirepass {self.password}\nsave ""\nappendonly no\n'
                f"databases 256\ndir {self.home}\n"
            )
            with (self.home / "server.log").open("ab") as log:
                self.server = subprocess.Popen(
                    [program, settings],
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            if self._answers(self.server, port):
                self.port = port
                return
        raise ServiceFailed(f"Redis did not start:\n{tail(self.home / 'server.log')}")

    @property
    def pid(self) -> int:
        """The process id of the server that was started."""
        if self.server is None:
            raise ServiceFailed("Redis was not started")
        return self.server.pid

    def url(self, number: int = 0) -> str:
        """The address of one of its 256 numbered databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def _answers(self, server: subprocess.Popen[bytes], port: int) -> bool:
        hello = f"AUTH {self.password}\r\nPING\r\n".encode()
        for _ in range(START_SECONDS * 20):
            if server.poll() is not None:
                return False
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                    connection.sendall(hello)
                    return connection.recv(64).startswith(b"+OK")
            except OSError:
                time.sleep(0.05)
        return False


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_of(pid: int, *words: str) -> str:
    """The command line of a living process if it holds one of `words`, otherwise "": a number that was
    given to another process since must never be signalled."""
    answer = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, command = answer.stdout.strip().partition(" ")
    return command if command and not state.startswith("Z") and any(w in command for w in words) else ""


def wait_until_gone(pid: int, seconds: float = STOP_SECONDS) -> bool:
    """Wait for a process to end; True when it did."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return True
        except ChildProcessError:
            pass
        if not command_of(pid, ""):
            return True
        time.sleep(0.05)
    return False
