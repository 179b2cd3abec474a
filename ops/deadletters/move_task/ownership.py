"""Which of a queue's move tasks are a run's own: somebody else may have begun one, to somewhere else."""

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
"""How often SQS is asked for a task that it does not list yet."""


class OwnMoveTasks:
    """Every method raises what ``ops.aws`` raises. A task has no name once it has ended: it is known by its start,
    which the ledger notes, as it does that one is about to be begun."""

    def __init__(self, source: DeadLetterQueue, ledger: Ledger, to: str) -> None:
        """``to``: the queue that this run's tasks move to, empty: where each message died.

        A process that was killed just after it had begun a task knew nothing of it. Of a task to the same place that
        came since, nothing tells whether it is that one, so it is followed: SQS would refuse another one beside it, and
        the letters go where they shall. To take it for somebody else's would be to take its letters for gone.
        """
        self._source, self._ledger, self._to = source, ledger, to
        own, before = ledger.move_task_starts()
        self._mine = set(own)
        if before is not None:
            self._mine |= {task.started for task in self._listed() if task.started not in before and task.to == to}
        self._current: datetime | None = None
        self._before: frozenset[datetime] = frozenset()

    def start(self, per_second: int | None) -> None:
        """Begin one, unless one of its own goes on. Raises Busy while somebody else's does."""
        known = self._listed()
        going = next((task for task in known if task.active), None)
        if going is None:
            self._current, self._before = None, frozenset(task.started for task in known)
            self._ledger.announce_move_task(self._before)
            self._begin(per_second)
        elif going.started in self._mine:
            self._current = going.started
        else:
            where = f" to {going.to.rpartition(':')[2]}" if going.to else ""
            raise QueueBusy(
                f"A move task{where} that this run did not begin is emptying {self._source.queue.name}.",
                "Wait for it, or cancel it (aws sqs list-message-move-tasks names it); then resume the run.",
            )

    def current(self) -> MoveTask:
        """The one that was begun last, as SQS tells of it now. Raises AwsError when it tells nothing of it."""
        for look in range(LIST_ATTEMPTS):
            if look:
                time.sleep(LIST_PAUSE_S)
            for task in self._listed():  # the newest first
                if task.started == self._current or (self._current is None and task.started not in self._before):
                    self._current = task.started
                    self._mine.add(task.started)
                    return task
        raise AwsError(
            f"SQS tells nothing of the move task of {self._source.queue.name} that was begun.",
            "Resume the run: it finds out what was moved.",
        )

    def owned(self) -> tuple[MoveTask, ...]:
        return tuple(task for task in self._listed() if task.started in self._mine) if self._mine else ()

    def _begin(self, per_second: int | None) -> None:
        """Where no answer came, or a second try was refused because the first one had begun one, the list tells."""
        try:
            move_tasks.start_task(self._source.aws, self._source.queue, self._to, per_second)
        except AwsError as error:
            began = (task for task in self._listed() if task.started not in self._before and task.to == self._to)
            if not any(task.active for task in began):
                if call_effect.classify(error) is not CallEffect.UNKNOWN:
                    self._ledger.announce_move_task(None)
                raise

    def _listed(self) -> tuple[MoveTask, ...]:
        return move_tasks.list_tasks(self._source.aws, self._source.queue)
