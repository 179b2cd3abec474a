"""What the handler tells about the messages of its invocation: an extension is not shown the event.

The handler sends one datagram per invocation (``handler.tracing.message_times``, fields in ``handler.contract``). Any
process of the environment could: the content is untrusted.
"""

from __future__ import annotations

from handler import contract
from handler.extension.fast_json import parse
from handler.extension.records.tolerant_fields import items, mapping, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from handler.extension.inbox import Inbox

KEPT = 100
"""Invocations whose messages are kept until their report comes. The oldest is given up for a newer one."""
READ_AT_ONCE = 32
TRIGGERS = ("pubsub", "other")


class Message:
    """One message of a batch. Times in epoch milliseconds; ``trace``: the sender's trace header, or empty."""

    __slots__ = ("id", "receives", "sent_ms", "trace")

    def __init__(self, message_id: str, sent_ms: int, receives: int, trace: str) -> None:
        self.id = message_id
        self.sent_ms = sent_ms
        self.receives = receives
        self.trace = trace


class Delivery:
    """What started an invocation. ``count``: messages of the batch, of which ``messages`` may be a part."""

    __slots__ = ("count", "log_stream", "messages", "queue", "trigger")

    def __init__(self, datagram: dict[str, Any]) -> None:
        trigger = text(datagram, contract.TOLD_TRIGGER)
        self.trigger = trigger if trigger in TRIGGERS else ""
        self.queue = text(datagram, contract.TOLD_QUEUE)
        self.log_stream = text(datagram, contract.TOLD_LOG_STREAM)
        self.messages = [each for item in items(datagram, contract.TOLD_MESSAGES) if (each := _message(item))]
        self.count = max(int(number(datagram, contract.TOLD_COUNT) or 0), len(self.messages))


NOT_TOLD = Delivery({})


class Deliveries:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._known: dict[str, Delivery] = {}

    def read(self) -> None:
        """Take in what has come."""
        for _ in range(READ_AT_ONCE):
            data = self._inbox.receive()
            if data is None:
                return
            self._take(data)

    def of(self, request_id: str) -> Delivery:
        """The delivery of this invocation. It is given out once, because a retry reports its own."""
        return self._known.pop(request_id, NOT_TOLD)

    def _take(self, data: bytes) -> None:
        try:
            datagram = parse(data.decode("utf-8", "replace"))
        except ValueError:
            return
        datagram = mapping({"": datagram}, "")
        request_id = text(datagram, contract.TOLD_REQUEST_ID)
        if request_id:
            self._known.pop(request_id, None)
            self._known[request_id] = Delivery(datagram)
            if len(self._known) > KEPT:
                del self._known[next(iter(self._known))]


def _message(item: Any) -> Message | None:
    """``[message id, sent, receives, trace header]``; None without a time that could be one."""
    if not isinstance(item, list):
        return None
    fields = dict(zip(("id", "sent", "receives", "trace"), item, strict=False))
    sent = number(fields, "sent")
    if not sent or sent > 9e12:
        return None
    return Message(text(fields, "id"), int(sent), int(number(fields, "receives") or 0), text(fields, "trace"))
