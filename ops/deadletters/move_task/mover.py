"""The last step of a plan for a whole queue: SQS moves the messages itself, after the canary.

A move task knows no plan: it takes what is in the queue. So its messages stay planned in the ledger while it runs; when
it has ended, our own engine reads the queue once more and moves what was left behind, and what it does not find there
was moved by the task. A killed run is resumed by awaiting the task that is still running.

A task also moves messages that fail again, again: when it has moved more than there was to move, it is cancelled, and
the run is stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ops import clock, formatting
from ops.aws import move_tasks, sqs
from ops.deadletters.ledger import AcceptedMessage
from ops.deadletters.ledger.model import MessageState
from ops.deadletters.move_task.ownership import OwnMoveTasks
from ops.deadletters.move_task.progress import MoveCounter, MoveTaskLooping
from ops.deadletters.outcomes.dlq_search import settling_s
from ops.deadletters.plans.engine_choice import MOVE_TASK
from ops.deadletters.scan import remaining_ids
from ops.errors import AwsError, NotFound

if TYPE_CHECKING:
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.ledger.model import MoveResult
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.transfer.rate_limiter import RateLimiter

POLL_S, MIN_POLL_S = 1.0, 0.25
"""The shorter one while a task could soon have moved more than it should."""
MIN_TASK_S = 10.0
"""A task's rate is fixed: to follow headroom it is cancelled and another one is started, at most this often."""
SLOWER_RATIO, FASTER_RATIO = 0.8, 1.3


class EngineResult(Protocol):
    @property
    def why(self) -> str: ...
    @property
    def emptied(self) -> bool: ...


class Engine(Protocol):
    def move(self, upto: int, step: int) -> EngineResult: ...


@dataclass
class TaskMover:
    """A ``Mover``: ``engine`` for every step but the last."""

    source: DeadLetterQueue
    plan: Plan
    ledger: Ledger
    engine: Engine
    limiter: RateLimiter
    stop: Callable[[], bool]
    poll_s: float = POLL_S
    _counter: MoveCounter = field(init=False)
    _own_tasks: OwnMoveTasks = field(init=False)

    def move(self, upto: int, step: int) -> MoveResult:
        if upto < self.plan.total:
            return self.engine.move(upto, step)
        if self.plan.engine != MOVE_TASK:
            result = self.engine.move(upto, step)
            self._count_unseen(result, moved=False)
            return result
        planned = self.ledger.count_in_states(MessageState.PLANNED) + self.ledger.unseen
        share = self.plan.steps.stop_share if self.plan.steps.watch else None
        self._counter = MoveCounter(planned, self.plan.margin, share, settling_s(self.source.aws))
        before = set(self.ledger.ids_in_states(MessageState.MISSING))
        moved = self._run_tasks()
        if self._counter.looping:
            raise MoveTaskLooping(self._looping_text(step))
        result = self.engine.move(upto, step)
        if moved:
            self._record_moved(set(self.ledger.ids_in_states(MessageState.MISSING)) - before, step)
        self._count_unseen(result, moved=moved)
        return result

    def _count_unseen(self, result: EngineResult, *, moved: bool) -> None:
        """How many of the messages that no scan saw are still there; the others count as sent if SQS ``moved`` them."""
        unseen = self.ledger.unseen
        if not unseen:
            return
        remaining = 0
        if not result.emptied:
            run = self.ledger.run()
            ours = run.failed + (run.sent if run.keeps_originals else 0)
            remaining = min(unseen, max(0, self._queue_depth() - ours))
        self.ledger.set_unseen(remaining, unseen - remaining if moved else 0)

    def _run_tasks(self) -> bool:
        """Runs task after task, as the rate changes, until one has emptied the queue, fails or is refused, or until
        more was moved than there was to move. Returns whether any task of this run, an earlier process's included,
        moved something.

        Raises AwsError when a task was started and its status cannot be read: what it moved must not count as taken by
        another consumer. Raises QueueBusy while a task runs that is not this run's.
        """
        to = self.plan.destination.queue_arn if self.plan.destination.kind == "queue" else ""
        self._own_tasks = OwnMoveTasks(self.source, self.ledger, to)
        again = True
        while again and not self.stop() and self.ledger.count_in_states(MessageState.PLANNED):
            rate = self._rate()
            if rate == 0:
                time.sleep(self.poll_s)
                continue
            try:
                self._own_tasks.start(rate)
            except AwsError as error:
                why = str(error).rstrip(".")
                self.ledger.set_status_text(f"SQS did not start a move task ({why}): the engine sends the messages.")
                break
            again = self._watch_task(rate)
        tasks = self._own_tasks.owned()
        for task in tasks:
            self.ledger.record_moves(task.started, task.moved)
        return any(task.moved for task in tasks)

    def _watch_task(self, rate: int | None) -> bool:
        """Until the task has ended; whether to start another one at another rate."""
        started = last_at = time.monotonic()
        last = 0
        cancelled = False
        while True:
            task = self._own_tasks.current()
            now = time.monotonic()
            if now > last_at:
                self.ledger.set_rate(max(0.0, (task.moved - last) / (now - last_at)))
            last, last_at = task.moved, now
            self._counter.update(task, self._watched_depth())
            self.ledger.record_moves(task.started, task.moved)
            if not task.active:
                self.ledger.set_rate(0.0)
                if task.status == "FAILED":
                    text = f"SQS's move task failed ({task.failure}): the engine sends the remaining messages."
                    self.ledger.set_status_text(text)
                return cancelled and not self._must_stop()
            self.ledger.set_status_text(self._progress_text(rate))
            if task.handle and not cancelled and (self._must_stop() or self._needs_other_rate(rate, now - started)):
                with suppress(NotFound):  # it has ended meanwhile, which the next poll shows
                    move_tasks.cancel_task(self.source.aws, self.source.queue, task.handle)
                cancelled = True
            self._pause(rate)

    def _must_stop(self) -> bool:
        return self.stop() or self._counter.looping

    def _progress_text(self, rate: int | None) -> str:
        pace = "as fast as it can" if rate is None else f"at up to {formatting.count(rate)} per second"
        moved, messages = formatting.count(self._counter.total), formatting.count(self._counter.messages)
        again = ". Messages fail again meanwhile" if self._counter.refilled else ""
        return f"SQS moves the messages {pace}: about {moved} of {messages} so far{again}."

    def _needs_other_rate(self, rate: int | None, lasted_s: float) -> bool:
        """Whether to replace the task by one at another rate; by a faster one only while no message fails again."""
        wanted = self._rate()
        faster = wanted is None or (rate is not None and wanted > rate)
        return lasted_s > MIN_TASK_S and _differs(wanted, rate) and not (faster and self._counter.refilled)

    def _queue_depth(self) -> int:
        depth = sqs.queue_depth(self.source.aws, self.source.queue)
        return depth.visible + depth.in_flight + depth.delayed

    def _watched_depth(self) -> int | None:
        """Messages in the queue; None when outcomes are not watched, or it cannot be read."""
        if self.plan.steps.watch:
            with suppress(AwsError):
                return self._queue_depth()
        return None

    def _looping_text(self, step: int) -> str:
        """Why the run was stopped; first records which of the plan's messages were moved."""
        moves = formatting.count(self._counter.total, "move")
        text = (
            f"Stopped SQS's move task after about {moves} of {formatting.count(self._counter.messages, 'message')}: messages "
            "fail again, or new ones arrive, as fast as they are moved. Find and fix the cause (ops dlq scan, then ops dlq "
            "causes), and make a new plan."
        )
        in_queue = remaining_ids.remaining_ids(self.source)
        planned = self.ledger.ids_in_states(MessageState.PLANNED)
        if in_queue is None:
            which = formatting.count(len(planned), "message")
            return f"{text} Which of {which} it moved could not be determined; resuming the run shows it."
        self._record_moved((name for name in planned if name not in in_queue), step)
        left = self.ledger.count_in_states(MessageState.PLANNED)
        return f"{text} {formatting.count(left, 'message was', 'messages were')} not sent." if left else text

    def _record_moved(self, message_ids: Iterable[str], step: int) -> None:
        """What is no longer in the queue was moved by the task; SQS does not report the new message IDs."""
        numbers = sorted(n for name in message_ids if (n := self.ledger.number_of(name)) is not None)
        if not numbers:
            return
        now = clock.now_utc().timestamp()
        arn = self.plan.destination.queue_arn or next(iter(self.plan.returns.origins), "")
        self.ledger.record_intent([(number, "") for number in numbers], step)
        self.ledger.record_sent([AcceptedMessage(number, "", now, route=arn) for number in numbers], done=True)

    def _rate(self) -> int | None:
        """Whole messages per second; None: as fast as SQS can; 0: paused."""
        rate = self.limiter.rate
        if rate is None or rate >= move_tasks.MAX_MESSAGES_PER_S:
            return None if rate is None else move_tasks.MAX_MESSAGES_PER_S
        return 0 if rate == 0 else max(1, int(rate))

    def _pause(self, rate: int | None) -> None:
        """Shorter when the task could soon have moved more than it should."""
        soon_s = max(0, self._counter.allowed - self._counter.total) / (rate or move_tasks.MAX_MESSAGES_PER_S)
        time.sleep(min(self.poll_s, max(MIN_POLL_S, soon_s)))


def _differs(wanted: int | None, rate: int | None) -> bool:
    """Enough to be worth another task."""
    if wanted is None or rate is None:
        return wanted is not rate
    return wanted < SLOWER_RATIO * rate or wanted > FASTER_RATIO * rate
