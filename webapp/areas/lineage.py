"""Who came after whom, as a pure walk over successions. Dates only grow on the way, so that no walk can go round."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Step:
    """From `on` on, `to_code` stands in for `from_code`, which ended the day before.

    `to_code` is None where nothing came after. `main`: the one of several that a mere code is resolved to.
    """

    from_code: str
    to_code: str | None
    on: date
    main: bool = True


# The steps that lead away from any of these codes
Leaving = Callable[[Iterable[str]], Iterable[Step]]


def ends_of(codes: Iterable[str], leaving: Leaving, on: date) -> dict[str, tuple[str, ...]]:
    """For each code, what stands in its place on the day `on`, the main one first.

    A code that nothing came after by then stands for itself; one that ended without a successor gives ().
    """
    wanted = set(codes)
    steps = _closure(wanted, leaving, on)
    return {code: tuple(dict.fromkeys(_walk(code, None, steps))) for code in wanted}


def _closure(codes: set[str], leaving: Leaving, on: date) -> dict[str, list[Step]]:
    """All steps that can be reached from the codes up to the day, by the code they leave, oldest first."""
    found: dict[str, list[Step]] = {}
    todo = set(codes)
    while todo:
        fresh = [step for step in leaving(todo) if step.on <= on]
        found |= {code: [] for code in todo}
        for step in fresh:
            found[step.from_code].append(step)
        todo = {step.to_code for step in fresh if step.to_code} - found.keys()
    for steps in found.values():
        steps.sort(key=lambda s: (s.on, not s.main, s.to_code or ""))
    return found


def _walk(code: str, since: date | None, steps: dict[str, list[Step]]) -> Iterable[str]:
    """Only steps after the one that led here count: a code that came back later is not left again."""
    later = [s for s in steps.get(code, ()) if since is None or s.on > since]
    if not later:
        yield code
        return
    first = later[0].on
    for step in later:
        if step.on == first and step.to_code:
            yield from _walk(step.to_code, first, steps)
