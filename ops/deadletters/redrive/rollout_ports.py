"""What a rollout needs: a ledger, a mover, outcomes and a rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import MessageOutcome, MoveResult, Outcome, Run, SentMessage
    from ops.deadletters.transfer.rate_limiter import RateLimiter


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
        """Send until ``upto`` messages of the run are sent, none is left, or the run is stopping."""


class OutcomeWatcher(Protocol):
    @property
    def pause_s(self) -> float:
        """The pause between two checks."""

    @property
    def note(self) -> str:
        """What the outcomes are based on, or why they are unknown; may be empty."""

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> Iterable[MessageOutcome]:
        """The outcomes known now of ``waiting``; messages still waiting are left out. ``moving``: the mover is at work,
        so that no message of the dead-letter queue may be received."""


class RateGauge(Protocol):
    def adjust(self, limiter: RateLimiter) -> None:
        """Set the rate by how the workload is doing. Called often; reads only when a reading is due."""
