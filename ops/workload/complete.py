"""A queue that was found, described with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from handler import contract
from ops import measured_versions
from ops.aws import cloudwatch, lambda_, sqs
from ops.errors import UsageError
from ops.workload import consumers, notes, senders
from ops.workload.gaps import Asking, Gap, Part, Why, attempt
from ops.workload.model import Workload

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudformation import Stack
    from ops.workload.consumers import Reader
    from ops.workload.pairs import Pair

MAX_CALLS = 4
"""AWS calls at a time for one description."""


def complete(
    aws: Aws,
    name: str,
    pair: Pair,
    gaps: Iterable[Gap],
    stack: Stack | None = None,
    *,
    extra_notes: tuple[str, ...] = (),
    serves: tuple[str, ...] = (),
    function: str | None = None,
) -> Workload:
    """``gaps`` are those found on the way, ``extra_notes`` the notes. ``function``: the one that was named. Raises UsageError
    when it does not read the queue."""
    queue, asking = pair.queue, Asking(gaps)
    with ThreadPoolExecutor(MAX_CALLS, "describe") as pool:  # gaps and errors come in the order of this text
        dlq_asked = pool.submit(_dead_letter_queue, aws, queue, serves)
        account_asked = pool.submit(attempt, Part.DETAIL, "account", partial(lambda_.account_concurrency, aws))
        readers = _readers(aws, pair, asking)
        reader = _chosen(readers, queue, function, asking.gaps)
        mapping = reader.mapping if reader else None
        if reader is not None and reader.gap is not None:
            asking.gaps.append(reader.gap)
        worker_asked = pool.submit(_reserved, aws, reader.function if reader else None)
        others_asked = pool.submit(_others, aws, mapping, queue)
        worker = asking.settle(worker_asked.result(), reader.function if reader else None)
        dlq = asking.settle(dlq_asked.result(), None)
        alarms = _alarm_names(aws, stack, (queue, dlq, worker), asking)
        account_concurrency = asking.settle(account_asked.result(), None)
        others = others_asked.result()
    outputs = stack.outputs if stack else {}
    _, _, _, region, account, _ = queue.arn.split(":", 5)
    worker = _without_sweeps(aws, account, region, worker)
    workload = Workload(
        name=name,
        region=region,
        account=account,
        queue=queue,
        dlq=dlq,
        function=worker,
        mapping=mapping,
        alarms=alarms,
        composite_alarms=stack.ids("AWS::CloudWatch::CompositeAlarm") if stack else (),
        api_url=outputs.get(contract.OUTPUT_API_URL),
        results_queue_url=outputs.get(contract.OUTPUT_RESULTS_QUEUE_URL),
        results_bucket=outputs.get(contract.OUTPUT_BUCKET),
        account_concurrency=account_concurrency,
        stack=stack.name if stack else None,
        gaps=tuple(asking.gaps),
        readers=tuple(sorted(readers, key=lambda other: other is not reader)),
        other_mappings=others,
        serves=serves,
        senders=senders.of_queue(queue, stack),
    )
    return replace(workload, notes=(*extra_notes, *notes.of(workload)))


def _readers(aws: Aws, pair: Pair, asking: Asking) -> tuple[Reader, ...]:
    """All of the queue, those by which it was found first; those only where the queue's may not be listed."""
    listed = attempt(Part.MAPPING, pair.queue.name, lambda: lambda_.list_mappings(aws, source_arn=pair.queue.arn))
    if isinstance(listed, Gap):
        asking.gaps.append(listed)
        listed = ()
    known = {mapping.uuid: mapping for mapping in (*pair.mappings, *listed)}
    if known:  # what was refused on the way did not stand in the way
        asking.gaps = [
            replace(gap, part=Part.DETAIL) if gap.part is Part.MAPPING and gap.why is not Why.GONE else gap
            for gap in asking.gaps
        ]
    first = {mapping.uuid for mapping in pair.mappings}
    return tuple(
        sorted(
            consumers.described(aws, known.values()),
            key=lambda reader: (reader.mapping.off_rank, reader.mapping.uuid not in first),
        )
    )


def _chosen(readers: Sequence[Reader], queue: sqs.Queue, function: str | None, gaps: Sequence[Gap]) -> Reader | None:
    if function is None:
        return readers[0] if readers else None
    wanted = lambda_.qualified_name(function)
    for reader in readers:
        if wanted in (reader.name, lambda_.short_name(reader.mapping.function_arn)):
            return reader
    if not readers and any(gap.part is Part.MAPPING for gap in gaps):
        return None
    who = ", ".join(reader.name for reader in readers) or "no function"
    raise UsageError(
        f"Function {wanted} does not read queue {queue.name}: {who} does.", "Name only one of them, or both of a pair."
    )


def _reserved(aws: Aws, function: lambda_.Function | None) -> lambda_.Function | Gap | None:
    if function is None:
        return None
    return attempt(Part.DETAIL, function.name, lambda: lambda_.with_reserved_concurrency(aws, function))


def _without_sweeps(aws: Aws, account: str, region: str, function: lambda_.Function | None) -> lambda_.Function | None:
    """A sweep's change of the memory, which it puts back, is no deployment."""
    if function is None or function.deployed_at is None:
        return function
    if function.deployed_at not in measured_versions.read(aws.target, account, region, function.name).changes:
        return function
    return replace(function, deployed_at=None, measured_at=function.deployed_at)


def _dead_letter_queue(aws: Aws, queue: sqs.Queue, serves: tuple[str, ...]) -> sqs.Queue | Gap | None:
    """``queue`` itself, where it serves others as theirs."""
    arn = queue.dlq_arn
    if serves or arn is None:
        return queue if serves else None
    return attempt(Part.DLQ, sqs.name_of(arn), lambda: sqs.find_queue(aws, arn))


def _others(
    aws: Aws, mapping: lambda_.EventSourceMapping | None, queue: sqs.Queue
) -> tuple[lambda_.EventSourceMapping, ...]:
    """Empty, too, where they may not be listed: the queue's own mappings report that already."""
    if mapping is None:
        return ()
    bare = lambda_.bare_arn(mapping.function_arn)
    found = attempt(Part.DETAIL, queue.name, lambda: consumers.mappings_of(aws, bare))
    return () if isinstance(found, Gap) else tuple(mapping for mapping in found if mapping.source_arn != queue.arn)


def _alarm_names(
    aws: Aws, stack: Stack | None, parts: Iterable[sqs.Queue | lambda_.Function | None], asking: Asking
) -> tuple[str, ...]:
    if stack and stack.ids("AWS::CloudWatch::Alarm"):
        return stack.ids("AWS::CloudWatch::Alarm")
    names = [part.name for part in parts if part is not None]
    found: tuple[cloudwatch.Alarm, ...] = ()
    found = asking(Part.ALARMS, "", lambda: cloudwatch.find_alarms_on(aws, names), found)
    return tuple(alarm.name for alarm in found)
