"""How every suite reports: one file of figures for machines, the same as a table for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `floor` is what it is held against (the next best way, or what is asked for) and
    `ratio` how many times better it is: value over floor, or floor over value where less is better. `n` is how
    many single measurements it stands on."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    n: int = 1


def figure(
    name: str, value: float, unit: str, *, floor: float | None = None, n: int = 1, less_is_better: bool = False
) -> Figure:
    """A Figure with its ratio worked out."""
    ratio = None
    if floor and value:
        ratio = round(floor / value if less_is_better else value / floor, 3)
    return Figure(name, round(value, 4), unit, floor if floor is None else round(floor, 4), ratio, n)


def write(suite: str, figures: list[Figure]) -> Path:
    """Write var/bench/<suite>.json, print the table, and return the file's path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{suite}.json"
    path.write_text(json.dumps([asdict(f) for f in figures], indent=1, ensure_ascii=False) + "\n", "utf-8")
    wide = max((len(f.name) for f in figures), default=4)
    print(f"{'name':{wide}}  {'value':>12}  {'unit':10}  {'floor':>12}  {'ratio':>8}  {'n':>7}")
    for f in figures:
        floor, ratio = (f"{x:,.3f}" if x is not None else "" for x in (f.floor, f.ratio))
        print(f"{f.name:{wide}}  {f.value:>12,.3f}  {f.unit:10}  {floor:>12}  {ratio:>8}  {f.n:>7,}")
    return path
