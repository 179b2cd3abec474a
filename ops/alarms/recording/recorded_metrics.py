"""The recorded metrics of a workload, each with its statistic: a recording has one value per period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler import contract
from ops.alarms.incidents.known_metrics import KNOWN_METRICS
from ops.aws.cloudwatch import MetricQuery

if TYPE_CHECKING:
    from ops.workload import Workload

Dimensions = tuple[tuple[str, str], ...]
SUM, MAXIMUM, AVERAGE, TAIL = "Sum", "Maximum", "Average", "p90"
PER_INVOCATION = {
    "queue.SentMessageSize": AVERAGE,
    "function.Duration": TAIL,
    "function.PostRuntimeExtensionsDuration": TAIL,
    "function.AsyncEventAge": MAXIMUM,
    f"jobs.{contract.METRIC_END_TO_END}": TAIL,
    f"invocations.{contract.INV_INIT}": TAIL,
    f"invocations.{contract.INV_DURATION}": TAIL,
    f"invocations.{contract.INV_BILLED}": AVERAGE,
    f"invocations.{contract.INV_MEMORY_USED}": MAXIMUM,
    f"invocations.{contract.INV_COST}": AVERAGE,
    f"invocations.{contract.INV_COLD}": AVERAGE,
    f"invocations.{contract.INV_FAILED}": AVERAGE,
}
"""Recorded with their number of samples, so that their sum is known, too, where the statistic is the average."""
GAUGES = ("Approximate", "Concurren", "ProvisionedPollers", "Utilization")


@dataclass(frozen=True)
class RecordedMetric:
    """``samples``: the query for the number of samples, where that differs from 1."""

    role: str
    metric: str
    values: MetricQuery
    samples: MetricQuery | None = None


def recorded_metrics(workload: Workload) -> Iterator[RecordedMetric]:
    for role, (namespace, dimensions) in _places(workload).items():
        for metric in KNOWN_METRICS[role]:
            name = f"{role}.{metric}"
            several = PER_INVOCATION.get(name)
            statistic = several or (MAXIMUM if any(word in metric for word in GAUGES) else SUM)
            values = MetricQuery(name, namespace, metric, statistic, dimensions)
            counted = MetricQuery(f"{name} samples", namespace, metric, "SampleCount", dimensions) if several else None
            yield RecordedMetric(role, metric, values, counted)


def _places(workload: Workload) -> dict[str, tuple[str, Dimensions]]:
    """Namespace and dimensions of each role that the workload has."""
    places: dict[str, tuple[str, Dimensions]] = {"queue": ("AWS/SQS", (("QueueName", workload.queue.name),))}
    if workload.dlq is not None:
        places["dlq"] = ("AWS/SQS", (("QueueName", workload.dlq.name),))
    function = workload.function
    if function is not None:
        places["function"] = ("AWS/Lambda", (("FunctionName", function.name),))
        places["invocations"] = (contract.INVOCATION_NAMESPACE, ((contract.INVOCATION_DIMENSION, function.name),))
        if function.metrics is not None:
            places["jobs"] = (function.metrics[0], ((contract.JOB_DIMENSION, function.metrics[1]),))
    if workload.mapping is not None and workload.mapping.event_count:
        places["mapping"] = ("AWS/Lambda", (("EventSourceMappingUUID", workload.mapping.uuid),))
    return {**places, "account": ("AWS/Lambda", ())}
