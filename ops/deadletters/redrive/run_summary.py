"""A run in one sentence: how many messages were sent, their outcomes, and how many were not sent."""

from __future__ import annotations

from ops import formatting
from ops.deadletters.ledger.model import Run
from ops.deadletters.plan_model import Steps
from ops.deadletters.redrive.canary import StepTally

MAX_CAUSES = 3
"""Causes of messages that failed again, in one sentence."""


def stopped_by_failures(run: Run, steps: Steps, tally: StepTally, stage: str) -> str:
    """``stage``: "stage 1 of 4"."""
    share = formatting.percent(steps.stop_share)
    failed = f"{formatting.count(tally.failed_again)} of {formatting.count(tally.decided)}"
    return f"Stopped in {stage}: {failed} failed again, more than {share}{_causes(run)}. {not_sent(run)}"


def stopped_without_outcomes(run: Run, steps: Steps, tally: StepTally, stage: str, note: str) -> str:
    waiting = f"{formatting.count(tally.waiting)} of {formatting.count(tally.sent, 'message')}"
    timeout = formatting.duration(steps.patience_s)
    return _sentences(f"Stopped after {stage}: {waiting} had no known outcome after {timeout}.", note, not_sent(run))


def ended_early(run: Run, why: str) -> str:
    return _sentences(why, not_sent(run))


def watching_ended_early(run: Run, why: str, note: str) -> str:
    """Everything was sent, and not all outcomes are known."""
    return _sentences(
        why, "Nothing is left to send, but watching the outcomes ended early:", completed(run, True, note)
    )


def completed(run: Run, watched: bool, note: str) -> str:
    """All counts of a run in sentences; without outcomes where they were not ``watched``. ``note``: of the monitor."""
    parts = [f"{formatting.count(run.sent, 'message was', 'messages were')} sent"]
    if watched and run.sent:
        if run.succeeded:
            parts.append(f"{formatting.count(run.succeeded)} succeeded")
        if run.failed_again:
            parts.append(f"{formatting.count(run.failed_again)} failed again{_causes(run)}")
        if run.waiting:
            parts.append(f"the outcome of {formatting.count(run.waiting)} is not known yet")
        if unwatched := max(0, run.sent - run.succeeded - run.failed_again - run.waiting):
            parts.append(f"{formatting.count(unwatched)} cannot be tracked")
    origin = "in the snapshot" if run.keeps_originals else "in the queue"
    if run.failed:
        parts.append(f"{formatting.count(run.failed, 'was rejected and stays', 'were rejected and stay')} {origin}")
    if run.missing:
        parts.append(f"{formatting.count(run.missing, 'was', 'were')} no longer {origin}")
    if run.remaining:
        more = formatting.count(run.remaining, "more remains", "more remain")
        parts.append(f"about {more} in the queue, which no scan has reached")
    moved = f"SQS's move task made about {formatting.count(run.moved, 'move')}." if run.moved else ""
    return _sentences(", ".join(parts) + ".", moved, without_original_id(run), note if run.sent else "")


def brief_counts(run: Run) -> str:
    """``90 of 90 succeeded``; without known outcomes, or when not everything was sent, ``90 of 90 sent``."""
    planned = formatting.count(run.planned)
    decided = run.succeeded or run.failed_again
    parts = [] if decided and run.sent == run.planned else [f"{formatting.count(run.sent)} of {planned} sent"]
    if decided:
        parts.append(f"{formatting.count(run.succeeded)} {'' if parts else f'of {planned} '}succeeded")
    if run.failed_again:
        parts.append(f"{formatting.count(run.failed_again)} failed again")
    return ", ".join(parts)


def not_sent(run: Run) -> str:
    if run.remaining and run.moved:
        moves, messages = formatting.count(run.moved, "move"), formatting.count(run.remaining, "message")
        return f"SQS's move task made about {moves}; resuming the run shows which of {messages} were not sent."
    return f"{formatting.count(run.remaining, 'message was', 'messages were')} not sent." if run.remaining else ""


def without_original_id(run: Run) -> str:
    """How many messages the handler cannot recognize as duplicates, as a sentence; or empty."""
    messages = formatting.count(run.unmarked, "message was", "messages were")
    why = "for which there was no room: the handler cannot recognize a duplicate"
    return f"{messages} sent without the original message ID, {why}." if run.unmarked else ""


def _causes(run: Run) -> str:
    causes = run.failed_again_causes[:MAX_CAUSES]
    return f" ({'; '.join(f'{formatting.count(number)}: {cause}' for cause, number in causes)})" if causes else ""


def _sentences(*texts: str) -> str:
    return " ".join(text for text in texts if text)
