"""From what is so to the one sentence on top of a page: the worst things first, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ops.insight.report_types import Finding, Level, Window
from ops.insight.rules import levels

MAX_CLAUSES = 3
"""A sentence holds no more; the cards and charts below it show the rest."""


@dataclass(frozen=True)
class Observation:
    """One thing that is so. ``text`` is a clause without a full stop; ``page`` is where it is looked into."""

    level: Level
    text: str
    page: str = ""


def of_now(claims: Sequence[Observation], window: Window) -> list[Observation]:
    """Claims about settings: they are read now, which a past range says."""
    return [replace(claim, text=f"{claim.text} (now)") if window.past else claim for claim in claims]


def summarize(claims: Sequence[Observation], aside: str = "") -> Finding:
    """The claims of the worst level as one sentence; the first of them names the page to go to.

    ``aside`` is a further clause for a reader who has to act; left out when no action is needed.
    """
    if not claims:
        raise ValueError("a finding needs something to say")
    level = levels.worst(*(claim.level for claim in claims))
    worst = [claim for claim in claims if claim.level == level]
    text = "; ".join(claim.text for claim in worst[:MAX_CLAUSES])
    more = f"; and {len(worst) - MAX_CLAUSES} more" if len(worst) > MAX_CLAUSES else ""
    if aside and level in (Level.ACT, Level.WATCH):
        more += f"; {aside}"
    return Finding(level, f"{level.label}: {text}{more}.", next((claim.page for claim in worst if claim.page), ""))
