"""What is known of one workload: a queue, its dead-letter queue, the functions on it, its limits, logs and alarms."""

from __future__ import annotations

from dataclasses import dataclass

from ops.aws import lambda_, sqs
from ops.workload.consumers import Reader
from ops.workload.gaps import Gap, Part
from ops.workload.senders import Sender

VITAL_PARTS = (Part.DLQ, Part.MAPPING, Part.FUNCTION, Part.ALARMS)


@dataclass(frozen=True)
class Workload:
    """A queue as it is set up now, with what reads it.

    None means that there is none, unless ``gap`` says that the part is gone or may not be read. ``mapping`` and
    ``function`` are those of the first of ``readers``. ``account_concurrency`` is the account's quota in this region.
    """

    name: str
    region: str
    account: str
    queue: sqs.Queue
    dlq: sqs.Queue | None
    function: lambda_.Function | None
    mapping: lambda_.EventSourceMapping | None
    alarms: tuple[str, ...]
    api_url: str | None
    results_queue_url: str | None
    results_bucket: str | None
    account_concurrency: int | None
    stack: str | None
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    readers: tuple[Reader, ...] = ()
    """Every mapping of the queue in this account and region."""
    other_mappings: tuple[lambda_.EventSourceMapping, ...] = ()
    """The function's mappings of other queues: its own metrics count their work, too."""
    serves: tuple[str, ...] = ()
    """Queues by their names, rules and topics ("SNS topic news") whose dead-letter queue this queue is; then ``dlq``
    is the queue itself."""
    senders: tuple[Sender, ...] = ()
    """What is known to send to the queue."""

    delivered_by: tuple[Sender, ...] = ()
    """The senders of which the queue is known to be a target."""
    composite_alarms: tuple[str, ...] = ()
    """Composite alarms of the stack by ARN, as the stack lists them."""

    @property
    def purpose_unknown(self) -> bool:
        """Whether the queue may hold another service's dead letters: nothing is known to deliver work to it or to read
        it. (AWS does not list whose dead-letter queue a queue is; of a function it shows only on the function.)"""
        known = self.dlq or self.mapping or self.delivered_by or self.gap(Part.DLQ) or self.gap(Part.MAPPING)
        return not known

    @property
    def runs_latest(self) -> tuple[lambda_.EventSourceMapping, ...]:
        """The function's mappings that run ``$LATEST``: what changes of it is live at once."""
        known = (*([self.mapping] if self.mapping else []), *self.other_mappings)
        return tuple(mapping for mapping in known if lambda_.qualifier_of(mapping.function_arn) == "")

    @property
    def log_group(self) -> str | None:
        return self.function.log_group if self.function else None

    @property
    def unknown(self) -> tuple[Gap, ...]:
        """The gaps without which no one can say that all is well."""
        return tuple(gap for gap in self.gaps if gap.part in VITAL_PARTS)

    def gap(self, part: Part) -> Gap | None:
        """Why ``part`` could not be described; None when it is described, or there is none."""
        return next((gap for gap in self.gaps if gap.part is part), None)
