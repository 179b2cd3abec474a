"""One workload, found and described: a queue, its dead-letter queue, the function on it, its limits, logs and alarms.

Any stack, queue or function with an SQS → Lambda mapping will do. What a workload lacks (no dead-letter queue, nobody
reading the queue) is a described fact; what could not be read is a note, so that a missing permission on a detail does
not hide the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from handler import contract
from ops.aws import Aws, cloudformation, cloudwatch, lambda_, sqs
from ops.errors import AwsError, CredentialsError, Unreachable, UsageError
from ops.insight import words
from ops.target import NOTHING_CHOSEN, Target

T = TypeVar("T")


@dataclass(frozen=True)
class Workload:
    """A queue-driven function as it is set up now. ``account_concurrency`` is the account's quota in this region."""

    name: str
    region: str
    account: str
    queue: sqs.Queue
    dlq: sqs.Queue | None
    function: lambda_.Function | None
    mapping: lambda_.Mapping | None
    alarms: tuple[str, ...]
    api_url: str | None
    results_queue_url: str | None
    results_bucket: str | None
    account_concurrency: int | None
    stack: str | None
    notes: tuple[str, ...] = ()

    @property
    def log_group(self) -> str | None:
        return self.function.log_group if self.function else None


def describe(aws: Aws, target: Target) -> Workload:
    """The workload that ``target`` names: its queue if one is named, else its function, else its stack.

    Raises UsageError (nothing named, or the stack has no SQS → Lambda mapping) and what ``ops.aws`` raises: NotFound,
    CredentialsError, AccessDenied, Unreachable, Throttled.
    """
    if target.queue:
        return _from_queue(aws, sqs.find(aws, target.queue))
    if target.function:
        return _from_function(aws, target.function)
    if target.stack:
        return _from_stack(aws, target.stack)
    raise NOTHING_CHOSEN


def _from_stack(aws: Aws, name: str) -> Workload:
    stack = cloudformation.stack(aws, name)
    notes: list[str] = []
    named_queue = stack.outputs.get(contract.OUTPUT_QUEUE_URL)
    if named_queue:
        queue = sqs.find(aws, named_queue)
        mapping = _reader(lambda_.mappings(aws, source_arn=queue.arn), notes)
    else:
        own = set(stack.ids("AWS::Lambda::EventSourceMapping"))
        every = [
            mapping
            for function in stack.ids("AWS::Lambda::Function")
            for mapping in lambda_.mappings(aws, function_name=function)
        ]
        mapping = _reader(tuple(m for m in every if m.uuid in own) or tuple(every), notes)
        if mapping is None:
            raise UsageError(
                f"Stack {stack.name} has no event source mapping from an SQS queue to a function.",
                "Name a queue instead: --queue NAME, URL or ARN.",
            )
        queue = sqs.find(aws, mapping.source_arn)
    return _complete(aws, stack.name, queue, mapping, notes, stack)


def _from_queue(aws: Aws, queue: sqs.Queue) -> Workload:
    notes: list[str] = []
    mapping = _reader(lambda_.mappings(aws, source_arn=queue.arn), notes)
    if mapping is None:
        nobody: tuple[str, ...] = ()
        sources = _detail(lambda: sqs.dead_letter_sources(aws, queue), nobody, notes)
        if sources:
            source = sqs.find(aws, sources[0])
            notes.append(f"{queue.name} is the dead-letter queue of {source.name}, which is described here.")
            if len(sources) > 1:
                notes.append(f"It takes the dead letters of {len(sources) - 1} more queues.")
            return _complete(
                aws, source.name, source, _reader(lambda_.mappings(aws, source_arn=source.arn), notes), notes
            )
    return _complete(aws, queue.name, queue, mapping, notes)


def _from_function(aws: Aws, name: str) -> Workload:
    notes: list[str] = []
    function = lambda_.function(aws, name)
    mapping = _reader(lambda_.mappings(aws, function_name=function.name), notes)
    if mapping is None:
        raise UsageError(
            f"Function {function.name} reads from no SQS queue.", "Name a function with an SQS event source mapping."
        )
    return _complete(aws, function.name, sqs.find(aws, mapping.source_arn), mapping, notes)


def _complete(
    aws: Aws,
    name: str,
    queue: sqs.Queue,
    mapping: lambda_.Mapping | None,
    notes: list[str],
    stack: cloudformation.Stack | None = None,
) -> Workload:
    outputs = stack.outputs if stack else {}
    dlq = _dead_letter_queue(aws, queue, notes)
    function = _function(aws, mapping, notes)
    _, _, _, region, account, _ = queue.arn.split(":", 5)
    if mapping is None:
        notes.append(f"No function reads {queue.name}: it has no event source mapping.")
    return Workload(
        name=name,
        region=region,
        account=account,
        queue=queue,
        dlq=dlq,
        function=function,
        mapping=mapping,
        alarms=_alarm_names(aws, stack, queue, dlq, function, notes),
        api_url=outputs.get(contract.OUTPUT_API_URL),
        results_queue_url=outputs.get(contract.OUTPUT_RESULTS_QUEUE_URL),
        results_bucket=outputs.get(contract.OUTPUT_BUCKET),
        account_concurrency=_detail(lambda: lambda_.account_concurrency(aws), None, notes),
        stack=stack.name if stack else None,
        notes=tuple(notes),
    )


def _reader(mappings: tuple[lambda_.Mapping, ...], notes: list[str]) -> lambda_.Mapping | None:
    """The mapping that reads: the first that is on, else the first."""
    if len(mappings) > 1:
        notes.append(f"{len(mappings)} event source mappings read this queue or feed this function; one is shown.")
    return next(
        (mapping for mapping in mappings if mapping.state.startswith("Enabl")), mappings[0] if mappings else None
    )


def _dead_letter_queue(aws: Aws, queue: sqs.Queue, notes: list[str]) -> sqs.Queue | None:
    arn = queue.dlq_arn
    if arn is None:
        notes.append(
            f"{queue.name} has no dead-letter queue: a message that keeps failing is retried until its retention "
            f"({words.duration(queue.retention_s)}) ends, and then lost."
        )
        return None
    return _detail(lambda: sqs.find(aws, arn), None, notes)


def _function(aws: Aws, mapping: lambda_.Mapping | None, notes: list[str]) -> lambda_.Function | None:
    if mapping is None:
        return None
    function = _detail(lambda: lambda_.function(aws, mapping.function_arn), None, notes)
    if function is None:
        return None
    return _detail(lambda: lambda_.with_reserved_concurrency(aws, function), function, notes)


def _alarm_names(
    aws: Aws,
    stack: cloudformation.Stack | None,
    queue: sqs.Queue,
    dlq: sqs.Queue | None,
    function: lambda_.Function | None,
    notes: list[str],
) -> tuple[str, ...]:
    if stack and stack.ids("AWS::CloudWatch::Alarm"):
        return stack.ids("AWS::CloudWatch::Alarm")
    parts = [part.name for part in (queue, dlq, function) if part is not None]
    return _detail(lambda: tuple(alarm.name for alarm in cloudwatch.alarms_about(aws, parts)), (), notes)


def _detail(ask: Callable[[], T], otherwise: T, notes: list[str]) -> T:
    """A detail that the description can do without: where AWS says no, a note tells what is missing."""
    try:
        return ask()
    except (CredentialsError, Unreachable):
        raise
    except AwsError as refused:
        notes.append(f"{refused} {refused.next_step}".strip())
        return otherwise
