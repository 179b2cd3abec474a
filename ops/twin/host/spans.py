"""How long each part of an invocation took, and what it is billed as."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ops.twin.host import events
from ops.twin.host.clock import wall
from ops.twin.host.runtime_api import Reply


@dataclass
class Timing:
    """``clock.now()`` moments of one invocation; 0.0 where it did not get that far."""

    start: float
    runtime_done: float = 0.0
    end: float = 0.0

    def spans(self, reply: Reply | None) -> events.Spans:
        """Latency to the response's first byte, its transfer, and the runtime's way from there to its next call."""
        if reply is None:
            return []
        return [
            events.span("responseLatency", wall(self.start), reply.first_byte - self.start),
            events.span("responseDuration", wall(reply.first_byte), reply.last_byte - reply.first_byte),
            events.span("runtimeOverhead", wall(reply.last_byte), self.runtime_done - reply.last_byte),
        ]

    def overhead(self) -> events.Spans:
        """What extensions took after the runtime was done."""
        return [events.span("extensionOverhead", wall(self.runtime_done), self.end - self.runtime_done)]


def billed(duration_ms: float, init_ms: float) -> int:
    """Milliseconds billed: duration and init, rounded up together.

    INIT is billed since 2025-08-01 (AWS Compute Blog); for images it always was. Seen: 133.61 + 80.00 → 214.
    """
    return math.ceil(round(duration_ms + init_ms, 3))
