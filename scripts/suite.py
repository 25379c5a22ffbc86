"""Run the test suite: find or install the programs it needs, then pytest. Arguments are pytest's.

Without arguments the whole suite runs, and a missing program is a failure: nothing is left out in silence.
"""

from __future__ import annotations

import os
import sys

from scripts import programs

MOST_PROCESSES = 4  # each test process also keeps servers and browsers busy


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status, or 1 with one line when a program is missing."""
    if not arguments or os.environ.get("CI"):
        try:
            programs.ensure()
        except programs.MissingProgram as problem:
            print(problem, file=sys.stderr)
            return 1
    import pytest

    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    # A failing test's traceback is short in the summary; `make test ARGS='…'` gives the whole of it.
    return int(pytest.main(arguments or ["-n", str(processes), "--dist", "worksteal", "tests"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
