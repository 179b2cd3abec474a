"""CloudWatch: metrics and alarms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

Points = tuple[tuple[datetime, float], ...]
"""A metric's values over time: the start of each period (aware UTC), oldest first."""
MAX_QUERIES_PER_CALL = 500
MAX_ALARM_NAMES_PER_CALL = 100
MAX_HISTORY_PAGES = 3
MAX_FIRING_PAGES = 5
_STATE_UPDATE = re.compile(r"Alarm updated from (?P<before>[A-Z_]+) to (?P<after>[A-Z_]+)")
"""Limits of GetMetricData and DescribeAlarms (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class MetricQuery:
    """One metric, one statistic. ``key`` names its series in the result."""

    key: str
    namespace: str
    metric: str
    stat: str
    dimensions: tuple[tuple[str, str], ...] = ()
    period: int | None = None
    """Seconds; None: the period of the call."""


@dataclass(frozen=True)
class MetricData:
    """``series``: key → points. ``requested``: metrics paid for. ``partial``: what CloudWatch reports as missing."""

    series: dict[str, Points]
    requested: int
    partial: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlarmMetric:
    """A metric that an alarm reads, by itself or in an expression."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_s: int


@dataclass(frozen=True)
class Alarm:
    name: str
    state: str  # OK | ALARM | INSUFFICIENT_DATA
    reason: str
    description: str
    since: datetime | None
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...] = field(default=())
    threshold: float | None = None
    period_s: int | None = None
    periods: int = 1
    """The last periods that it evaluates, of which ``to_alarm`` must breach (M of N)."""
    to_alarm: int = 1
    comparison: str = "GreaterThanOrEqualToThreshold"
    metrics: tuple[AlarmMetric, ...] = ()
    math: bool = False
    """Whether it is on an expression of ``metrics``."""
    missing_data: str = "missing"
    actions: tuple[str, ...] = ()
    """ARNs of what it does in ALARM."""
    actions_enabled: bool = True


@dataclass(frozen=True)
class CompositeAlarm:
    """``rule``: AlarmRule, such as ``ALARM(a) OR ALARM(b)``."""

    name: str
    rule: str
    actions: tuple[str, ...]
    actions_enabled: bool


@dataclass(frozen=True)
class StateChange:
    """An alarm that went from one state (OK | ALARM | INSUFFICIENT_DATA) into another."""

    at: datetime
    alarm: str
    before: str
    after: str


def get_metric_data(
    aws: Aws, queries: Sequence[MetricQuery], start: datetime, end: datetime, period: int
) -> MetricData:
    """All of ``queries`` in one GetMetricData call (more pages where CloudWatch splits the response)."""
    if len(queries) > MAX_QUERIES_PER_CALL:
        raise ValueError(f"{len(queries)} metrics in one call; CloudWatch allows {MAX_QUERIES_PER_CALL}")
    data_queries: list[Any] = [
        {
            "Id": f"q{number}",
            "Label": query.key,
            "MetricStat": {
                "Metric": {
                    "Namespace": query.namespace,
                    "MetricName": query.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
                },
                "Period": query.period or period,
                "Stat": query.stat,
            },
        }
        for number, query in enumerate(queries)
    ]
    points: dict[str, list[tuple[datetime, float]]] = {query.key: [] for query in queries}
    partial: list[str] = []
    pages, token = 0, ""
    with aws.translate_errors("cloudwatch", "metrics"):
        while pages == 0 or token:
            paging: Any = {"NextToken": token} if token else {}
            response: Any = aws.cloudwatch.get_metric_data(
                MetricDataQueries=data_queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending", **paging
            )
            pages += 1
            token = response.get("NextToken") or ""
            partial += [message.get("Value", "") for message in response.get("Messages", [])]
            for result in response["MetricDataResults"]:
                query = queries[int(result["Id"][1:])]
                points[query.key] += zip(result["Timestamps"], result["Values"], strict=True)
                if result.get("StatusCode", "Complete") not in ("Complete", "PartialData") or (
                    result.get("StatusCode") == "PartialData" and not token
                ):
                    partial.append(f"{query.metric}: {result['StatusCode']}")
    return MetricData(
        series={key: tuple(sorted(values)) for key, values in points.items()},
        requested=len(queries) * pages,
        partial=tuple(dict.fromkeys(text for text in partial if text)),
    )


def describe_alarms(aws: Aws, names: Iterable[str]) -> tuple[Alarm, ...]:
    """The metric alarms with these names, in that order; one that does not exist is left out."""
    wanted = list(names)
    found: dict[str, Alarm] = {}
    with aws.translate_errors("cloudwatch", "alarms"):
        for start in range(0, len(wanted), MAX_ALARM_NAMES_PER_CALL):
            batch = wanted[start : start + MAX_ALARM_NAMES_PER_CALL]
            for page in aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=batch):
                for item in page.get("MetricAlarms", []):
                    found[item["AlarmName"]] = _alarm(item)
    return tuple(found[name] for name in wanted if name in found)


def alarm_state_changes(
    aws: Aws, names: Iterable[str], start: datetime, end: datetime
) -> tuple[tuple[StateChange, ...], bool]:
    """The state changes of these alarms from ``start`` to ``end``, oldest first; and whether more were left unread.

    Reads the newest ``MAX_HISTORY_PAGES`` pages of all alarms' history. CloudWatch keeps it for 30 days
    (DescribeAlarmHistory, API reference, 2026-11).
    """
    wanted, changes, token = set(names), [], ""
    with aws.translate_errors("cloudwatch", "alarm history"):
        for _ in range(MAX_HISTORY_PAGES):
            more: Any = {"NextToken": token} if token else {}
            page: Any = aws.cloudwatch.describe_alarm_history(
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                HistoryItemType="StateUpdate",
                StartDate=start,
                EndDate=end,
                MaxRecords=100,
                ScanBy="TimestampDescending",
                **more,
            )
            changes += [_state_change(item) for item in page["AlarmHistoryItems"] if item["AlarmName"] in wanted]
            token = page.get("NextToken") or ""
            if not token:
                break
    return tuple(sorted((change for change in changes if change), key=lambda change: change.at)), bool(token)


def _state_change(item: Any) -> StateChange | None:
    """The summary reads ``Alarm updated from OK to ALARM``; None where it does not."""
    told = _STATE_UPDATE.fullmatch(item.get("HistorySummary", ""))
    return StateChange(item["Timestamp"], item["AlarmName"], told["before"], told["after"]) if told else None


def find_alarms_on(aws: Aws, dimension_values: Iterable[str]) -> tuple[Alarm, ...]:
    """Every metric alarm on a metric with one of these dimension values (queue and function names); reads all alarms of
    the region."""
    values = set(dimension_values)
    with aws.translate_errors("cloudwatch", "alarms"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate()
        alarms = [_alarm(item) for page in pages for item in page.get("MetricAlarms", [])]
    return tuple(
        alarm for alarm in alarms if values & {value for metric in alarm.metrics for _, value in metric.dimensions}
    )


def composite_alarms(aws: Aws) -> tuple[CompositeAlarm, ...]:
    """The region's composite alarms."""
    with aws.translate_errors("cloudwatch", "alarms"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["CompositeAlarm"])
        items: list[Any] = [item for page in pages for item in page.get("CompositeAlarms", [])]
    return tuple(
        CompositeAlarm(
            item["AlarmName"],
            item.get("AlarmRule", ""),
            tuple(item.get("AlarmActions", [])),
            item.get("ActionsEnabled", True),
        )
        for item in items
    )


def firing_alarms(aws: Aws) -> tuple[tuple[Alarm, ...], bool]:
    """The region's metric alarms that are in ALARM now, of the first 500; and whether there are more."""
    items: list[Any] = []
    token = ""
    with aws.translate_errors("cloudwatch", "alarms"):
        for _ in range(MAX_FIRING_PAGES):
            more: Any = {"NextToken": token} if token else {}
            page: Any = aws.cloudwatch.describe_alarms(StateValue="ALARM", MaxRecords=MAX_ALARM_NAMES_PER_CALL, **more)
            items += page.get("MetricAlarms", [])
            token = page.get("NextToken") or ""
            if not token:
                break
    return tuple(_alarm(item) for item in items), bool(token)


def _alarm(item: Any) -> Alarm:
    return Alarm(
        name=item["AlarmName"],
        state=item.get("StateValue", "INSUFFICIENT_DATA"),
        reason=item.get("StateReason", ""),
        description=item.get("AlarmDescription", ""),
        since=item.get("StateTransitionedTimestamp") or item.get("StateUpdatedTimestamp"),
        namespace=item.get("Namespace", ""),
        metric=item.get("MetricName", ""),
        dimensions=tuple((entry["Name"], entry["Value"]) for entry in item.get("Dimensions", [])),
        threshold=item.get("Threshold"),
        period_s=item.get("Period"),
        periods=int(item.get("EvaluationPeriods") or 1),
        to_alarm=int(item.get("DatapointsToAlarm") or item.get("EvaluationPeriods") or 1),
        comparison=item.get("ComparisonOperator") or "GreaterThanOrEqualToThreshold",
        metrics=_alarm_metrics(item),
        math=bool(item.get("Metrics")),
        missing_data=item.get("TreatMissingData") or "missing",
        actions=tuple(item.get("AlarmActions", [])),
        actions_enabled=item.get("ActionsEnabled", True),
    )


def _alarm_metrics(item: Any) -> tuple[AlarmMetric, ...]:
    stats = [entry["MetricStat"] for entry in item.get("Metrics", []) if "MetricStat" in entry]
    pairs = [(stat["Metric"], stat) for stat in stats] or [(item, item)]
    return tuple(
        AlarmMetric(
            namespace=metric.get("Namespace", ""),
            metric=metric.get("MetricName", ""),
            dimensions=tuple((entry["Name"], entry["Value"]) for entry in metric.get("Dimensions", [])),
            statistic=stat.get("Stat") or stat.get("Statistic") or stat.get("ExtendedStatistic") or "",
            period_s=int(stat.get("Period") or 60),
        )
        for metric, stat in pairs
    )
