"""Which of a queue's move tasks are a run's own: others may have been started outside this tool."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws import call_effect, move_tasks
from ops.aws.call_effect import CallEffect
from ops.deadletters.queue_lock import QueueBusy
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws.move_tasks import MoveTask
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.queue import DeadLetterQueue

LIST_ATTEMPTS, LIST_PAUSE_S = 10, 0.5
"""How often, and how far apart, SQS is asked for a task that it does not list yet."""


class OwnMoveTasks:
    """Every method raises what ``ops.aws`` raises. A task has no handle once it has ended: it is known by its start
    time, which the ledger records, as it records that a task is about to be started."""

    def __init__(self, source: DeadLetterQueue, ledger: Ledger, to: str) -> None:
        """``to``: ARN of the queue that this run's tasks move to; empty: each message's source queue.

        A process that was killed just after it had started a task did not record it. A later task to the same queue may
        be that one, so it counts as this run's: SQS would refuse a second one, and the messages go where they should.
        Otherwise the messages that it moves would count as missing.
        """
        self._source, self._ledger, self._to = source, ledger, to
        own, before = ledger.move_task_starts()
        self._mine = set(own)
        if before is not None:
            self._mine |= {task.started for task in self._list() if task.started not in before and task.to == to}
        self._current: datetime | None = None
        self._before: frozenset[datetime] = frozenset()

    def start(self, per_second: int | None) -> None:
        """Start a task, unless one of its own is running. Raises QueueBusy while another one is."""
        tasks = self._list()
        running = next((task for task in tasks if task.active), None)
        if running is None:
            self._current, self._before = None, frozenset(task.started for task in tasks)
            self._ledger.announce_move_task(self._before)
            self._start_task(per_second)
        elif running.started in self._mine:
            self._current = running.started
        else:
            where = f" to {running.to.rpartition(':')[2]}" if running.to else ""
            raise QueueBusy(
                f"A move task{where} that this run did not start is moving the messages of {self._source.queue.name}.",
                "Wait for it, or cancel it (aws sqs list-message-move-tasks names it); then resume the run.",
            )

    def current(self) -> MoveTask:
        """The task that was started last, as it is now. Raises AwsError when SQS does not list it."""
        for attempt in range(LIST_ATTEMPTS):
            if attempt:
                time.sleep(LIST_PAUSE_S)
            for task in self._list():  # the newest first
                if task.started == self._current or (self._current is None and task.started not in self._before):
                    self._current = task.started
                    self._mine.add(task.started)
                    return task
        raise AwsError(
            f"SQS does not list the move task of {self._source.queue.name} that was started.",
            "Resume the run: it determines what was moved.",
        )

    def owned(self) -> tuple[MoveTask, ...]:
        return tuple(task for task in self._list() if task.started in self._mine) if self._mine else ()

    def _start_task(self, per_second: int | None) -> None:
        """Without a response, or when a retry was refused because the first attempt had started a task, the list of
        tasks decides."""
        try:
            move_tasks.start_task(self._source.aws, self._source.queue, self._to, per_second)
        except AwsError as error:
            started = (task for task in self._list() if task.started not in self._before and task.to == self._to)
            if not any(task.active for task in started):
                if call_effect.classify(error) is not CallEffect.UNKNOWN:
                    self._ledger.announce_move_task(None)
                raise

    def _list(self) -> tuple[MoveTask, ...]:
        return move_tasks.list_tasks(self._source.aws, self._source.queue)
