"""Alarms as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.aws.naming import names as resource_names
from ops.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_ALARM_NAMES_PER_CALL = 100
"""Limit of DescribeAlarms (botocore 1.44.5 model, 2026-11)."""
MAX_FIRING_PAGES = 5
MAX_LIKE_NAMED = 3


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
    arn: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The alarm as DescribeAlarms returns it."""

    @property
    def promql(self) -> str:
        """The query of a PromQL alarm, which has no metrics, threshold or periods; empty of any other (botocore 1.44.5 model,
        2026-11)."""
        criteria = (self.definition.get("EvaluationCriteria") or {}).get("PromQLCriteria") or {}
        return str(criteria.get("Query") or "")

    @property
    def resources(self) -> frozenset[str]:
        """Names of the queues and functions that it watches: the values of its metrics' dimensions."""
        every = (self.dimensions, *(metric.dimensions for metric in self.metrics))
        return frozenset(value for dimensions in every for _, value in dimensions)


@dataclass(frozen=True)
class CompositeAlarm:
    """``rule``: AlarmRule, such as ``ALARM(a) OR ALARM(b)``. ``state`` as of ``Alarm``."""

    name: str
    rule: str
    actions: tuple[str, ...]
    actions_enabled: bool
    state: str = "INSUFFICIENT_DATA"
    reason: str = ""
    arn: str = ""
    description: str = ""
    since: datetime | None = None
    definition: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The alarm as DescribeAlarms returns it."""


def describe_alarms(aws: Aws, names: Iterable[str]) -> tuple[Alarm, ...]:
    """The metric alarms with these names, in that order; one that does not exist is left out."""
    wanted = list(names)
    found: dict[str, Alarm] = {}
    with aws.translate_errors("cloudwatch", "alarms"):
        for start in range(0, len(wanted), MAX_ALARM_NAMES_PER_CALL):
            batch = wanted[start : start + MAX_ALARM_NAMES_PER_CALL]
            for page in aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=batch):
                for item in page.get("MetricAlarms", []):
                    found[item["AlarmName"]] = alarm_of(item)
    return tuple(found[name] for name in wanted if name in found)


def alarm_types(aws: Aws) -> Any:
    """The types that the installed botocore knows: metric and composite alarms, and in newer versions log alarms."""
    return list(aws.cloudwatch.meta.service_model.shape_for("AlarmType").enum)  # type: ignore[attr-defined]  # of a string shape


def alarm_definitions(aws: Aws) -> tuple[Mapping[str, Any], ...]:
    """All alarms of the region as DescribeAlarms answers: the metric alarms, the composite ones, then the log alarms."""
    with aws.translate_errors("cloudwatch", "alarms"):
        pages: list[Any] = list(aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=alarm_types(aws)))
    kinds: tuple[Any, ...] = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
    every: list[Any] = [item for kind in kinds for page in pages for item in page.get(kind, [])]
    return tuple(every)


def find_alarms_on(aws: Aws, dimension_values: Iterable[str]) -> tuple[Alarm, ...]:
    """Every metric alarm on a metric with one of these dimension values (queue and function names), and every PromQL alarm whose
    query has one; reads all alarms of the region."""
    values = set(dimension_values)
    with aws.translate_errors("cloudwatch", "alarms"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate()
        alarms = [alarm_of(item) for page in pages for item in page.get("MetricAlarms", [])]
    return tuple(
        alarm
        for alarm in alarms
        if values & {value for metric in alarm.metrics for _, value in metric.dimensions}
        or resource_names.is_mentioned(alarm.promql, values)
    )


def composite_alarms(aws: Aws) -> tuple[CompositeAlarm, ...]:
    """The region's composite alarms."""
    with aws.translate_errors("cloudwatch", "alarms"):
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["CompositeAlarm"])
        items: list[Any] = [item for page in pages for item in page.get("CompositeAlarms", [])]
    return tuple(map(_composite, items))


def log_alarms(aws: Aws) -> tuple[Mapping[str, Any], ...]:
    """The region's log alarms as DescribeAlarms answers them; none where the installed botocore does not know them."""
    if "LogAlarm" not in alarm_types(aws):
        return ()
    with aws.translate_errors("cloudwatch", "alarms"):
        pages: Any = aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["LogAlarm"])
        return tuple(item for page in pages for item in page.get("LogAlarms", []))


def alarms_named(aws: Aws, names: Iterable[str]) -> dict[str, Alarm | CompositeAlarm]:
    """The metric and composite alarms with these names, by name in that order; those that do not exist are left out."""
    wanted = list(dict.fromkeys(names))
    found: dict[str, Alarm | CompositeAlarm] = {}
    with aws.translate_errors("cloudwatch", "alarms"):
        for start in range(0, len(wanted), MAX_ALARM_NAMES_PER_CALL):
            batch = wanted[start : start + MAX_ALARM_NAMES_PER_CALL]
            page: Any = aws.cloudwatch.describe_alarms(
                AlarmNames=batch, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=MAX_ALARM_NAMES_PER_CALL
            )
            found |= {item["AlarmName"]: alarm_of(item) for item in page.get("MetricAlarms", [])}
            found |= {item["AlarmName"]: _composite(item) for item in page.get("CompositeAlarms", [])}
    return {name: found[name] for name in wanted if name in found}


def find_alarm(aws: Aws, name: str) -> Alarm | CompositeAlarm:
    """The metric or composite alarm with that name. Raises UsageError for a log alarm, and NotFound; that names the alarms
    whose names end so, such as after a stack's name, for which it reads all alarms of the region."""
    found = alarms_named(aws, [name])
    if name not in found:
        every = [each["AlarmName"] for each in alarm_definitions(aws)]
        if name in every:
            raise UsageError(
                f"{name} is a log alarm, which has no metric to read.", "Name a metric or composite alarm."
            )
        longer = [other for other in every if other.endswith(f"-{name}")]
        shown = [*longer[:MAX_LIKE_NAMED], *(["…"] if len(longer) > MAX_LIKE_NAMED else [])]
        near = f"Use its full name: {' or '.join(shown)}." if shown else "Check its name, --region and --profile."
        raise NotFound(f"There is no alarm {name} in {aws.region}.", near)
    return found[name]


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
    return tuple(alarm_of(item) for item in items), bool(token)


def _composite(item: Any) -> CompositeAlarm:
    return CompositeAlarm(
        name=item["AlarmName"],
        rule=item.get("AlarmRule", ""),
        actions=tuple(item.get("AlarmActions", [])),
        actions_enabled=item.get("ActionsEnabled", True),
        state=item.get("StateValue", "INSUFFICIENT_DATA"),
        reason=item.get("StateReason", ""),
        arn=item.get("AlarmArn", ""),
        description=item.get("AlarmDescription", ""),
        since=item.get("StateTransitionedTimestamp") or item.get("StateUpdatedTimestamp"),
        definition=item,
    )


def alarm_of(item: Any) -> Alarm:
    """A metric alarm as DescribeAlarms answers it, or as PutMetricAlarm takes it."""
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
        arn=item.get("AlarmArn", ""),
        definition=item,
    )


def _alarm_metrics(item: Any) -> tuple[AlarmMetric, ...]:
    stats = [entry["MetricStat"] for entry in item.get("Metrics", []) if "MetricStat" in entry]
    own = [] if item.get("EvaluationCriteria") else [(item, item)]
    pairs = [(stat["Metric"], stat) for stat in stats] or own
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
