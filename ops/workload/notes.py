"""What must be known to read a workload's figures, in sentences: shown under every page and by ``ops status``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops import formatting
from ops.errors import UsageError
from ops.workload.gaps import Gap, Part, Why

if TYPE_CHECKING:
    from ops.aws import lambda_
    from ops.workload.consumers import Reader
    from ops.workload.model import Workload

MAX_FILTER_CHARS = 120
"""Characters of a filter that a note quotes."""


def of(workload: Workload) -> tuple[str, ...]:
    gaps = list({gap.note: gap for gap in reversed(workload.gaps)}.values())  # one refusal may leave two gaps
    return (*_queue(workload), *_readers(workload), *(_gap(workload, gap) for gap in reversed(gaps)))


def ensure_is_read(workload: Workload) -> None:
    """Raises UsageError for a dead-letter queue: settings and alarms are those of the queue that it serves."""
    if workload.serves:
        raise UsageError(_serves(workload), "Name the queue that is read: --queue NAME.")


def unknown_function(workload: Workload) -> str:
    """Why the function is not known, in a sentence; empty when nothing stood in the way: then there is none."""
    gap = workload.gap(Part.FUNCTION) or workload.gap(Part.MAPPING)
    return gap.text if gap else ""


def reads(mapping: lambda_.EventSourceMapping) -> str:
    """How a mapping reads: ``Enabled · batches of 10 · 5 s window · at most 20 at once · 1 filter``."""
    pollers = (
        f"{mapping.minimum_pollers} to {mapping.maximum_pollers} provisioned pollers" if mapping.provisioned else ""
    )
    parts = (
        mapping.state or "state unknown",
        f"batches of {mapping.batch_size}",
        f"{mapping.window_s} s window" if mapping.window_s else "",
        f"at most {mapping.maximum_concurrency} at once" if mapping.maximum_concurrency else "",
        pollers,
        formatting.count(len(mapping.filters), "filter") if mapping.filters else "",
        "" if mapping.partial_batches else "whole batches fail",
    )
    return " · ".join(part for part in parts if part)


def _serves(workload: Workload) -> str:
    return f"{workload.queue.name} is the dead-letter queue of {', '.join(workload.serves)}."


def _queue(workload: Workload) -> Iterator[str]:
    queue = workload.queue
    if workload.serves:
        yield _serves(workload)
    elif queue.dlq_arn is None and not workload.gap(Part.DLQ):
        yield (
            f"{queue.name} has no dead-letter queue: a message that keeps failing is retried until its retention "
            f"({formatting.duration(queue.retention_s)}) ends, and then lost."
        )
    if workload.mapping is None and workload.gap(Part.MAPPING) is None and not workload.serves:
        let_in = f" Its policy lets in {', '.join(map(str, workload.senders))}." if workload.senders else ""
        yield (
            f"No function reads {queue.name}: it has no event source mapping in account {workload.account} and region "
            f"{workload.region}. Something else may read it.{let_in}"
        )


def _readers(workload: Workload) -> Iterator[str]:
    readers = workload.readers
    if len(readers) > 1:
        names = ", ".join(f"{reader.name} ({reader.mapping.state})" for reader in readers)
        yield (
            f"{len(readers)} event source mappings read {workload.queue.name}: {names}. The function's figures are of "
            f"{readers[0].name}."
        )
    for reader in readers:
        yield from _reader(reader)
    for function in {reader.function.name: reader.function for reader in readers if reader.function}.values():
        yield from _how_it_runs(function)
    if workload.other_mappings:
        others = ", ".join(mapping.source_arn.rpartition(":")[2] for mapping in workload.other_mappings)
        yield f"{readers[0].name} reads other queues, too ({others}): its own metrics count them all."


def _reader(reader: Reader) -> Iterator[str]:
    mapping = reader.mapping
    if mapping.filters:
        yield (
            f"{reader.name} gets only messages that match {formatting.count(len(mapping.filters), 'filter')}, the rest is "
            f"deleted without an invocation: {_short(' or '.join(mapping.filters))}"
        )
    if mapping.unreadable_filters:
        yield f"Lambda cannot read the filters of {reader.name}: {mapping.unreadable_filters}"
    if mapping.provisioned:
        yield f"{reader.name} has {mapping.minimum_pollers} to {mapping.maximum_pollers} provisioned pollers, paid by the hour."


def _how_it_runs(function: lambda_.Function) -> Iterator[str]:
    """Facts from the Lambda developer guide: durable-monitoring, lambda-managed-instances-core-concepts and
    tenant-isolation (2026)."""
    if function.durable:
        yield (
            f"{function.name} is a durable function: an execution takes several invocations, which replay what is done. "
            "Invocations, durations, errors, and costs per invocation are of these, not of executions; a message stays in "
            "flight until its execution ends."
        )
    if function.managed:
        most = f", up to {function.environment_concurrency}" if function.environment_concurrency else ""
        yield (
            f"{function.name} runs on Lambda Managed Instances: an environment takes several invocations at once{most}, and "
            "Lambda adds environments by CPU use, so that no invocation waits for INIT. The EC2 instances are not in the cost."
        )
    if function.tenant_isolation:
        yield (
            f"{function.name} has tenant isolation: an environment serves one tenant alone, so that each tenant has cold starts "
            "of its own."
        )


def _gap(workload: Workload, gap: Gap) -> str:
    if gap.part is Part.DLQ:
        return f"The dead-letter queue of {workload.queue.name}, {gap.name}, {gap.verb}: {gap.note}"
    if gap.part is Part.MAPPING and gap.why is Why.GONE:
        return f"The stack's event source mapping {gap.name} does not exist: {gap.note}"
    if gap is workload.gap(Part.MAPPING):
        return f"Whether a function reads {workload.queue.name} is not known: {gap.note}"
    return gap.note


def _short(text: str) -> str:
    return text if len(text) <= MAX_FILTER_CHARS else f"{text[: MAX_FILTER_CHARS - 1]}…"
