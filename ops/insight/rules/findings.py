"""Turns observations into the one sentence at the top of a page: the worst first, and what to do about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ops import formatting
from ops.insight.report_types import Finding, Level, Window
from ops.insight.rules import levels

MAX_CLAUSES = 3
"""A sentence holds no more; the cards and charts below it show the rest."""


@dataclass(frozen=True)
class Observation:
    """One thing that is so. ``text`` is a clause without a full stop; ``page`` is where it is looked into.
    ``details``: further clauses, which the page of this observation shows beside it."""

    level: Level
    text: str
    page: str = ""
    kind: str = ""
    """A noun: those of one kind are counted rather than listed where there is little room ("alarm": ``2 alarms``)."""
    only_counted: bool = False
    """It is left out of the sentence, where another observation says the same; the number of its kind has it."""
    details: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        return "; ".join((self.text, *self.details))


def of_now(claims: Sequence[Observation], window: Window) -> list[Observation]:
    """Claims about settings: they are read now, which a past range says."""
    return [replace(claim, text=f"{claim.text} (now)") if window.past else claim for claim in claims]


def summarize(claims: Sequence[Observation], aside: str = "") -> Finding:
    """The claims of the worst level as one sentence; the first of them names the page to go to.

    ``aside`` is a further clause for a reader who has to act; left out when no action is needed. Raises ValueError
    without claims.
    """
    if not claims:
        raise ValueError("a finding needs something to say")
    level = levels.worst(*(claim.level for claim in claims))
    at_level = [claim for claim in claims if claim.level == level]
    worst = [claim for claim in at_level if not claim.only_counted] or at_level
    text = "; ".join(claim.whole for claim in worst[:MAX_CLAUSES])
    more = f"; and {len(worst) - MAX_CLAUSES} more" if len(worst) > MAX_CLAUSES else ""
    if aside and level in (Level.CRITICAL, Level.WARNING):
        more += f"; {aside}"
    chips = (*_chips(worst, claims), *(aside.split("; ") if aside and level in (Level.CRITICAL, Level.WARNING) else ()))
    return Finding(
        level,
        f"{level.label}: {text}{more}.",
        next((claim.page for claim in worst if claim.page), ""),
        f"{level.label}: {worst[0].text}." if chips else "",
        chips,
    )


def _chips(worst: Sequence[Observation], claims: Sequence[Observation]) -> list[str]:
    """All but the first of the worst claims, those of one kind as their number at every level, as the lists have it."""
    first, *others = worst
    counted = Counter(claim.kind for claim in claims if claim.kind and claim is not first)
    chips = [*first.details, *[claim.text for claim in others if not claim.kind][: MAX_CLAUSES - 1]]
    for kind, number in counted.items():
        chips.append(formatting.count(number, f"more {kind}" if first.kind == kind else kind))
    left_out = sum(not claim.kind for claim in others) - (MAX_CLAUSES - 1)
    return chips + ([f"{left_out} more"] if left_out > 0 else [])
