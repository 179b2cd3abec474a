"""The model of a run, which is one execution of a plan: read from its ledger by any process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RunState(StrEnum):
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # its process ended before the run did; can be resumed
    STOPPED = "stopped"  # by the canary: too many failed again, or outcomes stayed unknown; can be resumed
    CANCELLED = "cancelled"  # by Ctrl-C or cancel; can be resumed (when everything is sent: to watch the outcomes)
    FAILED = "failed"  # AWS or the disk refused (destination missing, access denied …); can be resumed
    DONE = "done"


class MessageState(StrEnum):
    """The state of one message in a run; on disk before the next step is taken."""

    PLANNED = "planned"
    INTENT = "intent"  # about to be sent; after a crash: may have been sent
    SENT = "sent"  # accepted by the destination, not yet deleted from the dead-letter queue
    DELETED = "deleted"  # sent and deleted (where the originals are kept: sent)
    FAILED = "failed"  # rejected by the destination for good; stays in the dead-letter queue
    MISSING = "vanished"  # no longer in the dead-letter queue


class Outcome(StrEnum):
    """The outcome of a message that was sent."""

    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED_AGAIN = "came back"
    UNWATCHED = "unwatched"


@dataclass(frozen=True)
class SentMessage:
    """A message whose outcome is watched. ``new_ids``: its IDs at the destination, one for each time that it was (or
    may have been) sent: SQS message IDs, or the request IDs of asynchronous invocations."""

    message_id: str  # in the snapshot
    original_message_id: str
    new_ids: tuple[str, ...]
    sent_at: datetime
    step: int
    destination: str = ""  # ARN
    outcome: Outcome = Outcome.WAITING


@dataclass(frozen=True)
class RunStep:
    """A stage of the canary. ``upto``: messages sent by its end, those of earlier steps included. ``state``: open |
    sending | watching | passed | stopped (also after a resume) | ended early (the run was cancelled in this step)."""

    number: int
    upto: int
    sent: int
    succeeded: int
    failed_again: int = field(metadata={"json_key": "came_back"})
    waiting: int
    state: str


@dataclass(frozen=True)
class Run:
    """``status_text``: what it is doing, or why it ended, in one sentence. ``rate_reason``: the reason for its rate.
    ``keeps_originals``: copies and imported messages are not deleted from the dead-letter queue."""

    id: str  # the plan's
    plan_hash: str
    reason: str
    who: str  # ARN
    state: RunState
    began: datetime
    ended: datetime | None
    engine: str
    planned: int
    sent: int
    deleted: int
    failed: int
    missing: int = field(metadata={"json_key": "vanished"})
    succeeded: int
    failed_again: int = field(metadata={"json_key": "came_back"})
    waiting: int
    rate: float  # messages per second, recently
    rate_limit: float | None
    rate_reason: str = field(metadata={"json_key": "rate_why"})
    status_text: str = field(metadata={"json_key": "said"})
    steps: tuple[RunStep, ...] = ()
    possible_duplicates: tuple[str, ...] = field(default=(), metadata={"json_key": "twice"})  # message IDs
    failures: tuple[tuple[str, int], ...] = ()  # why the destination rejected messages, and how many
    failed_again_causes: tuple[tuple[str, int], ...] = field(default=(), metadata={"json_key": "causes_back"})
    keeps_originals: bool = field(default=False, metadata={"json_key": "stays"})
    moved: int = (
        0  # by SQS's move tasks, approximately; a message that fails again meanwhile is moved, and counts, again
    )
    unseen: int = 0  # part of ``planned``: counted by the queue, and not received so far
    unmarked: int = 0  # sent without the original message ID, for which there was no room
    stopping: bool = False  # it was asked to stop: messages in flight are finished or released first

    @property
    def done(self) -> int:
        """Messages that were sent, and deleted unless the originals are kept."""
        return self.sent if self.keeps_originals else self.deleted

    @property
    def remaining(self) -> int:
        """Messages that are still to be sent."""
        return max(0, self.planned - self.sent - self.failed - self.missing)

    @property
    def taken_by_task(self) -> int:
        """How many of ``remaining`` a move task has taken, approximately: which ones is known when it has ended."""
        return 0 if self.state in (RunState.DONE, RunState.STOPPED) else min(self.remaining, self.moved)

    def step_label(self, step: RunStep) -> str:
        """A step's state for users: "stopped, then resumed" where later steps started, "interrupted" where the run
        ended while the step was sent or watched."""
        if self.state is not RunState.RUNNING and step.state in ("sending", "watching"):
            return "interrupted"
        later = any(other.number > step.number and other.state != "open" for other in self.steps)
        return "stopped, then resumed" if step.state == "stopped" and later else step.state

    @property
    def stopped_by_canary(self) -> bool:
        """Whether the outcomes of a step stopped it, and not an obstacle to sending."""
        started = [step.state for step in self.steps if step.state != "open"]
        return self.state is RunState.STOPPED and started[-1:] == ["stopped"]


DecidedOutcome = tuple[Outcome, datetime | None, str]
"""The outcome of a message, its time, and the cause when it failed again."""
MessageOutcome = tuple[str, Outcome, datetime | None, str]
"""The same, after the message ID."""


class MoveResult(Protocol):
    @property
    def why(self) -> str:
        """Why the mover did not reach the end of the step, as a sentence; empty when it did."""
