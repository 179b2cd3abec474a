"""Observations on failures and near-failures: invocations, jobs, durations and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler import contract
from ops import formatting
from ops.aws.cloudwatch import MetricQuery
from ops.insight.report_types import Level
from ops.insight.rules import alarm_rules
from ops.insight.rules.findings import Observation
from ops.insight.sources import metric_queries

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.aws.lambda_ import Function
    from ops.insight.report_types import Window
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

NEAR_LIMIT = 0.8
"""Share of the timeout (p95) or of the memory (maximum) from which the limit is near. Ours, there is no AWS figure."""
HIGHEST_P95 = "peak p95 duration"


def queries(function: Function | None) -> list[MetricQuery]:
    """Metrics that the rules need: p95 durations, memory, and counts."""
    if function is None:
        return []
    at = ((contract.INVOCATION_DIMENSION, function.name),)
    memory = MetricQuery("memory_used_mb", contract.INVOCATION_NAMESPACE, contract.INV_MEMORY_USED, "Maximum", at)
    return [
        *metric_queries.function(function, "invocations", "errors"),
        *metric_queries.durations(function, "p95"),
        *metric_queries.jobs(function),
        memory,
    ]


@dataclass(frozen=True)
class FailedWork:
    """``failed`` of ``total`` invocations crashed, timed out or ran out of memory. ``p95_ms``: a duration, of which
    ``p95_name`` says more. ``memory``: the highest use of its size, 0–1. None where unknown."""

    failed: float | None
    total: float | None
    p95_ms: float | None
    memory: float | None
    p95_name: str = HIGHEST_P95
    memory_now: bool = False
    """Whether ``memory`` is of the size that the function has now, and the range is over."""


def by_metrics(workload: Workload, readings: Readings) -> FailedWork:
    failed, counted = readings.total("errors"), readings.total("invocations")
    total = None if failed is counted is None else max(failed or 0.0, counted or 0.0)
    used = highest(readings, "memory_used_mb")
    memory = None if used is None or workload.function is None else used / workload.function.memory_mb
    of_now = memory is not None and readings.window.past
    failed = None if total is None else failed or 0.0
    return FailedWork(failed, total, highest(readings, "p95_ms"), memory, memory_now=of_now)


def observe_failures(
    workload: Workload,
    readings: Readings,
    known: tuple[Alarm, ...],
    work: FailedWork,
    details: str = "",
    when: str = "",
) -> list[Observation]:
    """Observations for the page and the headline. ``details``: what else is known of the failed invocations; ``when``:
    the range, if the sentence also describes the present."""
    return [
        *alarm_rules.firing(known, readings.window, workload.stack, "failures"),
        *_failed_invocations(work, _in_alarm(workload, readings, known), f"{when}{details}"),
        *failed_jobs(readings, when),
        *_near_limits(workload, work, readings.window),
    ]


def _failed_invocations(work: FailedWork, in_alarm: bool, details: str) -> list[Observation]:
    if not work.failed or not work.total:
        return []
    share = formatting.percent(work.failed / work.total)
    text = f"{formatting.count(work.failed)} of {formatting.count(work.total, 'invocation')} failed ({share}){details}"
    return [Observation(Level.CRITICAL if in_alarm else Level.WARNING, text, "failures")]


def failed_jobs(readings: Readings, when: str = "") -> list[Observation]:
    """Jobs that the handler counted as failed or rejected."""
    failed, rejected = readings.total("jobs_failed") or 0.0, readings.total("jobs_rejected") or 0.0
    parts = []
    if failed:
        parts.append(f"{formatting.count(failed, 'attempt')} at a job failed and returned to the queue")
    if rejected:
        parts.append(f"{formatting.count(rejected, 'job was', 'jobs were')} rejected and sent to the DLQ")
    return [Observation(Level.WARNING, ", ".join(parts) + when, "dead_letters")] if parts else []


def _near_limits(workload: Workload, work: FailedWork, window: Window) -> list[Observation]:
    """Durations close to the timeout, and memory close to its size."""
    claims = []
    timeout_ms = workload.function.timeout_s * 1000 if workload.function else None
    if work.p95_ms is not None and timeout_ms and work.p95_ms >= NEAR_LIMIT * timeout_ms:
        text = f"{work.p95_name} is {formatting.latency(work.p95_ms)}{of_timeout(workload, window)}"
        claims.append(Observation(Level.WARNING, text, "failures"))
    if work.memory is not None and work.memory >= NEAR_LIMIT:
        size = f"the function's memory{' (now)' if work.memory_now else ''}"
        text = f"an invocation used {formatting.percent(work.memory)} of {size}"
        claims.append(Observation(Level.WARNING, text, "failures"))
    return claims


def of_timeout(workload: Workload, window: Window) -> str:
    if workload.function is None:
        return ""
    return f" of a {formatting.duration(workload.function.timeout_s)} timeout{' (now)' if window.past else ''}"


def highest(readings: Readings, column: str) -> float | None:
    return max((value for _, value in readings.points(column)), default=None)


def failed_share(readings: Readings) -> float:
    """Share of all attempts that did not succeed, 0–1: in invocations that crashed, or as the handler counted them; where
    it does not count, receives that did not end in a deletion."""
    invocations, errors = readings.total("invocations") or 0.0, readings.total("errors") or 0.0
    crashed = min(1.0, errors / invocations) if invocations else 0.0
    return crashed + (1 - crashed) * failed_job_share(readings)


def failed_job_share(readings: Readings) -> float:
    """The share of failed jobs in invocations that ended well."""
    counted = [readings.total(name) for name in ("jobs_succeeded", "jobs_failed", "jobs_rejected")]
    if any(count is not None for count in counted):
        succeeded, *not_done = (count or 0.0 for count in counted)
        failed, fine = sum(not_done), succeeded + (readings.total("jobs_repeated") or 0.0)
        return failed / (failed + fine) if failed + fine else 0.0
    received, deleted = readings.total("received") or 0.0, readings.total("deleted") or 0.0
    return max(0.0, received - deleted) / received if received else 0.0


def _in_alarm(workload: Workload, readings: Readings, known: tuple[Alarm, ...]) -> bool:
    alarm = alarm_rules.find_alarm(known, "Errors", workload.function.name) if workload.function else None
    return alarm is not None and alarm.state == "ALARM" and not readings.window.past
