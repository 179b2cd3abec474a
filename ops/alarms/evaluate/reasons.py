"""The sentences that CloudWatch gives as an alarm's state reason.

Their form: CloudWatch user guide, cloudwatch-metrics-insights-alarms-partial-data, an event's ``reason`` (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ops.alarms.evaluate.threshold import (
    ALARM,
    COMPARISONS,
    INSUFFICIENT_DATA,
    Datapoint,
    Decision,
    ThresholdRule,
    breaches,
)


def reason(rule: ThresholdRule, decision: Decision) -> str:
    """The state's reason in CloudWatch's words, for example ``Threshold Crossed: 1 out of the last 1 datapoints [5.0
    (23/11/26 19:04:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).`` Empty
    when the state stays what it is."""
    if not decision.state:
        return ""
    if decision.judged:
        return _of_data(rule, decision.judged, decision.state, decision.filled)
    if decision.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {rule.periods} datapoint{'s were' if rule.periods > 1 else ' was'} unknown."
    return (
        f"Threshold Crossed: no datapoints were received for {rule.periods} period{'s' if rule.periods > 1 else ''} "
        f"and {_treated(rule, rule.periods)}."
    )


def _of_data(rule: ThresholdRule, judged: Sequence[Datapoint], state: str, filled: int) -> str:
    alarm = state == ALARM
    named = [each for each in judged if each.value is not None and breaches(rule, each.value) == alarm]
    listed = ", ".join(f"{float(each.value or 0.0)} ({_stamp(each.begins)})" for each in named)
    least = rule.to_alarm if alarm else rule.periods - rule.to_alarm + 1
    change = "OK -> ALARM" if alarm else "ALARM -> OK"
    words = COMPARISONS[rule.comparison][1]
    return (
        f"Threshold Crossed: {len(named)} out of the last {rule.periods} datapoints [{listed}] "
        f"{'were' if len(named) > 1 else 'was'} {'' if alarm else 'not '}{words} the threshold ({rule.threshold})"
        f"{f' and {_treated(rule, filled)}' if filled else ''} "
        f"(minimum {least} datapoint{'s' if least > 1 else ''} for {change} transition)."
    )


def _treated(rule: ThresholdRule, filled: int) -> str:
    kind = "Breaching" if rule.missing == "breaching" else "NonBreaching"
    return f"{filled} missing datapoint{'s were' if filled > 1 else ' was'} treated as [{kind}]"


def _stamp(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%d/%m/%y %H:%M:%S")
