"""Concurrency: what limits throughput now, and how long a backlog takes to drain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from ops import formatting
from ops.aws import sqs
from ops.errors import UsageError
from ops.esm_scaling import Observed, ScalingPolicy, begin, step
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports import queue
from ops.insight.rules import concurrency_limits, config_checks
from ops.insight.rules.findings import Observation, summarize
from ops.insight.sources import metric_queries, metrics, queue_depths
from ops.insight.sources.metrics import Readings

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.sources.queue_depths import Depths
    from ops.workload import Workload

BINDING_SHARE = 0.9
"""Share of a limit from which it is taken to bind (AWS recommends alarms at about 90% of concurrency quotas)."""
SCALING_LIMIT = "ESM scaling"
FILL_S, FILL_TIMEOUTS = 120, 3
"""Over how long messages per invocation are averaged: seconds at least, and function timeouts."""
FAILURES_A_PERIOD = 50
"""Failures counted individually within a period: more of them hold the mapping back no further."""


@dataclass(frozen=True)
class ConcurrencyReport:
    """``concurrency``: observed, law (what ESM scaling allows). ``throttles``: throttles (per period).
    ``batch``: fill (messages per invocation), share (0–1 of the batch size)."""

    finding: Finding
    concurrency: pd.DataFrame
    limits: tuple[Threshold, ...]
    binding: str  # name of the limit that binds now, or empty
    throttles: pd.DataFrame
    batch: pd.DataFrame
    batch_size: int | None
    backlog: float | None
    arrivals_per_min: float | None
    seconds_per_message: float | None  # observed: duration ÷ messages per invocation
    look: QueryCost
    running: float | None = None  # most at once in the newest period, as on the Overview's card
    at: datetime | None = None  # the end of a past range, of which ``binding``, ``backlog`` and ``running`` are


def report(aws: Aws, workload: Workload, window: Window) -> ConcurrencyReport:
    """One GetMetricData call and the queue's depth now. Raises what ``ops.aws`` raises."""
    names = ("concurrency", "throttles", "errors", "invocations", "duration_ms")
    queries = [
        *metric_queries.queue(workload.queue, "visible", "in_flight", "delayed", "sent", "received", "deleted"),
        *metric_queries.function(workload.function, *names),
        *metric_queries.mapping(workload.mapping),
        *metric_queries.account(),
    ]
    readings = metrics.read(aws, queries, window)
    frame = readings.frame.reindex(columns=["visible", "sent", "received", "invoked", *names])
    there = queue_depths.read_depths(aws, replace(workload, dlq=None), readings)
    now = there.work
    known = concurrency_limits.concurrency(workload)
    concurrency = pd.DataFrame({"observed": _ran(readings), "law": allowed(workload, frame, window.period)})
    batch_size = workload.mapping.batch_size if workload.mapping else None
    fill = _fill(frame, workload, window.period)
    binding = _binding(readings, concurrency, known, now)
    seconds = _seconds_per_message(readings)
    claims = config_checks.reading(workload, readings, now)
    if workload.mapping is not None:
        claims += _claims(readings, concurrency, binding, there, known, workload)
    return ConcurrencyReport(
        finding=readings.dated(summarize(claims)),
        concurrency=concurrency,
        limits=known,
        binding=binding,
        throttles=frame[["throttles"]],
        batch=pd.DataFrame({"fill": fill, "share": fill / batch_size if batch_size else float("nan")}),
        batch_size=batch_size,
        backlog=float(now.visible),
        arrivals_per_min=readings.per_minute("sent"),
        seconds_per_message=seconds,
        look=readings.look,
        running=readings.latest("concurrency", quiet=0.0),
        at=there.at,
    )


def _ran(readings: Readings) -> pd.Series:
    """What ran at once. Lambda has no points while a function is idle: from the first to the last period in which
    anything was measured, that is 0."""
    column = readings.frame.get("concurrency", pd.Series(float("nan"), index=readings.frame.index))
    spoken = readings.frame.dropna(how="all").index
    if column.notna().any():
        idle = column.isna() & (column.index >= spoken[0]) & (column.index <= spoken[-1])
        column = column.mask(idle, 0.0)
    return column


def scaling_policy(workload: Workload) -> ScalingPolicy | None:
    """The mapping's scaling law; None without a mapping, and in provisioned mode, which scales otherwise."""
    mapping = workload.mapping
    if mapping is None or mapping.maximum_pollers is not None:
        return None
    return ScalingPolicy(maximum_concurrency=mapping.maximum_concurrency)


def allowed(workload: Workload, frame: pd.DataFrame, period: int) -> pd.Series:
    """The most that the law allowed in each period, by whether messages waited and what failed."""
    rule = scaling_policy(workload)
    if rule is None:
        return pd.Series(float("nan"), index=frame.index)
    failures = (frame["errors"].fillna(0) + frame["throttles"].fillna(0)).astype(int)
    ramp = begin(rule)
    most = []
    for waiting, failed in zip(frame["visible"].fillna(0), failures, strict=True):
        # Failures come one by one, and the mapping grows again between them.
        stretches = min(failed, FAILURES_A_PERIOD) + 1
        reached = 0
        for number in range(stretches):
            seconds = period / stretches
            ramp = step(rule, ramp, Observed(seconds, bool(waiting > 0)))
            reached = max(reached, ramp.concurrency)
            if number < stretches - 1:
                ramp = step(rule, ramp, Observed(0.0, bool(waiting > 0), failures=1))
        most.append(reached)
    return pd.Series(most, index=frame.index, dtype=float)


def drain_what_if(
    backlog: float,
    arrivals_per_min: float,
    seconds_per_message: float,
    concurrency: float,
    batch_size: int,
) -> float | None:
    """Seconds until ``backlog`` is gone while more arrives, with this MaximumConcurrency and the ramp up to it.

    ``seconds_per_message``: one environment's time for one message of a batch. None: it is never drained, because more
    arrives than the concurrency can do. Raises UsageError for values that make no sense.
    """
    if seconds_per_message <= 0 or concurrency < 1 or batch_size < 1 or backlog < 0 or arrivals_per_min < 0:
        raise UsageError(
            "A drain time needs a backlog and arrivals of 0 or more, and a time, concurrency and batch size above 0.",
            "Correct the values.",
        )
    if backlog == 0:
        return 0.0
    rule = ScalingPolicy(maximum_concurrency=int(concurrency))
    start, most, growth = float(rule.base), float(rule.limit), rule.per_minute / 60
    arriving = arrivals_per_min / 60 * seconds_per_message  # environments that the arrivals alone keep busy
    owed = backlog * seconds_per_message  # environment-seconds of work
    # While ramping, work done by t is start·t + growth·t²/2; it has to reach owed + arriving·t.
    rising = start - arriving
    ramping = (-rising + math.sqrt(rising * rising + 2 * growth * owed)) / growth
    ramp_ends = (most - start) / growth
    if ramping <= ramp_ends:
        drained = ramping
    elif most <= arriving:
        return None
    else:
        left = owed + arriving * ramp_ends - (start + most) / 2 * ramp_ends
        drained = ramp_ends + left / (most - arriving)
    # No batch is done before all its messages are.
    return max(drained, seconds_per_message * min(batch_size, math.ceil(backlog / most)))


def _fill(frame: pd.DataFrame, workload: Workload, period: int) -> pd.Series:
    """Messages an invocation, over a stretch of several function timeouts.

    A message is counted when it is received or handed over, an invocation at another moment: period by period the two
    do not belong together. What the mapping handed over is the better count, where it is published.
    """
    if workload.function is None or workload.mapping is None:
        return pd.Series(float("nan"), index=frame.index)
    given = frame["invoked"] if frame["invoked"].notna().any() else frame["received"]
    periods = math.ceil(max(FILL_S, FILL_TIMEOUTS * workload.function.timeout_s) / period)
    messages = given.fillna(0).rolling(periods, min_periods=1).sum()
    invocations = frame["invocations"].fillna(0).rolling(periods, min_periods=1).sum()
    ran = (invocations > 0) & frame["invocations"].notna()
    return (messages / invocations.where(ran)).clip(upper=workload.mapping.batch_size)


def _seconds_per_message(readings: Readings) -> float | None:
    """Observed over the window: the function's time ÷ the messages it was given."""
    given = readings.total("invoked") if readings.has("invoked") else readings.total("received")
    duration = readings.total("duration_ms")
    return duration / 1000 / given if duration and given else None


def _binding(readings: Readings, concurrency: pd.DataFrame, known: tuple[Threshold, ...], now: sqs.Depth) -> str:
    """The name of the limiting factor; empty while there is no backlog."""
    throttled = sum(readings.counts("throttles", readings.recent))
    if throttled:
        return next((line.name for line in known if line.name in concurrency_limits.FUNCTION_LIMITS), "concurrency")
    observed = readings.latest("concurrency", quiet=0.0)
    if observed is None or not known or not queue.pressing(readings, now):
        return ""
    quota = next((line.value for line in known if line.name == concurrency_limits.ACCOUNT_QUOTA), None)
    if quota is not None and (readings.latest("claimed") or 0.0) >= BINDING_SHARE * quota:
        return concurrency_limits.ACCOUNT_QUOTA
    lowest = known[0]
    if max(observed, _mostly(concurrency["observed"], readings)) >= BINDING_SHARE * lowest.value:
        return lowest.name
    ramp = concurrency["law"].dropna()
    if len(ramp) and ramp.iloc[-1] < lowest.value and observed >= BINDING_SHARE * ramp.iloc[-1]:
        return SCALING_LIMIT
    return ""


def _mostly(observed: pd.Series, readings: Readings) -> float:
    """What concurrency was reached in most of the last periods."""
    lately = observed.iloc[list(readings.recent)].fillna(0)
    return float(lately.median()) if len(lately) else 0.0


def _claims(
    readings: Readings,
    concurrency: pd.DataFrame,
    binding: str,
    there: Depths,
    known: tuple[Threshold, ...],
    workload: Workload,
) -> list[Observation]:
    now, when = there.work, there.label or "now"
    observed = readings.latest("concurrency", quiet=0.0)
    throttles = readings.total("throttles")
    claims: list[Observation] = []
    claims += _mapping_above_reserved(workload)
    if throttles:
        text = f"{formatting.count(throttles, 'invocation was', 'invocations were')} throttled"
        claims.append(
            Observation(Level.WATCH, f"{text} ({binding})" if binding in concurrency_limits.FUNCTION_LIMITS else text)
        )
    elif binding == SCALING_LIMIT:
        text = f"{formatting.count(now.visible, 'message')} queued while the event source mapping scales up (300 more per minute)"
        claims.append(Observation(Level.OK, text))
    elif binding == concurrency_limits.ACCOUNT_QUOTA:
        claimed = formatting.count(readings.latest("claimed") or 0.0)
        text = (
            f"{claimed} of {formatting.count(workload.account_concurrency or 0)} concurrent executions (account quota) are in "
            f"use while {formatting.count(now.visible, 'message is', 'messages are')} queued: other functions of the account "
            "compete with this one"
        )
        claims.append(Observation(Level.ACT, text))
    elif binding:
        value = next(line.value for line in known if line.name == binding)
        arriving, leaving = (formatting.rate(readings.per_minute(name) or 0) for name in ("sent", "deleted"))
        pace = f"{arriving} arriving, {leaving} processed"
        waiting = f"{formatting.count(now.visible)} queued, " if now.visible else ""
        busy = f"all {formatting.count(value)} concurrent executions ({binding}) are in use"
        if queue.falling_behind(readings):
            claims.append(Observation(Level.WATCH, f"{busy} and limit throughput: {waiting}{pace}"))
        else:
            claims.append(Observation(Level.OK, f"{busy}, and processing keeps pace: {waiting}{pace}"))
    if claims:
        return claims
    if observed is None and not readings.has("received"):
        return [
            Observation(Level.UNKNOWN, "no concurrency metrics in this time range: nothing ran, or CloudWatch is late")
        ]
    peak = float(concurrency["observed"].max()) if readings.has("concurrency") else 0.0
    if known and peak >= BINDING_SHARE * known[0].value:
        waits = f"{formatting.count(now.visible)} queued {when}" if now.visible else f"no backlog {when}"
        text = (
            f"briefly at the limit: up to {formatting.count(peak)} of {formatting.count(known[0].value)} concurrent executions "
            f"({known[0].name}); {waits}"
        )
        return [Observation(Level.OK, text)]
    of = f" of {formatting.count(known[0].value)} ({known[0].name})" if known else ""
    return [Observation(Level.OK, f"limiting factor: none; peak concurrency {formatting.count(peak)}{of}")]


def _mapping_above_reserved(workload: Workload) -> list[Observation]:
    """AWS advises reserved concurrency of at least the sum of the mappings' maxima (services-sqs-scaling)."""
    mapping, function = workload.mapping, workload.function
    if mapping is None or function is None or function.reserved is None:
        return []
    working = [one for one in (mapping, *workload.other_mappings) if one.enabled]
    most = sum(concurrency_limits.of_mapping(one).value for one in working)
    if most <= function.reserved:
        return []
    who = "the event source mapping" if len(working) == 1 else f"the function's {len(working)} event source mappings"
    text = (
        f"{who} can invoke up to {formatting.count(most)} concurrently, but reserved concurrency is {function.reserved}: "
        "invocations above it are throttled, and their messages use up receives"
    )
    return [Observation(Level.WATCH, text)]
