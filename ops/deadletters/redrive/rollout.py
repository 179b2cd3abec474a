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
from ops.deadletters.ledger.model import MessageOutcome, MoveResult, Outcome, Run, Sent, State, Step
from ops.deadletters.move_task.progress import MoveTaskLooping
from ops.deadletters.plan_model import Plan
from ops.deadletters.plans.steps import boundaries
from ops.deadletters.redrive import run_summary
from ops.deadletters.redrive.canary import CanaryDecision, Tally, brake, decide
from ops.deadletters.redrive.tallies import Tallies
from ops.deadletters.transfer.rate_limiter import RateLimiter

TICK_S = 0.5
"""Between two looks; read when a course begins, so that a process may set it otherwise (tests do)."""


class RolloutLedger(Protocol):
    @property
    def cancelled(self) -> bool: ...
    def run(self) -> Run: ...
    def said(self, text: str) -> None: ...
    def rate(self, limit: float | None, why: str) -> None: ...
    def step(self, number: int, upto: int, state: str) -> None: ...
    def letters(self, outcome: Outcome | None = None) -> Iterable[Sent]: ...
    def outcomes(self, rows: Iterable[MessageOutcome]) -> None: ...


class Mover(Protocol):
    def move(self, upto: int, step: int) -> MoveResult:
        """Send until ``upto`` letters are sent in all, none is left, or the run is stopping."""


class Watch(Protocol):
    @property
    def pause_s(self) -> float:
        """How long to wait between two looks."""

    @property
    def note(self) -> str:
        """What the outcome rests on, or why it is not known; may be empty."""

    def check(self, waiting: Sequence[Sent], run: Run, moving: bool) -> Iterable[MessageOutcome]:
        """What is known now of those that were waiting; those still waiting are left out. ``moving``: the mover is at
        work, and must find the dead-letter queue as it is."""


class RateGauge(Protocol):
    def adjust(self, limiter: RateLimiter) -> None:
        """Set the rate by how the workload is doing; called often, looks when it is time to."""


class _Halt(Exception):
    """No error: somebody, or what came back, ends the run here. ``firm``: even when no letter was left.
    ``follow``: what is in flight goes on being watched for a while."""

    def __init__(self, state: State, said: str, *, firm: bool = False, follow: bool = False) -> None:
        super().__init__(said)
        self.state, self.firm, self.follow = state, firm, follow


@dataclass(frozen=True)
class _Part:
    """One step: the letters after ``begins`` up to ``end``."""

    number: int
    begins: int
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
    watch: Watch | None
    gauge: RateGauge | None
    limiter: RateLimiter
    stopping: threading.Event
    progress: Callable[[Run], None] | None = None
    stop: Callable[[], bool] | None = None
    resumed_from: tuple[Step, ...] = ()
    after_stop_s: float = 0.0
    tick_s: float = field(default_factory=lambda: TICK_S)
    _next_look: float = field(default=0.0, init=False)
    _told: tuple[float | None, str] | None = field(default=None, init=False)
    _at: _Part | None = field(default=None, init=False)
    _tallies: Tallies = field(init=False)

    def go(self) -> tuple[State, str]:
        """Carry it out; how it ended, and in which sentence. Raises what the mover raises (``ops.errors``)."""
        sizes = self.plan.steps.sizes if self.watch else ("100%",)
        ends = boundaries(sizes, self.plan.total)
        passed = {step.number for step in self.ledger.run().steps if step.state == "passed"}
        parts = [_Part(number, begins, end, len(ends)) for number, (begins, end) in enumerate(pairwise((0, *ends)), 1)]
        self._tallies = Tallies(self.ledger, self.resumed_from)
        try:
            for part in parts:
                if part.number not in passed or part.last:
                    self._at = part
                    self._step(part)
        except (_Halt, KeyboardInterrupt) as halt:
            return self._halted(halt)
        finally:
            self._tell()
        return State.DONE, self._closing()

    def _step(self, part: _Part) -> None:
        self._heed()  # a step may be too short to do so on the way
        up_to = f"{formatting.count(part.end)} of {formatting.count(self.plan.total)}"
        self._stands(part, "sending")
        self.ledger.said(f"In {part.place}: sending, up to letter {up_to}.")
        self._send(part)
        if self.watch is None:
            self._stands(part, "passed")
            return
        self._stands(part, "watching")
        verdict = self._await(part)
        if verdict is CanaryDecision.GO:
            self._stands(part, "passed")
            return
        self._stands(part, "stopped")
        if part.last:  # nothing is left that could be stopped
            return
        if verdict is CanaryDecision.STOP:
            raise self._came_back(part)
        run = self.ledger.run()
        said = run_summary.still_open(run, self.plan.steps, self._tally(part), part.place, self._note)
        raise _Halt(State.STOPPED, said)

    def _stands(self, part: _Part, state: str) -> None:
        """What stopped once is not rewritten by what went on by resume."""
        stopped = any(step.number == part.number for step in self.resumed_from)
        self.ledger.step(part.number, part.end, "stopped" if stopped else state)

    def _send(self, part: _Part) -> None:
        with ThreadPoolExecutor(1, "move") as pool:
            moving = pool.submit(self.mover.move, part.end, part.number)
            try:
                while not wait([moving], self.tick_s).done:
                    self._pulse(moving=True)
                    if self.watch and brake(self._tally(part), self.plan.steps):
                        self._stands(part, "stopped")
                        raise self._came_back(part)
            except BaseException:
                self.stopping.set()
                _finish(moving)
                raise
            try:
                went = moving.result()
            except MoveTaskLooping as futile:
                self._stands(part, "stopped")
                raise _Halt(State.STOPPED, str(futile), firm=True) from None
        if went.why:
            raise _Halt(State.STOPPED, run_summary.ended_early(self.ledger.run(), went.why))

    def _await(self, part: _Part) -> CanaryDecision:
        began, told = time.monotonic(), -1
        self._next_look = began
        while True:
            self._look(moving=False)
            tally, waited = self._tally(part), time.monotonic() - began
            verdict = decide(tally, self.plan.steps, waited)
            if part.last and tally.waiting and waited < self.plan.steps.patience_s:
                verdict = CanaryDecision.WAIT  # nothing to widen to, or to stop, any more: see them all through
            if verdict is not CanaryDecision.WAIT:
                return verdict
            if tally.waiting != told:
                told = tally.waiting
                self.ledger.said(
                    f"In {part.place}: waiting to see what becomes of {formatting.count(told, 'message')}."
                )
            self._pulse(moving=False)
            self.stopping.wait(self.tick_s)

    def _heed(self) -> None:
        if self.ledger.cancelled:
            raise _Halt(State.CANCELLED, "Cancelled.")
        if self.stop and self.stop():
            raise _Halt(State.CANCELLED, "Stopped on request.")

    def _pulse(self, moving: bool) -> None:
        self._heed()
        self._look(moving)
        if self.gauge:
            self.gauge.adjust(self.limiter)
        self._tell()

    def _tell(self) -> None:
        now = (self.limiter.rate, self.limiter.why)
        if now != self._told:
            self._told = now
            self.ledger.rate(*now)
        if self.progress:
            self.progress(self.ledger.run())

    def _look(self, moving: bool) -> None:
        """Whether it is time to look is asked here, so that sending and waiting look equally often."""
        if self.watch is None or time.monotonic() < self._next_look:
            return
        began = time.monotonic()
        waiting = list(self.ledger.letters(Outcome.WAITING))
        if not waiting:
            return
        known = list(self.watch.check(waiting, self.ledger.run(), moving))
        if known:
            self.ledger.outcomes(known)
        self._tallies.heard(known)
        took = time.monotonic() - began
        self._next_look = time.monotonic() + max(self.watch.pause_s, 4 * took)

    def _tally(self, part: _Part) -> Tally:
        return self._tallies.of(part.number, part.end - part.begins)

    def _came_back(self, part: _Part) -> _Halt:
        said = run_summary.came_back(self.ledger.run(), self.plan.steps, self._tally(part), part.place)
        return _Halt(State.STOPPED, said, follow=True)

    def _follow(self, said: str) -> None:
        """What is in flight when the canary stops is known seconds later; nothing more is sent meanwhile."""
        began = time.monotonic()
        with suppress(_Halt, KeyboardInterrupt):
            while (waiting := self.ledger.run().waiting) and time.monotonic() - began < self.after_stop_s:
                self.ledger.said(f"{said} Waiting for the outcome of {formatting.count(waiting, 'message')} in flight.")
                self._heed()
                self._look(moving=False)
                self._tell()
                time.sleep(self.tick_s)

    def _halted(self, halt: BaseException) -> tuple[State, str]:
        if isinstance(halt, _Halt) and halt.follow:
            self._follow(str(halt))
        if isinstance(halt, _Halt) and halt.firm:
            return halt.state, str(halt)
        run = self.ledger.run()
        now = next((step.state for step in run.steps if self._at and step.number == self._at.number), "")
        all_gone = bool(run.sent) and run.done + run.failed + run.vanished >= run.planned
        stopped = isinstance(halt, _Halt) and halt.state is State.STOPPED
        if all_gone and (stopped or not run.waiting):  # nothing was left to be cut short
            if not stopped and self._at:
                calm = not self.watch or decide(self._tally(self._at), self.plan.steps, math.inf) is CanaryDecision.GO
                self._stands(self._at, "passed" if calm else "stopped")
            return State.DONE, self._closing()
        if stopped:
            return State.STOPPED, str(halt)
        if self._at and now in ("sending", "watching"):
            self._stands(self._at, "ended early")
        said = str(halt) if isinstance(halt, _Halt) else "Stopped by Ctrl-C."
        if all_gone:
            return State.CANCELLED, run_summary.watch_ended(run, said, self._note)
        return State.CANCELLED, run_summary.ended_early(run, said)

    def _closing(self) -> str:
        return run_summary.done(self.ledger.run(), self.watch is not None, self._note)

    @property
    def _note(self) -> str:
        return self.watch.note if self.watch else ""


def _finish(moving: Future[MoveResult]) -> None:
    """Wait for the mover to give back what it holds, even when Ctrl-C is pressed again."""
    while not moving.done():
        with suppress(KeyboardInterrupt):
            wait([moving], 1)
