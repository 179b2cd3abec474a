"""Messages for tests, made as SQS would hand them over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.deadletters.messages.model import Attribute, Cause, DeadLetter, Kind, Place
from ops.deadletters.snapshot import Snapshot

SENT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:jobs"


def a_dead_letter(
    body: str = '{"params": {"alpha": 1.10}, "items": [{"x": 1}, {"x": 2}]}',
    message_id: str = "m1",
    attributes: Mapping[str, Attribute] | None = None,
    system: Mapping[str, str] | None = None,
    kind: Kind = Kind.SQS,
    **more: Any,
) -> DeadLetter:
    whole = {"SentTimestamp": str(int(SENT.timestamp() * 1000)), "ApproximateReceiveCount": "4", **(system or {})}
    fields: dict[str, Any] = {
        "sent": SENT,
        "receives": 4,
        "source_arn": QUEUE,
        "original_message_id": message_id,
        **more,
    }
    return DeadLetter(message_id, body, dict(attributes or {}), whole, kind, **fields)


def bodies(number: int) -> list[str]:
    return [json.dumps({"job_id": f"j{index}", "params": {"alpha": index}}) for index in range(number)]


def add_many_causes(snapshot: Snapshot, count: int) -> None:
    """``count`` causes with a message each, and one more of the first; their IDs are their numbers in hexadecimal."""
    numbers = [*range(count), count]
    snapshot.add(
        (a_dead_letter("{}", f"m{number:05d}", sent=SENT + timedelta(seconds=number)) for number in numbers),
        Place.QUEUE,
    )
    causes = {
        f"m{number:05d}": Cause(
            f"Error{number % count}",
            f"\x1b[2J<b>no {number % count}</b>",
            "app.py:7",
            "attribute",
            failed_at=SENT + timedelta(seconds=number),
            fingerprint=f"{number % count:010x}",
            label=f"no {number % count}",
        )
        for number in numbers
    }
    snapshot.set_causes(causes.items())
