"""The fields of an SQS event record (shape: tests/events/sqs.json), and whether an event is a batch of them."""

from __future__ import annotations

import re
from typing import Any

QUEUE_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,75}(\.fifo)?")
TEXTS = ("messageId", "receiptHandle", "eventSourceARN", "body")


def is_batch(event: Any) -> bool:
    """Whether it is a batch of SQS: anything else is taken for a job, and rejected as one; so is a batch of nothing,
    which SQS never sends. The queue's ARN becomes a host's name, so nothing else may get there from an event."""
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and bool(records) and all(_is_record(record) for record in records)


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(name), str) for name in TEXTS)
        and QUEUE_ARN.fullmatch(record["eventSourceARN"]) is not None
    )


def message_id(record: Any) -> str:
    return str(record["messageId"])


def receives(record: Any) -> int:
    """0 where the record has no count: it then counts as received for the first time."""
    count = str((record.get("attributes") or {}).get("ApproximateReceiveCount") or "")
    return int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0


def sent_ms(record: Any) -> int | None:
    """When the message was sent, in milliseconds since 1970; None where the record does not tell."""
    sent = str((record.get("attributes") or {}).get("SentTimestamp") or "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 16 else None


def age_ms(record: Any, now: float) -> float | None:
    """Milliseconds from the sending of the message to ``now`` (seconds since 1970); None where the record has no time."""
    sent = sent_ms(record)
    return None if sent is None else max(0.0, now * 1000 - sent)
