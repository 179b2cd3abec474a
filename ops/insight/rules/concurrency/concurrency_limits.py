"""The limits on the concurrency of a function that reads a queue, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.insight.report_types import Threshold

if TYPE_CHECKING:
    from ops.aws.lambda_ import EventSourceMapping
    from ops.workload import Workload

MAPPING_CEILING = 1_250
"""Concurrent invokes of one event source mapping unless AWS Support raised it (Lambda developer guide,
services-sqs-scaling, after 2025-11; older pages say 1,000)."""
POLLER_CONCURRENCY = 10
"""Concurrent invokes of one provisioned poller (same page)."""

ACCOUNT_QUOTA, RESERVED = "account quota", "reserved concurrency"
FUNCTION_LIMITS = (RESERVED, ACCOUNT_QUOTA)
"""The limits at which Lambda throttles invocations; those of an event source mapping only hold it back."""


def of_mapping(mapping: EventSourceMapping) -> Threshold:
    """A mapping's limit on concurrent invocations."""
    if mapping.maximum_concurrency is not None:
        return Threshold("ESM MaximumConcurrency", mapping.maximum_concurrency)
    if mapping.maximum_pollers is not None:
        return Threshold("provisioned pollers", mapping.maximum_pollers * POLLER_CONCURRENCY)
    return Threshold("ESM maximum", MAPPING_CEILING)


def concurrency(workload: Workload) -> tuple[Threshold, ...]:
    """Every limit that applies, the lowest first; no limit is listed for what could not be read."""
    lines: list[Threshold] = []
    if workload.mapping is not None:
        lines.append(of_mapping(workload.mapping))
    if workload.function is not None and workload.function.reserved is not None:
        lines.append(Threshold(RESERVED, workload.function.reserved))
    elif workload.account_concurrency is not None:
        lines.append(Threshold(ACCOUNT_QUOTA, workload.account_concurrency))
    return tuple(sorted(lines, key=lambda line: line.value))
