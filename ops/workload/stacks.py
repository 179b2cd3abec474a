"""What of a stack may be a workload: its queues, and the event source mappings that read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ops.aws import cloudformation, lambda_, sqs
from ops.workload import dlqs
from ops.workload.gaps import Gap, Part, Why, attempt
from ops.workload.pairs import Pair, grouped

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.aws import Aws

DEPTH, MAX_STACKS = 6, 100
"""Nested stacks are entered so deep, and so many of them: more are no longer one workload. Our choice."""
MAX_LOOKUPS = 50
"""Queues or functions of one stack that are asked for their mappings."""
T = TypeVar("T")


def whole(aws: Aws, name: str) -> tuple[cloudformation.Stack, tuple[Gap, ...]]:
    """The stack with the resources of all stacks nested in it, and those that could not be entered. Raises NotFound."""
    root = cloudformation.describe_stack(aws, name)
    resources = {kind: list(ids) for kind, ids in root.resources.items()}
    gaps: list[Gap] = []
    ahead = [(arn, 1) for arn in root.ids(cloudformation.NESTED_STACK)]
    entered = {root.arn}
    while ahead and len(entered) <= MAX_STACKS:
        arn, depth = ahead.pop(0)
        if arn in entered:
            continue
        entered.add(arn)
        nested = attempt(Part.STACK, _stack_name(arn), partial(cloudformation.describe_stack, aws, arn))
        if isinstance(nested, Gap):
            gaps.append(nested)
            continue
        for kind, ids in nested.resources.items():
            resources.setdefault(kind, []).extend(ids)
        if depth < DEPTH:
            ahead += [(inner, depth + 1) for inner in nested.ids(cloudformation.NESTED_STACK)]
    return replace(root, resources={kind: tuple(dict.fromkeys(ids)) for kind, ids in resources.items()}), tuple(gaps)


def holds(aws: Aws, stack: cloudformation.Stack, queue: sqs.Queue) -> bool:
    """Whether ``queue`` is the stack's own, or read by one of its event source mappings."""
    search = _Search(aws, stack)
    return search.owns(queue) or any(mapping.source_arn == queue.arn for mapping in search.own())


@dataclass(frozen=True)
class StackQueues:
    """``pairs``: queues that a function reads. ``lonely``: the stack's other queues that are no one's dead-letter
    queue. ``all_queues``: all of its queues that can be read. ``unread``: queues of mappings that cannot be."""

    pairs: tuple[Pair, ...]
    lonely: tuple[sqs.Queue, ...]
    all_queues: tuple[sqs.Queue, ...]
    unread: tuple[Gap, ...]
    gaps: tuple[Gap, ...]


def search(aws: Aws, stack: cloudformation.Stack) -> StackQueues:
    """The stack's own mappings, wherever their queues are; without one, whatever reads its queues or feeds its
    functions. A mapping on a dead-letter queue counts only where there is no other: it watches a workload."""
    looking = _Search(aws, stack)
    own = looking.pairs(looking.own())
    working = tuple(pair for pair in own if not looking.dead(pair.queue))
    if working:
        return looking.found(working)
    others = [
        queue for queue in looking.queues() if not looking.dead(queue) and queue.arn not in {p.queue.arn for p in own}
    ]
    read = looking.pairs(looking.of_sources(others)) or (() if own else looking.pairs(looking.of_functions()))
    return looking.found(read or (() if others else own))


class _Search:
    """What is asked about one stack, each queue once."""

    def __init__(self, aws: Aws, stack: cloudformation.Stack) -> None:
        self._aws = aws
        self._stack = stack
        self._known: dict[str, sqs.Queue | Gap] = {}
        self._gaps: list[Gap] = []
        self._unread: tuple[Gap, ...] = ()

    def own(self) -> list[lambda_.EventSourceMapping]:
        return self._each(
            self._stack.ids("AWS::Lambda::EventSourceMapping"), lambda uuid: (lambda_.get_mapping(self._aws, uuid),)
        )

    def of_sources(self, queues: Iterable[sqs.Queue]) -> list[lambda_.EventSourceMapping]:
        return self._each([queue.arn for queue in queues], lambda arn: lambda_.list_mappings(self._aws, source_arn=arn))

    def of_functions(self) -> list[lambda_.EventSourceMapping]:
        """The mappings of the functions, asked for by name, alias and version: each request lists only exact matches."""
        kinds = ("AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::Version")
        names = [name for kind in kinds for name in self._stack.ids(kind)]
        return self._each(names, lambda name: lambda_.list_mappings(self._aws, function_name=name))

    def queues(self) -> tuple[sqs.Queue, ...]:
        """The stack's own; those that are gone or may not be read are gaps."""
        found = (self._queue(url) for url in self._stack.ids("AWS::SQS::Queue"))
        return tuple(queue for queue in found if isinstance(queue, sqs.Queue))

    def owns(self, queue: sqs.Queue) -> bool:
        return queue.arn in {self._arn(url) for url in self._stack.ids("AWS::SQS::Queue")}

    def pairs(self, mappings: Iterable[lambda_.EventSourceMapping]) -> tuple[Pair, ...]:
        found, unread = grouped(mappings, self._queue)
        self._unread += unread
        return found

    def dead(self, queue: sqs.Queue) -> bool:
        """Whether it is the dead-letter queue of a queue."""
        if any(isinstance(answer, sqs.Queue) and answer.dlq_arn == queue.arn for answer in self._known.values()):
            return True
        return bool(dlqs.sources(self._aws, queue))

    def found(self, pairs: tuple[Pair, ...]) -> StackQueues:
        paired = {pair.queue.arn for pair in pairs}
        every = () if pairs else self.queues()
        lonely = tuple(queue for queue in every if queue.arn not in paired and not self.dead(queue))
        return StackQueues(pairs, lonely, every, self._unread, tuple(self._gaps))

    def _queue(self, named: str) -> sqs.Queue | Gap:
        arn = named if named.startswith("arn:") else self._arn(named)
        if arn not in self._known:
            self._known[arn] = attempt(Part.QUEUE, sqs.name_of(named), lambda: sqs.find_queue(self._aws, named))
            if isinstance(gap := self._known[arn], Gap):
                self._gaps.append(gap)
        return self._known[arn]

    def _arn(self, url: str) -> str:
        account, name = url.rstrip("/").rsplit("/", 2)[-2:]
        return self._stack.arn_of("sqs", name, account)

    def _each(
        self, named: Iterable[str], ask: Callable[[str], tuple[lambda_.EventSourceMapping, ...]]
    ) -> list[lambda_.EventSourceMapping]:
        """All mappings that ``ask`` gives; what may not be asked once is not asked again."""
        found: dict[str, lambda_.EventSourceMapping] = {}
        for name in list(named)[:MAX_LOOKUPS]:
            answer = attempt(Part.MAPPING, name, partial(ask, name))
            if isinstance(answer, Gap):
                self._gaps.append(answer)
                if answer.why is Why.DENIED:
                    break
            else:
                found.update((mapping.uuid, mapping) for mapping in answer)
        return list(found.values())


def _stack_name(arn: str) -> str:
    return arn.split("/")[1] if "/" in arn else arn
