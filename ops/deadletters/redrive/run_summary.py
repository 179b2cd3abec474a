"""How a run ended, in one sentence: what went, what became of it, what came back, what did not go."""

from __future__ import annotations

from ops import formatting
from ops.deadletters.ledger.model import Run
from ops.deadletters.plan_model import Steps
from ops.deadletters.redrive.canary import StepTally

MAX_CAUSES = 3
"""Causes of what came back that a sentence names."""


def stopped_by_failures(run: Run, steps: Steps, tally: StepTally, place: str) -> str:
    share = formatting.percent(steps.stop_share)
    of = f"{formatting.count(tally.failed_again)} of {formatting.count(tally.decided)}"
    return f"Stopped in {place}: {of} came back, more than {share}{_causes(run)}. {not_sent(run)}"


def stopped_without_outcomes(run: Run, steps: Steps, tally: StepTally, place: str, note: str) -> str:
    after = formatting.duration(steps.patience_s)
    of = f"{formatting.count(tally.waiting)} of {formatting.count(tally.sent, 'message')}"
    return _sentences(
        f"Stopped after {place}: what became of {of} is still not known after {after}.", note, not_sent(run)
    )


def ended_early(run: Run, who: str) -> str:
    return _sentences(who, not_sent(run))


def watching_ended_early(run: Run, who: str, note: str) -> str:
    """Nothing is left to move, but nobody saw it through."""
    return _sentences(who, "Nothing is left to send, but the watch was ended early:", completed(run, True, note))


def completed(run: Run, watched: bool, note: str) -> str:
    parts = [f"{formatting.count(run.sent, 'letter was', 'letters were')} sent"]
    if watched and run.sent:
        if run.succeeded:
            parts.append(f"{formatting.count(run.succeeded)} succeeded")
        if run.failed_again:
            parts.append(f"{formatting.count(run.failed_again)} came back{_causes(run)}")
        if run.waiting:
            parts.append(f"of {formatting.count(run.waiting)} the outcome is not known yet")
        if unwatched := max(0, run.sent - run.succeeded - run.failed_again - run.waiting):
            parts.append(f"{formatting.count(unwatched)} cannot be watched")
    if run.failed:
        refused = formatting.count(run.failed, "was refused and stays", "were refused and stay")
        parts.append(f"{refused} {_lies_in(run)}")
    if run.missing:
        parts.append(f"{formatting.count(run.missing, 'was', 'were')} not {_lies_in(run)} any more")
    if run.remaining:
        parts.append(
            f"about {formatting.count(run.remaining, 'more stays', 'more stay')} in the queue, which no scan has reached"
        )
    moved = f"SQS's move task made about {formatting.count(run.moved, 'move')}." if run.moved else ""
    return _sentences(", ".join(parts) + ".", moved, without_original_id(run), note if run.sent else "")


def brief_counts(run: Run) -> str:
    """The counts alone: ``90 of 90 succeeded``; of what nobody watched, or not all of which went, ``90 of 90 sent``."""
    of = formatting.count(run.planned)
    known = run.succeeded or run.failed_again
    parts = [] if known and run.sent == run.planned else [f"{formatting.count(run.sent)} of {of} sent"]
    if known:
        parts.append(f"{formatting.count(run.succeeded)} {'of ' + of + ' ' if not parts else ''}succeeded")
    if run.failed_again:
        parts.append(f"{formatting.count(run.failed_again)} came back")
    return ", ".join(parts)


def not_sent(run: Run) -> str:
    left = formatting.count(run.remaining, "letter")
    if run.remaining and run.moved:
        moves = formatting.count(run.moved, "move")
        return f"SQS's move task made about {moves}; resuming the run tells which of {left} did not go."
    return f"{left} did not go." if run.remaining else ""


def without_original_id(run: Run) -> str:
    """What the handler cannot recognise as a repeat, as a sentence; or empty."""
    some = formatting.count(run.unmarked, "message was", "messages were")
    why = "had no room for the original message id: should one be sent twice, the handler cannot tell"
    return f"{some} sent that {why}." if run.unmarked else ""


def _lies_in(run: Run) -> str:
    return "on the shelf" if run.keeps_originals else "in the queue"


def _causes(run: Run) -> str:
    named = "; ".join(f"{formatting.count(number)}: {cause}" for cause, number in run.failed_again_causes[:MAX_CAUSES])
    return f" ({named})" if named else ""


def _sentences(*some: str) -> str:
    return " ".join(text for text in some if text)
