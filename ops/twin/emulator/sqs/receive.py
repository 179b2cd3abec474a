"""Patches: receiving, deleting and dead-lettering, thread-safe and counted.

Stands for: the AWS/SQS metrics (SQS developer guide, sqs-available-cloudwatch-metrics, read 2026-11), where automatic
moves to a dead-letter queue do not count as sent; the poison message that goes to the back; a mapping's batches of
more than ten messages and at most 6 MB (LDG services-sqs-configure); the age of a dead letter, which counts from its
move (SDG sqs-dead-letter-queues).

Leaves out: the eventual consistency of the counts, messages delivered twice or out of order without a cause, the
in-flight limit of 120,000, noisy-group metrics of fair queues.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from ministack.services import sqs

from ops.twin.emulator.patch import Patch
from ops.twin.emulator.sqs.message_list import POISON_RECEIVES, Message, Messages, Queues

BATCH_BYTES = 6_291_456 - 262_144
"""A mapping's payload is at most 6 MB, from which the event's own fields are taken (LDG services-sqs-configure)."""

HANDLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What MiniStack's receipt handles look like."""

MAX_PER_BATCH = 10_000
IDLE_RECEIVE_SECONDS = 4.0
"""An idle mapping's pollers wait 20 s each (long polling). With five of them one comes back empty about every 4 s; LDG
services-sqs-scaling says two to five."""

EXPIRY_SECONDS = 1.0
"""How often a queue is searched for messages beyond their retention."""


def patches() -> list[Patch]:
    return [
        Patch("services.sqs", "_queues", _with_messages, "messages are counted and survive concurrent changes"),
        Patch("services.sqs", "_expire_retained", _expire_now_and_then, "messages expire in place"),
        Patch("services.sqs", "_dlq_sweep", lambda _: sweep, "dead letters do not count as sent"),
        Patch("services.sqs", "_collect_msgs", _collector, "poison messages go to the back"),
        Patch("services.sqs", "_act_receive_message", _counted_receive, "empty receives are counted"),
        Patch("services.sqs", "_act_delete_message", lambda _: delete_one, "deletes are counted"),
        Patch("services.sqs", "_act_delete_message_batch", lambda _: delete_batch, "deletes are counted"),
        Patch(
            "services.sqs", "_receive_messages_for_esm", lambda _: receive_for_mapping, "batches beyond ten messages"
        ),
        Patch("services.sqs", "_delete_messages_for_esm", lambda _: delete_for_mapping, "deletes are counted"),
    ]


def _with_messages(original: Any) -> Queues:
    queues = Queues()
    for (account, region, url), queue in original.all_items():
        queue["messages"] = Messages(queue["messages"])
        queues.set_scoped(account, region, url, queue)
    return queues


def _expire_now_and_then(_: Any) -> Any:
    looked: dict[int, float] = {}  # by the identity of the queue's list, which lives as long as the queue

    def expire(queue: dict[str, Any]) -> None:
        messages: Messages = queue["messages"]
        now = time.time()
        if now - looked.get(id(messages), 0.0) < EXPIRY_SECONDS:
            return
        looked[id(messages)] = now
        cutoff = now - int(queue["attributes"].get("MessageRetentionPeriod") or 345_600)
        with messages.lock:
            for message in [each for each in messages if enqueued_at(each, now) <= cutoff]:
                messages.take_out(message)

    return expire


def enqueued_at(message: Message, now: float) -> float:
    """When retention began: the sending, or a FIFO queue's dead-letter move."""
    return float(message.get("enqueued_at") or message.get("sent_at") or now)


def sweep(queue: dict[str, Any]) -> None:
    """Move what was received ``maxReceiveCount`` times and has become visible again to the dead-letter queue."""
    policy = _redrive_policy(queue)
    if policy is None:
        return
    limit, target_arn = policy
    target = sqs._queue_by_arn(target_arn)
    if target is None:
        return
    messages: Messages = queue["messages"]
    now = time.time()
    with messages.lock:
        due = [
            each for each in messages.received_before() if each["receive_count"] >= limit and each["visible_at"] <= now
        ]
        due = [each for each in due if messages.take_out(each)]
    for message in due:
        moved = {**message, "receipt_handle": None, "visible_at": now, "moved_at": now}
        moved["moved_receives"] = message["receive_count"]
        if target.get("is_fifo"):
            moved["enqueued_at"] = now
        moved["sys"] = {"DeadLetterQueueSourceArn": queue["attributes"].get("QueueArn", ""), **message.get("sys", {})}
        target["messages"].append_moved(moved)
        sqs.esm_wake.set()


def _collector(original: Any) -> Any:
    def collect(queue: dict[str, Any], most: int, visibility: int) -> list[Message]:
        messages: Messages = queue["messages"]
        with messages.lock:
            if queue["is_fifo"]:
                chosen: list[Message] = original(queue, most, visibility)
                for message in chosen:
                    messages.adopt(message)
                return chosen
            now = time.time()
            chosen = _first_visible(messages, most, now)
            for message in chosen:
                sqs._ensure_msg_fields(message)
                messages.hand_out(message, sqs.new_uuid(), now, now + visibility)
                if receives_here(message) >= POISON_RECEIVES:
                    messages.to_back(message)
        return chosen

    return collect


def _first_visible(messages: Messages, most: int, now: float, most_bytes: int | None = None) -> list[Message]:
    chosen: list[Message] = []
    size = 0
    for message in messages:
        if len(chosen) >= most:
            break
        if message.get("visible_at", 0.0) > now:
            continue
        size += len(message.get("body") or "")
        if most_bytes is not None and chosen and size > most_bytes:
            break
        chosen.append(message)
    return chosen


def receives_here(message: Message) -> int:
    """Receives in this queue: the receive count goes on counting across a dead-letter move."""
    return int(message.get("receive_count") or 0) - int(message.get("moved_receives") or 0)


def _counted_receive(original: Any) -> Any:
    async def receive(data: dict[str, Any], url: str) -> Any:
        answer = await original(data, url)
        queue = sqs._get_q(data.get("QueueUrl", url))
        queue["messages"].count_receive(len(answer.get("Messages", [])))
        return answer

    return receive


def delete_one(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    handle = data.get("ReceiptHandle", "")
    if not handle:
        raise sqs._Err("MissingParameter", "The request must contain the parameter ReceiptHandle.")
    if not queue["messages"].delete(handle) and not _was_given_out(handle):
        raise sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def _was_given_out(handle: str) -> bool:
    """Deleting again, or with the handle of an earlier receive, succeeds without effect (SQS API, DeleteMessage)."""
    return bool(HANDLE.fullmatch(handle))


def delete_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, "DeleteMessageBatchRequestEntry")
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        handle = entry.get("ReceiptHandle", "")
        if queue["messages"].delete(handle) or _was_given_out(handle):
            successful.append({"Id": entry.get("Id", "")})
        else:
            failed.append(
                {
                    "Id": entry.get("Id", ""),
                    "Code": "ReceiptHandleIsInvalid",
                    "Message": "The input receipt handle is invalid.",
                    "SenderFault": True,
                }
            )
    return {"Successful": successful, "Failed": failed}


def receive_for_mapping(url: str, batch_size: int) -> list[Message]:
    queue = sqs._get_q(url)
    sqs._expire_retained(queue)
    sqs._dlq_sweep(queue)
    messages: Messages = queue["messages"]
    visibility = int(queue["attributes"].get("VisibilityTimeout", "30"))
    most = min(int(batch_size or 1), 10 if queue["is_fifo"] else MAX_PER_BATCH)
    with messages.lock:
        if not queue["is_fifo"]:
            most = len(_first_visible(messages, most, time.time(), BATCH_BYTES))
        batch: list[Message] = sqs._collect_msgs(queue, most, visibility) if most else []
    if batch:
        messages.count_receive(len(batch))
    else:
        messages.count_idle_poll(IDLE_RECEIVE_SECONDS)
    return batch


def delete_for_mapping(url: str, receipt_handles: set[str]) -> None:
    messages: Messages = sqs._get_q(url)["messages"]
    for handle in receipt_handles:
        messages.delete(handle)


def _redrive_policy(queue: dict[str, Any]) -> tuple[int, str] | None:
    """maxReceiveCount and the dead-letter queue's ARN."""
    try:
        policy = json.loads(queue["attributes"].get("RedrivePolicy") or "null")
        limit, target = int(policy["maxReceiveCount"]), str(policy["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError):
        return None
    return (limit, target) if limit and target else None
