"""Patches: batches keep what MiniStack's own drop, the trace header of each message; attributes count in its size.

Stands for: SendMessage and SendMessageBatch (botocore 1.44.5 model, 2026-11), where a message with its attributes has
at most the queue's MaximumMessageSize, and a batch at most 1 MiB.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sqs

from ops.twin.emulator.patch import Patch

MAX_BATCH_BYTES = 1_048_576
PASSED_ON = (
    "MessageBody",
    "DelaySeconds",
    "MessageAttributes",
    "MessageSystemAttributes",
    "MessageGroupId",
    "MessageDeduplicationId",
)


def patches() -> list[Patch]:
    return [
        Patch("services.sqs", "_act_send_message", _sized, "a message's size counts its attributes"),
        Patch("services.sqs", "_act_send_message_batch", lambda _: send_batch, "batches keep their trace headers"),
    ]


def _sized(original: Any) -> Any:
    def send(data: dict[str, Any], url: str) -> Any:
        queue = sqs._get_q(data.get("QueueUrl", url), "sqs:SendMessage")
        most = int(queue["attributes"].get("MaximumMessageSize") or MAX_BATCH_BYTES)
        if _size(data) > most:
            raise sqs._Err(
                "InvalidParameterValue",
                f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.",
            )
        return original(data, url)

    return send


def send_batch(data: dict[str, Any], url: str) -> dict[str, Any]:
    url = data.get("QueueUrl", url)
    sqs._get_q(url, "sqs:SendMessage")
    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, "SendMessageBatchRequestEntry")
    size = sum(map(_size, entries))
    if size > MAX_BATCH_BYTES:
        raise sqs._Err(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MAX_BATCH_BYTES} bytes. You have sent {size} bytes.",
        )
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        name = entry.get("Id", "")
        try:
            done = sqs._act_send_message({"QueueUrl": url, **{part: entry.get(part) for part in PASSED_ON}}, url)
        except sqs._Err as refused:
            failed.append({"Id": name, "Code": refused.code, "Message": refused.message, "SenderFault": True})
        else:
            successful.append({**done, "Id": name})
    return {"Successful": successful, "Failed": failed}


def _size(entry: dict[str, Any]) -> int:
    """Bytes of the body, and of each attribute's name, type and value."""
    size = len((entry.get("MessageBody") or "").encode())
    for name, value in (entry.get("MessageAttributes") or {}).items():
        size += len(name.encode()) + len(value.get("DataType", "").encode())
        size += len((value.get("StringValue") or "").encode()) + len(value.get("BinaryValue") or "") * 3 // 4
    return size
