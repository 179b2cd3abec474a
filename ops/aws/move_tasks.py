"""Message move tasks: SQS itself moves the messages of a dead-letter queue, at most 500 per second.

The source must be the dead-letter queue of SQS queues; a queue has one active task; a moved message gets a new ID, and
its retention period starts again (botocore 1.44.5 model and SQS developer guide, 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws
    from ops.aws.sqs import Queue

MAX_MESSAGES_PER_S = 500
MAX_LISTED_TASKS = 10


@dataclass(frozen=True)
class MoveTask:
    """``handle``: only while it runs. ``moved`` and ``to_move`` are approximate. ``to``: ARN of the destination queue;
    empty: each message's source queue."""

    status: str  # RUNNING | COMPLETED | CANCELLING | CANCELLED | FAILED
    started: datetime
    moved: int
    to_move: int
    handle: str = ""
    to: str = ""
    failure: str = ""

    @property
    def active(self) -> bool:
        return self.status in ("RUNNING", "CANCELLING")


def start_task(aws: Aws, queue: Queue, destination_arn: str = "", per_second: int | None = None) -> str:
    """Returns the task's handle. Without a destination each message returns to its source queue."""
    options: dict[str, Any] = {"DestinationArn": destination_arn} if destination_arn else {}
    if per_second is not None:
        options["MaxNumberOfMessagesPerSecond"] = per_second
    with aws.translate_errors("sqs", f"a move task of {queue.name}"):
        return str(aws.sqs.start_message_move_task(SourceArn=queue.arn, **options)["TaskHandle"])


def list_tasks(aws: Aws, queue: Queue) -> tuple[MoveTask, ...]:
    """The last ten tasks of the queue, newest first."""
    with aws.translate_errors("sqs", f"move tasks of {queue.name}"):
        response = aws.sqs.list_message_move_tasks(SourceArn=queue.arn, MaxResults=MAX_LISTED_TASKS)
    return tuple(
        MoveTask(
            status=item.get("Status", ""),
            started=datetime.fromtimestamp(int(item.get("StartedTimestamp", 0)) / 1000, UTC),
            moved=int(item.get("ApproximateNumberOfMessagesMoved", 0)),
            to_move=int(item.get("ApproximateNumberOfMessagesToMove", 0)),
            handle=item.get("TaskHandle", ""),
            to=item.get("DestinationArn", ""),
            failure=item.get("FailureReason", ""),
        )
        for item in response.get("Results", [])
    )


def cancel_task(aws: Aws, queue: Queue, handle: str) -> None:
    """Messages that were moved stay moved. Raises NotFound when the task no longer runs."""
    with aws.translate_errors("sqs", f"a move task of {queue.name}"):
        aws.sqs.cancel_message_move_task(TaskHandle=handle)
