"""Patch: message move tasks, and the queues that have a dead-letter queue.

Stands for StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask and ListDeadLetterSourceQueues (botocore
1.44.5 model, 2026-11): the source must be the dead-letter queue of an SQS queue; without a destination each message
goes back to the queue that it failed in; one active task a queue; 1 to 500 messages a second; the last ten tasks are
listed, the handle only while one runs; cancelling leaves what was moved where it is. A moved message is a new one: new
id, new time of sending, so that its retention begins again; body, attributes and message group stay (SQS developer
guide, sqs-configure-dead-letter-queue-redrive).

Leaves out: messages in flight when the task reaches the end stay behind; the limits of 36 hours and 100 tasks an
account; CREATED. The codes of refusals that the model does not list are as other implementations recorded them.
"""

from __future__ import annotations

import base64
import contextvars
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from ministack.services import sqs

from ops.twin.emulator import account_context
from ops.twin.emulator.patch import Patch
from ops.twin.emulator.sqs.message_list import Message, Messages

MAX_PER_SECOND = 500
LISTED = 10
LEASE_SECONDS = 60
BATCH = 10
NO_SOURCE, NO_QUEUE = "CouldNotDetermineMessageSource", "AWS.SimpleQueueService.NonExistentQueue"


@dataclass
class Task:
    source_arn: str
    destination_arn: str | None
    per_second: int | None
    to_move: int
    handle: str
    started_ms: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        return self.status in ("RUNNING", "CANCELLING")

    def listed(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Status": self.status,
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started_ms,
        }
        if self.status == "RUNNING":
            entry["TaskHandle"] = self.handle
        if self.destination_arn:
            entry["DestinationArn"] = self.destination_arn
        if self.per_second:
            entry["MaxNumberOfMessagesPerSecond"] = self.per_second
        if self.failure:
            entry["FailureReason"] = self.failure
        return entry


class MoveTasks:
    """Move tasks by account, region and source ARN, the newest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[tuple[str, str], list[Task]] = {}

    def patches(self) -> list[Patch]:
        return [Patch("services.sqs", "_HANDLERS", self._with_actions, "move tasks, and who has a dead-letter queue")]

    def _with_actions(self, handlers: Any) -> Any:
        return handlers | {
            "StartMessageMoveTask": self._start,
            "ListMessageMoveTasks": self._list,
            "CancelMessageMoveTask": self._cancel,
            "ListDeadLetterSourceQueues": dead_letter_sources,
        }

    def _start(self, data: dict[str, Any], _url: str) -> dict[str, Any]:
        source = _queue(data.get("SourceArn"), "SourceArn", "sqs:StartMessageMoveTask")
        source_arn = source["attributes"]["QueueArn"]
        per_second = data.get("MaxNumberOfMessagesPerSecond")
        if per_second is not None and not 1 <= int(per_second) <= MAX_PER_SECOND:
            raise sqs._Err(
                "InvalidParameterValue",
                f"Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and "
                f"{MAX_PER_SECOND}, if provided.",
            )
        if not _sources_of(source_arn):
            raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        destination_arn = data.get("DestinationArn") or None
        if destination_arn:
            destination = _queue(destination_arn, "DestinationArn", "sqs:SendMessage")
            if destination["is_fifo"] != source["is_fifo"]:
                raise sqs._Err(
                    "InvalidParameterValue", "The source queue and destination queue must be of the same queue type."
                )
        now = time.time()
        handle = json.dumps({"taskId": str(uuid.uuid4()), "sourceArn": source_arn})
        visible = sum(message.get("visible_at", 0.0) <= now for message in list(source["messages"]))
        task = Task(
            source_arn,
            destination_arn,
            int(per_second) if per_second is not None else None,
            visible,
            base64.b64encode(handle.encode()).decode(),
            int(now * 1000),
        )
        with self._lock:
            known = self._tasks.setdefault(account_context.current(), [])
            if any(other.active for other in known if other.source_arn == source_arn):
                raise sqs._Err(
                    "InvalidParameterValue",
                    "There is already a task running. Only one active task is allowed for a source queue arn at a "
                    "given time.",
                )
            known.insert(0, task)
        # The task acts with the account, region and permissions of who started it.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_work, task, source), name="move task", daemon=True).start()
        return {"TaskHandle": task.handle}

    def _list(self, data: dict[str, Any], _url: str) -> dict[str, Any]:
        source = _queue(data.get("SourceArn"), "SourceArn", "sqs:ListMessageMoveTasks")
        most = int(data.get("MaxResults") or 1)
        if not 1 <= most <= LISTED:
            raise sqs._Err("InvalidParameterValue", "Value for parameter MaxResults is invalid. Must be 1 to 10.")
        with self._lock:
            found = [task for task in self._known() if task.source_arn == source["attributes"]["QueueArn"]]
            return {"Results": [task.listed() for task in found[:most]]}

    def _cancel(self, data: dict[str, Any], _url: str) -> dict[str, Any]:
        with self._lock:
            task = next((task for task in self._known() if task.handle == data.get("TaskHandle")), None)
            if task is None or task.status != "RUNNING":
                raise sqs._Err("ResourceNotFoundException", "Task does not exist, or is not running.", 404)
            task.status = "CANCELLING"
            task.cancelled.set()
            return {"ApproximateNumberOfMessagesMoved": task.moved}

    def _known(self) -> list[Task]:
        return self._tasks.get(account_context.current(), [])


def dead_letter_sources(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ListDeadLetterSourceQueues")
    urls = [sqs._externalize_url(each) for each in _sources_of(queue["attributes"]["QueueArn"])]
    most, start = int(data.get("MaxResults") or 1000), int(data.get("NextToken") or 0)
    answer: dict[str, Any] = {"queueUrls": urls[start : start + most]}
    if start + most < len(urls) and data.get("MaxResults"):
        answer["NextToken"] = str(start + most)
    return answer


def _sources_of(arn: str) -> list[str]:
    """URLs of the queues whose dead letters go to the queue of that ARN."""
    found = []
    for url, queue in sqs._queues.items():
        try:
            policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
        except ValueError:
            continue
        if isinstance(policy, dict) and policy.get("deadLetterTargetArn") == arn:
            found.append(url)
    return sorted(found)


def _queue(arn: object, parameter: str, action: str) -> dict[str, Any]:
    queue = sqs._queue_by_arn(arn) if isinstance(arn, str) else None
    if queue is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            f"The resource that you specified for the {parameter} parameter doesn't exist.",
            404,
        )
    sqs._enforce_queue_policy(queue, action)
    found: dict[str, Any] = queue
    return found


def _work(task: Task, source: dict[str, Any]) -> None:
    """Receive, send, delete, until nothing is visible; at the task's rate."""
    rate = task.per_second or MAX_PER_SECOND
    count = max(1, min(BATCH, rate // 10))
    messages: Messages = source["messages"]
    due = time.monotonic()
    while not task.cancelled.wait(max(0.0, due - time.monotonic())):
        batch = _take(source, count)
        if not batch:
            task.status = "COMPLETED"
            return
        for message in batch:
            if failure := _send(task, message):
                messages.give_back(batch)
                task.failure, task.status = failure, "FAILED"
                return
            messages.delete(message["receipt_handle"])
            task.moved += 1
        due = max(due + len(batch) / rate, time.monotonic() - 1)
    task.status = "CANCELLED"


def _take(source: dict[str, Any], count: int) -> list[Message]:
    messages: Messages = source["messages"]
    with messages.lock:
        batch: list[Message] = sqs._collect_msgs(source, count, LEASE_SECONDS)
        if batch:
            messages.count_receive(len(batch))
        return batch


def _send(task: Task, message: Message) -> str:
    """A new message with the same content; why it could not be sent, or empty."""
    arn = task.destination_arn or message.get("sys", {}).get("DeadLetterQueueSourceArn")
    if not arn:
        return NO_SOURCE
    target = sqs._queue_by_arn(arn)
    if target is None:
        return NO_QUEUE
    trace = message.get("sys", {}).get("AWSTraceHeader")
    request = {
        "MessageBody": message["body"],
        "MessageAttributes": message.get("message_attributes") or {},
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {},
        "MessageGroupId": message.get("group_id"),
    }
    if target["is_fifo"]:
        # The window of the first sending may still be open: with its id the message would be dropped as a repeat.
        request["MessageDeduplicationId"] = str(uuid.uuid4())
    try:
        sqs._act_send_message(request, sqs._queue_url_for_account(arn.split(":")[4], target["name"]))
    except sqs._Err as refused:
        return str(refused.code)
    return ""
