"""Where a dead-letter queue's messages come from: its source queues, and the functions that read each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops import log_streams, workload
from ops.deadletters.causes.attribution.evidence import ConsumerSetup
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import lambda_
    from ops.deadletters.queue import DeadLetterQueue

OWN_QUEUE = ""
"""Stands for the workload's own queue, and for messages that do not name their source."""


@dataclass(frozen=True)
class QueueConsumer:
    """A function, and the mappings through which it reads the queues in question."""

    function: lambda_.Function
    mappings: tuple[lambda_.EventSourceMapping, ...] = ()

    @property
    def setup(self) -> ConsumerSetup:
        """What its log lines are held against."""
        name, group = self.function.name, self.function.log_group
        return ConsumerSetup(
            timeout_s=self.function.timeout_s,
            window_s=max((mapping.window_s for mapping in self.mappings), default=0.0),
            batch_size=max((mapping.batch_size for mapping in self.mappings), default=0),
            function=name,
            shared=log_streams.is_shared(group, name),
        )


@dataclass(frozen=True)
class QueueConsumers:
    """The functions that read each source queue, by its ARN (``OWN`` for the workload's). ``notes``: why none is known,
    where that is so."""

    by_queue: Mapping[str, tuple[QueueConsumer, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of(self, queue_arn: str) -> tuple[QueueConsumer, ...]:
        return self.by_queue.get(queue_arn, ())

    @property
    def all(self) -> tuple[QueueConsumer, ...]:
        """Every function once, the workload's own first, with all its mappings."""
        merged: dict[str, QueueConsumer] = {}
        for some in self.by_queue.values():
            for feed in some:
                known = merged.setdefault(feed.function.arn, feed)
                more = tuple(mapping for mapping in feed.mappings if mapping not in known.mappings)
                merged[feed.function.arn] = QueueConsumer(known.function, known.mappings + more)
        return tuple(merged.values())


def source_queue(source: DeadLetterQueue, source_arn: str) -> str:
    """The key in ``Feeds`` of what a message names as its source."""
    return source_arn if ":sqs:" in source_arn and source_arn != source.workload.queue.arn else OWN_QUEUE


def find_consumers(source: DeadLetterQueue, source_arns: Iterable[str]) -> QueueConsumers:
    """The functions behind the sources that messages name. Raises CredentialsError and Unreachable.

    Needs lambda:ListEventSourceMappings and lambda:GetFunctionConfiguration.
    """
    notes: list[str] = []
    found = dict(own_consumer(source).by_queue)
    for arn in sorted({source_queue(source, source_arn) for source_arn in source_arns} - {OWN_QUEUE}):
        found[arn] = _feeds(source, arn, notes)
        if not found[arn]:
            name = arn.rsplit(":", 1)[-1]
            notes.append(f"Messages of {name} stay without a cause: no function that reads {name} is known.")
    return QueueConsumers(found, tuple(notes))


def own_consumer(source: DeadLetterQueue) -> QueueConsumers:
    """The workload's functions, as they are described: asks nothing of AWS."""
    own = source.workload
    some = _by_function(own.readers)
    if not some and own.function is not None:
        some = (QueueConsumer(own.function, (own.mapping,) if own.mapping else ()),)
    return QueueConsumers({OWN_QUEUE: some} if some else {})


def _feeds(source: DeadLetterQueue, queue_arn: str, notes: list[str]) -> tuple[QueueConsumer, ...]:
    try:
        readers = workload.readers(source.aws, queue_arn)
    except AwsError as refused:
        notes.append(f"{refused} {refused.next_step}".strip())
        return ()
    notes += [reader.gap.note for reader in readers if reader.gap is not None]
    return _by_function(readers)


def _by_function(readers: Sequence[workload.Reader]) -> tuple[QueueConsumer, ...]:
    by_function: dict[str, QueueConsumer] = {}
    for reader in readers:
        if reader.function is not None:
            known = by_function.get(reader.function.arn, QueueConsumer(reader.function))
            by_function[reader.function.arn] = QueueConsumer(known.function, (*known.mappings, reader.mapping))
    return tuple(by_function.values())
