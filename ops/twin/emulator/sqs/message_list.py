"""A queue's messages: a list that is safe to change from several threads and counts what goes in and out.

MiniStack keeps ``queue["messages"]`` as a plain list and replaces it by a shorter copy whenever it deletes. The API
runs on one thread and event source mappings on others, so a message sent while another thread builds its copy would be
lost. Here the list stays the same object for life, and every change happens in place under its lock.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

Message = dict[str, Any]

POISON_RECEIVES = 3
"""A standard queue puts a message received this often at the back, and its age no longer counts (SQS developer guide,
sqs-available-cloudwatch-metrics, read 2026-11)."""


@dataclass
class Traffic:
    """What went through a queue since the last time it was asked. Sizes in bytes → how many messages."""

    sent: int = 0
    received: int = 0
    deleted: int = 0
    empty_receives: int = 0
    sizes: Counter[int] = field(default_factory=Counter)


class Messages(list[Message]):
    """``append`` is what every sender calls (SendMessage, SNS, EventBridge, S3): it counts as sent."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        super().__init__(messages)
        self.lock = threading.RLock()
        self.last_active = time.time()
        self._idle_poll = 0.0  # monotonic seconds
        self._traffic = Traffic()
        self._received: dict[str, Message] = {}  # by receipt handle: each was received at least once and is not deleted

    def append(self, message: Message) -> None:
        body = message.get("body") or ""
        size = len(body) if body.isascii() else len(body.encode())
        with self.lock:
            super().append(message)
            self._traffic.sent += 1
            self._traffic.sizes[size] += 1
            self.last_active = time.time()

    def append_moved(self, message: Message) -> None:
        """A dead letter that SQS itself moves here: not counted as sent."""
        with self.lock:
            super().append(message)

    def hand_out(self, message: Message, receipt_handle: str, now: float, visible_at: float) -> None:
        """Mark as received. The caller holds the lock."""
        self._received.pop(message.get("receipt_handle") or "", None)
        message["receipt_handle"] = receipt_handle
        message["visible_at"] = visible_at
        message["receive_count"] = message.get("receive_count", 0) + 1
        if message.get("first_receive_at") is None:
            message["first_receive_at"] = now
        self._received[receipt_handle] = message

    def adopt(self, message: Message) -> None:
        """Know a message that MiniStack itself marked as received (FIFO). The caller holds the lock."""
        for handle in [each for each, known in self._received.items() if known is message]:
            del self._received[handle]
        self._received[message["receipt_handle"]] = message

    def to_back(self, message: Message) -> None:
        with self.lock:
            if self._drop(message):
                super().append(message)

    def delete(self, receipt_handle: str) -> bool:
        """Delete what was received under this handle; False when there is no such message."""
        with self.lock:
            message = self._received.pop(receipt_handle, None)
            if message is None or not self._drop(message):
                return False
            self._traffic.deleted += 1
            self.last_active = time.time()
            return True

    def give_back(self, messages: Iterable[Message]) -> None:
        """What was received and not deleted is visible again."""
        with self.lock:
            for message in messages:
                message["visible_at"] = time.time()

    def take_out(self, message: Message) -> bool:
        """Remove without counting a deletion: it expired, or SQS moves it to the dead-letter queue."""
        with self.lock:
            self._received.pop(message.get("receipt_handle") or "", None)
            return self._drop(message)

    def remove(self, message: Message) -> None:
        """A mapping's filter dropped it, which deletes it."""
        with self.lock:
            if self.take_out(message):
                self._traffic.deleted += 1

    def clear(self) -> None:
        with self.lock:
            super().clear()
            self._received.clear()

    def received_before(self) -> list[Message]:
        with self.lock:
            return list(self._received.values())

    def count_receive(self, messages: int) -> None:
        with self.lock:
            if messages:
                self._traffic.received += messages
                self.last_active = time.time()
            else:
                self._traffic.empty_receives += 1

    def count_idle_poll(self, seconds: float) -> None:
        """A mapping found nothing; it asks far more often here than AWS would, so count one in ``seconds``."""
        with self.lock:
            if time.monotonic() - self._idle_poll >= seconds:
                self._idle_poll = time.monotonic()
                self._traffic.empty_receives += 1

    def take_traffic(self) -> Traffic:
        with self.lock:
            traffic, self._traffic = self._traffic, Traffic()
        return traffic

    def _drop(self, message: Message) -> bool:
        for position, other in enumerate(self):
            if other is message:
                del self[position]
                return True
        return False


class Queues(AccountRegionScopedDict):  # type: ignore[misc]  # MiniStack has no types
    """MiniStack's store of queues, giving each new queue its ``Messages``."""

    __slots__ = ()

    def __setitem__(self, url: str, queue: dict[str, Any]) -> None:
        if not isinstance(queue["messages"], Messages):
            queue["messages"] = Messages(queue["messages"])
        super().__setitem__(url, queue)
