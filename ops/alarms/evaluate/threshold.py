"""State changes of a metric alarm: CloudWatch's rule as a pure function of the periods' values.

Documented (CloudWatch user guide, alarm-evaluation and alarms-and-missing-data, read 2026-11):

- The alarm looks at more periods than EvaluationPeriods (N).
- With at least N periods that have data, the newest N decide: ALARM when DatapointsToAlarm (M) of them breach.
- With fewer, TreatMissingData fills the gap: ``breaching`` and ``notBreaching`` count as such; ``missing`` and
  ``ignore`` do not count. Only breaching data, the oldest of it at least M periods old, is ALARM under ``missing``, and
  no change under ``ignore``.
- With no data at all: INSUFFICIENT_DATA, ALARM, OK or no change.

⚠ How many periods more the alarm looks at depends on the period and the resolution in a way that is not published; the
guide's tables use two more, and so does ``ThresholdRule`` unless told otherwise. ⚠ Under ``ignore`` the guide shows no
row with a fresh breach alone; it counts here as under ``missing``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
UNCHANGED = ""
EXTRA_PERIODS = 2
"""⚠ Assumed: see above. It decides only while some of the newest N periods have no data."""
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

BREACH, FINE, NONE = b"X0-"


@dataclass(frozen=True)
class ThresholdRule:
    comparison: str
    threshold: float
    periods: int  # N
    to_alarm: int  # M
    missing: str = "missing"  # one of TREATMENTS
    extra_periods: int = EXTRA_PERIODS

    @property
    def looks_at(self) -> int:
        """Periods to hand to ``decide``."""
        return self.periods + self.extra_periods


@dataclass(frozen=True)
class Datapoint:
    """One period: when it began (epoch seconds) and what it measured; None when there was no data."""

    begins: float
    value: float | None


@dataclass(frozen=True)
class Decision:
    state: str  # OK | ALARM | INSUFFICIENT_DATA; UNCHANGED: the state stays what it is
    judged: tuple[Datapoint, ...] = ()  # that decided it, newest first
    filled: int = 0  # missing ones that were treated as breaching or not


def breaches(rule: ThresholdRule, value: float) -> bool:
    return COMPARISONS[rule.comparison][0](value, rule.threshold)


def decide(rule: ThresholdRule, datapoints: Sequence[Datapoint]) -> Decision:
    """``datapoints`` are the newest ``rule.looks_at`` periods, oldest first."""
    recent = datapoints[-rule.looks_at :]
    state = state_of(rule, pattern(rule, [each.value for each in recent]))
    known = [each for each in recent if each.value is not None]
    lacking = max(0, rule.periods - len(known))
    counts = rule.missing == "breaching" or (rule.missing == "notBreaching" and (state == OK or not known))
    judged = tuple(reversed(known[-rule.periods :])) if state != UNCHANGED else ()
    return Decision(state, judged, lacking if counts and state != UNCHANGED else 0)


def pattern(rule: ThresholdRule, values: Sequence[float | None]) -> bytes:
    """The values as the guide writes them: ``X`` breaches, ``0`` does not, ``-`` is missing."""
    compare, threshold = COMPARISONS[rule.comparison][0], rule.threshold
    return bytes([NONE if each is None else BREACH if compare(each, threshold) else FINE for each in values])


@lru_cache(maxsize=65_536)
def state_of(rule: ThresholdRule, recent: bytes) -> str:
    """The state that a pattern of ``rule.looks_at`` periods, oldest first, leads to."""
    known = recent.replace(b"-", b"")
    if not known:
        return {"missing": INSUFFICIENT_DATA, "ignore": UNCHANGED, "breaching": ALARM}.get(rule.missing, OK)
    breaching = known[-rule.periods :].count(BREACH)
    lacking = max(0, rule.periods - len(known))
    if rule.missing == "breaching":
        breaching += lacking
    if breaching >= rule.to_alarm:
        return ALARM
    if lacking and rule.missing in ("missing", "ignore") and _old_breach(rule, recent):
        return ALARM if rule.missing == "missing" else UNCHANGED
    return OK


def _old_breach(rule: ThresholdRule, recent: bytes) -> bool:
    """Whether all known data breaches and the oldest of it is at least M periods old."""
    return FINE not in recent and len(recent) - recent.index(BREACH) >= rule.to_alarm
