"""Run the measurements in tests/bench/: `python -m scripts.bench [suite …]`.

Each suite is a module with a command line of its own that prints its table and writes var/bench/<suite>.json,
a list of {"name", "value", "unit", "floor", "ratio", "n"}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = ROOT / "tests" / "bench"
FIGURES = ROOT / "var" / "bench"
FIELDS = {"name", "value", "unit", "floor", "ratio", "n"}


def main(names: list[str]) -> int:
    """Run the named suites, or all. Returns 0 when each wrote its figures."""
    known = sorted(path.stem for path in SUITES.glob("*.py") if not path.stem.startswith("_"))
    unknown = set(names) - set(known)
    if unknown or not known:
        print(f"No such suite: {', '.join(unknown) or '(none)'}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    FIGURES.mkdir(parents=True, exist_ok=True)
    broken = [name for name in names or known if not measured(name)]
    if broken:
        print(f"Without figures: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def measured(name: str) -> bool:
    """Run one suite; True when it ended well and its figures are new and of the agreed form."""
    started = time.time()
    print(f"== {name}", flush=True)
    if subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], cwd=ROOT, check=False).returncode:
        return False
    figures = FIGURES / f"{name}.json"
    try:
        rows = json.loads(figures.read_text())
    except (OSError, ValueError):
        return False
    fresh = figures.stat().st_mtime >= started - 1
    return fresh and bool(rows) and all(row.keys() >= FIELDS for row in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
