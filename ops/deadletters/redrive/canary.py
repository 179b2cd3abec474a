"""The canary: in which steps letters go, and whether what became of a step's messages lets the next one go. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ops.deadletters.plan_model import Steps

EARLY_STOP_DECIDED = 20
"""Decided messages from which a step that is still being sent may be stopped by its share: before, one that came back
says too little. What comes back is known later than what succeeds, so the share errs to the good side."""


class CanaryDecision(StrEnum):
    GO = "go"
    STOP = "stop"  # too many came back
    WAIT = "wait"
    OPEN = "open"  # patience is over, and the rest is still not known


@dataclass(frozen=True)
class StepTally:
    """What became of the messages of one step: ``size`` is how many the step has (sent or not yet)."""

    size: int
    sent: int
    succeeded: int
    failed_again: int
    unwatched: int = 0

    @property
    def waiting(self) -> int:
        return self.sent - self.succeeded - self.failed_again - self.unwatched

    @property
    def decided(self) -> int:
        return self.succeeded + self.failed_again


def decide_step(tally: StepTally, steps: Steps, waited_s: float) -> CanaryDecision:
    """After a step was sent: may the next one go?

    It passes, or stops, as soon as the messages still waiting cannot change that; at the latest when patience is over.
    """
    watched = tally.sent - tally.unwatched
    if tally.failed_again > steps.stop_share * watched:
        return CanaryDecision.STOP
    if tally.failed_again + tally.waiting <= steps.stop_share * watched:
        return CanaryDecision.GO
    if waited_s < steps.patience_s:
        return CanaryDecision.WAIT
    return CanaryDecision.STOP if tally.failed_again > steps.stop_share * tally.decided else CanaryDecision.OPEN


def should_stop_early(tally: StepTally, steps: Steps) -> bool:
    """While a step is still being sent: have so many of it come back that the rest had better not go?"""
    enough = tally.decided >= min(EARLY_STOP_DECIDED, tally.size)
    return enough and tally.failed_again > steps.stop_share * tally.decided
