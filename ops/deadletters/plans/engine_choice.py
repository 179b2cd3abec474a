"""The method that moves messages: an SQS move task, or this tool's engine with its ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters.messages.model import Kind
from ops.deadletters.plan_model import Action, Edit, Pace, Selection
from ops.errors import AwsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.deadletters.plans.selection_stats import SelectionStats
    from ops.deadletters.queue import DeadLetterQueue

LEDGER, MOVE_TASK = "ledger", "move task"
MOVE_TASK_MAX_PER_S = 500
"""The fastest that a move task goes (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class EngineChoice:
    engine: str
    why: str


@dataclass(frozen=True)
class EngineRequest:
    """What a plan needs. ``complete``: the snapshot holds the whole queue. ``watched``: outcomes are tracked."""

    selection: Selection
    action: Action
    edits: Sequence[Edit]
    pace: Pace
    to_origin: bool
    complete: bool
    watched: bool


def choose_engine(
    source: DeadLetterQueue, stats: SelectionStats, request: EngineRequest, requested: str | None
) -> EngineChoice:
    """The engine, and a clause that says why. Raises UsageError when ``requested`` cannot do it."""
    if requested not in (None, LEDGER, MOVE_TASK):
        raise UsageError(
            f"{requested} is not a valid method.", f"Choose {LEDGER} or {MOVE_TASK}, or let the plan choose."
        )
    if requested == LEDGER:
        return EngineChoice(LEDGER, "as requested")
    objection = _against(source, stats, request)
    if objection and requested == MOVE_TASK:
        raise UsageError(
            f"A move task cannot do this: {objection}.", "Let the plan choose the method, or choose ledger."
        )
    if objection:
        return EngineChoice(LEDGER, objection)
    if requested == MOVE_TASK:
        return EngineChoice(MOVE_TASK, "as requested")
    if source.queue.fifo:
        return EngineChoice(LEDGER, "it sends each message group in order, and tracks the outcome of each message")
    if not request.watched:
        return EngineChoice(LEDGER, "outcomes are not tracked, and a move task moves messages that fail again, again")
    return EngineChoice(MOVE_TASK, "the whole queue is redriven unchanged, and SQS can move it after the canary")


def _against(source: DeadLetterQueue, stats: SelectionStats, request: EngineRequest) -> str:
    """Why a move task does not fit; empty when it does."""
    rate = request.pace.max_per_s
    others = sum(number for kind, number in stats.kinds.items() if kind is not Kind.SQS)
    reasons = (
        (request.action is not Action.REDRIVE, f"a move task cannot {request.action.value}"),
        (not request.selection.selects_all, "only some messages are selected, and a move task takes the whole queue"),
        (bool(request.edits), "messages are edited, which a move task cannot do"),
        (stats.imported > 0, "imported messages are not in the queue"),
        (
            not request.complete and not source.queue.fifo,  # of a FIFO queue, no scan sees all
            "the last scan did not read the whole queue, and a move task would take unread messages, too",
        ),
        (
            request.to_origin and others > 0,
            f"{formatting.count(others, 'message')} did not come by a queue's redrive policy, so SQS does not know their origin",
        ),
        (
            request.to_origin and (bool(stats.remaining) or len(stats.origins) > 1),
            "some messages stay, or they have several destinations, which a move task does not support",
        ),
        (
            rate is not None and rate != int(rate),
            "the rate of a move task is a whole number of messages per second",
        ),
        (
            rate is not None and rate > MOVE_TASK_MAX_PER_S,
            f"a move task moves at most {MOVE_TASK_MAX_PER_S} messages per second",
        ),
    )
    why = next((reason for holds, reason in reasons if holds), "")
    return why or _unsupported(source)


def _unsupported(source: DeadLetterQueue) -> str:
    where = "the twin" if source.aws.target.is_twin else "this endpoint"
    try:
        with source.aws.translate_errors("sqs", f"move tasks of {source.queue.name}"):
            source.aws.sqs.list_message_move_tasks(SourceArn=source.queue.arn, MaxResults=1)
    except AwsError as refused:
        return f"{where} does not support move tasks: {str(refused).rstrip('.')}"
    return ""
