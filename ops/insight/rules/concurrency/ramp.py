"""Allowed ramp-up of concurrency, period by period: by the law of the event source mapping and by each limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.esm_scaling import ScalingObservation, ScalingPolicy, begin, step
from ops.insight.report_types import Threshold
from ops.insight.rules.concurrency import concurrency_limits

if TYPE_CHECKING:
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

BINDING_SHARE = 0.9
"""Share of a limit from which it is taken to bind (AWS recommends alarms at about 90% of concurrency quotas)."""
SCALING_LIMIT, MESSAGE_GROUPS = "ESM scaling", "message groups"
FAILURES_A_PERIOD = 50
"""Failures counted individually within a period: more of them hold the mapping back no further."""
POLLERS_PER_MINUTE = 1_000.0
"""Concurrent invocations that provisioned mode adds a minute (Lambda developer guide, services-sqs-scaling, 2025-11)."""


@dataclass(frozen=True)
class RampPeriod:
    """One period. ``observed``: the most that ran at once; ``law``: the most that the mapping's scaling law allowed;
    ``allowed``: the lowest of the law and all limits; NaN where not known. ``binding``: what held work up, or empty.
    ``throttles`` and ``errors``: counts. ``backed_off``: they reduced the law's concurrency while messages waited."""

    observed: float
    law: float
    allowed: float
    binding: str
    waiting: float
    throttles: float
    errors: float
    backed_off: bool


def scaling_policy(workload: Workload) -> ScalingPolicy | None:
    """The mapping's scaling law; None without a mapping. In provisioned mode it starts from the minimum of pollers, keeps
    them while idle, and is not said to react to failures."""
    mapping = workload.mapping
    if mapping is None:
        return None
    if mapping.maximum_pollers is None:
        return ScalingPolicy(maximum_concurrency=mapping.maximum_concurrency)
    least = (mapping.minimum_pollers or DEFAULT_MINIMUM_POLLERS) * concurrency_limits.POLLER_CONCURRENCY
    most = mapping.maximum_pollers * concurrency_limits.POLLER_CONCURRENCY
    return ScalingPolicy(start=least, per_minute=POLLERS_PER_MINUTE, ceiling=most, idle=least, failure_factor=1.0)


def allowed(workload: Workload, readings: Readings) -> list[float]:
    """The most that the law allowed in each period, by whether messages waited and what failed; NaN without a law."""
    periods, rule = range(len(readings.times)), scaling_policy(workload)
    if rule is None:
        return [math.nan for _ in periods]
    errors, throttles, visible = (readings.counts(name, periods) for name in ("errors", "throttles", "visible"))
    ramp = begin(rule)
    most = []
    for waiting, failed in zip(visible, map(sum, zip(errors, throttles, strict=True)), strict=True):
        # Failures come one by one, and the mapping grows again between them.
        stretches = min(int(failed), FAILURES_A_PERIOD) + 1
        reached = 0
        for number in range(stretches):
            ramp = step(rule, ramp, ScalingObservation(readings.window.period / stretches, waiting > 0))
            reached = max(reached, ramp.concurrency)
            if number < stretches - 1:
                ramp = step(rule, ramp, ScalingObservation(0.0, waiting > 0, failures=1))
        most.append(float(reached))
    return most


def course(workload: Workload, readings: Readings, observed: Sequence[float]) -> tuple[RampPeriod, ...]:
    """All periods. ``observed``: what ran at once in each."""
    periods = range(len(readings.times))
    errors, throttles, visible = (readings.counts(name, periods) for name in ("errors", "throttles", "visible"))
    limits, rule = concurrency_limits.concurrency(workload), scaling_policy(workload)
    backs_off = rule is not None and rule.failure_factor < 1
    found = []
    for at, law in enumerate(allowed(workload, readings)):
        failed = errors[at] + throttles[at]
        found.append(
            RampPeriod(
                observed=observed[at],
                law=law,
                allowed=min([line.value for line in limits] + ([] if math.isnan(law) else [law]), default=math.nan),
                binding=_binding(workload, limits, observed[at], law, visible[at], throttles[at]),
                waiting=visible[at],
                throttles=throttles[at],
                errors=errors[at],
                backed_off=backs_off and bool(failed) and visible[at] > 0,
            )
        )
    return tuple(found)


def _binding(
    workload: Workload, limits: Sequence[Threshold], observed: float, law: float, waiting: float, throttles: float
) -> str:
    if throttles:
        return next((line.name for line in limits if line.name in concurrency_limits.FUNCTION_LIMITS), "")
    if not waiting or math.isnan(observed) or not limits:
        return ""
    lowest = limits[0]
    if observed >= BINDING_SHARE * lowest.value:
        return lowest.name
    if law < lowest.value and observed >= BINDING_SHARE * law:
        return SCALING_LIMIT
    return MESSAGE_GROUPS if workload.queue.fifo and observed else ""
