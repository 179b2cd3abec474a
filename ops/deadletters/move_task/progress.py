"""How much SQS's move tasks have moved in a run, against what there was to move.

A message that fails again is back, within seconds, in the queue that the task empties, and is moved again, endlessly.
So the moves of all tasks of a run are counted and compared with the messages that were there. SQS's counts are
approximate and late; late counts can only hide moves, so that a healthy run never seems to exceed its messages.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.move_tasks import MoveTask


class MoveTaskLooping(Exception):
    """Not an error: messages fail again as fast as they are moved, so the mover stopped; its text is the run's last."""


MIN_SLACK = 10
"""Surplus moves that are tolerated at least: messages may have arrived since, and counts are not exact."""


class MoveCounter:
    """``planned``: messages still to move. ``margin``: surplus moves that are tolerated, as a share of them.
    ``stop_share``: the share of moved messages that may be in the queue again, None: not checked. ``late_s``: how late
    the queue's depth may be."""

    def __init__(
        self,
        planned: int,
        margin: float,
        stop_share: float | None,
        late_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._margin, self._stop_share, self._late_s, self._clock = margin, stop_share, late_s, clock
        self._by_task: dict[datetime, int] = {}
        self._history: deque[tuple[float, int]] = deque([(clock(), 0)])
        self.messages = planned
        self._arrived = 0

    def update(self, task: MoveTask, depth: int | None = None) -> None:
        """A task of this run as it is now, and the queue's depth."""
        if not self._by_task:
            self.messages = max(self.messages, task.to_move)
        self._by_task[task.started] = max(task.moved, self._by_task.get(task.started, 0))
        self._history.append((self._clock(), self.total))
        if depth is not None:
            self._arrived = depth + self._moved_before_depth() - self.messages

    @property
    def total(self) -> int:
        return sum(self._by_task.values())

    @property
    def allowed(self) -> int:
        return self.messages + self._slack

    @property
    def refilled(self) -> bool:
        """Messages arrive in the queue while it is emptied: the rate must not rise."""
        return self.total > self.messages or self._arrived > self._slack

    @property
    def looping(self) -> bool:
        """More was moved than there was, or too much of what was moved is in the queue again."""
        too_many = self._stop_share is not None and self._arrived > self._slack + self._stop_share * self.total
        return self.total > self.allowed or too_many

    @property
    def _slack(self) -> int:
        return max(MIN_SLACK, math.ceil(self._margin * self.messages))

    def _moved_before_depth(self) -> int:
        """What had been moved by the time that a late depth refers to."""
        then = self._clock() - self._late_s
        while len(self._history) > 1 and self._history[1][0] <= then:
            self._history.popleft()
        at, moved = self._history[0]
        return moved if at <= then else 0
