"""How much SQS's move tasks have moved in a run, against what there was to move.

A letter that fails again dies again within seconds, lands in the queue that the task empties, and is moved again,
without end. So the moves are counted over all tasks of a run, and held against the letters that lay there. SQS's counts
are approximate and late; what is late can only hide moves, so a healthy run never seems to go beyond its letters.
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
    """No error: letters die again as fast as the mover moves them, so it has stopped; its text is the run's last."""


MIN_SLACK = 10
"""Moves beyond the letters that are let pass at least: letters may have come since, and counts are not exact."""


class MoveCounter:
    """``left``: letters of the plan that are still to move. ``margin``: by which share of them more moves are let pass.
    ``stop_share``: of what was moved, how much may come into the queue again, None: not looked at. ``late_s``: by how
    much the queue's depth may be behind."""

    def __init__(
        self,
        left: int,
        margin: float,
        stop_share: float | None,
        late_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._margin, self._stop_share, self._late_s, self._clock = margin, stop_share, late_s, clock
        self._by_task: dict[datetime, int] = {}
        self._history: deque[tuple[float, int]] = deque([(clock(), 0)])
        self.messages = left
        self._came_in = 0

    def update(self, task: MoveTask, depth: int | None = None) -> None:
        """What a task of this run says of itself now, and how many letters the queue holds."""
        if not self._by_task:
            self.messages = max(self.messages, task.to_move)
        self._by_task[task.started] = max(task.moved, self._by_task.get(task.started, 0))
        self._history.append((self._clock(), self.total))
        if depth is not None:
            self._came_in = depth + self._moved_for_sure() - self.messages

    @property
    def total(self) -> int:
        return sum(self._by_task.values())

    @property
    def allowed(self) -> int:
        return self.messages + self._slack

    @property
    def refilled(self) -> bool:
        """Letters come into the queue while it is emptied: no time to go faster."""
        return self.total > self.messages or self._came_in > self._slack

    @property
    def looping(self) -> bool:
        """Moved beyond what there was, or too much of what was moved is in the queue again."""
        too_many = self._stop_share is not None and self._came_in > self._slack + self._stop_share * self.total
        return self.total > self.allowed or too_many

    @property
    def _slack(self) -> int:
        return max(MIN_SLACK, math.ceil(self._margin * self.messages))

    def _moved_for_sure(self) -> int:
        """What had been moved by the time that a late depth tells of."""
        then = self._clock() - self._late_s
        while len(self._history) > 1 and self._history[1][0] <= then:
            self._history.popleft()
        at, moved = self._history[0]
        return moved if at <= then else 0
