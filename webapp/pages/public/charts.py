"""Charts as SVG, drawn on the server: bars by month. What they show stands in a table beside them, so to eyes that do
not see them they are a picture with a name.

Colours and hatching come from classes (`figures.css`); no colour says anything alone: the second bar is hatched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDE, HIGH = 400, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 6, 12, 26
_LABELS = 6  # at most so many names along the axis
_HALF_NAME = 26  # of "11/2026"; the last name must not run over the edge


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bar: its name in the legend, its class, and a value for each place along the axis."""

    name: str
    tone: str
    values: Sequence[int]


def bars(ident: str, title: str, description: str, names: Sequence[str], series: Sequence[Series]) -> Markup:
    """A chart of upright bars. `ident` is unique on the page."""
    top = nice(max((value for one in series for value in one.values), default=0))
    inner_wide, inner_high = WIDE - _LEFT - _RIGHT, HIGH - _TOP - _BOTTOM
    step = inner_wide / max(1, len(names))
    thick = min(18.0, step * 0.8 / max(1, len(series)))
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-labelledby="{ident}-t {ident}-d" '
        f'focusable="false"><title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(description)}'
        f'</desc><defs><pattern id="{ident}-h" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M0 0v6" class="hatch"/></pattern></defs>'
    ]
    for share in (0, 0.5, 1):
        y = _TOP + inner_high * (1 - share)
        value = top * share
        label = f"{value:.0f}" if value == int(value) else ""
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDE - _RIGHT}"/>')
        parts.append(f'<text class="axis end" x="{_LEFT - 6}" y="{y + 4:.1f}">{label}</text>')
    every = -(-len(names) // _LABELS) if names else 1
    for number, name in enumerate(names):
        middle = _LEFT + step * (number + 0.5)
        for place, one in enumerate(series):
            height = inner_high * one.values[number] / top
            if not height:
                continue
            x = middle - thick * len(series) / 2 + thick * place
            box = f'x="{x:.1f}" y="{_TOP + inner_high - height:.1f}" width="{thick:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="bar {one.tone}" {box}/>')
            if place:
                parts.append(f'<rect class="over" {box} fill="url(#{ident}-h)"/>')
        if number % every == 0:
            at = min(middle, WIDE - _HALF_NAME)
            parts.append(f'<text class="axis mid" x="{at:.1f}" y="{HIGH - 8}">{escape(name)}</text>')
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every text in it is escaped above


def nice(value: int) -> int:
    """The end of an axis that goes up to at least `value`: an even number like 2, 4, 10, 20, 50, 100, …"""
    if value <= 2:
        return 2
    size = 1
    while True:
        for factor in (2, 4, 6, 10):
            if factor * size >= value:
                return factor * size
        size *= 10
