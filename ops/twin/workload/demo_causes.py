"""Why the demo's jobs fail, and how that ends: what a person does beside the demo, in another process.

A running demo locks the file ``demo`` in the twin's folder; its contents say whether the causes are fixed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any

from handler import contract
from ops import access, clock, formatting, twin_state
from ops.errors import TwinError
from ops.files import file_lock
from ops.twin import clients, deploy, ownership, state_file
from ops.twin.workload import jobs
from ops.twin_state import TwinState

_FIXED = "fixed"


@contextmanager
def demo_runs() -> Iterator[None]:
    """While a demo runs. What was fixed stays so until it is undone, or the twin is started again."""
    try:
        file = ownership.private(state_file.make_folder() / ownership.DEMO, "a")
    except OSError as error:
        raise state_file.unusable(error) from error
    with file:
        file_lock.lock_exclusively(file, 0.0)  # False beside another demo, which then holds it
        yield


def are_fixed() -> bool:
    try:
        return (twin_state.folder() / ownership.DEMO).read_text() == _FIXED
    except (OSError, ValueError):
        return False


def fix() -> tuple[str, ...]:
    """Supply the missing data, and end the jobs that cannot succeed. Returns what was done, as sentences. Raises
    TwinError where no demo runs."""
    access.ensure_may("fixing the demo")
    with _demo() as (twin, file):
        outputs = deploy.outputs(twin)
        bucket, table = outputs[contract.OUTPUT_BUCKET], jobs.lost_table()
        s3 = clients.client(twin, "s3")
        for key in jobs.LOST_KEYS:
            s3.put_object(Bucket=bucket, Key=key, Body=table)
        file.truncate(0)
        file.write(_FIXED)
        file.flush()
        receives, visibility_s = _retries(twin, outputs[contract.OUTPUT_QUEUE_URL])
    now = clock.now_utc()
    last = now + timedelta(seconds=receives * visibility_s)
    return (
        f"The {len(jobs.LOST_KEYS)} tables that jobs name and that were missing are in s3://{bucket}/inputs/ now.",
        "The senders send no more jobs that are invalid, time out or run out of memory.",
        f"Those that they sent before are received up to {receives} times, {formatting.duration(visibility_s)} apart: "
        f"the last reach the dead-letter queue at about {formatting.clock(last, now)}, later while jobs wait in the queue.",
        "Next: ops status",
    )


def undo_fix() -> tuple[str, ...]:
    """Take the data away, and let jobs fail again. Returns and raises as ``fix``."""
    access.ensure_may("undoing the fix of the demo")
    with _demo() as (twin, file):
        bucket = deploy.outputs(twin)[contract.OUTPUT_BUCKET]
        s3 = clients.client(twin, "s3")
        for key in jobs.LOST_KEYS:
            s3.delete_object(Bucket=bucket, Key=key)
        file.truncate(0)
    return (
        f"The {len(jobs.LOST_KEYS)} tables are no longer in s3://{bucket}/inputs/.",
        "The senders send jobs that fail again.",
    )


@contextmanager
def _demo() -> Iterator[tuple[TwinState, IO[str]]]:
    """The twin of the running demo, and its file."""
    twin = twin_state.read()
    path = twin_state.folder() / ownership.DEMO
    try:
        file = ownership.private(path, "a") if twin and path.exists() else None
    except OSError as error:
        raise state_file.unusable(error) from error
    if twin is None or file is None:
        raise _no_demo()
    with file:
        if not file_lock.is_locked(file):
            raise _no_demo()
        yield twin, file


def _no_demo() -> TwinError:
    return TwinError(f"No demo runs in {twin_state.folder()}.", "Start it: make demo (or ops twin demo).")


def _retries(twin: TwinState, queue_url: str) -> tuple[int, int]:
    """How often a message is received at most, and the seconds in between."""
    names = ["RedrivePolicy", "VisibilityTimeout"]
    found: Any = clients.client(twin, "sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    policy = json.loads(found["Attributes"]["RedrivePolicy"])
    return int(policy["maxReceiveCount"]), int(found["Attributes"]["VisibilityTimeout"])
