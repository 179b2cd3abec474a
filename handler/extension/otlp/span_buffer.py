"""Spans that wait to be sent, bounded by their size."""

from __future__ import annotations

LIMIT = 2 << 20
"""Bytes of spans, those on their way included: two seconds of 10,000 invocations a minute with ten messages each. The
oldest are given up for newer ones."""
BATCH_LIMIT = 256 << 10
BATCH_SPANS = 512


class SpanBuffer:
    """Not safe for threads: the sender locks it."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._sent: list[str] = []  # on its way, until ``confirm`` or ``put_back``
        self._size = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    @property
    def pressing(self) -> bool:
        """Whether a batch is full: more waiting makes no better one."""
        return self._size > BATCH_LIMIT or len(self._waiting) > BATCH_SPANS

    def add(self, spans: list[str]) -> int:
        """Gives how many older ones were dropped."""
        self._waiting += spans
        self._size += sum(map(len, spans))
        dropped = 0
        while self._size > LIMIT and dropped < len(self._waiting):
            self._size -= len(self._waiting[dropped])
            dropped += 1
        del self._waiting[:dropped]
        return dropped

    def take(self) -> list[str]:
        """A batch of the oldest. It stays counted."""
        size = taken = 0
        for span in self._waiting[:BATCH_SPANS]:
            size += len(span)
            if taken and size > BATCH_LIMIT:
                break
            taken += 1
        self._sent, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return self._sent

    def confirm(self) -> None:
        """The batch is over, accepted or refused."""
        self._size -= sum(map(len, self._sent))
        self._sent = []

    def put_back(self) -> None:
        """The batch waits again, as the oldest."""
        self._waiting = [*self._sent, *self._waiting]
        self._sent = []

    def clear(self) -> int:
        """Give up everything: how many."""
        count = len(self)
        self._waiting, self._sent, self._size = [], [], 0
        return count
