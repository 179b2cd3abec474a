"""A success's cost against that of the same hours a week before, as a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from ops import formatting

SAME = 0.01
"""A smaller change is none: our choice."""


@dataclass(frozen=True)
class WeekBefore:
    """``usd_per_1000``: None where it is not known, and ``why`` says why."""

    usd_per_1000: float | None
    why: str = ""


NO_WEEK_BEFORE = WeekBefore(None, "it was not read")
NO_DATA = WeekBefore(None, "no data")


def compared(usd_per_1000: float | None, before: WeekBefore) -> str:
    if usd_per_1000 is None:
        return "No job succeeded in this range, so there is nothing to compare with the week before."
    now = f"1,000 successful jobs cost {formatting.usd(usd_per_1000)}"
    if before.usd_per_1000 is None:
        return f"{now}; the same hours a week before: {before.why}."
    change = usd_per_1000 / before.usd_per_1000 - 1 if before.usd_per_1000 else 0.0
    then = formatting.usd(before.usd_per_1000)
    if abs(change) < SAME:
        return f"{now}, as in the same hours a week before ({then})."
    return f"{now}, {formatting.percent(abs(change))} {'more' if change > 0 else 'less'} than in the same hours a week before ({then})."
