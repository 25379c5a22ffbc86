"""What may be said of a share, and who may be put in an order by it: pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Of fewer cases a share says nothing: the map hatches them (`mapping.shades.LEAST`), tables show the two numbers.
LEAST = 5
# Under ten answers, one more or less in time moves the share by ten points or more: that is chance, not work.
RANKED_FROM = 10
Z = 1.96  # of a confidence of 95 %


def wilson_low(part: int, whole: int) -> float:
    """The lower end of Wilson's score interval for `part` out of `whole`, 0 to 1; 0 for none.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927): the least share that could well be behind what was seen. A share of few cases
    is pulled down, so that three out of three do not stand before ninety-five out of a hundred.
    """
    if not part:
        return 0.0
    share, square = part / whole, Z * Z
    middle = share + square / (2 * whole)
    spread = Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    return max(0.0, (middle - spread) / (1 + square / whole))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an order. Equals share one, and the next number is left out."""

    number: int
    code: str


def ranked(shares: Mapping[str, tuple[int, int]]) -> tuple[list[Place], list[str]]:
    """Who stands where by the lower end of the interval of (part, whole), best first; and the codes of those with too
    few cases to stand anywhere, those with the most cases first."""
    enough = {code: wilson_low(*pair) for code, pair in shares.items() if pair[1] >= RANKED_FROM}
    order = sorted(enough, key=lambda code: (-enough[code], code))
    places: list[Place] = []
    for index, code in enumerate(order):
        same = index > 0 and enough[order[index - 1]] == enough[code]
        places.append(Place(places[-1].number if same else index + 1, code))
    few = [code for code in shares if code not in enough]
    return places, sorted(few, key=lambda code: (-shares[code][1], code))
