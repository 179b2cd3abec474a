"""What an account has in a region: the queues that functions read, each with the stack that it belongs to.

One listing of the event source mappings, then a few calls for each of the first queues, some at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ops import target as targets
from ops.aws import cloudformation, lambda_, sqs
from ops.aws.cloudformation import Stack
from ops.aws.lambda_ import EventSourceMapping
from ops.aws.parallel_calls import parallel_map
from ops.workload import stacks
from ops.workload.gaps import Gap, Part, Why, attempt

if TYPE_CHECKING:
    from ops.aws import Aws

MAX_CHECKED = 50
"""Queues that are described; further ones are listed by their names. Our choice: about seven calls each."""
T = TypeVar("T")
Measured = tuple[sqs.Queue, sqs.Depth]
"""A queue and how many messages it has now."""


@dataclass(frozen=True)
class ListedWorkload:
    """A queue that functions read. ``select_stack`` and ``select_queue``: the options ``--stack`` and ``--queue`` that
    choose it, one of them None where the other is enough."""

    queue_arn: str
    mappings: tuple[EventSourceMapping, ...]
    stack: Stack | None
    select_stack: str | None
    select_queue: str | None
    queue: Measured | Gap | None
    """None: not described, because there are too many."""
    dlq: Measured | Gap | None
    """None: it has none, or ``queue`` is not known."""

    @property
    def functions(self) -> tuple[str, ...]:
        """Their names, with alias or version."""
        return tuple(dict.fromkeys(lambda_.qualified_name(mapping.function_arn) for mapping in self.mappings))


@dataclass(frozen=True)
class WorkloadListing:
    """``unread``: what AWS refused, in words. ``limits``: what was not looked at because there is too much, in words."""

    workloads: tuple[ListedWorkload, ...]
    unread: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def list_workloads(aws: Aws, most: int = MAX_CHECKED) -> WorkloadListing:
    """The queues with an event source mapping, by name, ``most`` of them described. One that is the dead-letter queue of
    another is left out: what reads it is part of that workload.

    Needs lambda:ListEventSourceMappings; raises AccessDenied without it, and what else ``ops.aws`` raises. Without
    sqs:GetQueueUrl and GetQueueAttributes, or cloudformation:DescribeStackResources, DescribeStacks and
    ListStackResources, there is less to tell about each, and ``unread`` says so.
    """
    mappings, cut = lambda_.region_mappings(aws)
    by_queue = _by_queue(mappings)
    checked = list(by_queue)[:most]
    queues = dict(zip(checked, parallel_map(partial(_measured, aws), checked), strict=True))
    dlqs = dict(zip(checked, parallel_map(partial(_dlq, aws), queues.values()), strict=True))
    search = _StackSearch(aws)
    homes = search.homes(by_queue, queues)
    dead = {queue[0].dlq_arn for queue in queues.values() if not isinstance(queue, Gap)}
    shown = [arn for arn in by_queue if arn not in dead]
    in_stack = Counter(homes[arn].arn for arn in shown if arn in homes)
    workloads = []
    for arn in shown:
        home = homes.get(arn)
        alone = home is not None and in_stack[home.arn] == 1
        names = targets.workload_names(aws.target, home.name if home else None, arn, alone)
        workloads.append(ListedWorkload(arn, by_queue[arn], home, *names, queues.get(arn), dlqs.get(arn)))
    gaps = [gap for gap in (*queues.values(), *dlqs.values(), *search.gaps) if isinstance(gap, Gap)]
    return WorkloadListing(tuple(workloads), _refused(gaps), _limits(len(by_queue), len(checked), cut))


def _by_queue(mappings: Iterable[EventSourceMapping]) -> dict[str, tuple[EventSourceMapping, ...]]:
    """The mappings by queue ARN, in the order of the queues' names; for each queue, enabled mappings come first."""
    found: dict[str, list[EventSourceMapping]] = {}
    for mapping in sorted(mappings, key=lambda mapping: (mapping.off_rank, mapping.function_arn, mapping.uuid)):
        found.setdefault(mapping.source_arn, []).append(mapping)
    return {arn: tuple(found[arn]) for arn in sorted(found, key=lambda arn: (sqs.name_of(arn), arn))}


def _measured(aws: Aws, arn: str) -> Measured | Gap:
    return attempt(Part.QUEUE, sqs.name_of(arn), lambda: sqs.find_queue_and_depth(aws, arn))


def _dlq(aws: Aws, queue: Measured | Gap) -> Measured | Gap | None:
    arn = None if isinstance(queue, Gap) else queue[0].dlq_arn
    return attempt(Part.DLQ, sqs.name_of(arn), lambda: sqs.find_queue_and_depth(aws, arn)) if arn else None


class _StackSearch:
    """Which stacks the mappings and queues belong to. After the first refusal nothing more is asked."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.gaps: list[Gap] = []

    def homes(
        self, by_queue: Mapping[str, tuple[EventSourceMapping, ...]], queues: Mapping[str, Measured | Gap]
    ) -> dict[str, Stack]:
        """The stack by queue ARN: that of a mapping, else that of the queue."""
        wanted = [
            (by_queue[arn][0].uuid, "" if isinstance(queue, Gap) else queue[0].url) for arn, queue in queues.items()
        ]
        owners: dict[str, Stack] = {}
        for stack in self._whole([arn for arn in parallel_map(self._stack_arn, wanted) if arn]):
            ids = (*stack.ids("AWS::Lambda::EventSourceMapping"), *map(sqs.name_of, stack.ids("AWS::SQS::Queue")))
            owners.update({resource_id: stack for resource_id in ids if resource_id not in owners})
        keys = {arn: (*(mapping.uuid for mapping in mappings), sqs.name_of(arn)) for arn, mappings in by_queue.items()}
        owned = {arn: [owners[key] for key in names if key in owners] for arn, names in keys.items()}
        return {arn: stacks[0] for arn, stacks in owned.items() if stacks}

    def _stack_arn(self, ids: tuple[str, str]) -> str:
        """The stack of the first of these physical IDs that has one; empty if none has."""
        found = (
            self._ask(partial(cloudformation.stack_of, self._aws, resource_id)) for resource_id in ids if resource_id
        )
        return next((arn for arn in found if arn), "")

    def _whole(self, arns: Iterable[str]) -> list[Stack]:
        """The stacks with what is nested in them; in place of a nested stack the outermost."""
        first = [stack for stack in parallel_map(self._read, dict.fromkeys(arns)) if stack]
        known = {stack.arn for stack in first}
        roots = dict.fromkeys(stack.root for stack in first if stack.root and stack.root not in known)
        outermost = (stack for stack in first if stack.root in ("", stack.arn))
        return [*outermost, *(stack for stack in parallel_map(self._read, roots) if stack)]

    def _read(self, arn: str) -> Stack | None:
        found = self._ask(partial(stacks.whole, self._aws, arn))
        return found[0] if found else None

    def _ask(self, question: Callable[[], T]) -> T | None:
        if self.gaps:
            return None
        answer = attempt(Part.STACK, "", question)
        if not isinstance(answer, Gap):
            return answer
        if answer.why is not Why.GONE:
            self.gaps.append(answer)
        return None


def _refused(gaps: Iterable[Gap]) -> tuple[str, ...]:
    """A sentence for each kind of thing that could not be read: its first refusal, and how many there were."""
    by_part: dict[tuple[Part, Why], list[Gap]] = {}
    for gap in gaps:
        if gap.why is not Why.GONE:
            by_part.setdefault((gap.part, gap.why), []).append(gap)
    return tuple(
        f"{_UNREAD[part]}: {found[0].text}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
        for (part, _), found in by_part.items()
    )


_UNREAD = {
    Part.QUEUE: "Queues could not be read",
    Part.DLQ: "Dead-letter queues could not be read",
    Part.STACK: "The stacks of the queues could not be read",
}


def _limits(queues: int, checked: int, cut: bool) -> tuple[str, ...]:
    found = []
    if queues > checked:
        found.append(f"Only the first {checked} of {queues} queues were checked, by name.")
    if cut:
        most = lambda_.MAPPINGS_PER_CALL * lambda_.MAX_MAPPING_CALLS
        found.append(f"Only the first {most:,} event source mappings of the region were listed.")
    return tuple(found)
