"""What is wrong with a workload by its settings alone, before any metric is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.insight import words
from ops.insight.findings import Claim
from ops.insight.reports import Level

if TYPE_CHECKING:
    from ops.workload import Workload

VISIBILITY_TIMES = 6
"""The queue's visibility timeout should be at least this many function timeouts (Lambda developer guide,
services-sqs-configure)."""


def reading(workload: Workload) -> list[Claim]:
    """Whether anybody reads the queue."""
    if workload.mapping is None:
        return [Claim(Level.ACT, f"no function reads {workload.queue.name}: add an event source mapping", "queue")]
    if not workload.mapping.state.startswith("Enabl"):
        state = workload.mapping.state.lower()
        return [
            Claim(Level.ACT, f"the event source mapping is {state}: nothing is worked on until you enable it", "queue")
        ]
    return []


def dead_lettering(workload: Workload) -> list[Claim]:
    """Whether a message that keeps failing goes anywhere."""
    if workload.dlq is not None:
        return []
    kept = words.duration(workload.queue.retention_s)
    text = f"{workload.queue.name} has no dead-letter queue: what keeps failing is retried for {kept} and then lost"
    return [Claim(Level.WATCH, text, "dead_letters")]


def visibility(workload: Workload) -> list[Claim]:
    """Whether a message may be given out again while it is still worked on."""
    function, queue = workload.function, workload.queue
    if function is None or queue.visibility_s >= VISIBILITY_TIMES * function.timeout_s:
        return []
    text = (
        f"the queue's visibility timeout ({queue.visibility_s} s) is less than six function timeouts "
        f"({function.timeout_s} s each), so throttled batches may be worked on twice"
    )
    return [Claim(Level.WATCH, text, "queue")]
