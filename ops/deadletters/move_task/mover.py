"""The last step of a plan for a whole queue: SQS moves the letters itself, after the canary.

The task knows no plan: it takes what lies in the queue. So its letters stay planned in the ledger while it works; when
it has ended, our own engine reads the queue once more, moves what was left behind, and what it does not find there the
task has moved. A killed run is resumed by waiting for the task that still goes on.

It also moves letters that die again, again: when it has moved more than there was to move, it is cancelled, and the run
is stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
"""The shorter, the sooner a task may have moved more than it should."""
MIN_TASK_S = 10.0
"""A task's rate is fixed: to follow headroom it is cancelled and another one started, no more often than that."""
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
    """A ``course.Mover``: ``engine`` for every step but the last."""

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
            went = self.engine.move(upto, step)
            self._count_unseen(went, moved=False)
            return went
        share = self.plan.steps.stop_share if self.plan.steps.watch else None
        late_s = settling_s(self.source.aws)
        self._counter = MoveCounter(
            self.ledger.count_in_states(MessageState.PLANNED) + self.ledger.unseen, self.plan.margin, share, late_s
        )
        before = set(self.ledger.ids_in_states(MessageState.MISSING))
        moved = self._run_tasks()
        if self._counter.looping:
            raise MoveTaskLooping(self._looping_text(step))
        went = self.engine.move(upto, step)
        if moved:
            gone = (
                self.ledger.number_of(one)
                for one in self.ledger.ids_in_states(MessageState.MISSING)
                if one not in before
            )
            self._record_moved([number for number in gone if number is not None], step)
        self._count_unseen(went, moved=moved)
        return went

    def _count_unseen(self, went: EngineResult, *, moved: bool) -> None:
        """What of the messages that no scan saw is still there; of the others, whether SQS ``moved`` them."""
        unseen = self.ledger.unseen
        if not unseen:
            return
        left = 0
        if not went.emptied:
            depth = sqs.queue_depth(self.source.aws, self.source.queue)
            run = self.ledger.run()
            ours = run.failed + (run.sent if run.keeps_originals else 0)
            left = min(unseen, max(0, depth.visible + depth.in_flight + depth.delayed - ours))
        self.ledger.set_unseen(left, unseen - left if moved else 0)

    def _run_tasks(self) -> bool:
        """Task after task, as the rate changes, until one has come to the queue's end, fails or is refused; whether any
        of this run, or of the process that it was resumed from, moved something.

        Ends, too, when more was moved than there was to move (``self._moves.futile``).

        Raises AwsError when a task was begun and nothing tells any more what it does: what it moved must not be taken
        for letters that somebody else took. Raises Busy while somebody else's task goes on.
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
            except AwsError as refused:
                self._report_refusal(refused)
                break
            again = self._watch_task(rate)
        own = self._own_tasks.owned()
        for task in own:
            self.ledger.record_moves(task.started, task.moved)
        return any(task.moved for task in own)

    def _report_refusal(self, refused: AwsError) -> None:
        self.ledger.set_status_text(f"SQS does not move the letters ({str(refused).rstrip('.')}): the engine does.")

    def _watch_task(self, rate: int | None) -> bool:
        """Watch the task until it has ended; whether another one is wanted, at another rate."""
        began = last_at = time.monotonic()
        last = 0
        cancelled = False
        while True:
            task = self._own_tasks.current()
            now = time.monotonic()
            if now > last_at:
                self.ledger.set_rate(max(0.0, (task.moved - last) / (now - last_at)))
            last, last_at = task.moved, now
            self._counter.update(task, self._depth())
            self.ledger.record_moves(task.started, task.moved)
            if not task.active:
                self.ledger.set_rate(0.0)
                if task.status == "FAILED":
                    self.ledger.set_status_text(
                        f"SQS's move task failed ({task.failure}): the engine moves what is left."
                    )
                return cancelled and not (self.stop() or self._counter.looping)
            self.ledger.set_status_text(self._progress_text(rate))
            if (
                task.handle
                and not cancelled
                and (self.stop() or self._counter.looping or self._wants_other_rate(rate, now - began))
            ):
                with suppress(NotFound):  # it ended meanwhile, as the next look tells
                    move_tasks.cancel_task(self.source.aws, self.source.queue, task.handle)
                cancelled = True
            self._pause(rate)

    def _progress_text(self, rate: int | None) -> str:
        pace = "as fast as it can" if rate is None else f"up to {formatting.count(rate)} a second"
        moved, letters = formatting.count(self._counter.total), formatting.count(self._counter.messages)
        again = ". Letters come back meanwhile" if self._counter.refilled else ""
        return f"SQS moves the letters {pace}: about {moved} of {letters} so far{again}."

    def _wants_other_rate(self, rate: int | None, lasted_s: float) -> bool:
        """Whether the task is to be replaced by one at another rate; a faster one only while nothing comes back."""
        wanted = self._rate()
        faster = wanted is None or (rate is not None and wanted > rate)
        return lasted_s > MIN_TASK_S and _differs(wanted, rate) and not (faster and self._counter.refilled)

    def _depth(self) -> int | None:
        """Letters in the queue; None when nobody asked for watching, or it is not known."""
        if not self.plan.steps.watch:
            return None
        with suppress(AwsError):
            depth = sqs.queue_depth(self.source.aws, self.source.queue)
            return depth.visible + depth.in_flight + depth.delayed
        return None

    def _looping_text(self, step: int) -> str:
        """Settles what can be told of the plan's letters, and says in which way it was stopped."""
        letters = formatting.count(self._counter.messages, "letter")
        moves = formatting.count(self._counter.total, "move")
        said = (
            f"Stopped SQS's move task after about {moves} for {letters}, because letters die again, or new ones do, as "
            "fast as they are moved. Look at what kills them (ops dlq scan, then ops dlq causes), fix it and make a "
            "new plan."
        )
        there = remaining_ids.remaining_ids(self.source)
        planned = self.ledger.ids_in_states(MessageState.PLANNED)
        if there is None:
            which = formatting.count(len(planned), "letter")
            return f"{said} Which of {which} it moved could not be read; resuming the run tells."
        gone = (self.ledger.number_of(one) for one in planned if one not in there)
        self._record_moved([number for number in gone if number is not None], step)
        left = self.ledger.count_in_states(MessageState.PLANNED)
        return f"{said} {formatting.count(left, 'letter')} did not go." if left else said

    def _record_moved(self, numbers: Sequence[int], step: int) -> None:
        """What is not in the queue any more the task has moved; under which ids SQS does not tell."""
        if not numbers:
            return
        at = clock.now_utc().timestamp()
        arn = self.plan.destination.queue_arn or next(iter(self.plan.returns.origins), "")
        self.ledger.record_intent([(number, "") for number in numbers], step)
        self.ledger.record_sent([AcceptedMessage(number, "", at, route=arn) for number in numbers], done=True)

    def _rate(self) -> int | None:
        """Whole messages a second; None: as fast as SQS goes; 0: not now."""
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
