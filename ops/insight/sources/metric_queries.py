"""Metrics of a workload by meaning. All pages take them from here, so that they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler import contract
from ops.aws.cloudwatch import MetricQuery
from ops.aws.sqs import name_of

if TYPE_CHECKING:
    from ops.aws.lambda_ import EventSourceMapping, Function
    from ops.aws.sqs import Queue
    from ops.insight.report_types import Window
    from ops.workload import Workload

QUEUE_COUNTS = {
    "sent": "NumberOfMessagesSent",
    "received": "NumberOfMessagesReceived",
    "deleted": "NumberOfMessagesDeleted",
    "empty_receives": "NumberOfEmptyReceives",
}
QUEUE_GAUGES = {
    "visible": "ApproximateNumberOfMessagesVisible",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
    "oldest_s": "ApproximateAgeOfOldestMessage",
}
FUNCTION_SUMS = {
    "invocations": "Invocations",
    "errors": "Errors",
    "throttles": "Throttles",
    "duration_ms": "Duration",
    "provisioned_invocations": "ProvisionedConcurrencyInvocations",
}
MAPPING_SUMS = {"invoked": "InvokedEventCount", "filtered_out": "FilteredOutEventCount"}
PERCENTILES = ("p50", "p95", "p99")
MAX_OTHER_MAPPINGS = 50
"""Other queues of one function that are asked about."""
RECORD_SUMS = {
    "cold": contract.INV_COLD,
    "billed_ms": contract.INV_BILLED,
    "init_ms": contract.INV_INIT,
    "estimated_usd": contract.INV_COST,
    "failed_invocations": contract.INV_FAILED,
}
JOB_SUMS = {
    "jobs_succeeded": contract.METRIC_JOBS_SUCCEEDED,
    "jobs_repeated": contract.METRIC_JOBS_REPEATED,
    "jobs_failed": contract.METRIC_JOBS_FAILED,
    "jobs_rejected": contract.METRIC_JOBS_REJECTED,
}


def queue(queue: Queue, *names: str) -> list[MetricQuery]:
    """Queue metrics by our names: counts as sums, gauges as maxima."""
    at = (("QueueName", queue.name),)
    return [
        MetricQuery(name, "AWS/SQS", QUEUE_COUNTS[name], "Sum", at)
        if name in QUEUE_COUNTS
        else MetricQuery(name, "AWS/SQS", QUEUE_GAUGES[name], "Maximum", at)
        for name in names
    ]


def groups_in_flight(queue: Queue) -> list[MetricQuery]:
    """``groups``: message groups of a FIFO queue with a message in flight (SQS developer guide, 2026-11)."""
    name = "ApproximateNumberOfGroupsWithInflightMessages"
    return [MetricQuery("groups", "AWS/SQS", name, "Maximum", (("QueueName", queue.name),))]


def sent_bytes(queue: Queue) -> list[MetricQuery]:
    """``message_bytes``: mean size of a sent message."""
    return [MetricQuery("message_bytes", "AWS/SQS", "SentMessageSize", "Average", (("QueueName", queue.name),))]


def dead(workload: Workload, window: Window) -> list[MetricQuery]:
    """``dead_visible`` and ``dead_in_flight``: messages in the dead-letter queue at the window's fine period.

    Not NumberOfMessagesSent: it misses automatic moves. Averages, because they add up: the most that were visible and
    the most that were in flight may be the same messages.
    """
    if workload.dlq is None:
        return []
    at = (("QueueName", workload.dlq.name),)
    return [
        MetricQuery(f"dead_{name}", "AWS/SQS", QUEUE_GAUGES[name], "Average", at, window.fine)
        for name in ("visible", "in_flight")
    ]


def function(function: Function | None, *names: str) -> list[MetricQuery]:
    """Lambda's own metrics; ``concurrency`` is ConcurrentExecutions, the rest sums."""
    if function is None:
        return []
    at = (("FunctionName", function.name),)
    return [
        MetricQuery(name, "AWS/Lambda", "ConcurrentExecutions", "Maximum", at)
        if name == "concurrency"
        else MetricQuery(name, "AWS/Lambda", FUNCTION_SUMS[name], "Sum", at)
        for name in names
    ]


def durations(function: Function | None, *percentiles: str) -> list[MetricQuery]:
    """``p50_ms``, ``p95_ms`` and ``p99_ms``, or those of ``percentiles``: how long invocations took (INIT is not in it)."""
    if function is None:
        return []
    at = (("FunctionName", function.name),)
    return [MetricQuery(f"{stat}_ms", "AWS/Lambda", "Duration", stat, at) for stat in percentiles or PERCENTILES]


def mapping(mapping: EventSourceMapping | None, *names: str) -> list[MetricQuery]:
    """Messages that the mapping handed to the function (``invoked``) or dropped by its filters (``filtered_out``),
    where EventCount metrics are switched on."""
    if mapping is None:
        return []
    at = (("EventSourceMappingUUID", mapping.uuid),)
    return [MetricQuery(name, "AWS/Lambda", MAPPING_SUMS[name], "Sum", at) for name in names or ("invoked",)]


def other_keys(workload: Workload) -> list[str]:
    """The keys of ``others``."""
    return [f"received_{number}" for number, _ in enumerate(workload.other_mappings[:MAX_OTHER_MAPPINGS])]


def others(workload: Workload) -> list[MetricQuery]:
    """Messages received from the function's other queues."""
    queues = [name_of(mapping.source_arn) for mapping in workload.other_mappings[:MAX_OTHER_MAPPINGS]]
    return [
        MetricQuery(key, "AWS/SQS", QUEUE_COUNTS["received"], "Sum", (("QueueName", queue),))
        for key, queue in zip(other_keys(workload), queues, strict=True)
    ]


def account() -> list[MetricQuery]:
    """``claimed``: what all functions of the account take of its concurrency, reservations included."""
    return [MetricQuery("claimed", "AWS/Lambda", "ClaimedAccountConcurrency", "Maximum")]


def records(function: Function | None, *names: str) -> list[MetricQuery]:
    """Sums of the extension's metrics; ``recorded``: the number of invocations in them. No points without the extension."""
    if function is None:
        return []
    at = ((contract.INVOCATION_DIMENSION, function.name),)
    return [
        MetricQuery(name, contract.INVOCATION_NAMESPACE, contract.INV_COLD, "SampleCount", at)
        if name == "recorded"
        else MetricQuery(name, contract.INVOCATION_NAMESPACE, RECORD_SUMS[name], "Sum", at)
        for name in names
    ]


def jobs(function: Function | None) -> list[MetricQuery]:
    """The handler's job counts, if the function's configuration names its Powertools namespace and service."""
    if function is None or function.metrics is None:
        return []
    namespace, service = function.metrics
    at = ((contract.JOB_DIMENSION, service),)
    return [MetricQuery(name, namespace, metric, "Sum", at) for name, metric in JOB_SUMS.items()]


def end_to_end(function: Function | None) -> list[MetricQuery]:
    """``e2e_p50_ms``, ``e2e_p95_ms``, ``e2e_p99_ms``: from a message's sending to its job's success, where the handler
    measures it."""
    if function is None or function.metrics is None:
        return []
    namespace, service = function.metrics
    at = ((contract.JOB_DIMENSION, service),)
    return [MetricQuery(f"e2e_{stat}_ms", namespace, contract.METRIC_END_TO_END, stat, at) for stat in PERCENTILES]
