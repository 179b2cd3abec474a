"""What a scan read and what it did to the queue, in numbers and in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops import formatting

if TYPE_CHECKING:
    from ops.aws.sqs import Queue

OUT_OF_AGE_METRIC = 3
"""Receives after which a standard queue's message goes to the back and leaves the age metric (SQS developer guide,
sqs-available-cloudwatch-metrics)."""


@dataclass(frozen=True)
class ScanResult:
    """What a scan read, and what it did to the queue; ``notes`` say it in sentences."""

    number: int = field(metadata={"json_key": "look"})
    messages: int = field(metadata={"json_key": "letters"})  # read
    new: int  # of them: not in the snapshot before
    missing: int = field(metadata={"json_key": "gone"})  # in the snapshot, and not found in the queue any more
    receives: int  # ReceiveMessage calls
    reported: int  # messages that the queue said it shows when the scan began
    in_flight: int  # messages that another process held then
    complete: bool  # every message of the queue was read
    not_released: int = field(metadata={"json_key": "not_given_back"})  # they come back when their lease ends
    notes: tuple[str, ...]
    scanned_at: datetime = field(metadata={"json_key": "looked_at"})
    seconds: float


@dataclass(frozen=True)
class ScanConditions:
    """Why a scan read no more, and what else is worth saying of it. Texts are empty where there is nothing to say."""

    limit: int  # messages asked for
    allowed: int  # messages that may be held at once, fewer when the limit in flight is near
    stopped: str = ""
    refused: str = ""  # why messages were not given back
    lease_s: int = 0
    resumed: int = 0  # messages that the scan held from before it was killed


def stored_counts(done: ScanResult) -> dict[str, Any]:
    """As the snapshot keeps it, beside the moment of the scan."""
    kept = [item for item in fields(done) if item.name not in ("number", "scanned_at")]
    return {item.metadata.get("json_key", item.name): getattr(done, item.name) for item in kept}


def scan_notes(done: ScanResult, queue: Queue, about: ScanConditions) -> tuple[str, ...]:
    """The sentences, most important first."""
    said = []
    if about.stopped:
        said.append(f"The scan ended early: {about.stopped}")
    if done.messages:
        released = "; not all were released" if done.not_released else "; all were released"
        said.append(
            f"The scan took {formatting.count(done.receives, 'receive')} and raised the receive count of "
            f"{formatting.count(done.messages, 'message')} by one{released}."
        )
    if about.resumed:
        said.append(f"It continued an interrupted scan, which had read {formatting.count(about.resumed, 'message')}.")
    if done.not_released:
        why = f" ({about.refused})" if about.refused else ""
        said.append(
            f"{formatting.count(done.not_released, 'message')} could not be released{why}; they are visible "
            f"again within {formatting.duration(about.lease_s)}, or after the next scan."
        )
    said += _unread_notes(done, about)
    if done.missing:
        gone = formatting.count(done.missing, "message of the previous scan is", "messages of the previous scan are")
        said.append(f"{gone} no longer in the queue.")
    if queue.fifo:
        said.append("A scan of a FIFO queue sees only the first messages of each message group.")
    elif done.messages:
        said.append(f"After {OUT_OF_AGE_METRIC} receives, a message no longer counts in ApproximateAgeOfOldestMessage.")
    return tuple(said)


def _unread_notes(done: ScanResult, about: ScanConditions) -> list[str]:
    """What was not read, and why."""
    said = []
    if done.messages >= about.limit and done.reported > about.limit:
        said.append(
            f"Stopped at the limit of {formatting.count(about.limit)}; the queue holds about {formatting.count(done.reported)}."
        )
    elif about.allowed < about.limit and done.messages >= about.allowed:
        said.append(
            f"Stopped at {formatting.count(done.messages, 'message')}: SQS allows about 120,000 messages of a queue in flight, "
            "and consumers need some. Scan again after these are redriven or purged."
        )
    elif done.messages < done.reported and not about.stopped:
        said.append(f"The queue reported {formatting.count(done.reported)} messages; its counts are approximate.")
    if done.in_flight:
        said.append(
            f"{formatting.count(done.in_flight, 'message was in flight and was', 'messages were in flight and were')} not read."
        )
    return said
