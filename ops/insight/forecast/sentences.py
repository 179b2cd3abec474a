"""The sentences of a forecast: drain time, limiting factor, uncertainty, and the settings that would drain a backlog
that grows."""

from __future__ import annotations

import math

import numpy as np

from ops import formatting
from ops.insight.forecast.drain_model import HORIZON_S
from ops.insight.forecast.forecast import Forecast
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import GROUPS
from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation

LITTLE_LEFT = 0.85
"""Of the limit that arrivals need: with less left over, chance decides when the drain ends."""


def drain(load: Load, found: Forecast) -> Observation:
    limit = f"{formatting.count(found.law.limit, 'concurrent execution')} ({found.law.limited_by})"
    if found.drained_s is None:
        return Observation(Level.CRITICAL, _undrained(load, found, limit), details=_better(load, found))
    if load.backlog <= 0:
        if load.arrivals.mean_per_minute <= 0:
            return Observation(Level.OK, "no backlog, and no message arrives")
        rate, busy = formatting.rate(load.arrivals.mean_per_minute), formatting.count(math.ceil(load.needed))
        return Observation(Level.OK, f"no backlog; {rate} arriving keep {busy} of {limit} busy")
    text = f"{formatting.count(load.backlog, 'message')} drained in {found.drained_s.text}, with up to {limit}"
    details: tuple[str, ...] = ()
    if found.drained_s.either:
        details = (_either(*found.drained_s.either),)
    elif found.drained_s.wide:
        details = (why_wide(load, found),)
    level = Level.OK if math.isfinite(found.drained_s.high) else Level.WARNING
    return Observation(level, text, details=details)


def _either(before_s: float, after_s: float) -> str:
    before, after = formatting.duration(before_s), formatting.duration(after_s)
    return f"a rough estimate: the queue may be empty after about {before}, or, if it is not by then, only after about {after}"


def why_wide(load: Load, found: Forecast) -> str:
    """Why no single time can be given."""
    busiest = load.needed * load.groups.largest if load.groups else 0.0
    taken = max(load.needed / found.law.limit, busiest)
    if taken >= LITTLE_LEFT:
        of_what = "one invocation" if busiest == taken else "the limit"
        return f"arrivals alone need {formatting.percent(taken)} of {of_what}, so a small change moves the end far"
    if _fills_again(found):
        return "arrivals vary, and the queue may be empty before it fills again"
    return "the rates varied much in the range"


def _fills_again(found: Forecast) -> bool:
    path, drained = found.course, found.drained_s
    until = path.seconds <= max(drained.mid, drained.high) if drained else path.seconds >= 0
    return bool((np.diff(path.depth[until]) > 0).any())


def _undrained(load: Load, found: Forecast, limit: str) -> str:
    """Why not, which is not the limit where the arrivals are below it."""
    rate, needed = formatting.rate(load.arrivals.mean_per_minute), math.ceil(load.needed)
    if load.needed > found.law.limit:
        return (
            f"never drained: {rate} arriving need {formatting.count(needed, 'concurrent execution')}, and at most "
            f"{formatting.count(found.law.limit)} run ({found.law.limited_by})"
        )
    if found.overloaded:
        return f"never drained: of {rate} arriving, the busiest message group gets more than one invocation can do"
    return f"{formatting.count(load.backlog, 'message')} are not drained within {formatting.duration(HORIZON_S)}, with up to {limit}"


def _better(load: Load, found: Forecast) -> tuple[str, ...]:
    """Clauses about what would drain the backlog; empty if that is unknown."""
    if load.groups is not None and load.needed * load.groups.largest > 1:
        times = formatting.count(load.needed * load.groups.largest)
        faster = f"the job would have to be more than {times} times as fast"
        return (f"a message group runs one invocation at a time, and {faster}",)
    if not found.needed:
        return ()
    what = " message groups of one size" if found.law.limited_by == GROUPS else ""
    return (f"{found.needed:,}{what} would drain it in {formatting.duration(found.goal_s)}",)
