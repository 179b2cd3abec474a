"""What may limit a queue-driven function's concurrency, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.insight.report_types import Line

if TYPE_CHECKING:
    from ops.aws.lambda_ import Mapping
    from ops.workload import Workload

MAPPING_CEILING = 1_250
"""Concurrent invokes of one event source mapping unless AWS Support raised it (Lambda developer guide,
services-sqs-scaling, after 2025-11; older pages say 1,000)."""
POLLER_CONCURRENCY = 10
"""Concurrent invokes of one provisioned poller (same page)."""

ACCOUNT = "account quota"


def of_mapping(mapping: Mapping) -> Line:
    """How many invocations a mapping may have at once, and what says so."""
    if mapping.maximum_concurrency is not None:
        return Line("mapping's MaximumConcurrency", mapping.maximum_concurrency)
    if mapping.maximum_pollers is not None:
        return Line("provisioned pollers", mapping.maximum_pollers * POLLER_CONCURRENCY)
    return Line("mapping's ceiling", MAPPING_CEILING)


def concurrency(workload: Workload) -> tuple[Line, ...]:
    """Every limit that applies, the lowest first; no limit is listed for what could not be read."""
    lines: list[Line] = []
    if workload.mapping is not None:
        lines.append(of_mapping(workload.mapping))
    if workload.function is not None and workload.function.reserved is not None:
        lines.append(Line("reserved concurrency", workload.function.reserved))
    elif workload.account_concurrency is not None:
        lines.append(Line(ACCOUNT, workload.account_concurrency))
    return tuple(sorted(lines, key=lambda line: line.value))
