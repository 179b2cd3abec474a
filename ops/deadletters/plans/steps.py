"""The canary's stages: counts and shares, as numbers of messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ops.errors import UsageError


def step_boundaries(sizes: Sequence[str], total: int) -> tuple[int, ...]:
    """Messages sent by the end of each stage, growing, the last one ``total``. ``("5", "1%", "10%", "100%")`` of 2,000:
    5, 20, 200, 2,000; of 50: 5, 50 (1% and 10% of it are not more than 5).

    Raises UsageError for a size that is not a count above 0 or share up to 100%, and for sizes that do not grow.
    """
    if total < 1:
        return ()
    ends: list[int] = []
    shares = [(_share(size), size) for size in sizes]
    for (before, named), (after, size) in pairwise(shares):
        if type(before) is type(after) and after <= before:
            raise UsageError(f"Stage {size} is not larger than stage {named}.", "Use increasing stages: 5,1%,100%.")
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
    raise UsageError(f'"{size}" is not a valid stage size.', "Use increasing counts and shares, such as 5,1%,10%,100%.")
