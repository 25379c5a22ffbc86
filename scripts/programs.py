"""Find the programs that the real engine and the browser tests need; install them where that can be done.

    python3 scripts/programs.py        find or install all of them, and say where they are

Standard library only. On Debian and Ubuntu, as root, what is missing comes from apt-get. Anywhere else
the one line that says what to install is the answer.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path


class MissingProgram(RuntimeError):
    """A program is not there and could not be installed; the message is one line that says what to do."""


def find_postgres() -> Path | None:
    """The program directory of the newest PostgreSQL that has PostGIS, or None.

    The first `pg_ctl` on PATH is not enough to go by: it may belong to an installation without PostGIS.
    """
    return next((place for place in _postgres_places() if _has_postgis(place)), None)


def find_redis() -> Path | None:
    """The Redis server (or Valkey, which speaks the same), or None."""
    return _on_path("redis-server", "valkey-server", also=("/opt/homebrew/bin", "/usr/local/bin", "/usr/sbin"))


def find_chromium() -> Path | None:
    """A Chromium that Playwright can drive: the system's, or the one Playwright itself fetched, or None."""
    found = _on_path("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    # On Ubuntu /usr/bin/chromium-browser is only a signpost to a snap, which does not run headless for root.
    if found and not _is_snap(found):
        return found
    applications = (
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    )
    fetched = sorted(
        (
            place
            for folder in ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
            for pattern in (
                "chromium-*/chrome-linux*/chrome",
                "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
            )
            for place in Path(folder).expanduser().glob(pattern)
        ),
        reverse=True,
    )
    return next((place for place in [*map(Path, applications), *fetched] if os.access(place, os.X_OK)), None)


def find_fonts() -> Path | None:
    """A font folder that shows Vietnamese and Khmer (pages that are looked at must not be full of boxes)."""
    if platform.system() == "Darwin":
        return Path("/System/Library/Fonts")
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"):
        place = next(Path(folder).expanduser().glob("**/NotoS*Khmer*"), None)
        if place:
            return place.parent
    return None


# name -> (how it is found, its Debian packages, what to do elsewhere)
PROGRAMS: dict[str, tuple[Callable[[], Path | None], tuple[str, ...], str]] = {
    "PostgreSQL with PostGIS": (find_postgres, ("postgresql",), "brew install postgis"),
    "Redis": (find_redis, ("redis-server",), "brew install redis"),
    "Chromium": (
        find_chromium,
        ("chromium",),
        "install Chromium or Chrome, or: .venv/bin/playwright install chromium",
    ),
    "fonts for Vietnamese and Khmer": (find_fonts, ("fonts-noto-core",), "install the Noto fonts"),
}


def ensure(*names: str) -> dict[str, Path]:
    """Find the named programs (default: all), installing what is missing where that is possible.

    Raises MissingProgram with one line that names everything still missing.
    """
    wanted = names or tuple(PROGRAMS)
    missing = [name for name in wanted if PROGRAMS[name][0]() is None]
    if missing and _can_install():
        _install(missing)
        missing = [name for name in wanted if PROGRAMS[name][0]() is None]
    if missing:
        raise MissingProgram("Missing: " + "; ".join(f"{name} ({_advice(name)})" for name in missing))
    found = {name: PROGRAMS[name][0]() for name in wanted}
    return {name: place for name, place in found.items() if place is not None}


def _advice(name: str) -> str:
    _, packages, elsewhere = PROGRAMS[name]
    if not shutil.which("apt-get"):
        return elsewhere
    if name == "Chromium" and _is_ubuntu():
        return "as root: .venv/bin/playwright install --with-deps chromium"
    extra = (f"postgresql-{_newest_debian_postgres() or 'NN'}-postgis-3",) if "postgresql" in packages else ()
    return "as root: apt-get install " + " ".join([*packages, *extra])


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(names: list[str]) -> None:
    print(f"Installing {', '.join(names)} with apt-get", flush=True)
    _apt("update")
    fetch_browser = "Chromium" in names and _is_ubuntu()
    packages = [p for name in names for p in PROGRAMS[name][1] if not (fetch_browser and p == "chromium")]
    if packages:
        _apt("install", *packages)
    if "PostgreSQL with PostGIS" in names:
        version = _newest_debian_postgres()
        if version:
            _apt("install", f"postgresql-{version}-postgis-3")
    if fetch_browser:
        _quietly([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"])


def _apt(verb: str, *packages: str) -> None:
    options = ["-qq", "-o", "DPkg::Lock::Timeout=300"]
    if verb == "install":
        options += ["-y", "--no-install-recommends"]
    _quietly(["apt-get", verb, *options, *packages])


def _quietly(command: list[str]) -> None:
    """Run a command; show what it said only if it failed (what is then missing is reported by the caller)."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)


def _newest_debian_postgres() -> str | None:
    versions = [place.name for place in Path("/usr/lib/postgresql").glob("[0-9]*") if (place / "bin").is_dir()]
    return max(versions, key=int, default=None)


def _is_ubuntu() -> bool:
    try:
        return "ID=ubuntu" in Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False


def _is_snap(program: Path) -> bool:
    real = program.resolve()
    if "snap" in real.parts or real.name == "snap":
        return True
    with real.open("rb") as handle:
        start = handle.read(4096)
    return start.startswith(b"#!") and b"/snap/" in start


def _on_path(*names: str, also: tuple[str, ...] = ()) -> Path | None:
    for name in names:
        found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(also))
        if found:
            return Path(found)
    return None


def _postgres_places() -> Iterator[Path]:
    """Program directories that hold a server, newest version first within each way of installing."""
    patterns = (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql*/bin"),
        ("/usr/local/opt", "postgresql*/bin"),
        ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
    )
    seen = set()
    for top, pattern in patterns:
        for place in sorted(Path(top).glob(pattern), key=_version_in, reverse=True):
            seen.add(place.resolve())
            yield place
    for folder in os.get_exec_path():
        for name in ("postgres", "pg_ctl"):
            program = Path(folder) / name
            if program.exists() and program.resolve().parent not in seen:
                seen.add(program.resolve().parent)
                yield program.resolve().parent
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.stdout.strip():
            yield Path(answer.stdout.strip())


def _version_in(place: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", place.parent.name)]


def _has_postgis(place: Path) -> bool:
    if not all((place / name).exists() for name in ("postgres", "initdb", "psql")):
        return False
    shares = [place.parent / "share", place.parent / "share" / "postgresql"]
    shares.append(Path("/usr/share/postgresql") / place.parent.name)
    if (place / "pg_config").exists():
        answer = subprocess.run([place / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        shares.insert(0, Path(answer.stdout.strip() or "/nonexistent"))
    return any((share / "extension" / "postgis.control").exists() for share in shares)


if __name__ == "__main__":
    try:
        for program, location in ensure().items():
            print(f"{program}: {location}")
    except MissingProgram as problem:
        sys.exit(str(problem))
