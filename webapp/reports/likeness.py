"""How likely two reports are about the same thing, and why. Pure: facts in, a number and its reasons out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.positions import distance_m
from webapp.core.text import fold

FAR_M = 1000  # beyond, a place speaks against
HALF_M = 150  # as likely as not by distance alone
HALF_DAYS = 10
SAME_BITS = 8  # of 64 that may differ in two pictures of the same thing; see pictures.near_band
FEWEST_BITS = 4  # a picture of almost one colour has a hash like every other such picture
LIKELY, POSSIBLE = 70, 40  # from here on it is said so; below POSSIBLE nothing is suggested

# What each reason weighs where it can be asked at all. Two reports without words are compared by the rest.
PLACE, TIME, CATEGORY, WORDS = 0.40, 0.15, 0.20, 0.25
PICTURE = 0.85  # an almost equal picture outweighs the others: it fills this share of what they leave open


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared of a report. `words` as typed; `pictures` are 64-bit difference hashes."""

    at: datetime
    category: str
    group: str
    lon: float | None = None
    lat: float | None = None
    area: str | None = None
    words: str = ""
    pictures: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """The answer: `score` from 0 to 100 and what it stands on; None where it could not be asked."""

    score: int
    metres: int | None
    days: int
    category: str  # same, group, other
    words: float | None  # share of three-letter pieces in common
    bits: int | None  # of 64 that differ in the two most alike pictures; None if more than SAME_BITS


def compare(one: Facts, other: Facts) -> Likeness:
    """How alike two reports are, whichever comes first."""
    metres = _metres(one, other)
    days = abs((one.at - other.at).days) if one.at >= other.at else abs((other.at - one.at).days)
    category = "same" if one.category == other.category else "group" if one.group == other.group else "other"
    words = similarity(one.words, other.words)
    bits = nearest(one.pictures, other.pictures)
    parts = [
        (PLACE, _of_place(metres, one, other)),
        (TIME, 1 / (1 + days / HALF_DAYS)),
        (CATEGORY, {"same": 1.0, "group": 0.5, "other": 0.0}[category]),
    ]
    if words is not None:
        # Two people rarely write alike, so a third in common is already much.
        parts.append((WORDS, min(1.0, words * 3)))
    share = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
    if metres is not None and metres > FAR_M:
        share = 0.0  # however alike the words: it is another place
    if bits is not None:
        share += (1 - share) * PICTURE * (1 - bits / (2 * SAME_BITS))
    return Likeness(round(100 * share), metres, days, category, words, bits)


def _metres(one: Facts, other: Facts) -> int | None:
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return round(distance_m(one.lon, one.lat, other.lon, other.lat))


def _of_place(metres: int | None, one: Facts, other: Facts) -> float:
    if metres is not None:
        return 1 / (1 + (metres / HALF_M) ** 2)
    return 0.4 if one.area and one.area == other.area else 0.0


def similarity(one: str, other: str) -> float | None:
    """The share of three-letter pieces that two texts have in common (Jaccard), without case and diacritics; None
    where one of them says too little to compare."""
    left, right = pieces(one), pieces(other)
    if len(left) < 4 or len(right) < 4:
        return None
    return len(left & right) / len(left | right)


def pieces(words: str) -> frozenset[str]:
    """The three-letter pieces of a text's first 600 letters, folded, word by word with their edges."""
    folded = "".join(c if c.isalnum() else " " for c in fold(words[:600]))
    padded = [f" {word} " for word in folded.split()]
    return frozenset(word[i : i + 3] for word in padded for i in range(len(word) - 2))


def nearest(mine: Sequence[int], others: Sequence[int]) -> int | None:
    """The fewest bits by which a picture of one differs from one of the other; None if more than SAME_BITS do."""
    mask = (1 << 64) - 1
    pairs = ((a & mask, b & mask) for a in mine for b in others)
    found = [(a ^ b).bit_count() for a, b in pairs if telling(a) and telling(b)]
    return min((bits for bits in found if bits <= SAME_BITS), default=None)


def telling(dhash: int) -> bool:
    """Whether a hash says anything: that of a picture in almost one colour does not."""
    ones = (dhash & (1 << 64) - 1).bit_count()
    return min(ones, 64 - ones) >= FEWEST_BITS
