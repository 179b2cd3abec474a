"""The rollout of a run: a step is sent, its outcomes are watched, and only then the next step starts.

The mover works in a thread of its own; this one watches outcomes, headroom and cancellation, and reports progress.
Whatever ends a run early, the mover is stopped and awaited, so that no message stays in flight.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from ops import formatting
from ops.deadletters.ledger.model import MoveResult, Outcome, Run, RunState, RunStep
from ops.deadletters.move_task.progress import MoveTaskLooping
from ops.deadletters.plan_model import Plan
from ops.deadletters.plans.steps import step_boundaries
from ops.deadletters.redrive import run_summary
from ops.deadletters.redrive.canary import CanaryDecision, StepTallies, StepTally, decide_step, should_stop_early
from ops.deadletters.redrive.rollout_ports import Mover, OutcomeWatcher, RateGauge, RolloutLedger
from ops.deadletters.transfer.rate_limiter import RateLimiter

TICK_S = 0.5
"""Between two checks; read when a rollout is made, so that tests can set it."""


class _EarlyEnd(Exception):
    """Not an error: the run ends here. ``final``: whatever is left. ``watch``: messages in flight are watched for a
    while."""

    def __init__(self, state: RunState, text: str, *, final: bool = False, watch: bool = False) -> None:
        super().__init__(text)
        self.state, self.final, self.watch = state, final, watch


@dataclass(frozen=True)
class _StepRange:
    """The messages of one step: those after ``start`` up to ``end``."""

    number: int
    start: int
    end: int
    steps: int

    @property
    def stage(self) -> str:
        """How users read of it."""
        return f"stage {self.number} of {self.steps}"

    @property
    def last(self) -> bool:
        return self.number == self.steps


@dataclass
class Rollout:
    """``stopping`` is set to stop ``mover``. ``resumed_from``: the steps that the canary had stopped before a resume:
    what failed again then does not count against what is sent now, and they stay stopped. ``after_stop_s``: how long
    messages in flight are watched after the canary stopped the run."""

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
    _next_check: float = field(default=0.0, init=False)
    _reported_rate: tuple[float | None, str] | None = field(default=None, init=False)
    _current: _StepRange | None = field(default=None, init=False)
    _tallies: StepTallies = field(init=False)

    def run(self) -> tuple[RunState, str]:
        """The state that the run ended in, and why in one sentence. Raises what the mover raises (``ops.errors``)."""
        sizes = self.plan.steps.sizes if self.watch else ("100%",)
        ends = step_boundaries(sizes, self.plan.total)
        passed = {step.number for step in self.ledger.run().steps if step.state == "passed"}
        ranges = enumerate(pairwise((0, *ends)), 1)
        steps = [_StepRange(number, start, end, len(ends)) for number, (start, end) in ranges]
        self._tallies = StepTallies(self.ledger, self.resumed_from)
        try:
            for step in steps:
                if step.number not in passed or step.last:
                    self._current = step
                    self._run_step(step)
        except (_EarlyEnd, KeyboardInterrupt) as reason:
            return self._end_early(reason)
        finally:
            self._report()
        return RunState.DONE, self._summary()

    def _run_step(self, step: _StepRange) -> None:
        self._check_stop()  # a step may be too short to be checked while it is sent
        self._set_state(step, "sending")
        total = formatting.count(self.plan.total)
        self._set_status(step, f"sending up to message {formatting.count(step.end)} of {total}")
        self._send_step(step)
        if self.watch is None:
            self._set_state(step, "passed")
            return
        self._set_state(step, "watching")
        decision = self._wait_for_outcomes(step)
        if decision is CanaryDecision.GO:
            self._set_state(step, "passed")
            return
        self._set_state(step, "stopped")
        if step.last:  # nothing is left to stop
            return
        if decision is CanaryDecision.STOP:
            raise self._stopped_by_failures(step)
        run, tally = self.ledger.run(), self._tally(step)
        text = run_summary.stopped_without_outcomes(run, self.plan.steps, tally, step.stage, self._note)
        raise _EarlyEnd(RunState.STOPPED, text)

    def _set_state(self, step: _StepRange, state: str) -> None:
        """A step that was stopped before a resume stays so."""
        stopped = any(earlier.number == step.number for earlier in self.resumed_from)
        self.ledger.set_step_state(step.number, step.end, "stopped" if stopped else state)

    def _set_status(self, step: _StepRange, text: str) -> None:
        self.ledger.set_status_text(f"{step.stage.capitalize()}: {text}.")

    def _send_step(self, step: _StepRange) -> None:
        with ThreadPoolExecutor(1, "move") as pool:
            moving = pool.submit(self.mover.move, step.end, step.number)
            try:
                while not wait([moving], self.tick_s).done:
                    self._tick(moving=True)
                    if self.watch and should_stop_early(self._tally(step), self.plan.steps):
                        self._set_state(step, "stopped")
                        raise self._stopped_by_failures(step)
            except BaseException:  # Ctrl-C too: what the mover holds is released first
                self.stopping.set()
                _await_mover(moving)
                raise
            try:
                result = moving.result()
            except MoveTaskLooping as looping:
                self._set_state(step, "stopped")
                raise _EarlyEnd(RunState.STOPPED, str(looping), final=True) from None
        if result.why:
            raise _EarlyEnd(RunState.STOPPED, run_summary.ended_early(self.ledger.run(), result.why))

    def _wait_for_outcomes(self, step: _StepRange) -> CanaryDecision:
        started, reported = time.monotonic(), -1
        self._next_check = started
        while True:
            self._check_outcomes(moving=False)
            tally, waited_s = self._tally(step), time.monotonic() - started
            decision = decide_step(tally, self.plan.steps, waited_s)
            if step.last and tally.waiting and waited_s < self.plan.steps.patience_s:
                decision = CanaryDecision.WAIT  # nothing is left to send or to stop: await every outcome
            if decision is not CanaryDecision.WAIT:
                return decision
            if tally.waiting != reported:
                reported = tally.waiting
                self._set_status(step, f"waiting for {formatting.count(reported, 'outcome')}")
            self._tick(moving=False)
            self.stopping.wait(self.tick_s)

    def _check_stop(self) -> None:
        if self.ledger.cancel_requested:
            raise _EarlyEnd(RunState.CANCELLED, "Cancelled.")
        if self.stop and self.stop():
            raise _EarlyEnd(RunState.CANCELLED, "Stopped on request.")

    def _tick(self, moving: bool) -> None:
        self._check_stop()
        self._check_outcomes(moving)
        if self.gauge:
            self.gauge.adjust(self.limiter)
        self._report()

    def _report(self) -> None:
        rate = (self.limiter.rate, self.limiter.why)
        if rate != self._reported_rate:
            self._reported_rate = rate
            self.ledger.set_rate_limit(*rate)
        if self.progress:
            self.progress(self.ledger.run())

    def _check_outcomes(self, moving: bool) -> None:
        """When a check is due, so that sending and waiting check equally often."""
        if self.watch is None or time.monotonic() < self._next_check:
            return
        started = time.monotonic()
        waiting = list(self.ledger.sent_messages(Outcome.WAITING))
        if not waiting:
            return
        outcomes = list(self.watch.check(waiting, self.ledger.run(), moving))
        if outcomes:
            self.ledger.record_outcomes(outcomes)
        self._tallies.update(outcomes)
        took_s = time.monotonic() - started
        self._next_check = time.monotonic() + max(self.watch.pause_s, 4 * took_s)

    def _tally(self, step: _StepRange) -> StepTally:
        return self._tallies.tally(step.number, step.end - step.start)

    def _stopped_by_failures(self, step: _StepRange) -> _EarlyEnd:
        text = run_summary.stopped_by_failures(self.ledger.run(), self.plan.steps, self._tally(step), step.stage)
        return _EarlyEnd(RunState.STOPPED, text, watch=True)

    def _watch_in_flight(self, text: str) -> None:
        """Outcomes of messages that were in flight when the canary stopped follow within seconds."""
        started = time.monotonic()
        with suppress(_EarlyEnd, KeyboardInterrupt):  # the run is stopping already; Ctrl-C ends the waiting
            while (waiting := self.ledger.run().waiting) and time.monotonic() - started < self.after_stop_s:
                self.ledger.set_status_text(f"{text} Waiting for {formatting.count(waiting, 'outcome')}.")
                self._check_stop()
                self._check_outcomes(moving=False)
                self._report()
                time.sleep(self.tick_s)

    def _end_early(self, reason: BaseException) -> tuple[RunState, str]:
        if isinstance(reason, _EarlyEnd) and reason.watch:
            self._watch_in_flight(str(reason))
        if isinstance(reason, _EarlyEnd) and reason.final:
            return reason.state, str(reason)
        run, current = self.ledger.run(), self._current
        state = next((step.state for step in run.steps if current and step.number == current.number), "")
        all_sent = bool(run.sent) and run.done + run.failed + run.missing >= run.planned
        stopped = isinstance(reason, _EarlyEnd) and reason.state is RunState.STOPPED
        if all_sent and (stopped or not run.waiting):  # nothing was left to be ended early
            if not stopped and current:
                passed = (
                    not self.watch or decide_step(self._tally(current), self.plan.steps, math.inf) is CanaryDecision.GO
                )
                self._set_state(current, "passed" if passed else "stopped")
            return RunState.DONE, self._summary()
        if stopped:
            return RunState.STOPPED, str(reason)
        if current and state in ("sending", "watching"):
            self._set_state(current, "ended early")
        text = str(reason) if isinstance(reason, _EarlyEnd) else "Stopped by Ctrl-C."
        if all_sent:
            return RunState.CANCELLED, run_summary.watching_ended_early(run, text, self._note)
        return RunState.CANCELLED, run_summary.ended_early(run, text)

    def _summary(self) -> str:
        return run_summary.completed(self.ledger.run(), self.watch is not None, self._note)

    @property
    def _note(self) -> str:
        return self.watch.note if self.watch else ""


def _await_mover(moving: Future[MoveResult]) -> None:
    """The mover releases what it holds, even when Ctrl-C is pressed again."""
    while not moving.done():
        with suppress(KeyboardInterrupt):
            wait([moving], 1)
