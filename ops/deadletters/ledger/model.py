"""What a run (the carrying out of one plan) looks like from outside: read from its ledger, by whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Of a run."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"  # its process is gone before the end: resume it
    STOPPED = "stopped"  # the canary stopped it: too many came back, or the outcome stayed open; resume goes on
    CANCELLED = "cancelled"  # by Ctrl-C or cancel; resume goes on (when all is sent: watches on)
    FAILED = "failed"  # AWS refused (destination missing, denied …); resume tries again
    DONE = "done"


class Move(StrEnum):
    """Of one letter in a run; each is on disk before the next step is taken."""

    PLANNED = "planned"
    INTENT = "intent"  # about to be sent; after a crash: may have been sent
    SENT = "sent"  # accepted by the destination, not yet deleted from the dead-letter queue
    DELETED = "deleted"  # sent and deleted: done (where it stays: sent)
    FAILED = "failed"  # the destination refused this letter for good; it stays in the dead-letter queue
    VANISHED = "vanished"  # not in the dead-letter queue any more


class Outcome(StrEnum):
    """What became of a message that was sent."""

    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    CAME_BACK = "came back"
    UNWATCHED = "unwatched"


@dataclass(frozen=True)
class Sent:
    """One letter that was sent, as its outcome is watched. ``new_ids``: what the destination called the message, once
    for each time that it was (or may have been) sent: SQS message ids, or the request ids of asynchronous
    invocations."""

    message_id: str  # the letter's, on the shelf
    original_message_id: str
    new_ids: tuple[str, ...]
    sent_at: datetime
    step: int
    destination: str = ""  # ARN
    outcome: Outcome = Outcome.WAITING


@dataclass(frozen=True)
class Step:
    """``upto``: letters sent by its end, of all steps. ``state``: open | sending | watching | passed | stopped (and
    stays so when the run goes on by resume) | ended early (cancelled while it was sent or watched)."""

    number: int
    upto: int
    sent: int
    succeeded: int
    came_back: int
    waiting: int
    state: str


@dataclass(frozen=True)
class Run:
    """``said``: what it does now, or why it stopped, in one sentence; ``rate_why``: the reason for its current rate.
    ``stays``: of copies, and of letters from a file, none is deleted from the dead-letter queue."""

    id: str  # the plan's
    plan_hash: str
    reason: str
    who: str
    state: State
    began: datetime
    ended: datetime | None
    engine: str
    planned: int
    sent: int
    deleted: int
    failed: int
    vanished: int
    succeeded: int
    came_back: int
    waiting: int
    rate: float  # messages a second, lately
    rate_limit: float | None
    rate_why: str
    said: str
    steps: tuple[Step, ...] = ()
    twice: tuple[str, ...] = ()  # original ids of letters that may have been sent twice
    failures: tuple[tuple[str, int], ...] = field(default=())  # sentence, letters
    causes_back: tuple[tuple[str, int], ...] = field(default=())  # cause of those that came back, letters
    stays: bool = False
    moved: int = 0  # by SQS's move tasks, about: a letter that dies again meanwhile is moved again
    unseen: int = 0  # of ``planned``: counted by the queue, and not reached so far
    unmarked: int = 0  # sent without the first message's id, for which there was no room
    stopping: bool = False  # somebody asked it to stop while it went: what is under way is finished or given back first

    @property
    def done(self) -> int:
        """Letters that were sent and of which nothing is left to be deleted."""
        return self.sent if self.stays else self.deleted

    @property
    def left(self) -> int:
        """Letters that are still to be sent."""
        return max(0, self.planned - self.sent - self.failed - self.vanished)

    @property
    def unsettled(self) -> int:
        """Of ``left``, about how many a move task has taken: which ones is found out when it has ended."""
        return 0 if self.state in (State.DONE, State.STOPPED) else min(self.left, self.moved)

    def stands(self, step: Step) -> str:
        """A step's state in words: one that was stopped before others began was let go on by somebody, and of a run
        whose process is gone none goes on."""
        if self.state is not State.RUNNING and step.state in ("sending", "watching"):
            return "interrupted"
        later = any(one.number > step.number and one.state != "open" for one in self.steps)
        return "stopped, then resumed" if step.state == "stopped" and later else step.state

    @property
    def by_canary(self) -> bool:
        """What stopped it is what became of a step, not something in the way of sending."""
        begun = [step.state for step in self.steps if step.state != "open"]
        return self.state is State.STOPPED and begun[-1:] == ["stopped"]


DecidedOutcome = tuple[Outcome, datetime | None, str]
"""What became of a message, when, and the cause if it came back."""
MessageOutcome = tuple[str, Outcome, datetime | None, str]
"""The same, behind the letter's message id."""


class MoveResult(Protocol):
    @property
    def why(self) -> str:
        """What kept the mover from going as far as it should, as a sentence; or empty."""
