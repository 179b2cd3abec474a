"""The messages that wait before those that a redrive has just sent, shown while their outcomes are awaited."""

from __future__ import annotations

from ops import formatting
from ops.aws import sqs
from ops.errors import OpsError
from ops.runbooks.actions.action import ActionContext
from ops.runbooks.actions.observe import measures

RATE_OVER_S = 300.0
RATE_EVERY_S = 60.0
"""Metrics come by the minute, and each reading is billed."""
DEPTH_EVERY_S = 10.0


class QueueAhead:
    """The messages ahead in the workload's queue. Others may be counted too, so the time is an upper estimate."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context
        self._per_s: float | None = None
        self._text = ""
        self._depth_at_s = self._rate_at_s = -RATE_EVERY_S

    def text(self) -> str:
        """A clause; empty where nothing waits, or it cannot be read: it is no reason to end a redrive."""
        now = self._context.elapsed_s()
        if now - self._depth_at_s >= DEPTH_EVERY_S:
            self._depth_at_s = now
            try:
                self._text = self._read(now)
            except OpsError:
                self._text = ""
        return self._text

    def _read(self, now: float) -> str:
        queue = self._context.workload.queue
        waiting = sqs.queue_depth(self._context.aws, queue).visible
        if not waiting:
            return ""
        if now - self._rate_at_s >= RATE_EVERY_S:
            self._rate_at_s = now
            deleted = measures.measure(self._context, "deleted", RATE_OVER_S).value
            self._per_s = deleted / RATE_OVER_S if deleted else None
        text = f"{formatting.count(waiting, 'message waits', 'messages wait')} in {queue.name}"
        if self._per_s is None:
            return text
        return f"{text}: about {formatting.duration(round(waiting / self._per_s))} at the present rate (estimate)"
