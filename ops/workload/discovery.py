"""One workload, found by its stack, its queue, its dead-letter queue or its function, and described.

Any stack, queue or function with an SQS → Lambda mapping will do, and a queue that something else reads. What a
workload lacks is a described fact; what could not be read is a gap, so that a missing permission on a detail does not
hide the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handler import contract
from ops.aws import cloudformation, lambda_, sqs
from ops.errors import UsageError
from ops.target import NOTHING_CHOSEN, Target
from ops.workload import consumers, dlqs, pairs, stacks, undelivered
from ops.workload.complete import complete
from ops.workload.gaps import Part, attempt
from ops.workload.model import Workload
from ops.workload.pairs import Pair

if TYPE_CHECKING:
    from ops.aws import Aws


def describe(aws: Aws, target: Target) -> Workload:
    """The workload that ``target`` names: its queue if one is named, else its function, else its stack.

    A function or a stack named beside the queue must have to do with it. Raises UsageError (nothing named, or several
    queues to choose from, or none) and what ``ops.aws`` raises: NotFound, CredentialsError, AccessDenied, Unreachable,
    Throttled.
    """
    if target.queue:
        return _from_queue(aws, target)
    if target.function:
        return _from_function(aws, target.function)
    if target.stack:
        return _from_stack(aws, target.stack)
    raise NOTHING_CHOSEN


def of_queue(aws: Aws, queue: str) -> Workload:
    """The workload of exactly this queue (a name, URL or ARN), even if it is a dead-letter queue itself."""
    described = sqs.find_queue(aws, queue)
    return complete(aws, described.name, Pair(described, ()), ())


def _from_stack(aws: Aws, name: str) -> Workload:
    stack, gaps = stacks.whole(aws, name)
    queues = stacks.search(aws, stack)
    gaps = (*gaps, *queues.gaps)
    if queues.pairs or queues.unread:
        pair = pairs.the_one(queues.pairs, queues.unread, f"Stack {stack.name}", aws.target)
        return complete(aws, stack.name, pair, gaps, stack)
    queue = _hinted(stack, queues.lonely)
    if queue is None:
        raise _nothing_read(stack, queues, aws.target)
    return complete(aws, stack.name, Pair(queue, ()), gaps, stack)


def _hinted(stack: cloudformation.Stack, lonely: tuple[sqs.Queue, ...]) -> sqs.Queue | None:
    """The queue to use where no queue is known to be read: the only one, or the one that the stack's output names."""
    output = stack.outputs.get(contract.OUTPUT_QUEUE_URL, "")
    named = [queue for queue in lonely if output in (queue.url, queue.arn, queue.name)]
    return (named or list(lonely))[0] if named or len(lonely) == 1 else None


def _nothing_read(stack: cloudformation.Stack, queues: stacks.StackQueues, target: Target) -> UsageError:
    missing = next((gap for gap in queues.gaps if gap.part is Part.MAPPING), None)
    what = f"Stack {stack.name} has no event source mapping from an SQS queue to a function."
    if missing is not None:
        what = f"No event source mapping of stack {stack.name} can be read: {missing.text}"
    if not queues.all_queues:
        return UsageError(what, "Name a queue instead: --queue NAME, URL or ARN.")
    dead = {queue.dlq_arn for queue in queues.all_queues}
    named = {queue.arn: queue.name for queue in queues.all_queues}
    described = [
        f"{queue.name} (dead-letter queue {named.get(queue.dlq_arn, sqs.name_of(queue.dlq_arn))})"
        if queue.dlq_arn
        else queue.name
        for queue in queues.all_queues
        if queue.arn not in dead
    ]
    first = next((queue for queue in queues.all_queues if queue.arn not in dead), queues.all_queues[0])
    last = next((queue for queue in queues.all_queues if queue.arn in dead), queues.all_queues[-1])
    return UsageError(
        f"{what} Its queues: {pairs.listed(described)}.",
        f"Name one: {pairs.command('status', first, target)}; scan one for dead letters: "
        f"{pairs.command('dlq scan', last, target)}",
    )


def _from_queue(aws: Aws, target: Target) -> Workload:
    queue = sqs.find_queue(aws, target.queue or "")
    stack, gaps = stacks.whole(aws, target.stack) if target.stack else (None, ())
    if stack is not None and not stacks.holds(aws, stack, queue):
        raise UsageError(
            f"Queue {queue.name} is not part of stack {stack.name}, nor read by its event source mappings.",
            "Name the one or the other: --queue or --stack.",
        )
    sources = dlqs.sources(aws, queue)
    if len(sources) == 1:
        source = sources[0]
        note = f"{queue.name} is the dead-letter queue of {source.name}, which is described here."
        return complete(aws, source.name, Pair(source, ()), gaps, stack, extra_notes=(note,), function=target.function)
    roles = undelivered.Roles() if sources or queue.dlq_arn else undelivered.roles(aws, queue)
    serves = tuple(source.name for source in sources) or tuple(map(str, roles.serves))
    workload = complete(aws, queue.name, Pair(queue, ()), gaps, stack, serves=serves, function=target.function)
    return replace(workload, delivered_by=roles.delivers)


def _from_function(aws: Aws, name: str) -> Workload:
    function = lambda_.get_function(aws, name)
    mappings = consumers.mappings_of(aws, name)
    if not mappings:
        raise _reads_nothing(function, aws.target)
    read, unread = pairs.grouped(
        mappings, lambda arn: attempt(Part.QUEUE, sqs.name_of(arn), lambda: sqs.find_queue(aws, arn))
    )
    dead = {pair.queue.dlq_arn for pair in read}
    working = [pair for pair in read if pair.queue.arn not in dead]
    pair = pairs.the_one(working or read, unread, f"Function {lambda_.qualified_name(name)}", aws.target)
    return complete(aws, function.name, pair, unread, function=name)


def _reads_nothing(function: lambda_.Function, target: Target) -> UsageError:
    what = f"Function {function.name} reads from no SQS queue"
    arn = function.dead_letter_arn or ""
    if ":sqs:" in arn:
        name = sqs.name_of(arn)
        return UsageError(
            f"{what}; what fails of its asynchronous invocations goes to {name}.",
            f"Name that queue: ops dlq scan --queue {name}",
        )
    return UsageError(f"{what}.", "Name a function with an SQS event source mapping.")
