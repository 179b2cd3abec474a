"""What a rehearsal changes in its alarm, so that a smaller incident is enough, or its periods end sooner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ops import formatting
from ops.errors import OpsError

_PUT = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods"),
    *("DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile"),
    "Metrics",
)
"""The fields of DescribeAlarms that PutMetricAlarm takes (botocore 1.44.5 model, 2026-11)."""


class AlarmAdjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``period``: seconds, of every metric of it. ``threshold``: instead of its own. ``expression``: what stands in its
    metric math, and what is put there instead. What is not given stays as deployed."""

    period: Literal[10, 20, 30, 60, 120, 180, 300] | None = None
    threshold: float | None = None
    expression: Annotated[dict[str, str], Meta(max_length=5)] = {}

    def text(self) -> str:
        """The change as a sentence; empty where nothing is changed."""
        parts = [f"periods of {formatting.duration(self.period)}"] if self.period is not None else []
        parts += [f"the threshold {self.threshold:g}"] if self.threshold is not None else []
        parts += [f"{new} instead of {old}" for old, new in self.expression.items()]
        return f"In the rehearsal its alarm has {'; '.join(parts)}." if parts else ""


@dataclass
class ChangedAlarm:
    """``changes``: from → to, each a clause."""

    definition: dict[str, Any]
    changes: list[str]


def changed(definition: Mapping[str, Any], change: AlarmAdjustment) -> ChangedAlarm:
    """``definition``: as DescribeAlarms answers. Raises OpsError for an expression that does not have the text."""
    put: dict[str, Any] = {name: definition[name] for name in _PUT if definition.get(name) not in (None, [], "")}
    made = ChangedAlarm(put, [])
    before = _all_periods(put, change.period)
    if change.period is not None:
        made.changes.append(f"periods of {formatting.duration(max(before))} → {formatting.duration(change.period)}")
    if change.threshold is not None:
        made.changes.append(f"threshold {float(put['Threshold']):g} → {change.threshold:g}")
        put["Threshold"] = change.threshold
    if change.expression:
        put["Metrics"] = [_replaced(metric, change.expression) for metric in put.get("Metrics", ())]
        text = " ".join(str(metric.get("Expression", "")) for metric in definition.get("Metrics", ()))
        for old, new in change.expression.items():
            if old not in text:
                raise OpsError(f"The expression of {put['AlarmName']} has no {old}: {text}")
            made.changes.append(f"{old} → {new}")
    return made


def _all_periods(put: dict[str, Any], period: int | None) -> list[int]:
    """Set all of them; None: to numbers, which they are not where a parameter of the template gave them. Returns those
    before."""
    before = []
    for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm"):
        if name in put:
            put[name] = int(put[name])
    if "Period" in put:
        before.append(put["Period"])
        put["Period"] = period or put["Period"]
    if "Metrics" in put:
        put["Metrics"] = metrics = [dict(metric) for metric in put["Metrics"]]
        for metric in metrics:
            if "MetricStat" in metric:
                before.append(int(metric["MetricStat"]["Period"]))
                metric["MetricStat"] = {**metric["MetricStat"], "Period": period or before[-1]}
    return before


def _replaced(metric: dict[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    expression = metric.get("Expression")
    if expression is None:
        return metric
    for before, after in texts.items():
        expression = expression.replace(before, after)
    return {**metric, "Expression": expression}
