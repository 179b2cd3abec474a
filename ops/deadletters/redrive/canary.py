"""The canary: in which steps letters go, and whether what became of a step's messages lets the next one go. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from ops.deadletters.plan_model import Steps
from ops.errors import UsageError

BRAKE_AT = 20
"""Decided messages from which a step that is still being sent may be stopped by its share: before, one that came back
says too little. What comes back is known later than what succeeds, so the share errs to the good side."""


def boundaries(sizes: Sequence[str], total: int) -> tuple[int, ...]:
    """Letters sent by the end of each step, growing, the last one ``total``. ``("5", "1%", "10%", "100%")`` of 2,000:
    5, 20, 200, 2,000; of 50: 5, 50 (1% and 10% of it are no step beyond 5).

    Raises UsageError for a size that is no count above 0 or share up to 100%, and for sizes that do not grow.
    """
    if total < 1:
        return ()
    ends: list[int] = []
    shares = [(_share(size), size) for size in sizes]
    for (before, named), (after, size) in pairwise(shares):
        if type(before) is type(after) and after <= before:
            raise UsageError(f"The step {size} does not go beyond the step {named}.", "Let the steps grow: 5,1%,100%.")
    for value, _ in shares:
        end = min(total, value if isinstance(value, int) else math.ceil(value * total))
        if end > (ends[-1] if ends else 0):
            ends.append(end)
    if not ends or ends[-1] < total:
        ends.append(total)
    return tuple(ends)


def _share(size: str) -> int | float:
    text = size.strip()
    try:
        number = float(text.removesuffix("%")) if text.endswith("%") else int(text)
    except ValueError:
        number = 0
    if text.endswith("%") and 0 < number <= 100:
        return float(number) / 100
    if isinstance(number, int) and number > 0:
        return number
    raise UsageError(f'"{size}" is no size of a step.', "Name counts and shares that grow, such as 5,1%,10%,100%.")


class Verdict(StrEnum):
    GO = "go"
    STOP = "stop"  # too many came back
    WAIT = "wait"
    OPEN = "open"  # patience is over, and the rest is still not known


@dataclass(frozen=True)
class Tally:
    """What became of the messages of one step: ``size`` is how many the step has (sent or not yet)."""

    size: int
    sent: int
    succeeded: int
    came_back: int
    unwatched: int = 0

    @property
    def waiting(self) -> int:
        return self.sent - self.succeeded - self.came_back - self.unwatched

    @property
    def decided(self) -> int:
        return self.succeeded + self.came_back


def decide(tally: Tally, steps: Steps, waited_s: float) -> Verdict:
    """After a step was sent: may the next one go?

    It passes, or stops, as soon as the messages still waiting cannot change that; at the latest when patience is over.
    """
    watched = tally.sent - tally.unwatched
    if tally.came_back > steps.stop_share * watched:
        return Verdict.STOP
    if tally.came_back + tally.waiting <= steps.stop_share * watched:
        return Verdict.GO
    if waited_s < steps.patience_s:
        return Verdict.WAIT
    return Verdict.STOP if tally.came_back > steps.stop_share * tally.decided else Verdict.OPEN


def brake(tally: Tally, steps: Steps) -> bool:
    """While a step is still being sent: have so many of it come back that the rest had better not go?"""
    enough = tally.decided >= min(BRAKE_AT, tally.size)
    return enough and tally.came_back > steps.stop_share * tally.decided
