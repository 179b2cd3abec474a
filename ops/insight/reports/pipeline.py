"""What stands along a workload's path, as it is spelled there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.workload import Workload


@dataclass(frozen=True)
class Stop:
    """Something on the path: ``kind`` is a noun ("SNS topic"), ``name`` its own, ``why`` says why it has none."""

    kind: str
    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name or '–'}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Path:
    """senders → queue → readers → results / dead letters. Senders are inferred from policies and stacks."""

    senders: tuple[Stop, ...] = ()
    queue: Stop = Stop("Queue", "")
    readers: tuple[Stop, ...] = (Stop("Function", ""),)
    results: tuple[Stop, ...] = ()
    dead: Stop = Stop("Dead letters", "")


EMPTY_PIPELINE = Path()


def stops(workload: Workload) -> Path:
    """Nothing stands where nothing is known to be: an application that sends by itself, a function without results."""
    return Path(
        senders=tuple(Stop(sender.kind, sender.name) for sender in workload.senders),
        queue=Stop("Queue", workload.queue.name),
        readers=_readers(workload),
        results=_results(workload),
        dead=_dead(workload),
    )


def _readers(workload: Workload) -> tuple[Stop, ...]:
    if workload.readers:
        return tuple(Stop("Function", name) for name in dict.fromkeys(reader.name for reader in workload.readers))
    if workload.function is not None:
        return (Stop("Function", workload.function.name),)
    return (Stop("Function", "", "not known" if workload.gap(Part.MAPPING) else "no event source mapping"),)


def _results(workload: Workload) -> tuple[Stop, ...]:
    bucket, url = workload.results_bucket, workload.results_queue_url
    return (
        *((Stop("Results bucket", bucket),) if bucket else ()),
        *((Stop("Results queue", url.rstrip("/").rpartition("/")[2]),) if url else ()),
    )


def _dead(workload: Workload) -> Stop:
    if gap := workload.gap(Part.DLQ):
        return Stop("Dead letters", gap.name, gap.verb)
    if workload.dlq is None:
        return Stop("Dead letters", "", "no dead-letter queue")
    return Stop("Dead letters", workload.dlq.name)
