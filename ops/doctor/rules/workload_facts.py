"""What several rules need to know about a workload: which alarms watch what, and the deadline of its messages."""

from __future__ import annotations

from collections.abc import Collection

from ops.aws.naming.names import is_mentioned
from ops.doctor.settings import AlarmSettings, MappingSettings, NotChecked, Series, Unknown, WorkloadSettings, known

AGE = "ApproximateAgeOfOldestMessage"


def watching(
    workload: WorkloadSettings, dimension: str, names: Collection[str], metrics: Collection[str] = ()
) -> list[tuple[AlarmSettings, Series]]:
    """The alarms, each with its series, on one of ``metrics`` (any, if empty) of the resources ``names``. Raises NotChecked
    when there is none, but an alarm may be one: its metric is not known, or it is a query that is not evaluated."""
    found, doubt = [], ""
    for alarm in known(workload.alarms):
        if isinstance(alarm.promql, Unknown):
            doubt = f"what PromQL alarm {alarm.name} watches is not known: {alarm.promql.why}"
        elif is_mentioned(alarm.promql, names):
            doubt = f"{alarm.name} is a PromQL alarm, whose query is not evaluated here"
        elif is_mentioned(alarm.log_query, names):
            doubt = f"{alarm.name} is a log alarm, whose query is not evaluated here"
        for series in alarm.series:
            value, metric = series.dimensions.get(dimension), series.metric
            if isinstance(value, str) and value not in names:
                continue
            if isinstance(metric, str) and metrics and metric not in metrics:
                continue
            unclear = next((setting for setting in (value, metric) if isinstance(setting, Unknown)), None)
            if unclear is not None:
                doubt = f"what alarm {alarm.name} watches is not known: {unclear.why}"
            elif value is not None:
                found.append((alarm, series))
    if not found and doubt:
        raise NotChecked(doubt)
    return found


def mapping_name(mapping: MappingSettings) -> str:
    """The mapping's logical ID in a template; on AWS, where it has only a UUID, its function's name."""
    if not mapping.origin.id:
        return mapping.origin.name
    function = mapping.function
    name = "the event source mapping"
    return name if isinstance(function, Unknown) else f"{name} of {function.origin.name}"


def age_deadline(workload: WorkloadSettings) -> float | None:
    """The threshold (s) of the alarm on the age of the oldest message; None when there is none. That of an expression is
    not an age."""
    queue = known(workload.queue)
    seen = watching(workload, "QueueName", queue.metric_names, (AGE,))
    thresholds = [known(alarm.threshold) for alarm, _ in seen if not alarm.math]
    return min((threshold for threshold in thresholds if threshold is not None), default=None)
