"""What may limit a queue-driven function's concurrency, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.insight.reports import Line

if TYPE_CHECKING:
    from ops.workload import Workload

MAPPING_CEILING = 1_250
"""Concurrent invokes of one event source mapping unless AWS Support raised it (Lambda developer guide,
services-sqs-scaling, after 2025-11; older pages say 1,000)."""
POLLER_CONCURRENCY = 10
"""Concurrent invokes of one provisioned poller (same page)."""

ACCOUNT = "account quota"


def concurrency(workload: Workload) -> tuple[Line, ...]:
    """Every limit that applies, the lowest first; no limit is listed for what could not be read."""
    lines: list[Line] = []
    if (mapping := workload.mapping) is not None:
        if mapping.maximum_concurrency is not None:
            lines.append(Line("mapping's MaximumConcurrency", mapping.maximum_concurrency))
        elif mapping.maximum_pollers is not None:
            lines.append(Line("provisioned pollers", mapping.maximum_pollers * POLLER_CONCURRENCY))
        else:
            lines.append(Line("mapping's ceiling", MAPPING_CEILING))
    if workload.function is not None and workload.function.reserved is not None:
        lines.append(Line("reserved concurrency", workload.function.reserved))
    elif workload.account_concurrency is not None:
        lines.append(Line(ACCOUNT, workload.account_concurrency))
    return tuple(sorted(lines, key=lambda line: line.value))
