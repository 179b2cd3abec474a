"""The jobs of a sweep: bodies from a file, each sent under a new ID, in the event that Lambda makes of a batch.

The same bodies run at each memory size. Their IDs differ, because an idempotent function would answer a repeated ID
from its memory, and because results and log lines of a sweep are told apart by them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.errors import UsageError
from ops.files import atomic_file

ID_FIELD = "job_id"
"""The field of the reference workload's jobs (``handler.contract``)."""
MAX_JOBS = 1_000
MAX_EVENT_BYTES = 6_000_000
"""The limit of a synchronous invocation (LDG gettingstarted-limits, 2026: 6 MB)."""
RECORD_BYTES = 900
"""The size of a record without its body, rounded up."""


def read(path: Path) -> tuple[str, ...]:
    """The bodies in a JSON Lines file: each line is one, or has it in ``body`` as ``ops dlq export`` writes it.

    Raises UsageError for no file, an empty one, or a line that is not a JSON object.
    """
    bodies = []
    for number, line in enumerate(atomic_file.read_file(path).splitlines(), 1):
        if line.strip():
            bodies.append(_body(path, number, line))
        if len(bodies) == MAX_JOBS:
            break
    if not bodies:
        raise UsageError(f"{path} has no jobs.", "Write one JSON object per line: the body of a message.")
    return tuple(bodies)


def _body(path: Path, number: int, line: bytes) -> str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"Line {number} of {path} is not a JSON object.", "Write one per line: the body of a message.")
    return found["body"] if isinstance(found.get("body"), str) else line.decode("utf-8", "replace").strip()


def ensure_identifiable(bodies: Sequence[str], field: str, same_ids: bool) -> None:
    """Raises UsageError where the sweep could not give each job an ID of its own."""
    without = sum(_fields(body, field) is None for body in bodies)
    if without and not same_ids:
        raise UsageError(
            f"{without} of {len(bodies)} jobs have no text field {field}: a function that skips repeated jobs would be "
            "measured doing nothing.",
            "Name the field of the job's ID with --id-field, or add --same-ids if the function repeats every job.",
        )


def ensure_fit(bodies: Sequence[str], batch_size: int) -> None:
    """Raises UsageError where the largest ``batch_size`` jobs do not fit into one event."""
    largest = sorted((len(json.dumps(body).encode()) for body in bodies), reverse=True)
    repeated = (largest * (batch_size // len(largest) + 1))[:batch_size]
    if sum(repeated) + RECORD_BYTES * batch_size > MAX_EVENT_BYTES:
        raise UsageError(
            f"A batch of {batch_size} of these jobs may be larger than the 6 MB of an event.",
            "Choose a smaller batch size.",
        )


def batch(bodies: Sequence[str], number: int, batch_size: int) -> list[str]:
    """The jobs of an invocation: those after the ones of invocation ``number - 1``, round and round."""
    first = number * batch_size
    return [bodies[(first + place) % len(bodies)] for place in range(batch_size)]


def event(bodies: Sequence[str], field: str, sweep: str, queue_arn: str, region: str, now_ms: int) -> bytes:
    """A batch from SQS as Lambda passes it on (LDG with-sqs, 2026), each body with a new ID in ``field``."""
    return json.dumps({"Records": [_record(body, field, sweep, queue_arn, region, now_ms) for body in bodies]}).encode()


def _record(body: str, field: str, sweep: str, queue_arn: str, region: str, now_ms: int) -> dict[str, Any]:
    message_id = str(uuid.uuid4())
    job = _fields(body, field)
    if job is not None:
        body = json.dumps({**job, field: f"rightsize-{sweep}-{message_id[:8]}"})
    return {
        "messageId": message_id,
        "receiptHandle": f"ops-rightsize-{message_id}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(now_ms),
            "SenderId": "ops-rightsize",
            "ApproximateFirstReceiveTimestamp": str(now_ms),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }


def _fields(body: str, field: str) -> dict[str, Any] | None:
    """The job in ``body`` if its ID can be replaced."""
    try:
        job = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return job if isinstance(job, dict) and isinstance(job.get(field), str) else None
