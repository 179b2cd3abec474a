"""The resources along a workload's pipeline, by their own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.workload import Workload


@dataclass(frozen=True)
class PipelineNode:
    """A resource on the path: ``kind`` is a noun ("SNS topic"); ``why`` explains an empty ``name``."""

    kind: str
    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name or '–'}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Pipeline:
    """senders → queue → readers → results / dead letters. Senders are inferred from policies and stacks."""

    senders: tuple[PipelineNode, ...] = ()
    queue: PipelineNode = PipelineNode("Queue", "")
    readers: tuple[PipelineNode, ...] = (PipelineNode("Function", ""),)
    results: tuple[PipelineNode, ...] = ()
    dead: PipelineNode = PipelineNode("Dead-letter queue", "")


EMPTY_PIPELINE = Pipeline()


def build_pipeline(workload: Workload) -> Pipeline:
    """Empty where no resource is known, such as for an application that sends directly, or a function without results."""
    return Pipeline(
        senders=tuple(PipelineNode(sender.kind, sender.name) for sender in workload.senders),
        queue=PipelineNode("Queue", workload.queue.name),
        readers=_readers(workload),
        results=_results(workload),
        dead=_dead(workload),
    )


def _readers(workload: Workload) -> tuple[PipelineNode, ...]:
    if workload.readers:
        return tuple(
            PipelineNode("Function", name) for name in dict.fromkeys(reader.name for reader in workload.readers)
        )
    if workload.function is not None:
        return (PipelineNode("Function", workload.function.name),)
    return (PipelineNode("Function", "", "unknown" if workload.gap(Part.MAPPING) else "no event source mapping"),)


def _results(workload: Workload) -> tuple[PipelineNode, ...]:
    bucket, url = workload.results_bucket, workload.results_queue_url
    return (
        *((PipelineNode("Results bucket", bucket),) if bucket else ()),
        *((PipelineNode("Results queue", url.rstrip("/").rpartition("/")[2]),) if url else ()),
    )


def _dead(workload: Workload) -> PipelineNode:
    if gap := workload.gap(Part.DLQ):
        return PipelineNode("Dead-letter queue", gap.name, gap.verb)
    if workload.dlq is None:
        return PipelineNode("Dead-letter queue", "", "none configured")
    return PipelineNode("Dead-letter queue", workload.dlq.name)
