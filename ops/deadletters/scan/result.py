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
    """What a scan read, and what it did to the queue; ``notes`` are sentences about it."""

    number: int = field(metadata={"json_key": "look"})
    messages: int = field(metadata={"json_key": "letters"})  # read
    new: int  # of them: not in the snapshot before
    missing: int = field(metadata={"json_key": "gone"})  # in the snapshot, and not found in the queue any more
    receives: int  # ReceiveMessage calls
    reported: int  # visible messages that the queue reported when the scan started
    in_flight: int  # messages that another process held then
    complete: bool  # every message of the queue was read
    not_released: int = field(metadata={"json_key": "not_given_back"})  # they are visible again when their lease ends
    notes: tuple[str, ...]
    scanned_at: datetime = field(metadata={"json_key": "looked_at"})
    seconds: float


@dataclass(frozen=True)
class ScanConditions:
    """Why a scan read no more, and what else is worth saying of it. Texts are empty where there is nothing to say."""

    limit: int  # maximum that was requested
    allowed: int  # messages that may be held at once, fewer when the limit in flight is near
    stopped: str = ""
    refused: str = ""  # why messages were not released
    lease_s: int = 0
    resumed: int = 0  # messages that the scan held from before it was killed


def stored_counts(done: ScanResult) -> dict[str, Any]:
    """The counts that the snapshot stores with the time of the scan."""
    kept = [item for item in fields(done) if item.name not in ("number", "scanned_at")]
    return {item.metadata.get("json_key", item.name): getattr(done, item.name) for item in kept}


def scan_notes(done: ScanResult, queue: Queue, conditions: ScanConditions) -> tuple[str, ...]:
    """The sentences, most important first."""
    notes = []
    if conditions.stopped:
        notes.append(f"The scan ended early: {conditions.stopped}")
    if done.messages:
        released = "; not all were released" if done.not_released else "; all were released"
        notes.append(
            f"The scan took {formatting.count(done.receives, 'receive')} and raised the receive count of "
            f"{formatting.count(done.messages, 'message')} by one{released}."
        )
    if conditions.resumed:
        notes.append(
            f"It continued an interrupted scan, which had read {formatting.count(conditions.resumed, 'message')}."
        )
    if done.not_released:
        why = f" ({conditions.refused})" if conditions.refused else ""
        notes.append(
            f"{formatting.count(done.not_released, 'message')} could not be released{why}; they are visible "
            f"again within {formatting.duration(conditions.lease_s)}, or after the next scan."
        )
    notes += _unread_notes(done, conditions)
    if done.missing:
        gone = formatting.count(done.missing, "message of the previous scan is", "messages of the previous scan are")
        notes.append(f"{gone} no longer in the queue.")
    if queue.fifo:
        notes.append("A scan of a FIFO queue sees only the first messages of each message group.")
    elif done.messages:
        notes.append(
            f"After {OUT_OF_AGE_METRIC} receives, a message no longer counts in ApproximateAgeOfOldestMessage."
        )
    return tuple(notes)


def _unread_notes(done: ScanResult, conditions: ScanConditions) -> list[str]:
    """What was not read, and why."""
    notes = []
    if done.messages >= conditions.limit and done.reported > conditions.limit:
        notes.append(
            f"Stopped at the limit of {formatting.count(conditions.limit)}; the queue holds about {formatting.count(done.reported)}."
        )
    elif conditions.allowed < conditions.limit and done.messages >= conditions.allowed:
        notes.append(
            f"Stopped at {formatting.count(done.messages, 'message')}: SQS allows about 120,000 messages of a queue in flight, "
            "and consumers need some. Scan again after these are redriven or purged."
        )
    elif done.messages < done.reported and not conditions.stopped:
        notes.append(f"The queue reported {formatting.count(done.reported)} messages; its counts are approximate.")
    if done.in_flight:
        notes.append(
            f"{formatting.count(done.in_flight, 'message was in flight and was', 'messages were in flight and were')} not read."
        )
    return notes
