"""Messages for tests, made as SQS would hand them over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ops.deadletters.messages.model import Attribute, DeadLetter, Kind

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
