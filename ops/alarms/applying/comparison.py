"""Two definitions of an alarm, field by field, with CloudWatch's defaults filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from ops.alarms.applying.model import AlarmFieldChange
from ops.aws.cloudwatch.alarm_store import is_log_alarm

Definition = Mapping[str, Any]
METRIC_FIELDS = (
    *("AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "Namespace", "MetricName"),
    *("Dimensions", "Unit", "Statistic", "ExtendedStatistic", "Period", "Metrics", "ThresholdMetricId"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    *("EvaluateLowSampleCountPercentile", "EvaluationWindow", "WarmUpConfiguration"),
)
COMPOSITE_FIELDS = (
    *("AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "AlarmRule"),
    *("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"),
)
LOG_FIELDS = (
    *("AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "ScheduledQueryConfiguration"),
    *("ActionLogLineCount", "ActionLogLineRoleArn", "QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData", "WarmUpConfiguration"),
)
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def is_composite(definition: Definition) -> bool:
    return "AlarmRule" in definition


def fields_of(definition: Definition) -> tuple[str, ...]:
    """Fields that define an alarm of this type."""
    if is_composite(definition):
        return COMPOSITE_FIELDS
    return LOG_FIELDS if is_log_alarm(definition) else METRIC_FIELDS


def field_changes(live: Definition, wanted: Definition) -> Iterator[AlarmFieldChange]:
    """Its actions, and whether they are enabled, count only if ``wanted`` says so: someone may have chosen them."""
    fields = tuple(name for name in fields_of(wanted) if name not in ACTIONS or name in wanted)
    if "ActionsEnabled" in wanted:
        fields = (*fields, "ActionsEnabled")
    for name in fields:
        before, after = _value(live, name), _value(wanted, name)
        if before != after:
            yield AlarmFieldChange(name, before, after)


def with_live_choices(live: Definition, wanted: Definition) -> dict[str, Any]:
    """``wanted`` as it is put over ``live``: actions of which it says nothing stay, and stay disabled if they are."""
    disabled = {} if live.get("ActionsEnabled", True) else {"ActionsEnabled": False}
    return {**disabled, **with_live_actions(live, wanted)}


def with_live_actions(live: Definition, wanted: Definition) -> dict[str, Any]:
    """``wanted`` with the actions of ``live`` where it says nothing of them."""
    return {**{name: live[name] for name in ACTIONS if live.get(name)}, **wanted}


def without_notified_twice(live: Definition, wanted: Definition, others: Set[str]) -> Definition:
    """``wanted`` as it is put over ``live``. Where it says nothing of actions it keeps its own, apart from those of
    ``others``: topics that a composite alarm over it, or an alarm below it, notifies of the same failure."""
    kept = {}
    for name in ACTIONS:
        there = live.get(name) or []
        if name not in wanted and not others.isdisjoint(there):
            kept[name] = [arn for arn in there if arn not in others]
    return {**wanted, **kept}


def _value(definition: Definition, name: str) -> Any:
    value = definition.get(name)
    if name == "DatapointsToAlarm":
        return value or definition.get("EvaluationPeriods")
    if name == "TreatMissingData":
        return value or "missing"
    if name == "ActionsEnabled":
        return True if value is None else value
    if name in ACTIONS:
        return sorted(value or [])
    if name == "Metrics":
        return sorted((_query(query) for query in value or []), key=lambda query: str(query.get("Id")))
    if name == "ScheduledQueryConfiguration":
        return _scheduled_query(value or {})
    if name == "Dimensions":
        return _dimensions(value)
    if name in ("Threshold",) and value is not None:
        return float(value)
    return value or None


def _scheduled_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Without the ARN that CloudWatch gives the query."""
    schedule = {"EndTimeOffset": 0, **(query.get("ScheduleConfiguration") or {})}
    found = {
        key: value for key, value in query.items() if key not in ("QueryARN", "Tags") and value not in (None, "", [])
    }
    return {**found, "ScheduleConfiguration": schedule}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in query.items() if value not in (None, "", [])}
    found["ReturnData"] = bool(query.get("ReturnData", True))
    if "MetricStat" in found:
        stat = dict(found["MetricStat"])
        metric = {key: value for key, value in stat["Metric"].items() if value not in (None, "", [])}
        found["MetricStat"] = {**stat, "Metric": {**metric, "Dimensions": _dimensions(metric.get("Dimensions"))}}
    return found


def _dimensions(value: Any) -> list[dict[str, str]]:
    return sorted((dict(dimension) for dimension in value or []), key=lambda dimension: dimension["Name"])
