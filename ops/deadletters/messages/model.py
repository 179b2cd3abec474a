"""One typed message for every kind of dead-letter message.

``DeadLetter`` is what the queue holds; ``Cause`` is why it failed, as far as it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ops.aws.sqs import Attribute

__all__ = [
    "NEVER_INVOKED",
    "NEVER_RAN",
    "RETURNED",
    "UNKNOWN_ERROR",
    "Attribute",
    "Cause",
    "DeadLetter",
    "Kind",
    "Place",
    "SnapshotMessage",
]


class Kind(StrEnum):
    """Who made it a dead-letter message, which decides where it may go back to."""

    SQS = "sqs"  # a queue's redrive policy: back to the source queue
    REJECTED = "rejected"  # this project's handler, with handler.contract.DLQ_* attributes: back to the source queue
    LAMBDA = "lambda"  # an asynchronous invocation's (RequestID, ErrorCode, ErrorMessage): invoke again
    DESTINATION = "destination"  # an on-failure destination's record: invoke again with its requestPayload
    EVENTBRIDGE = "eventbridge"  # a rule's target (RULE_ARN …): put the event again
    SCHEDULER = "scheduler"  # EventBridge Scheduler (SCHEDULE_ARN …): to a queue of the user's choice only
    SNS = "sns"  # a subscription's notification: publish again
    UNKNOWN = "unknown"  # kept whole; to a queue of the user's choice only


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead-letter message, whole: with body, attributes and system attributes it can be sent as it was."""

    message_id: str
    body: str
    attributes: Mapping[str, Attribute]
    system: Mapping[str, str]  # SentTimestamp, ApproximateReceiveCount, MessageGroupId, DeadLetterQueueSourceArn, …
    kind: Kind
    sent: datetime | None
    receives: int
    source_arn: str  # where it came from: a queue, a function, a rule or bus, a topic; empty when unknown
    original_message_id: str  # of the first message, however often it was sent again
    request_id: str = ""  # of the invocation that failed it, where the message says so
    imported: bool = False  # from an export: it is in the snapshot, not in the queue

    @property
    def group_id(self) -> str | None:
        return self.system.get("MessageGroupId")

    @property
    def trace_header(self) -> str | None:
        return self.system.get("AWSTraceHeader")


UNKNOWN_ERROR = "unknown"
NEVER_RAN = "Never ran"
"""Error type of a message that Lambda was throttled for until no receive was left."""
NEVER_INVOKED = "Never invoked"
"""Error type of a message that was received while the function was neither invoked nor throttled."""
RETURNED = "Returned without delete"
"""Error type of a message that invocations had, which reported no error, and that was not deleted."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one message failed. ``source``: attribute | body | handler log | traceback | invocation record | report line
    |
    metrics | guess | none."""

    error_type: str = UNKNOWN_ERROR
    error_message: str = ""
    location: str = ""  # innermost own frame, e.g. "handler/jobs/train.py:88 fit"; empty without a stack trace
    source: str = "none"
    request_id: str = ""
    failed_at: datetime | None = field(default=None, metadata={"json_key": "died"})  # the last failure's time
    function_version: str = ""
    job_kind: str = ""
    fingerprint: str = ""  # ten hex digits: the same for messages of one cause
    label: str = ""  # the group's common message, changing parts as "…"
    likely: bool = False  # joined by time or log stream only, because no line names the message or its request


class Place(StrEnum):
    """Where a snapshot message is, as far as this machine knows."""

    QUEUE = "queue"  # it was there at the last scan
    MISSING = "gone"  # a whole scan did not find it again, and this tool did not move it
    REDRIVEN = "redriven"
    PURGED = "purged"
    IMPORTED = "imported"


@dataclass(frozen=True)
class SnapshotMessage:
    """A message as it is in the snapshot, with its cause. ``original`` never changes, whatever is edited later."""

    message: DeadLetter = field(metadata={"json_key": "letter"})
    cause: Cause = field(default_factory=Cause)
    place: Place = Place.QUEUE
    seen: datetime | None = None  # the last scan that found it
