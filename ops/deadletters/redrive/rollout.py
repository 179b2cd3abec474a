"""The course of one run: a step is sent, what became of it is watched, and only then the next one goes.

The mover works in a thread of its own; this one looks after it: outcomes, headroom, cancelling, progress. Whatever ends
a run early, the mover is told to stop and awaited, so that nothing is held back.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from ops import formatting
from ops.deadletters.ledger.model import MessageOutcome, MoveResult, Outcome, Run, RunState, RunStep, SentMessage
from ops.deadletters.move_task.progress import MoveTaskLooping
from ops.deadletters.plan_model import Plan
from ops.deadletters.plans.steps import step_boundaries
from ops.deadletters.redrive import run_summary
from ops.deadletters.redrive.canary import CanaryDecision, StepTally, decide_step, should_stop_early
from ops.deadletters.redrive.tallies import StepTallies
from ops.deadletters.transfer.rate_limiter import RateLimiter

TICK_S = 0.5
"""Between two looks; read when a course begins, so that a process may set it otherwise (tests do)."""


class RolloutLedger(Protocol):
    @property
    def cancel_requested(self) -> bool: ...
    def run(self) -> Run: ...
    def set_status_text(self, text: str) -> None: ...
    def set_rate_limit(self, limit: float | None, why: str) -> None: ...
    def set_step_state(self, number: int, upto: int, state: str) -> None: ...
    def sent_messages(self, outcome: Outcome | None = None) -> Iterable[SentMessage]: ...
    def record_outcomes(self, rows: Iterable[MessageOutcome]) -> None: ...


class Mover(Protocol):
    def move(self, upto: int, step: int) -> MoveResult:
        """Send until ``upto`` letters are sent in all, none is left, or the run is stopping."""


class OutcomeWatcher(Protocol):
    @property
    def pause_s(self) -> float:
        """How long to wait between two looks."""

    @property
    def note(self) -> str:
        """What the outcome rests on, or why it is not known; may be empty."""

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> Iterable[MessageOutcome]:
        """What is known now of those that were waiting; those still waiting are left out. ``moving``: the mover is at
        work, and must find the dead-letter queue as it is."""


class RateGauge(Protocol):
    def adjust(self, limiter: RateLimiter) -> None:
        """Set the rate by how the workload is doing; called often, looks when it is time to."""


class _EarlyEnd(Exception):
    """No error: somebody, or what came back, ends the run here. ``firm``: even when no letter was left.
    ``follow``: what is in flight goes on being watched for a while."""

    def __init__(self, state: RunState, said: str, *, firm: bool = False, follow: bool = False) -> None:
        super().__init__(said)
        self.state, self.firm, self.follow = state, firm, follow


@dataclass(frozen=True)
class _StepRange:
    """One step: the letters after ``begins`` up to ``end``."""

    number: int
    start: int
    end: int
    steps: int

    @property
    def place(self) -> str:
        return f"step {self.number} of {self.steps}"

    @property
    def last(self) -> bool:
        return self.number == self.steps


@dataclass
class Rollout:
    """``after_stop_s``: how long what is in flight is watched once the canary has stopped the run.
    ``stopping`` is set to make ``mover`` stop. ``resumed_from``: the steps that the canary had stopped before
    somebody resumed: what came back then is not held against what goes now, and they go on being called stopped."""

    plan: Plan
    ledger: RolloutLedger
    mover: Mover
    watch: OutcomeWatcher | None
    gauge: RateGauge | None
    limiter: RateLimiter
    stopping: threading.Event
    progress: Callable[[Run], None] | None = None
    stop: Callable[[], bool] | None = None
    resumed_from: tuple[RunStep, ...] = ()
    after_stop_s: float = 0.0
    tick_s: float = field(default_factory=lambda: TICK_S)
    _next_poll: float = field(default=0.0, init=False)
    _reported: tuple[float | None, str] | None = field(default=None, init=False)
    _current: _StepRange | None = field(default=None, init=False)
    _tallies: StepTallies = field(init=False)

    def run(self) -> tuple[RunState, str]:
        """Carry it out; how it ended, and in which sentence. Raises what the mover raises (``ops.errors``)."""
        sizes = self.plan.steps.sizes if self.watch else ("100%",)
        ends = step_boundaries(sizes, self.plan.total)
        passed = {step.number for step in self.ledger.run().steps if step.state == "passed"}
        parts = [
            _StepRange(number, begins, end, len(ends)) for number, (begins, end) in enumerate(pairwise((0, *ends)), 1)
        ]
        self._tallies = StepTallies(self.ledger, self.resumed_from)
        try:
            for part in parts:
                if part.number not in passed or part.last:
                    self._current = part
                    self._run_step(part)
        except (_EarlyEnd, KeyboardInterrupt) as halt:
            return self._end_early(halt)
        finally:
            self._report()
        return RunState.DONE, self._summary()

    def _run_step(self, part: _StepRange) -> None:
        self._check_stop()  # a step may be too short to do so on the way
        up_to = f"{formatting.count(part.end)} of {formatting.count(self.plan.total)}"
        self._set_state(part, "sending")
        self.ledger.set_status_text(f"In {part.place}: sending, up to letter {up_to}.")
        self._send_step(part)
        if self.watch is None:
            self._set_state(part, "passed")
            return
        self._set_state(part, "watching")
        verdict = self._wait_for_outcomes(part)
        if verdict is CanaryDecision.GO:
            self._set_state(part, "passed")
            return
        self._set_state(part, "stopped")
        if part.last:  # nothing is left that could be stopped
            return
        if verdict is CanaryDecision.STOP:
            raise self._stopped_by_failures(part)
        run = self.ledger.run()
        said = run_summary.stopped_without_outcomes(run, self.plan.steps, self._tally(part), part.place, self._note)
        raise _EarlyEnd(RunState.STOPPED, said)

    def _set_state(self, part: _StepRange, state: str) -> None:
        """What stopped once is not rewritten by what went on by resume."""
        stopped = any(step.number == part.number for step in self.resumed_from)
        self.ledger.set_step_state(part.number, part.end, "stopped" if stopped else state)

    def _send_step(self, part: _StepRange) -> None:
        with ThreadPoolExecutor(1, "move") as pool:
            moving = pool.submit(self.mover.move, part.end, part.number)
            try:
                while not wait([moving], self.tick_s).done:
                    self._tick(moving=True)
                    if self.watch and should_stop_early(self._tally(part), self.plan.steps):
                        self._set_state(part, "stopped")
                        raise self._stopped_by_failures(part)
            except BaseException:
                self.stopping.set()
                _await_mover(moving)
                raise
            try:
                went = moving.result()
            except MoveTaskLooping as futile:
                self._set_state(part, "stopped")
                raise _EarlyEnd(RunState.STOPPED, str(futile), firm=True) from None
        if went.why:
            raise _EarlyEnd(RunState.STOPPED, run_summary.ended_early(self.ledger.run(), went.why))

    def _wait_for_outcomes(self, part: _StepRange) -> CanaryDecision:
        began, told = time.monotonic(), -1
        self._next_poll = began
        while True:
            self._poll_outcomes(moving=False)
            tally, waited = self._tally(part), time.monotonic() - began
            verdict = decide_step(tally, self.plan.steps, waited)
            if part.last and tally.waiting and waited < self.plan.steps.patience_s:
                verdict = CanaryDecision.WAIT  # nothing to widen to, or to stop, any more: see them all through
            if verdict is not CanaryDecision.WAIT:
                return verdict
            if tally.waiting != told:
                told = tally.waiting
                self.ledger.set_status_text(
                    f"In {part.place}: waiting to see what becomes of {formatting.count(told, 'message')}."
                )
            self._tick(moving=False)
            self.stopping.wait(self.tick_s)

    def _check_stop(self) -> None:
        if self.ledger.cancel_requested:
            raise _EarlyEnd(RunState.CANCELLED, "Cancelled.")
        if self.stop and self.stop():
            raise _EarlyEnd(RunState.CANCELLED, "Stopped on request.")

    def _tick(self, moving: bool) -> None:
        self._check_stop()
        self._poll_outcomes(moving)
        if self.gauge:
            self.gauge.adjust(self.limiter)
        self._report()

    def _report(self) -> None:
        now = (self.limiter.rate, self.limiter.why)
        if now != self._reported:
            self._reported = now
            self.ledger.set_rate_limit(*now)
        if self.progress:
            self.progress(self.ledger.run())

    def _poll_outcomes(self, moving: bool) -> None:
        """Whether it is time to look is asked here, so that sending and waiting look equally often."""
        if self.watch is None or time.monotonic() < self._next_poll:
            return
        began = time.monotonic()
        waiting = list(self.ledger.sent_messages(Outcome.WAITING))
        if not waiting:
            return
        known = list(self.watch.check(waiting, self.ledger.run(), moving))
        if known:
            self.ledger.record_outcomes(known)
        self._tallies.update(known)
        took = time.monotonic() - began
        self._next_poll = time.monotonic() + max(self.watch.pause_s, 4 * took)

    def _tally(self, part: _StepRange) -> StepTally:
        return self._tallies.tally(part.number, part.end - part.start)

    def _stopped_by_failures(self, part: _StepRange) -> _EarlyEnd:
        said = run_summary.stopped_by_failures(self.ledger.run(), self.plan.steps, self._tally(part), part.place)
        return _EarlyEnd(RunState.STOPPED, said, follow=True)

    def _watch_in_flight(self, said: str) -> None:
        """What is in flight when the canary stops is known seconds later; nothing more is sent meanwhile."""
        began = time.monotonic()
        with suppress(_EarlyEnd, KeyboardInterrupt):
            while (waiting := self.ledger.run().waiting) and time.monotonic() - began < self.after_stop_s:
                self.ledger.set_status_text(
                    f"{said} Waiting for the outcome of {formatting.count(waiting, 'message')} in flight."
                )
                self._check_stop()
                self._poll_outcomes(moving=False)
                self._report()
                time.sleep(self.tick_s)

    def _end_early(self, halt: BaseException) -> tuple[RunState, str]:
        if isinstance(halt, _EarlyEnd) and halt.follow:
            self._watch_in_flight(str(halt))
        if isinstance(halt, _EarlyEnd) and halt.firm:
            return halt.state, str(halt)
        run = self.ledger.run()
        now = next((step.state for step in run.steps if self._current and step.number == self._current.number), "")
        all_gone = bool(run.sent) and run.done + run.failed + run.missing >= run.planned
        stopped = isinstance(halt, _EarlyEnd) and halt.state is RunState.STOPPED
        if all_gone and (stopped or not run.waiting):  # nothing was left to be cut short
            if not stopped and self._current:
                calm = (
                    not self.watch
                    or decide_step(self._tally(self._current), self.plan.steps, math.inf) is CanaryDecision.GO
                )
                self._set_state(self._current, "passed" if calm else "stopped")
            return RunState.DONE, self._summary()
        if stopped:
            return RunState.STOPPED, str(halt)
        if self._current and now in ("sending", "watching"):
            self._set_state(self._current, "ended early")
        said = str(halt) if isinstance(halt, _EarlyEnd) else "Stopped by Ctrl-C."
        if all_gone:
            return RunState.CANCELLED, run_summary.watching_ended_early(run, said, self._note)
        return RunState.CANCELLED, run_summary.ended_early(run, said)

    def _summary(self) -> str:
        return run_summary.completed(self.ledger.run(), self.watch is not None, self._note)

    @property
    def _note(self) -> str:
        return self.watch.note if self.watch else ""


def _await_mover(moving: Future[MoveResult]) -> None:
    """Wait for the mover to give back what it holds, even when Ctrl-C is pressed again."""
    while not moving.done():
        with suppress(KeyboardInterrupt):
            wait([moving], 1)
