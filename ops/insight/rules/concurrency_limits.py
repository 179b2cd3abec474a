"""What may limit a queue-driven function's concurrency, by name."""

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

ACCOUNT_QUOTA = "account quota"


def of_mapping(mapping: EventSourceMapping) -> Threshold:
    """How many invocations a mapping may have at once, and what says so."""
    if mapping.maximum_concurrency is not None:
        return Threshold("mapping's MaximumConcurrency", mapping.maximum_concurrency)
    if mapping.maximum_pollers is not None:
        return Threshold("provisioned pollers", mapping.maximum_pollers * POLLER_CONCURRENCY)
    return Threshold("mapping's ceiling", MAPPING_CEILING)


def concurrency(workload: Workload) -> tuple[Threshold, ...]:
    """Every limit that applies, the lowest first; no limit is listed for what could not be read."""
    lines: list[Threshold] = []
    if workload.mapping is not None:
        lines.append(of_mapping(workload.mapping))
    if workload.function is not None and workload.function.reserved is not None:
        lines.append(Threshold("reserved concurrency", workload.function.reserved))
    elif workload.account_concurrency is not None:
        lines.append(Threshold(ACCOUNT_QUOTA, workload.account_concurrency))
    return tuple(sorted(lines, key=lambda line: line.value))
