"""Queues with the functions that read them: one is chosen, or its user is asked to choose."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import lambda_, sqs
from ops.errors import UsageError
from ops.workload.gaps import Gap, Why

if TYPE_CHECKING:
    from ops.target import Target

MAX_LISTED = 20


@dataclass(frozen=True)
class Pair:
    """A queue and the mappings known to read it, in the order in which they were found."""

    queue: sqs.Queue
    mappings: tuple[lambda_.EventSourceMapping, ...]

    def __str__(self) -> str:
        functions = dict.fromkeys(lambda_.qualified_name(mapping.function_arn) for mapping in self.mappings)
        return f"{self.queue.name} → {', '.join(functions)}"


def grouped(
    mappings: Iterable[lambda_.EventSourceMapping], find: Callable[[str], sqs.Queue | Gap]
) -> tuple[tuple[Pair, ...], tuple[Gap, ...]]:
    """The mappings by their queues; and why other queues that they read cannot be described. ``find`` takes ARNs."""
    by_queue: dict[str, list[lambda_.EventSourceMapping]] = {}
    for mapping in mappings:
        if ":sqs:" in mapping.source_arn:
            by_queue.setdefault(mapping.source_arn, []).append(mapping)
    found = {arn: find(arn) for arn in by_queue}
    return (
        tuple(Pair(queue, tuple(by_queue[arn])) for arn, queue in found.items() if isinstance(queue, sqs.Queue)),
        tuple(queue for queue in found.values() if isinstance(queue, Gap)),
    )


def the_one(pairs: Sequence[Pair], unread: Sequence[Gap], whose: str, target: Target) -> Pair:
    """The only pair. Raises UsageError, which lists them, when there are several, and when another may not be read;
    NotFound or AccessDenied when none can be. ``whose``: "Stack shop"."""
    if not pairs and unread:
        raise unread[0].error(f"{whose[:1].lower()}{whose[1:]}")
    hidden = [f"{gap.name} ({gap.verb})" for gap in unread if gap.why is not Why.GONE]
    if len(pairs) == 1 and not hidden:
        return pairs[0]
    raise UsageError(
        f"{whose} has several queues that functions read: {listed([*map(str, pairs), *hidden], '; ')}.",
        f"Choose one by its queue (on the dashboard: in the Workload box), such as: {command('status', pairs[0].queue, target)}",
    )


def listed(names: Sequence[str], between: str = ", ") -> str:
    more = f"{between}and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return between.join(names[:MAX_LISTED]) + more


def command(words: str, queue: sqs.Queue, target: Target) -> str:
    """``ops WORDS`` about that queue, to be copied."""
    return " ".join(["ops", words, "--queue", *map(shlex.quote, (queue.name, *target.place_words))])
