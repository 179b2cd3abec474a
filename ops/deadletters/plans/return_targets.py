"""A plan back to origins: what is known of where messages came from, and what stays because that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ops import access, formatting
from ops.aws import lambda_
from ops.deadletters.messages.model import Kind
from ops.deadletters.plan_model import Returns
from ops.deadletters.plans import consumers, destinations, provenance
from ops.deadletters.plans.selection_stats import SelectionStats, collect_stats
from ops.deadletters.return_target import Origin, ReturnContext, Service

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Destination, Edit, Selection
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import Snapshot

SPECIFY_DESTINATION = "Specify a destination: --to QUEUE, or for asynchronous invocations --to FUNCTION_ARN."
CLAIMED_ORIGIN_KINDS = (Kind.SNS, Kind.EVENTBRIDGE, Kind.DESTINATION)
"""Kinds of messages that name their origin in what a sender can write."""
MAX_LOOKUPS = 10
"""Destinations whose functions are looked up."""
MAX_REASONS = 3
"""Reasons that are listed one by one."""


@dataclass(frozen=True)
class ReturnStats:
    stats: SelectionStats
    returns: Returns
    notes: list[str]


def collect_return_stats(
    source: DeadLetterQueue, snapshot: Snapshot, selection: Selection, edits: Sequence[Edit], destination: Destination
) -> ReturnStats:
    """The survey of what can go back, with what stays; what came from somewhere that is gone is among the latter."""
    learned = provenance.find_provenance(source, snapshot, destination.function_arn, logs=not access.read_only())
    context = learned.context
    stats = collect_stats(snapshot.iterate(selection), edits, context)
    missing, doubts = destinations.find_missing(source, stats.origins)
    if missing:
        context = replace(context, missing=missing)
        stats = collect_stats(snapshot.iterate(selection), edits, context)
    return ReturnStats(stats, _returns(stats, context), [*_return_notes(stats, context), *doubts, *learned.notes])


@dataclass(frozen=True)
class OutcomeLogs:
    """For destinations other than the workload's queue: ``log_groups`` with outcomes; ``notes`` where there are
    none."""

    log_groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_outcome_logs(source: DeadLetterQueue, origins: Iterable[Origin]) -> OutcomeLogs:
    """The logs that show outcomes: of each queue's function, and of the functions that are invoked."""
    groups: list[str] = []
    notes: list[str] = []
    for origin in list(origins)[:MAX_LOOKUPS]:
        name = origin.arn.rpartition(":")[2]
        if origin.service is Service.LAMBDA:
            groups.append(lambda_.get_function(source.aws, origin.arn).log_group)
        elif origin.service is Service.SQS and origin.arn != source.workload.queue.arn:
            reader = consumers.consumer_of_queue(source, origin.arn)
            if reader is not None and reader.log_group:
                groups.append(reader.log_group)
            else:
                notes.append(f"No function is known to read {name}: the outcomes of messages to it cannot be tracked.")
    return OutcomeLogs(tuple(groups), tuple(notes))


def remaining_text(reasons_by_count: Mapping[str, int]) -> str:
    """How many stay, and why, the most first."""
    reasons = sorted(reasons_by_count.items(), key=lambda item: -item[1])
    texts = [f"{formatting.count(number)}: {why}" for why, number in reasons[:MAX_REASONS]]
    more = sum(number for _, number in reasons[MAX_REASONS:])
    return "; ".join([*texts, *([f"{formatting.count(more)} for other reasons"] if more else [])])


def remaining_sentence(returns: Returns) -> str:
    """The same as a sentence of a run's end; empty when nothing stays."""
    number = len(returns.left_ids)
    stay = formatting.count(number, "message stays", "messages stay")
    return f"{stay} in the dead-letter queue. {remaining_text(returns.left)}." if number else ""


def _returns(stats: SelectionStats, context: ReturnContext) -> Returns:
    origins = {origin.arn: number for origin, number in stats.origins.most_common()}
    functions = {name: arn for name, arn in context.functions.items() if arn in origins}
    left = dict(stats.remaining.most_common())
    return Returns(origins, stats.inferred, left, tuple(stats.remaining_ids), context.sources, context.own, functions)


def _return_notes(stats: SelectionStats, context: ReturnContext) -> list[str]:
    notes = []
    if stay := len(stats.remaining_ids):
        total = stay + len(stats.ids)
        notes.append(
            f"{formatting.count(stay)} of {formatting.count(total, 'message')} stay in the dead-letter queue. "
            f"{remaining_text(stats.remaining)}. {SPECIFY_DESTINATION}"
        )
    if stats.inferred:
        queue = context.sources[0].rpartition(":")[2]
        which = formatting.count(stats.inferred, "message does", "messages do")
        notes.append(
            f"{which} not carry a source queue; {queue} is inferred, the only queue that uses this dead-letter queue."
        )
    claimed = 0 if context.function else sum(stats.kinds[kind] for kind in CLAIMED_ORIGIN_KINDS)
    if claimed:
        notes.append(
            f"The origin of {formatting.count(claimed, 'message')} (a topic, rule or function) is known only from the message text, "
            "which anyone who can send to this queue could have written. Check the destinations."
        )
    if len(stats.origins) > 1:
        queues = [origin.arn.rpartition(":")[2] for origin, _ in stats.origins.most_common() if _is_queue(origin)]
        follows = f"; the rate follows the load of {queues[0]}" if queues else ""
        notes.append(
            f"The messages go to {len(stats.origins)} destinations{follows}, and the first stages may cover only one of them."
        )
    return notes


def _is_queue(origin: Origin) -> bool:
    return origin.service is Service.SQS
