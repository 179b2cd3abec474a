"""Queues in memory that behave as SQS documents its own: the state behind ``tests.fakes.sqs.server``.

Faithful where a redrive could go wrong: leases that end, receipt handles that expire, batches that fail in part,
deduplication and group locks of FIFO queues, the limits on body, batch, attributes and messages in flight; as described
in the API reference and the developer guide (botocore 1.43.106 model, 2026-11).
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.sqs.messages import (
    ACCOUNT,
    FORBIDDEN,
    MAX_ATTRIBUTES,
    MAX_BODY_BYTES,
    REGION,
    CallRejected,
    Message,
    attributes_md5,
    message_size,
)

DEDUPLICATION_S = 300

MAX_IN_FLIGHT = 120_000


@dataclass
class Queue:
    name: str
    attributes: dict[str, str]
    clock: Callable[[], float]
    find: Callable[[str], Queue | None]
    in_flight_limit: int = MAX_IN_FLIGHT
    messages: OrderedDict[str, Message] = field(default_factory=OrderedDict)
    ready: deque[Message] = field(default_factory=deque)
    hidden: list[tuple[float, int, Message]] = field(default_factory=list)
    hidden_count: int = 0
    delayed: set[str] = field(default_factory=set)
    seen: dict[str, tuple[float, str]] = field(default_factory=dict)  # deduplication ID → time, message ID
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    @property
    def dlq_arn(self) -> str:
        return str(json.loads(self.attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn", ""))

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    def described(self) -> dict[str, str]:
        self.wake()
        delayed = len(self.delayed)
        return {
            "QueueArn": self.arn,
            "VisibilityTimeout": "30",
            "MessageRetentionPeriod": "345600",
            "DelaySeconds": "0",
            "ReceiveMessageWaitTimeSeconds": "0",
            "MaximumMessageSize": str(MAX_BODY_BYTES),
            **({"FifoQueue": "true"} if self.fifo else {}),
            **self.attributes,
            "ApproximateNumberOfMessages": str(len(self.messages) - self.hidden_count),
            "ApproximateNumberOfMessagesNotVisible": str(self.hidden_count - delayed),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
        }

    def put(
        self,
        body: str,
        attributes: Mapping[str, dict[str, str]] | None = None,
        system: Mapping[str, str] | None = None,
        message_id: str = "",
        delay_s: float = 0,
        receives: int = 0,
    ) -> Message:
        """Add a message, unchecked: as a test fills the queue, or a redrive policy moves a message."""
        message = Message(
            message_id or str(uuid.uuid4()),
            body,
            dict(attributes or {}),
            {"SentTimestamp": str(int(time.time() * 1000)), "SenderId": "AIDAEXAMPLE", **(system or {})},
            receives,
        )
        self.messages[message.id] = message
        if delay_s:
            self.delayed.add(message.id)
            self._hide(message, delay_s)
        else:
            self.ready.append(message)
        return message

    def send(self, entry: Mapping[str, Any]) -> dict[str, str]:
        """SendMessage, or one entry of a batch. Raises CallRejected."""
        body, attributes = entry.get("MessageBody") or "", entry.get("MessageAttributes") or {}
        self._check(entry, body, attributes)
        traced = (entry.get("MessageSystemAttributes") or {}).get("AWSTraceHeader")
        system = {"AWSTraceHeader": traced["StringValue"]} if traced else {}
        if group := entry.get("MessageGroupId"):
            system["MessageGroupId"] = group
        response = {"MD5OfMessageBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()}
        if attributes:
            response["MD5OfMessageAttributes"] = attributes_md5(attributes)
        if self.fifo:
            deduplication_id = entry.get("MessageDeduplicationId")
            if not deduplication_id and self.attributes.get("ContentBasedDeduplication") != "true":
                raise CallRejected(
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled "
                    "or MessageDeduplicationId provided explicitly",
                )
            key = deduplication_id or hashlib.sha256(body.encode()).hexdigest()
            sent_at, known_id = self.seen.get(key, (-1e9, ""))
            number = f"{next(self.numbers):020d}"
            if self.clock() - sent_at < DEDUPLICATION_S:
                return {**response, "MessageId": known_id, "SequenceNumber": number}
            system |= {"MessageDeduplicationId": key, "SequenceNumber": number}
            message = self.put(body, attributes, system)
            self.seen[key] = (self.clock(), message.id)
            return {**response, "MessageId": message.id, "SequenceNumber": number}
        delay = float(entry.get("DelaySeconds", self.attributes.get("DelaySeconds", 0)))
        return {**response, "MessageId": self.put(body, attributes, system, delay_s=delay).id}

    def _check(self, entry: Mapping[str, Any], body: str, attributes: Mapping[str, Any]) -> None:
        if not body:
            raise CallRejected("MissingParameter", "The request must contain the parameter MessageBody.")
        if FORBIDDEN.search(body):
            raise CallRejected("InvalidMessageContents", "Invalid characters found in the body.")
        max_bytes = int(self.attributes.get("MaximumMessageSize", MAX_BODY_BYTES))
        if message_size(entry) > max_bytes:
            raise CallRejected(
                "InvalidParameterValue",
                f"One or more parameters are invalid. Reason: Message must be shorter than {max_bytes} bytes.",
            )
        if len(attributes) > MAX_ATTRIBUTES:
            raise CallRejected(
                "InvalidParameterValue",
                f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
            )
        for name, value in attributes.items():
            data_type = value.get("DataType", "")
            if data_type.split(".")[0] not in ("String", "Number", "Binary"):
                raise CallRejected(
                    "InvalidParameterValue", f"The type of message (user) attribute '{name}' is invalid."
                )
            if not (value.get("BinaryValue") if data_type.startswith("Binary") else value.get("StringValue")):
                raise CallRejected("InvalidParameterValue", f"The message attribute '{name}' must contain a value.")
        if self.fifo and not entry.get("MessageGroupId"):
            raise CallRejected("MissingParameter", "The request must contain the parameter MessageGroupId.")
        if not self.fifo and entry.get("MessageDeduplicationId"):
            raise CallRejected(
                "InvalidParameterValue", "The request include parameter that is not valid for this queue type"
            )

    def receive(self, most: int, visibility_s: float, leave_visible: bool = False) -> list[dict[str, Any]]:
        """Up to ``most`` visible messages; ``leave_visible``: SQS's rare second delivery, made frequent."""
        self.wake()
        if self.hidden_count >= self.in_flight_limit:
            if self.fifo:
                return []
            raise CallRejected("OverLimit", "Too many messages in flight.", "OverLimit", 403)
        locked = {m.system.get("MessageGroupId") for m in self.messages.values() if m.hidden} if self.fifo else set()
        taken: list[Message] = []
        blocked: list[Message] = []
        while self.ready and len(taken) < most:
            message = self.ready.popleft()
            if message.gone or message.hidden:
                continue
            if self.fifo and message.system.get("MessageGroupId") in locked:
                blocked.append(message)
            elif not self._move_to_dlq(message):
                taken.append(message)
        self.ready.extendleft(reversed(blocked))
        responses = []
        for message in taken:
            message.receives += 1
            message.turn += 1
            message.system.setdefault("ApproximateFirstReceiveTimestamp", str(int(time.time() * 1000)))
            responses.append(message.to_response(f"{message.id}#{message.turn}"))
            if leave_visible or visibility_s <= 0:
                self.ready.append(message)
            else:
                self._hide(message, visibility_s)
        return responses

    def _move_to_dlq(self, message: Message) -> bool:
        """The redrive policy: a message received too often goes to the dead-letter queue, with its ID and counts."""
        if "RedrivePolicy" not in self.attributes:
            return False
        target = self.find(self.dlq_arn.rsplit(":", 1)[-1])
        max_receives = int(json.loads(self.attributes["RedrivePolicy"])["maxReceiveCount"])
        if target is None or message.receives < max_receives:
            return False
        self.remove(message)
        system = {**message.system, "DeadLetterQueueSourceArn": self.arn}
        target.put(message.body, message.attributes, system, message.id, receives=message.receives)
        return True

    def delete(self, receipt: str) -> None:
        """Raises CallRejected. An older receipt of a message received again is accepted and deletes nothing, as in SQS."""
        message, turn = self._find(receipt)
        if message is None or message.turn != turn:
            return
        if self.fifo and not message.hidden:
            raise CallRejected(
                "InvalidParameterValue",
                f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
            )
        self.remove(message)

    def change_visibility(self, receipt: str, visibility_s: float) -> None:
        """Raises CallRejected when the lease of that receipt has ended."""
        self.wake()
        message, turn = self._find(receipt)
        if message is None or message.turn != turn or not message.hidden:
            raise CallRejected(
                "MessageNotInflight" if message else "InvalidParameterValue",
                f"Value {receipt} for "
                "parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
                "visibility timeout change.",
                "AWS.SimpleQueueService.MessageNotInflight" if message else "",
            )
        if visibility_s <= 0:
            self._show(message)
        else:
            message.visible_at = self.clock() + visibility_s
            heapq.heappush(self.hidden, (message.visible_at, next(self.numbers), message))

    def remove(self, message: Message) -> None:
        """Deleted, moved or expired."""
        message.gone = True
        self.messages.pop(message.id, None)
        self.delayed.discard(message.id)
        if message.hidden:
            message.hidden = False
            self.hidden_count -= 1

    def end_leases(self) -> None:
        for message in [m for m in self.messages.values() if m.hidden]:
            self._show(message)

    def wake(self) -> float | None:
        """Make due messages visible; returns when the next one is due, on the clock."""
        now = self.clock()
        while self.hidden:
            due, _, message = self.hidden[0]
            if message.hidden and message.visible_at == due:
                if due > now:
                    return due
                self._show(message)
            heapq.heappop(self.hidden)
        return None

    def _find(self, receipt: str) -> tuple[Message | None, int]:
        message_id, _, turn = receipt.rpartition("#")
        if not turn.isdigit():
            raise CallRejected("ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not valid.')
        return self.messages.get(message_id), int(turn)

    def _hide(self, message: Message, seconds: float) -> None:
        message.hidden = True
        self.hidden_count += 1
        message.visible_at = self.clock() + seconds
        heapq.heappush(self.hidden, (message.visible_at, next(self.numbers), message))

    def _show(self, message: Message) -> None:
        message.hidden = False
        self.hidden_count -= 1
        self.delayed.discard(message.id)
        if self.fifo:  # a group keeps its order
            self.ready = deque(sorted((*self.ready, message), key=lambda m: m.system.get("SequenceNumber", "")))
        else:
            self.ready.append(message)
