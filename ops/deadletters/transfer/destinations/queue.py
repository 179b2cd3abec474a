"""To a queue: batches of ten, as large as a call may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from handler.contract import DLQ_ORIGINAL_MESSAGE_ID as ORIGINAL_ID
from ops.aws import sqs
from ops.deadletters.edits import outgoing
from ops.deadletters.plan_model import Action, Plan
from ops.deadletters.transfer.destinations.destination import OutgoingMessage, SendResult, rejection_text, split_batches

if TYPE_CHECKING:
    from ops.aws import Aws

_TRANSIENT_CODES = {"RequestThrottled", "Throttling", "ThrottlingException", "KmsThrottled", "ServiceUnavailable"}
"""Codes of single entries that pass, whoever they call at fault."""


class QueueSender:
    def __init__(self, aws: Aws, queue: sqs.Queue, plan: Plan) -> None:
        self.arn = queue.arn
        self.ordered = queue.fifo
        self._aws = aws
        self._queue = queue
        self._plan = plan

    def batches(self, parcels: Iterable[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
        return split_batches(parcels, self._size, sqs.MAX_BATCH, outgoing.MAX_BYTES)

    def send(self, parcels: Sequence[OutgoingMessage]) -> list[SendResult]:
        """Entries that stand in ``Failed`` were not enqueued (SQS API, SendMessageBatchResult, 2026-11). What is larger
        than the queue takes is refused here: SQS would refuse the whole call for it."""
        fits = {at: parcel for at, parcel in enumerate(parcels) if self._size(parcel) <= self._queue.max_bytes}
        entries = [self._entry(str(at), parcel) for at, parcel in fits.items()]
        answers = [SendResult(why="the answer does not say what became of it", unknown=True)] * len(parcels)
        for at in range(len(parcels)):
            if at not in fits:
                answers[at] = SendResult(refused=f"It is larger than queue {self._queue.name} takes: {self._most}.")
        if not entries:
            return answers
        with self._aws.translate_errors("sqs", f"queue {self._queue.name}"):
            answer: Any = self._aws.sqs.send_message_batch(QueueUrl=self._queue.url, Entries=entries)
        unmarked = {entry["Id"] for entry in entries if ORIGINAL_ID not in entry.get("MessageAttributes", ())}
        for done in answer.get("Successful", []):
            answers[int(done["Id"])] = SendResult(sent_as=done["MessageId"], unmarked=done["Id"] in unmarked)
        for failed in answer.get("Failed", []):
            answers[int(failed["Id"])] = self._failed(failed)
        return answers

    @property
    def _most(self) -> str:
        return f"{self._queue.max_bytes:,} bytes with attributes (MaximumMessageSize)"

    def _size(self, parcel: OutgoingMessage) -> int:
        return outgoing.message_size(
            parcel.letter.body, outgoing.outgoing_attributes(parcel.letter, self._queue.max_bytes)
        )

    def _failed(self, failed: Any) -> SendResult:
        code, message = str(failed.get("Code", "")), str(failed.get("Message", ""))
        text = rejection_text(code, message, f"Queue {self._queue.name}")
        if failed.get("SenderFault") and code not in _TRANSIENT_CODES:
            return SendResult(refused=text)
        return SendResult(why=text)

    def _entry(self, name: str, parcel: OutgoingMessage) -> Any:
        letter = parcel.letter
        entry: dict[str, Any] = {"Id": name, "MessageBody": letter.body}
        if attributes := outgoing.to_sqs_attributes(outgoing.outgoing_attributes(letter, self._queue.max_bytes)):
            entry["MessageAttributes"] = attributes
        if letter.trace_header:
            entry["MessageSystemAttributes"] = {
                "AWSTraceHeader": {"DataType": "String", "StringValue": letter.trace_header}
            }
        if self.ordered:
            entry["MessageGroupId"] = letter.group_id or letter.message_id
            entry["MessageDeduplicationId"] = self._once(letter.message_id, imported=letter.imported)
        elif letter.group_id:
            entry["MessageGroupId"] = letter.group_id  # a fair queue's tenant
        return entry

    def _once(self, message_id: str, *, imported: bool) -> str:
        """What SQS drops a repetition by, for five minutes. Not the first message's id: a letter that died again within
        them would be dropped. A copy, or a letter sent from a file, may rightly be sent again by another plan."""
        if self._plan.action is Action.COPY or imported:
            return f"{message_id}-{self._plan.id}"[:128]
        return message_id
