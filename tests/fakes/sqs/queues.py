"""Queues in memory that behave as SQS documents its own: the state behind ``tests.fakes.sqs.server``.

Truthful where a redrive could go wrong: leases that end, receipt handles that go stale, batches that fail in parts,
deduplication and group locks of FIFO queues, the limits on body, batch, attributes and messages in flight. Behaviour as
the API reference and the developer guide describe it (botocore 1.43.106 model, 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import itertools
import json
import re
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

REGION, ACCOUNT = "eu-west-1", "000000000000"
LONGEST_BODY = 1_048_576
ATTRIBUTES = 10
DEDUPLICATION_S = 300
IN_FLIGHT = 120_000
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refused(Exception):
    """A call, or one entry of a batch, is answered with an error. ``query_code``: what boto3 shows as its code."""

    def __init__(self, code: str, message: str, query_code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.query_code = query_code or code


def no_queue() -> Refused:
    return Refused(
        "QueueDoesNotExist", "The specified queue does not exist.", "AWS.SimpleQueueService.NonExistentQueue"
    )


@dataclass
class Message:
    id: str
    body: str
    attributes: dict[str, dict[str, str]]
    system: dict[str, str]
    receives: int = 0
    turn: int = 0  # raised by each receive: what a receipt must match
    visible_at: float = 0.0
    hidden: bool = False  # in flight or delayed
    gone: bool = False

    def shown(self, receipt: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "MessageId": self.id,
            "ReceiptHandle": receipt,
            "Body": self.body,
            "MD5OfBody": hashlib.md5(self.body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
            "Attributes": {**self.system, "ApproximateReceiveCount": str(self.receives)},
        }
        if self.attributes:
            shown["MessageAttributes"] = self.attributes
            shown["MD5OfMessageAttributes"] = attributes_md5(self.attributes)
        return shown


@dataclass
class Queue:
    name: str
    attributes: dict[str, str]
    clock: Callable[[], float]
    find: Callable[[str], Queue | None]
    in_flight_limit: int = IN_FLIGHT
    messages: OrderedDict[str, Message] = field(default_factory=OrderedDict)
    ready: deque[Message] = field(default_factory=deque)
    hidden: list[tuple[float, int, Message]] = field(default_factory=list)
    hidden_count: int = 0
    delayed: set[str] = field(default_factory=set)
    seen: dict[str, tuple[float, str]] = field(default_factory=dict)  # deduplication id → when, message id
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
            "MaximumMessageSize": str(LONGEST_BODY),
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
        """Lay a message into the queue, unchecked: as a test fills it, or a redrive policy moves one."""
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
        """SendMessage, or one entry of a batch. Raises Refused."""
        body, attributes = entry.get("MessageBody") or "", entry.get("MessageAttributes") or {}
        self._check(entry, body, attributes)
        traced = (entry.get("MessageSystemAttributes") or {}).get("AWSTraceHeader")
        system = {"AWSTraceHeader": traced["StringValue"]} if traced else {}
        if group := entry.get("MessageGroupId"):
            system["MessageGroupId"] = group
        answer = {"MD5OfMessageBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()}
        if attributes:
            answer["MD5OfMessageAttributes"] = attributes_md5(attributes)
        if self.fifo:
            given = entry.get("MessageDeduplicationId")
            if not given and self.attributes.get("ContentBasedDeduplication") != "true":
                raise Refused(
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled "
                    "or MessageDeduplicationId provided explicitly",
                )
            key = given or hashlib.sha256(body.encode()).hexdigest()
            when, known = self.seen.get(key, (-1e9, ""))
            number = f"{next(self.numbers):020d}"
            if self.clock() - when < DEDUPLICATION_S:
                return {**answer, "MessageId": known, "SequenceNumber": number}
            system |= {"MessageDeduplicationId": key, "SequenceNumber": number}
            message = self.put(body, attributes, system)
            self.seen[key] = (self.clock(), message.id)
            return {**answer, "MessageId": message.id, "SequenceNumber": number}
        delay = float(entry.get("DelaySeconds", self.attributes.get("DelaySeconds", 0)))
        return {**answer, "MessageId": self.put(body, attributes, system, delay_s=delay).id}

    def _check(self, entry: Mapping[str, Any], body: str, attributes: Mapping[str, Any]) -> None:
        if not body:
            raise Refused("MissingParameter", "The request must contain the parameter MessageBody.")
        if FORBIDDEN.search(body):
            raise Refused("InvalidMessageContents", "Invalid characters found in the body.")
        longest = int(self.attributes.get("MaximumMessageSize", LONGEST_BODY))
        if size(entry) > longest:
            raise Refused(
                "InvalidParameterValue",
                f"One or more parameters are invalid. Reason: Message must be shorter than {longest} bytes.",
            )
        if len(attributes) > ATTRIBUTES:
            raise Refused(
                "InvalidParameterValue",
                f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{ATTRIBUTES}].",
            )
        for name, value in attributes.items():
            kind = value.get("DataType", "")
            if kind.split(".")[0] not in ("String", "Number", "Binary"):
                raise Refused("InvalidParameterValue", f"The type of message (user) attribute '{name}' is invalid.")
            if not (value.get("BinaryValue") if kind.startswith("Binary") else value.get("StringValue")):
                raise Refused("InvalidParameterValue", f"The message attribute '{name}' must contain a value.")
        if self.fifo and not entry.get("MessageGroupId"):
            raise Refused("MissingParameter", "The request must contain the parameter MessageGroupId.")
        if not self.fifo and entry.get("MessageDeduplicationId"):
            raise Refused(
                "InvalidParameterValue", "The request include parameter that is not valid for this queue type"
            )

    def receive(self, most: int, visibility_s: float, leave_visible: bool = False) -> list[dict[str, Any]]:
        """Up to ``most`` visible messages; ``leave_visible``: SQS's rare second delivery, made frequent."""
        self.wake()
        if self.hidden_count >= self.in_flight_limit:
            if self.fifo:
                return []
            raise Refused("OverLimit", "Too many messages in flight.", "OverLimit", 403)
        locked = {m.system.get("MessageGroupId") for m in self.messages.values() if m.hidden} if self.fifo else set()
        taken: list[Message] = []
        passed: list[Message] = []
        while self.ready and len(taken) < most:
            message = self.ready.popleft()
            if message.gone or message.hidden:
                continue
            if self.fifo and message.system.get("MessageGroupId") in locked:
                passed.append(message)
            elif not self._move_on(message):
                taken.append(message)
        self.ready.extendleft(reversed(passed))
        found = []
        for message in taken:
            message.receives += 1
            message.turn += 1
            message.system.setdefault("ApproximateFirstReceiveTimestamp", str(int(time.time() * 1000)))
            found.append(message.shown(f"{message.id}#{message.turn}"))
            if leave_visible or visibility_s <= 0:
                self.ready.append(message)
            else:
                self._hide(message, visibility_s)
        return found

    def _move_on(self, message: Message) -> bool:
        """The redrive policy: a message received too often goes to the dead-letter queue, with its id and counts."""
        if "RedrivePolicy" not in self.attributes:
            return False
        target = self.find(self.dlq_arn.rsplit(":", 1)[-1])
        most = int(json.loads(self.attributes["RedrivePolicy"])["maxReceiveCount"])
        if target is None or message.receives < most:
            return False
        self.remove(message)
        system = {**message.system, "DeadLetterQueueSourceArn": self.arn}
        target.put(message.body, message.attributes, system, message.id, receives=message.receives)
        return True

    def delete(self, receipt: str) -> None:
        """Raises Refused; an older receipt of a message received again is accepted and deletes nothing, as SQS says."""
        message, turn = self._of(receipt)
        if message is None or message.turn != turn:
            return
        if self.fifo and not message.hidden:
            raise Refused(
                "InvalidParameterValue",
                f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
            )
        self.remove(message)

    def change_visibility(self, receipt: str, visibility_s: float) -> None:
        """Raises Refused when the lease of that receipt is over."""
        self.wake()
        message, turn = self._of(receipt)
        if message is None or message.turn != turn or not message.hidden:
            raise Refused(
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
        """It is not there any more: deleted, moved, expired."""
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
        """Show what is due; when the next one is due, on the clock."""
        now = self.clock()
        while self.hidden:
            due, _, message = self.hidden[0]
            if message.hidden and message.visible_at == due:
                if due > now:
                    return due
                self._show(message)
            heapq.heappop(self.hidden)
        return None

    def _of(self, receipt: str) -> tuple[Message | None, int]:
        message_id, _, turn = receipt.rpartition("#")
        if not turn.isdigit():
            raise Refused("ReceiptHandleIsInvalid", f'The input receipt handle "{receipt}" is not valid.')
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


def size(entry: Mapping[str, Any]) -> int:
    """Bytes that count towards the limits: the body, and names, types and values of the attributes."""
    total = len((entry.get("MessageBody") or "").encode("utf-8", "surrogatepass"))
    for name, value in (entry.get("MessageAttributes") or {}).items():
        total += len(name.encode()) + len(value.get("DataType", ""))
        total += (
            len(value["StringValue"].encode("utf-8", "surrogatepass"))
            if "StringValue" in value
            else len(_binary(value))
        )
    return total


def attributes_md5(attributes: Mapping[str, Mapping[str, str]]) -> str:
    """As SQS computes it: sorted by name, each part with its length (developer guide, message metadata)."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        payload = _binary(value) if binary else value["StringValue"].encode()
        for part in (name.encode(), value["DataType"].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update((b"\2" if binary else b"\1") + len(payload).to_bytes(4, "big") + payload)
    return digest.hexdigest()


def _binary(value: Mapping[str, str]) -> bytes:
    return base64.b64decode(value.get("BinaryValue", ""))
