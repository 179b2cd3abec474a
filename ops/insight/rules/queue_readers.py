"""Whether anything reads a queue: a function of this account, or another consumer as far as metrics show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Level
from ops.insight.rules import setting_claims
from ops.insight.rules.findings import Observation, of_now
from ops.workload.gaps import Part, Why

if TYPE_CHECKING:
    from ops.aws import sqs
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload


def reading(workload: Workload, readings: Readings, now: sqs.Depth) -> list[Observation]:
    """Whether a function reads the queue now or, as far as the queue's metrics show, something else."""
    return of_now(_reading(workload, readings, now), readings.window)


def _reading(workload: Workload, readings: Readings, now: sqs.Depth) -> list[Observation]:
    gap = workload.gap(Part.MAPPING)
    if gap is not None and workload.mapping is None:
        if gap.why is Why.GONE:
            text = f"no function reads {workload.queue.name}: the event source mapping {gap.name} does not exist"
            return [Observation(Level.CRITICAL, text, "queue")]
        text = f"unknown whether a function reads {workload.queue.name}: its event source mappings {gap.verb}"
        return [Observation(Level.NO_DATA, text, "queue")]
    if workload.mapping is None:
        return [_dead_letter_queue(workload) if workload.serves else _read_by_others(workload, readings, now)]
    return setting_claims.disabled(workload) or _function(workload)


def _function(workload: Workload) -> list[Observation]:
    gap = workload.gap(Part.FUNCTION)
    if gap is None:
        return []
    level = Level.CRITICAL if gap.why is Why.GONE else Level.NO_DATA
    return [Observation(level, f"function {gap.name}, which reads {workload.queue.name}, {gap.verb}", "queue")]


def _dead_letter_queue(workload: Workload) -> Observation:
    """A queue that is itself the dead-letter queue of several queues: it is described in place of any one of them."""
    return Observation(Level.OK, f"{workload.queue.name} is the dead-letter queue of {', '.join(workload.serves)}")


def _read_by_others(workload: Workload, readings: Readings, now: sqs.Depth) -> Observation:
    """No mapping reads it: a fact about this account and region. What else reads it is inferred from the metrics."""
    known = f"no event source mapping reads {workload.queue.name} in this account and region"
    deleted = readings.per_minute("deleted")
    if deleted:
        done = f"messages are deleted at {formatting.rate(deleted)}"
        return Observation(Level.OK, f"{known}; {done}: another consumer probably reads it")
    if now.in_flight or readings.per_minute("received"):
        return Observation(Level.OK, f"{known}; messages are received: another consumer may read it")
    waits = now.visible + now.delayed
    if waits:
        waiting = f"{formatting.count(waits)} queued"
        return Observation(Level.WARNING, f"{known}, and no messages are received; {waiting}", "queue")
    return Observation(Level.OK, f"{known}; it is empty")
