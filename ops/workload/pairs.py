"""Queues with the functions that read them: one is chosen, or its user is asked to choose."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws import lambda_, sqs
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.target import Target

MOST_LISTED = 20


@dataclass(frozen=True)
class Pair:
    """A queue and the mappings known to read it, in the order in which they were found."""

    queue: sqs.Queue
    mappings: tuple[lambda_.Mapping, ...]

    def __str__(self) -> str:
        functions = dict.fromkeys(lambda_.qualified_name(one.function_arn) for one in self.mappings)
        return f"{self.queue.name} → {', '.join(functions)}"


def the_one(pairs: Sequence[Pair], whose: str, target: Target) -> Pair:
    """The only pair. Raises UsageError, which lists them, when there are several. ``whose``: "Stack shop has several
    queues that functions read"."""
    if len(pairs) == 1:
        return pairs[0]
    raise UsageError(
        f"{whose}: {listed([str(pair) for pair in pairs], '; ')}.",
        f"Choose one by its queue (on the dashboard: OPS_QUEUE), such as: {command('status', pairs[0].queue, target)}",
    )


def listed(names: Sequence[str], between: str = ", ") -> str:
    more = f"{between}and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return between.join(names[:MOST_LISTED]) + more


def command(words: str, queue: sqs.Queue, target: Target) -> str:
    """``ops WORDS`` about that queue, to be copied."""
    where: list[str] = []
    if not target.is_twin:
        where += ["--profile", target.profile] if target.profile else []
        where += ["--region", target.region] if target.region else []
    return " ".join(["ops", words, "--queue", *(shlex.quote(word) for word in (queue.name, *where))])
