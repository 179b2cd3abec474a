"""When a metric alarm changes its state: CloudWatch's rule as a pure function of what each period measured.

Documented (CloudWatch user guide, alarm-evaluation and alarms-and-missing-data, read 2026-11):

- The alarm looks at more periods than EvaluationPeriods (N); the examples there use two more, and so does this. - With
at least N periods that have data, the newest N decide: ALARM when DatapointsToAlarm (M) of them breach. - With fewer,
TreatMissingData fills the gap: ``breaching`` and ``notBreaching`` count as such; ``missing`` and ``ignore`` do not
count. Only breaching data, the oldest of it at least M periods old, is ALARM under ``missing``, and no change under
``ignore``. - With no data at all: INSUFFICIENT_DATA, ALARM, OK or no change.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

EXTRA_PERIODS = 2

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Rule:
    comparison: str
    threshold: float
    periods: int  # N
    to_alarm: int  # M
    missing: str = "missing"  # missing | ignore | breaching | notBreaching

    @property
    def looks_at(self) -> int:
        """Periods to hand to ``decide``."""
        return self.periods + EXTRA_PERIODS


@dataclass(frozen=True)
class Slot:
    """One period: when it began (epoch seconds) and what it measured; None when there was no data."""

    begins: float
    value: float | None


@dataclass(frozen=True)
class AlarmDecision:
    state: str  # OK | ALARM | INSUFFICIENT_DATA; empty: the state stays what it is
    reason: str
    evaluated: tuple[Slot, ...] = ()  # newest first


def breaches(rule: Rule, value: float) -> bool:
    return COMPARISONS[rule.comparison][0](value, rule.threshold)


def decide(rule: Rule, slots: Sequence[Slot]) -> AlarmDecision:
    """``slots`` are the newest ``rule.looks_at`` periods, oldest first."""
    recent = list(slots)[-rule.looks_at :]
    known = [slot for slot in recent if slot.value is not None]
    if not known:
        return _nothing_known(rule)
    judged = tuple(reversed(known[-rule.periods :]))
    breaching = sum(breaches(rule, slot.value) for slot in judged if slot.value is not None)
    lacking = max(0, rule.periods - len(known))
    if lacking and rule.missing == "breaching":
        breaching_or_filled = breaching + lacking
        state = "ALARM" if breaching_or_filled >= rule.to_alarm else "OK"
        return AlarmDecision(state, _reason(rule, judged, state, lacking), judged)
    if breaching < rule.to_alarm and lacking and _old_breach(rule, recent) and rule.missing != "notBreaching":
        if rule.missing == "ignore":
            return AlarmDecision("", "")
        return AlarmDecision("ALARM", _reason(rule, judged, "ALARM", 0), judged)
    state = "ALARM" if breaching >= rule.to_alarm else "OK"
    filled = lacking if rule.missing == "notBreaching" else 0
    return AlarmDecision(state, _reason(rule, judged, state, filled), judged)


def _old_breach(rule: Rule, recent: Sequence[Slot]) -> bool:
    """Whether all known data breaches and the oldest of it is at least M periods old."""
    known = [position for position, slot in enumerate(recent) if slot.value is not None]
    if not all(breaches(rule, recent[position].value or 0.0) for position in known):
        return False
    return len(recent) - known[0] >= rule.to_alarm


def _nothing_known(rule: Rule) -> AlarmDecision:
    many = rule.periods > 1
    points = f"{rule.periods} datapoint{'s were' if many else ' was'}"
    if rule.missing == "ignore":
        return AlarmDecision("", "")
    if rule.missing == "missing":
        return AlarmDecision("INSUFFICIENT_DATA", f"Insufficient Data: {points} unknown.")
    treated = "Breaching" if rule.missing == "breaching" else "NonBreaching"
    state = "ALARM" if rule.missing == "breaching" else "OK"
    return AlarmDecision(
        state,
        f"Threshold Crossed: no datapoints were received for {rule.periods} period{'s' if many else ''} and "
        f"{rule.periods} missing datapoint{'s were' if many else ' was'} treated as [{treated}].",
    )


def _reason(rule: Rule, judged: Sequence[Slot], state: str, filled: int) -> str:
    """CloudWatch's sentence, e.g. ``Threshold Crossed: 1 out of the last 1 datapoints [5.0 (23/11/26 19:04:00)] was
    greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).``"""
    alarm = state == "ALARM"
    named = [slot for slot in judged if slot.value is not None and breaches(rule, slot.value) == alarm]
    listed = ", ".join(f"{float(slot.value or 0.0)} ({_stamp(slot.begins)})" for slot in named)
    least = rule.to_alarm if alarm else rule.periods - rule.to_alarm + 1
    change = "OK -> ALARM" if alarm else "ALARM -> OK"
    words = COMPARISONS[rule.comparison][1]
    treated = ""
    if filled:
        kind = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        treated = f" and {filled} missing datapoint{'s were' if filled > 1 else ' was'} treated as [{kind}]"
    return (
        f"Threshold Crossed: {len(named)} out of the last {rule.periods} datapoints [{listed}] "
        f"{'were' if len(named) > 1 else 'was'} {'' if alarm else 'not '}{words} the threshold ({rule.threshold})"
        f"{treated} (minimum {least} datapoint{'s' if least > 1 else ''} for {change} transition)."
    )


def _stamp(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%d/%m/%y %H:%M:%S")
