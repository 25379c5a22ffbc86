"""Make requirements/*.lock and package-lock.json anew. Pinned and hashed; they name no index and no registry.

`python3 scripts/lock.py [--upgrade]`: without it, versions that still fit stay as they are. uv comes from the
package index into an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts import prepare, vendor

TOOLS = prepare.ROOT / "var" / "tools" / "lock"
UV = "uv>=0.13,<0.14"
OPTIONS = ["--quiet", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
OPTIONS += ["--no-header", "--no-annotate", "--python-version", "3.11"]
# The larger one first: the app is then locked to what it was tested with.
LOCKS = {
    "dev": ["pyproject.toml", "--group", "dev"],
    "app": ["pyproject.toml", "-c", "requirements/dev.lock"],
    "node": ["requirements/node.in"],
}


def main(arguments: list[str]) -> int:
    """Write all lock files. Returns an exit status."""
    uv = TOOLS / "bin" / "uv"
    try:
        if not uv.exists():
            prepare.run([prepare.BASE_PYTHON, "-m", "venv", TOOLS], "python -m venv")
            prepare.run([TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", UV], "pip install uv")
        for name, sources in LOCKS.items():
            lock = f"requirements/{name}.lock"
            prepare.run([uv, "pip", "compile", *OPTIONS, *arguments, *sources, "-o", lock], f"making {lock}")
        prepare.run(
            [
                *vendor.find_npm(),
                "install",
                "--package-lock-only",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ],
            "npm install --package-lock-only",
            stdout=subprocess.DEVNULL,
        )
    except prepare.PrepareError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
