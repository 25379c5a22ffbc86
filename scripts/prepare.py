"""Make the working environment: virtual environment, front-end libraries, compiled translations.

    python3 scripts/prepare.py app     what serving needs
    python3 scripts/prepare.py dev     that, and what testing and checking need

Runs on the standard library of Python 3.11+. Each part carries a stamp that names the exact input it was made
from; the stamp is removed before work starts and written last, so an interrupted run is simply done again.
Two runs at once take turns.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)
# Not the environment's own, which may be the very one that has to be made again.
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)


class PrepareError(Exception):
    """A step that cannot go on; the message says what the person can do."""


@contextlib.contextmanager
def turn_taking(name: str) -> Iterator[None]:
    """Hold the lock `var/.<name>.lock`: a second run waits for the first instead of tearing at its files."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with (folder / f".{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: bytes | str) -> str:
    """SHA-256 over the parts, as hex."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()


def stamped(stamp: Path, wanted: str) -> bool:
    """True when `stamp` says that its part was made from exactly this input."""
    try:
        return stamp.read_text() == wanted
    except OSError:
        return False


def write_stamp(stamp: Path, value: str) -> None:
    """Write a stamp whole or not at all."""
    fresh = stamp.with_name(stamp.name + ".new")
    fresh.write_text(value)
    fresh.replace(stamp)


def run(command: Sequence[str | Path], what: str, **options: object) -> None:
    """Run a command; its failure becomes one sentence (its own output has been shown above it)."""
    try:
        subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)  # type: ignore[call-overload]
    except (OSError, subprocess.CalledProcessError) as problem:
        raise PrepareError(f"{what} failed: {problem}") from None


def pins(lock: Path) -> set[str]:
    """The `name==version` pins of a lock file."""
    return set(re.findall(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", lock.read_text(), re.MULTILINE))


def wanted_stamp(kind: str) -> str:
    """What the stamp of an environment must say: the lock's content, this Python, and this place (a virtual
    environment does not survive being moved)."""
    return digest((REQUIREMENTS / f"{kind}.lock").read_bytes(), sys.version, str(VENV))


def environment_is_current(kind: str) -> bool:
    """True when `.venv` holds what `kind` needs. The dev environment serves as well, as long as it pins all
    that the app pins."""
    if not PYTHON.exists():
        return False
    if stamped(VENV / f".made-{kind}", wanted_stamp(kind)):
        return True
    return (
        kind == "app"
        and stamped(VENV / ".made-dev", wanted_stamp("dev"))
        and pins(REQUIREMENTS / "app.lock") <= pins(REQUIREMENTS / "dev.lock")
    )


def works(python: Path) -> bool:
    """True when this environment starts, has pip, and is of the Python that runs this script."""
    check = (
        f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]} "
        f"or sys.prefix != {str(python.parent.parent)!r})"
    )
    try:
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment(kind: str) -> None:
    """Create `.venv` where needed and install the lock file of `kind` into it, by hash."""
    if environment_is_current(kind):
        return
    for old in VENV.glob(".made-*"):
        old.unlink()
    if not works(PYTHON):
        print("Making the virtual environment .venv", flush=True)
        if VENV.is_dir():
            shutil.rmtree(VENV)
        run(
            [BASE_PYTHON, "-m", "venv", VENV],
            "python -m venv (on Debian and Ubuntu: apt-get install python3-venv)",
        )
    install(PYTHON, REQUIREMENTS / f"{kind}.lock")
    write_stamp(VENV / f".made-{kind}", wanted_stamp(kind))


def install(python: Path, lock: Path) -> None:
    """Install a lock file into an environment. Which index to ask is the machine's own affair."""
    print(f"Installing {len(pins(lock))} packages from {lock.relative_to(ROOT)}", flush=True)
    quiet = ["--quiet", "--progress-bar", "off", "--disable-pip-version-check", "--no-input"]
    run([python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", lock], "pip install")


def is_compiled(source: Path) -> bool:
    """True when a catalogue's compiled form is there and not older than its source."""
    built = source.with_suffix(".mo")
    return built.exists() and built.stat().st_mtime >= source.stat().st_mtime


def compile_translations() -> None:
    """Compile the catalogues whose source is newer; no catalogue yet is no error."""
    if not all(map(is_compiled, (ROOT / "webapp" / "translations").glob("*/LC_MESSAGES/*.po"))):
        run([PYTHON, "-m", "scripts.translations", "compile"], "compiling the translations")


def main(arguments: list[str]) -> int:
    """Prepare for `app` or `dev`. Returns an exit status."""
    if arguments not in (["app"], ["dev"]):
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed.", file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT))
    from scripts import vendor  # found only now that the project is on the path

    try:
        with turn_taking("prepare"):
            make_environment(arguments[0])
            vendor.fetch()
            compile_translations()
    except PrepareError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
