"""The limiting factor of concurrency, and whether it delays messages."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Level, Threshold
from ops.insight.rules import alarm_rules, backlog, queue_readers, setting_claims
from ops.insight.rules.concurrency import concurrency_limits, ramp
from ops.insight.rules.concurrency.ramp import BINDING_SHARE, MESSAGE_GROUPS, SCALING_LIMIT
from ops.insight.rules.findings import Observation, of_now
from ops.insight.sources import metric_queries, queue_depths

if TYPE_CHECKING:
    from ops.aws import sqs
    from ops.aws.cloudwatch import Alarm, MetricQuery
    from ops.insight.sources.metrics import Readings
    from ops.insight.sources.queue_depths import Depths
    from ops.workload import Workload

MAPPING_OFF = "disabled event source mapping"
"""The limiting factor of a queue whose mappings are off."""


def queries(workload: Workload) -> list[MetricQuery]:
    """Metrics that the rules need besides the queue's own."""
    return [
        *metric_queries.function(workload.function, "concurrency", "throttles", "errors"),
        *metric_queries.account(),
    ]


def observe_concurrency(
    workload: Workload, readings: Readings, there: Depths, known: tuple[Alarm, ...]
) -> list[Observation]:
    """Observations for the page, its card and the headline."""
    claims = queue_readers.reading(workload, readings, there.work)
    claims += alarm_rules.firing(known, readings.window, workload.stack, "concurrency")
    return claims if workload.mapping is None else [*claims, *_claims(workload, readings, there)]


def running(readings: Readings) -> float | None:
    """The most that ran at once in the newest period: Lambda has no point where nothing runs."""
    return readings.latest("concurrency", quiet=0.0)


def idle_as_zero(readings: Readings, column: str) -> list[float]:
    """Concurrency or throttles in each period, including the unfinished one. Lambda has no points while a function is
    idle: from the first to the last period in which anything was measured, that is 0."""
    values = readings.with_unfinished(column)
    spoken = readings.published(readings.columns)
    if spoken and any(not math.isnan(value) for value in values):
        for at in range(spoken[0], spoken[-1] + 1):
            values[at] = 0.0 if math.isnan(values[at]) else values[at]
    return values


def limiting_factor(workload: Workload, readings: Readings, now: sqs.Depth) -> str:
    """The limit that applies, or that no mapping is on; empty while nothing waits."""
    if now.visible and not readings.window.past and setting_claims.disabled(workload):
        return MAPPING_OFF
    return binding_limit(workload, readings, now)


def binding_limit(workload: Workload, readings: Readings, now: sqs.Depth) -> str:
    """The name of the limiting factor; empty while there is no backlog."""
    known = concurrency_limits.concurrency(workload)
    if sum(readings.counts("throttles", readings.recent)):
        return next((line.name for line in known if line.name in concurrency_limits.FUNCTION_LIMITS), "concurrency")
    used = running(readings)
    if used is None or not known or not backlog.pressing(readings, now):
        return ""
    quota = next((line.value for line in known if line.name == concurrency_limits.ACCOUNT_QUOTA), None)
    if quota is not None and (readings.latest("claimed") or 0.0) >= BINDING_SHARE * quota:
        return concurrency_limits.ACCOUNT_QUOTA
    lowest = known[0]
    if max(used, _mostly(idle_as_zero(readings, "concurrency"), readings.recent)) >= BINDING_SHARE * lowest.value:
        return lowest.name
    law = [value for value in ramp.allowed(workload, readings) if not math.isnan(value)]
    if law and law[-1] < lowest.value and used >= BINDING_SHARE * law[-1]:
        return SCALING_LIMIT
    # One invocation at a time for each active group (Lambda developer guide, services-sqs-scaling): no other limit is left.
    return MESSAGE_GROUPS if workload.queue.fifo and used and now.visible else ""


def _mostly(values: Sequence[float], recent: range) -> float:
    """Concurrency reached in most of the last periods."""
    lately = [0.0 if math.isnan(values[at]) else values[at] for at in recent]
    return statistics.median(lately) if lately else 0.0


def _claims(workload: Workload, readings: Readings, there: Depths) -> list[Observation]:
    now, known = there.work, concurrency_limits.concurrency(workload)
    binding, marked = binding_limit(workload, readings, now), "now: " if readings.window.past else ""
    claims = of_now(_mapping_above_reserved(workload), readings.window)
    if throttles := readings.total("throttles"):
        text = f"{formatting.count(throttles, 'invocation was', 'invocations were')} throttled"
        text += f" {queue_depths.range_text(readings.window)}"
        limited = f" ({marked}{binding})" if binding in concurrency_limits.FUNCTION_LIMITS else ""
        claims.append(Observation(Level.WARNING, text + limited, "concurrency"))
    elif binding == SCALING_LIMIT:
        rule = ramp.scaling_policy(workload)
        more = f" ({formatting.count(rule.per_minute)} more per minute)" if rule else ""
        text = f"{formatting.count(now.visible, 'message')} queued while the event source mapping scales up{more}"
        claims.append(Observation(Level.OK, text))
    elif binding == MESSAGE_GROUPS:
        claims.append(_one_per_group(readings, now))
    elif binding == concurrency_limits.ACCOUNT_QUOTA:
        claimed = formatting.count(readings.latest("claimed") or 0.0)
        text = (
            f"{claimed} of {formatting.count(workload.account_concurrency or 0)} concurrent executions ({marked}account quota) are in "
            f"use while {formatting.count(now.visible, 'message is', 'messages are')} queued: other functions of the account "
            "compete with this one"
        )
        claims.append(Observation(Level.CRITICAL, text, "concurrency"))
    elif binding:
        claims.append(
            _at_the_limit(readings, now, next(line for line in known if line.name == binding).read_now(readings.window))
        )
    return claims or [_not_limited(readings, there, known)]


def _one_per_group(readings: Readings, now: sqs.Depth) -> Observation:
    used = formatting.count(running(readings) or 0.0)
    text = (
        f"{formatting.count(now.visible)} queued, and {used} concurrent executions: the active message groups limit "
        "throughput, each of which has one invocation at a time"
    )
    return Observation(Level.WARNING if backlog.falling_behind(readings) else Level.OK, text, "concurrency")


def _at_the_limit(readings: Readings, now: sqs.Depth, limit: Threshold) -> Observation:
    arriving, leaving = (formatting.rate(readings.per_minute(name) or 0) for name in ("sent", "deleted"))
    pace = f"{arriving} arriving, {leaving} processed"
    waiting = f"{formatting.count(now.visible)} queued, " if now.visible else ""
    busy = f"all {formatting.count(limit.value)} concurrent executions ({limit.name}) are in use"
    if backlog.falling_behind(readings):
        return Observation(Level.WARNING, f"{busy} and limit throughput: {waiting}{pace}", "concurrency")
    return Observation(Level.OK, f"{busy}, and processing keeps pace: {waiting}{pace}")


def _not_limited(readings: Readings, there: Depths, known: tuple[Threshold, ...]) -> Observation:
    if running(readings) is None and not readings.has("received"):
        return Observation(
            Level.NO_DATA, "no concurrency metrics in this time range: nothing ran, or CloudWatch is late"
        )
    now, when = there.work, there.label or "now"
    known = tuple(line.read_now(readings.window) for line in known)
    peak = max((value for _, value in readings.points("concurrency")), default=0.0)
    if known and peak >= BINDING_SHARE * known[0].value:
        waits = f"{formatting.count(now.visible)} queued {when}" if now.visible else f"no backlog {when}"
        text = (
            f"briefly at the limit: up to {formatting.count(peak)} of {formatting.count(known[0].value)} concurrent executions "
            f"({known[0].name}); {waits}"
        )
        return Observation(Level.OK, text)
    of = f" of {formatting.count(known[0].value)} ({known[0].name})" if known else ""
    return Observation(Level.OK, f"limiting factor: none; peak concurrency {formatting.count(peak)}{of}")


def _mapping_above_reserved(workload: Workload) -> list[Observation]:
    """AWS advises reserved concurrency of at least the sum of the mappings' maxima (services-sqs-scaling)."""
    mapping, function = workload.mapping, workload.function
    if mapping is None or function is None or function.reserved is None:
        return []
    working = [other for other in (mapping, *workload.other_mappings) if other.enabled is not False]
    most = sum(concurrency_limits.of_mapping(mapping).value for mapping in working)
    if most <= function.reserved:
        return []
    who = "the event source mapping" if len(working) == 1 else f"the function's {len(working)} event source mappings"
    text = (
        f"{who} can invoke up to {formatting.count(most)} concurrently, but reserved concurrency is {formatting.count(function.reserved)}: "
        "invocations above it are throttled, and their messages use up receives"
    )
    return [Observation(Level.WARNING, text, "concurrency")]
