"""Sending to a queue: batches of up to ten messages, as large as a call may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from handler.contract import DLQ_ORIGINAL_MESSAGE_ID
from ops.aws import sqs
from ops.deadletters.edits.outgoing import MAX_BYTES, message_size, outgoing_attributes, to_sqs_attributes
from ops.deadletters.plan_model import Action, Plan
from ops.deadletters.transfer.destinations.destination import (
    OutgoingMessage,
    SendResult,
    rejection_text,
    split_batches,
)

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.messages.model import DeadLetter

_TRANSIENT_CODES = {
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "KmsThrottled",
    "ServiceUnavailable",
}
"""Codes of batch entries that are worth a retry, whether or not SQS calls them the sender's fault."""


class QueueSender:
    def __init__(self, aws: Aws, queue: sqs.Queue, plan: Plan) -> None:
        self.arn = queue.arn
        self.ordered = queue.fifo
        self._aws = aws
        self._queue = queue
        self._plan = plan

    def batches(self, messages: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return split_batches(messages, self._size, sqs.MAX_BATCH, MAX_BYTES)

    def send(self, batch: Sequence[OutgoingMessage]) -> list[SendResult]:
        """Entries in ``Failed`` were not enqueued (SQS API, SendMessageBatchResult, 2026-11). What is larger than the
        queue's maximum is rejected here: SQS would reject the whole call for it."""
        limit = f"{self._queue.max_bytes:,} bytes with attributes (MaximumMessageSize)"
        too_large = SendResult(refused=f"It is larger than queue {self._queue.name} accepts: {limit}.")
        results = [SendResult(why=sqs.MISSING_ENTRY.message, unknown=True)] * len(batch)
        entries = []
        for index, outgoing in enumerate(batch):
            if self._size(outgoing) > self._queue.max_bytes:
                results[index] = too_large
            else:
                entries.append(self._entry(str(index), outgoing.message))
        if not entries:
            return results
        with self._aws.translate_errors("sqs", f"queue {self._queue.name}"):
            response: Any = self._aws.sqs.send_message_batch(QueueUrl=self._queue.url, Entries=entries)
        unmarked = {
            entry["Id"] for entry in entries if DLQ_ORIGINAL_MESSAGE_ID not in entry.get("MessageAttributes", ())
        }
        for entry in response.get("Successful", []):
            results[int(entry["Id"])] = SendResult(sent_as=entry["MessageId"], unmarked=entry["Id"] in unmarked)
        for entry in response.get("Failed", []):
            results[int(entry["Id"])] = self._failed(entry)
        return results

    def _size(self, outgoing: OutgoingMessage) -> int:
        message = outgoing.message
        return message_size(message.body, outgoing_attributes(message, self._queue.max_bytes))

    def _failed(self, entry: Any) -> SendResult:
        code = str(entry.get("Code", ""))
        text = rejection_text(code, str(entry.get("Message", "")), f"Queue {self._queue.name}")
        if entry.get("SenderFault") and code not in _TRANSIENT_CODES:
            return SendResult(refused=text)
        return SendResult(why=text)

    def _entry(self, entry_id: str, message: DeadLetter) -> Any:
        entry: dict[str, Any] = {"Id": entry_id, "MessageBody": message.body}
        if attributes := to_sqs_attributes(outgoing_attributes(message, self._queue.max_bytes)):
            entry["MessageAttributes"] = attributes
        if message.trace_header:
            entry["MessageSystemAttributes"] = {
                "AWSTraceHeader": {"DataType": "String", "StringValue": message.trace_header}
            }
        if self.ordered:
            entry["MessageGroupId"] = message.group_id or message.message_id
            entry["MessageDeduplicationId"] = self._deduplication_id(message)
        elif message.group_id:
            entry["MessageGroupId"] = message.group_id  # a fair queue's tenant
        return entry

    def _deduplication_id(self, message: DeadLetter) -> str:
        """SQS drops a repetition of it for five minutes. Not the original message's ID: a message that failed again
        within them would be dropped. A copy, or an imported message, may rightly be sent again by another plan."""
        if self._plan.action is Action.COPY or message.imported:
            return f"{message.message_id}-{self._plan.id}"[:128]
        return message.message_id
