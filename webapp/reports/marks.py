"""Areas of a picture that the public must not see: faces, plates, a house number. Rules only, no pixels.

An area is (left, top, width, height), each a share of the picture between 0 and 1, so that it fits every
copy of the picture whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Area = tuple[float, float, float, float]

MAX_AREAS = 60
SMALLEST = 0.005  # of a side: less is a slip of the hand
LONG, SHORT = 16, 12  # cells of the grid along the long and the short side


class BadArea(ValueError):
    """A field that is no number, or a number that leaves nothing to hide; `row` counts from 1."""

    def __init__(self, code: str, row: int = 0) -> None:
        super().__init__(f"{code} in row {row}")
        self.code, self.row = code, row


def from_percent(rows: Iterable[Sequence[str]]) -> list[Area]:
    """Areas out of rows of four fields (left, top, width, height in percent); an empty row is none.

    What reaches over the edge is cut there. Raises BadArea: `number`, `empty` (nothing of the picture is in
    it) or `many`.
    """
    found: list[Area] = []
    for number, row in enumerate(rows, 1):
        texts = [text.strip().replace(",", ".").rstrip("% ") for text in row]
        if not any(texts):
            continue
        try:
            values = [float(text) / 100 for text in texts]
            if len(values) != 4:
                raise ValueError
        except ValueError:
            raise BadArea("number", number) from None
        if not all(-10 <= value <= 10 for value in values):  # also catches nan
            raise BadArea("number", number)
        left, top, width, height = values
        found.append(_inside((left, top, width, height), number))
    if len(found) > MAX_AREAS:
        raise BadArea("many")
    return found


def _inside(area: Area, row: int) -> Area:
    left, top, width, height = area
    right, bottom = min(1.0, left + width), min(1.0, top + height)
    left, top = max(0.0, left), max(0.0, top)
    if right - left < SMALLEST or bottom - top < SMALLEST:
        raise BadArea("empty", row)
    return (round(left, 5), round(top, 5), round(right - left, 5), round(bottom - top, 5))


def grid(width: int, height: int) -> tuple[int, int]:
    """(columns, rows) of the grid that is laid over a picture of this size."""
    return (LONG, SHORT) if width >= height else (SHORT, LONG)


def from_cells(names: Iterable[str], columns: int, rows: int) -> list[Area]:
    """Areas out of ticked cells (`row-column`, from 0), neighbours put together; odd names are left out."""
    ticked: set[tuple[int, int]] = set()
    for name in names:
        y, dash, x = name.partition("-")
        if dash and y.isdecimal() and x.isdecimal() and len(name) < 8:
            at = (int(y), int(x))
            if at[0] < rows and at[1] < columns:
                ticked.add(at)
    found: list[Area] = []
    while ticked:
        row, column = min(ticked)
        wide = 1
        while (row, column + wide) in ticked:
            wide += 1
        high = 1
        while all((row + high, column + i) in ticked for i in range(wide)):
            high += 1
        ticked -= {(row + y, column + x) for y in range(high) for x in range(wide)}
        area = (column / columns, row / rows, wide / columns, high / rows)
        found.append((round(area[0], 5), round(area[1], 5), round(area[2], 5), round(area[3], 5)))
    return found
