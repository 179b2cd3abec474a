"""The last step of a plan for a whole queue: SQS moves the letters itself, after the canary.

The task knows no plan: it takes what lies in the queue. So its letters stay planned in the ledger while it works; when
it has ended, our own engine reads the queue once more, moves what was left behind, and what it does not find there the
task has moved. A killed run is resumed by waiting for the task that still goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from ops.aws import movetasks
from ops.deadletters.ledger import Accepted
from ops.deadletters.plans.engine import MOVE_TASK
from ops.deadletters.run import Move
from ops.errors import AwsError, NotFound
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.course import Went
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.pace import Limiter
    from ops.deadletters.plan import Plan
    from ops.deadletters.source import Source

POLL_S = 1.0
RATE_HOLDS_S = 10.0
"""A task's rate is fixed: to follow headroom it is cancelled and another one started, no more often than that."""
SLOWER, FASTER = 0.8, 1.3
CLOCKS = timedelta(minutes=2)
"""By which SQS's clock and ours may differ."""


class Engine(Protocol):
    def move(self, upto: int, step: int) -> Went: ...


@dataclass
class TaskMover:
    """A ``course.Mover``: ``engine`` for every step but the last."""

    source: Source
    plan: Plan
    ledger: Ledger
    engine: Engine
    limiter: Limiter
    stop: Callable[[], bool]
    poll_s: float = POLL_S

    def move(self, upto: int, step: int) -> Went:
        if upto < len(self.plan.ids) or self.plan.engine != MOVE_TASK:
            return self.engine.move(upto, step)
        before = set(self.ledger.ids(Move.VANISHED))
        moved = self._tasks()
        went = self.engine.move(upto, step)
        if moved:
            self._settle(before, step)
        return went

    def _tasks(self) -> bool:
        """Task after task, as the rate changes, until one has come to the queue's end, fails or is refused; whether any
        of this run, or of the process that it was resumed from, moved something.

        Raises AwsError when a task was begun and nothing tells any more what it does: what it moved must not be taken
        for letters that somebody else took.
        """
        try:
            self._going()
        except AwsError as refused:
            self._leave(refused)
            return False
        again = True
        while again and not self.stop() and self.ledger.count(Move.PLANNED):
            rate = self._rate()
            if rate == 0:
                self._pause()
                continue
            try:
                if not self._going():
                    to = self.plan.destination.queue_arn if self.plan.destination.kind == "queue" else ""
                    movetasks.start(self.source.aws, self.source.queue, to, rate)
            except AwsError as refused:
                self._leave(refused)
                break
            again = self._follow(rate)
        return any(task.moved for task in self._own_tasks())

    def _going(self) -> bool:
        return any(task.active for task in movetasks.tasks(self.source.aws, self.source.queue))

    def _leave(self, refused: AwsError) -> None:
        self.ledger.said(f"SQS does not move the letters ({str(refused).rstrip('.')}): the engine does.")

    def _follow(self, rate: int | None) -> bool:
        """Watch the task until it has ended; whether another one is wanted, at another rate."""
        began = last_at = time.monotonic()
        last = 0
        cancelled = False
        while True:
            task = movetasks.tasks(self.source.aws, self.source.queue)[0]
            now = time.monotonic()
            if now > last_at:
                self.ledger.speed(max(0.0, (task.moved - last) / (now - last_at)))
            last, last_at = task.moved, now
            if not task.active:
                self.ledger.speed(0.0)
                if task.status == "FAILED":
                    self.ledger.said(f"SQS's move task failed ({task.failure}): the engine moves what is left.")
                return cancelled and not self.stop()
            pace = "as fast as it can" if rate is None else f"up to {words.count(rate)} a second"
            self.ledger.said(f"SQS moves the letters {pace}: about {words.count(task.moved)} so far in this task.")
            wanted = self._rate()
            other = wanted != rate and now - began > RATE_HOLDS_S and (_differs(wanted, rate))
            if task.handle and not cancelled and (self.stop() or other):
                with suppress(NotFound):  # it ended meanwhile, as the next look tells
                    movetasks.cancel(self.source.aws, self.source.queue, task.handle)
                cancelled = True
            self._pause()

    def _settle(self, before: set[str], step: int) -> None:
        """What the engine did not find the task has moved; under which ids SQS does not tell."""
        gone = (self.ledger.number_of(one) for one in self.ledger.ids(Move.VANISHED) if one not in before)
        numbers = [number for number in gone if number is not None]
        if not numbers:
            return
        at = time.time()
        arn = self.plan.destination.queue_arn or self.source.workload.queue.arn
        self.ledger.intended([(number, "") for number in numbers], step)
        self.ledger.sent([Accepted(number, "", at, route=arn) for number in numbers], done=True)

    def _own_tasks(self) -> tuple[movetasks.MoveTask, ...]:
        began = self.ledger.run().began - CLOCKS
        return tuple(task for task in movetasks.tasks(self.source.aws, self.source.queue) if task.started >= began)

    def _rate(self) -> int | None:
        """Whole messages a second; None: as fast as SQS goes; 0: not now."""
        rate = self.limiter.rate
        if rate is None or rate >= movetasks.MOST_PER_S:
            return None if rate is None else movetasks.MOST_PER_S
        return 0 if rate == 0 else max(1, int(rate))

    def _pause(self) -> None:
        time.sleep(self.poll_s)


def _differs(wanted: int | None, rate: int | None) -> bool:
    """Enough to be worth another task."""
    if wanted is None or rate is None:
        return wanted is not rate
    return wanted < SLOWER * rate or wanted > FASTER * rate
