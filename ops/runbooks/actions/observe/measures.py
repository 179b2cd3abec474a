"""The metrics of a workload that a step may name: where each is found, live and on paper, and what it says now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from handler import contract
from ops import formatting
from ops.aws import sqs
from ops.aws.cloudwatch import MetricQuery

if TYPE_CHECKING:
    from ops.insight.sources.metrics import Readings
    from ops.runbooks.actions.action import ActionContext
    from ops.workload import Workload

MetricName = Literal[
    "sent",
    "received",
    "deleted",
    "in-flight",
    "oldest-age",
    "dlq-received",
    "invocations",
    "errors",
    "throttles",
    "concurrency",
    "duration-p90",
    "async-dropped",
    "destination-failures",
    "account-concurrency",
    "records",
    "memory-used",
    "jobs-succeeded",
    "jobs-rejected",
    "jobs-repeated",
    "jobs-failed",
]
LATE_MIN = 6
"""Minutes by which CloudWatch may be behind: they are read besides those that are asked for."""
SUMS = ("Sum", "SampleCount")
_HEARTBEAT = {"visible": "ApproximateNumberOfMessagesVisible", "deleted": "NumberOfMessagesDeleted"}
"""Metrics of the queue: SQS publishes zeros too, so these show how current CloudWatch's data is."""


@dataclass(frozen=True)
class WatchedMetric:
    """``words``: a noun phrase. ``subject``: queue, dlq, function, account, extension or jobs."""

    words: str
    subject: str
    metric: str
    statistic: str = "Sum"

    @property
    def counts(self) -> bool:
        """Whether its values add up; otherwise the highest is of interest."""
        return self.statistic in SUMS

    def write(self, value: float) -> str:
        if self.metric == "ApproximateAgeOfOldestMessage":
            return formatting.duration(value)
        if self.metric == "Duration":
            return formatting.latency(value)
        return f"{formatting.count(value)} MB" if self.metric == contract.INV_MEMORY_USED else formatting.count(value)


METRICS: dict[str, WatchedMetric] = {
    "sent": WatchedMetric("messages sent", "queue", "NumberOfMessagesSent"),
    "received": WatchedMetric("messages received", "queue", "NumberOfMessagesReceived"),
    "deleted": WatchedMetric("messages deleted", "queue", "NumberOfMessagesDeleted"),
    "in-flight": WatchedMetric("messages in flight", "queue", "ApproximateNumberOfMessagesNotVisible", "Maximum"),
    "oldest-age": WatchedMetric("age of the oldest message", "queue", "ApproximateAgeOfOldestMessage", "Maximum"),
    "dlq-received": WatchedMetric("messages received from the dead-letter queue", "dlq", "NumberOfMessagesReceived"),
    "invocations": WatchedMetric("invocations", "function", "Invocations"),
    "errors": WatchedMetric("errors", "function", "Errors"),
    "throttles": WatchedMetric("throttles", "function", "Throttles"),
    "concurrency": WatchedMetric("concurrent executions", "function", "ConcurrentExecutions", "Maximum"),
    "duration-p90": WatchedMetric("p90 of Duration", "function", "Duration", "p90"),
    "async-dropped": WatchedMetric("asynchronous events dropped", "function", "AsyncEventsDropped"),
    "destination-failures": WatchedMetric("failed deliveries", "function", "DestinationDeliveryFailures"),
    "account-concurrency": WatchedMetric(
        "concurrency used or reserved in the account", "account", "ClaimedAccountConcurrency", "Maximum"
    ),
    "records": WatchedMetric("records of the extension", "extension", contract.INV_DURATION, "SampleCount"),
    "memory-used": WatchedMetric("memory used", "extension", contract.INV_MEMORY_USED, "Maximum"),
    "jobs-succeeded": WatchedMetric("jobs succeeded", "jobs", contract.METRIC_JOBS_SUCCEEDED),
    "jobs-rejected": WatchedMetric("jobs rejected", "jobs", contract.METRIC_JOBS_REJECTED),
    "jobs-repeated": WatchedMetric("jobs repeated", "jobs", contract.METRIC_JOBS_REPEATED),
    "jobs-failed": WatchedMetric("jobs failed", "jobs", contract.METRIC_JOBS_FAILED),
}
_ON_PAPER = {
    "queue": ("AWS/SQS", "QueueName", "$STACK-jobs"),
    "dlq": ("AWS/SQS", "QueueName", "$STACK-jobs-dead"),
    "function": ("AWS/Lambda", "FunctionName", "$FN"),
    "account": ("AWS/Lambda", "", ""),
    "extension": (contract.INVOCATION_NAMESPACE, contract.INVOCATION_DIMENSION, "$FN"),
    "jobs": ("SciLearn", contract.JOB_DIMENSION, "scilearn"),  # as template.yaml sets Powertools' namespace and service
}
"""Namespace, dimension and its value in this repository's stack."""


@dataclass(frozen=True)
class MeasuredValue:
    """``value``: None when it cannot be told, and ``text`` says why; else ``text`` is the value in words."""

    value: float | None
    text: str


def query(workload: Workload, name: str) -> MetricQuery | None:
    """None where the workload lacks what it is of."""
    watched, place = METRICS[name], _place(workload, METRICS[name].subject)
    return None if place is None else MetricQuery(name, place[0], watched.metric, watched.statistic, place[1])


def paper(name: str, minutes: str) -> str:
    """The AWS CLI's command that shows the metric of the last ``minutes``."""
    watched = METRICS[name]
    namespace, dimension, value = _ON_PAPER[watched.subject]
    where = f" --dimensions Name={dimension},Value={value}" if dimension else ""
    plain = not watched.statistic.startswith("p")
    statistic = f"--statistics {watched.statistic}" if plain else f"--extended-statistics {watched.statistic}"
    shown = watched.statistic if plain else f"ExtendedStatistics.{watched.statistic}"
    return (
        f"aws cloudwatch get-metric-statistics --namespace {namespace} --metric-name {watched.metric}{where} {statistic} "
        f"--period {60 if minutes.isdigit() and int(minutes) <= 1440 else 3600} "
        f"--start-time $(date -u -d '-{minutes} min' +%FT%TZ) --end-time $(date -u +%FT%TZ) "
        f"--query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,{shown}]'"
    )


def measure(context: ActionContext, name: str, seconds: float) -> MeasuredValue:
    """The metric over the last ``seconds`` that CloudWatch has: a sum, or the highest value. Silence counts as 0 only
    where it means that. Raises what ``ops.aws`` raises."""
    from ops.insight import time_window
    from ops.insight.sources import metrics

    watched, asked = METRICS[name], query(context.workload, name)
    if asked is None:
        return MeasuredValue(None, f"{watched.words}: the workload has no {watched.subject}")
    queue = (("QueueName", context.workload.queue.name),)
    steady = [MetricQuery(key, "AWS/SQS", metric, "Maximum", queue) for key, metric in _HEARTBEAT.items()]
    ran = query(context.workload, "invocations")
    others = [ran] if ran is not None and watched.subject == "function" and name != "invocations" else []
    minutes = math.ceil(seconds / 60) + LATE_MIN
    window = time_window.last(minutes, context.aws.target.finest_period)
    readings = metrics.read(context.aws, [asked, *others, *steady], window)
    periods = _last(readings, (*_HEARTBEAT, name), seconds)
    if not periods:
        return MeasuredValue(None, f"{watched.words}: CloudWatch has no data of the last {minutes} min")
    points = [readings.columns[name][at] for at in periods]
    known = [value for value in points if not math.isnan(value)]
    length = f"{seconds / 60:.0f} min" if seconds >= 60 and not seconds % 60 else formatting.duration(seconds)
    over = f"in {length}" if watched.counts or seconds > 60 else "now"
    if known or _may_be_silent(context, watched, readings, periods):
        value = math.fsum(known) if watched.counts else max(known, default=0.0)
        return MeasuredValue(value, f"{watched.words} {over}: {watched.write(value)}")
    return MeasuredValue(None, f"{watched.words}: nothing ran in {length} while messages wait, so it cannot be told")


def _last(readings: Readings, columns: Sequence[str], seconds: float) -> list[int]:
    """The last ``seconds`` of periods that are over and published."""
    over = [at for at in readings.published(columns) if at in readings.finished]
    count = max(1, round(seconds / readings.window.period))
    return list(range(max(0, over[-1] + 1 - count), over[-1] + 1)) if over else []


def _may_be_silent(context: ActionContext, watched: WatchedMetric, readings: Readings, periods: Sequence[int]) -> bool:
    """Whether the metric's silence means 0: something ran, or there is nothing to do."""
    if watched.subject == "queue" and watched.counts:
        return True
    ran = readings.columns.get("invocations", ())
    if any(not math.isnan(ran[at]) and ran[at] > 0 for at in periods if at < len(ran)):
        return True
    return not sqs.queue_depth(context.aws, context.workload.queue).visible


def _place(workload: Workload, subject: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    function, namespace = workload.function, _ON_PAPER[subject][0]
    if subject == "account":
        return namespace, ()
    if subject == "jobs":
        metrics = function.metrics if function else None
        return (metrics[0], ((contract.JOB_DIMENSION, metrics[1]),)) if metrics else None
    owner = {"queue": workload.queue, "dlq": workload.dlq}.get(subject, function)
    return (namespace, ((_ON_PAPER[subject][1], owner.name),)) if owner is not None else None
