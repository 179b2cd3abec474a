"""Rules about the queue: visibility timeout, retention, access."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, rule
from ops.doctor.rules import workload_facts
from ops.doctor.rules.concurrency import CEILING
from ops.doctor.settings import NotChecked, WorkloadSettings, known

VISIBILITY_TIMES = 6
"""The queue's visibility timeout should be at least this many function timeouts (Lambda developer guide,
services-sqs-configure)."""
MAX_VISIBILITY_S, MAX_RETENTION_S = 43_200, 1_209_600
"""SQS's limits (botocore 1.44.5 model, 2026-11)."""
MIN_RETENTION_S = 86_400
"""A day. Our choice: an outage that starts in the evening is noticed and fixed the next day."""
DRAIN_WARNING, DRAIN_CRITICAL = 0.5, 0.8
"""Shares of the retention period that the oldest message may reach. Our choice."""


def visibility_wanted(timeout_s: int, window_s: int) -> int:
    return VISIBILITY_TIMES * timeout_s + window_s


def visibility_text(visibility_s: int, timeout_s: int) -> str:
    """The text for a visibility timeout that is too short, without a full stop."""
    return (
        f"the queue's visibility timeout ({visibility_s} s) is less than six function timeouts ({timeout_s} s each), "
        "so throttled batches may be processed twice"
    )


def no_dead_letter_queue_text(queue: str, retention_s: int) -> str:
    """The text for a queue that a function reads, without a full stop."""
    kept = formatting.duration(retention_s)
    return f"{queue} has no dead-letter queue: messages that keep failing are retried for {kept}, then lost"


@rule(
    "visibility-timeout",
    RuleSeverity.WARNING,
    "the visibility timeout is at least six function timeouts plus the batching window",
    "Throttled or slow batches become visible again while they are still being processed, and are processed twice.",
    sources.LAMBDA_SQS_CONFIGURE,
)
def visibility_timeout(workload: WorkloadSettings) -> Iterator[Problem]:
    queue, mappings = known(workload.queue), known(workload.mappings)
    visibility = known(queue.visibility_s)
    worst = max(
        ((known(known(mapping.function).timeout_s), known(mapping.window_s)) for mapping in mappings),
        default=(0, 0),
        key=_wanted,
    )
    timeout, wanted = worst[0], _wanted(worst)
    if visibility >= wanted:
        return
    severity = RuleSeverity.CRITICAL if visibility < timeout else None
    text = visibility_text(visibility, timeout)
    if visibility >= VISIBILITY_TIMES * timeout:
        text = (
            f"the visibility timeout ({visibility} s) is less than six function timeouts "
            f"and the batching window ({wanted} s)"
        )
    elif visibility < timeout:
        text = (
            f"the visibility timeout ({visibility} s) is less than the function's ({timeout} s), which Lambda rejects"
        )
    change = changes.queue(queue.origin, "VisibilityTimeout", min(wanted, MAX_VISIBILITY_S))
    yield Problem(text, queue.origin, "VisibilityTimeout", change, severity)


def _wanted(pair: tuple[int, int]) -> int:
    return visibility_wanted(*pair)


@rule(
    "retries-outlast-retention",
    RuleSeverity.CRITICAL,
    "all receives fit into the retention period",
    "A message that keeps failing is deleted before it reaches the dead-letter queue, without a trace.",
    sources.SQS_DEAD_LETTER,
)
def retries_outlast_retention(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    count = known(queue.max_receive_count)
    if count is None:
        return
    visibility, retention = known(queue.visibility_s), known(queue.retention_s)
    if count * visibility < retention:
        return
    text = (
        f"{count} receives with a visibility timeout of {formatting.duration(visibility)} take {formatting.duration(count * visibility)}, "
        f"and messages are kept for {formatting.duration(retention)}"
    )
    wanted = min(MAX_RETENTION_S, count * visibility * 2)
    yield Problem(
        text, queue.origin, "MessageRetentionPeriod", changes.queue(queue.origin, "MessageRetentionPeriod", wanted)
    )


@rule(
    "short-retention",
    RuleSeverity.WARNING,
    "messages are kept for at least a day",
    "An outage of the consumer that lasts a night loses messages.",
    sources.SQS_QUOTAS,
)
def short_retention(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    retention = known(queue.retention_s)
    if retention < MIN_RETENTION_S:
        text = f"messages are kept for {formatting.duration(retention)} only"
        yield Problem(
            text, queue.origin, "MessageRetentionPeriod", changes.queue(queue.origin, "MessageRetentionPeriod", 345_600)
        )


@rule(
    "retention-headroom",
    RuleSeverity.WARNING,
    "the oldest message of the last two weeks was far from the end of the retention period",
    "The next backlog that takes longer to drain loses its oldest messages.",
    sources.SQS_METRICS,
)
def retention_headroom(workload: WorkloadSettings) -> Iterator[Problem]:
    queue, observed = known(workload.queue), known(workload.observed)
    retention = known(queue.retention_s)
    if observed.oldest_max_s is None:
        raise NotChecked("ApproximateAgeOfOldestMessage has no data in the last two weeks")
    if observed.oldest_max_s < DRAIN_WARNING * retention:
        return
    severity = RuleSeverity.CRITICAL if observed.oldest_max_s >= DRAIN_CRITICAL * retention else None
    share = formatting.percent(observed.oldest_max_s / retention)
    text = f"the oldest message was {formatting.duration(observed.oldest_max_s)} old, {share} of the retention period"
    change = changes.queue(queue.origin, "MessageRetentionPeriod", MAX_RETENTION_S)
    yield Problem(text, queue.origin, "MessageRetentionPeriod", change, severity)


@rule(
    "fifo-retry-time",
    RuleSeverity.WARNING,
    "a FIFO queue gives a message up before its deadline",
    "While a message is retried, its message group waits: everything behind it is late.",
    sources.FIFO_RETRIES,
)
def fifo_retry_time(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    if not known(queue.fifo):
        return
    count = known(queue.max_receive_count)
    if count is None:
        return  # dlq-missing says it
    deadline = workload.deadline_s or workload_facts.age_deadline(workload)
    if deadline is None:
        raise NotChecked("no deadline is known: give --deadline, or an alarm on ApproximateAgeOfOldestMessage")
    visibility = known(queue.visibility_s)
    if count * visibility <= deadline:
        return
    text = (
        f"a failing message blocks its group for {formatting.duration(count * visibility)} ({count} receives × "
        f"{formatting.duration(visibility)}), and the deadline is {formatting.duration(deadline)}"
    )
    change = changes.queue(queue.origin, "VisibilityTimeout", max(1, int(deadline / count)))
    yield Problem(text, queue.origin, "VisibilityTimeout", change)


@rule(
    "in-flight-quota",
    RuleSeverity.WARNING,
    "what the mappings may hold in flight is below SQS's quota of 120,000",
    "At the quota, receives return nothing, and the backlog grows however many functions are free.",
    sources.INFLIGHT,
)
def in_flight_quota(workload: WorkloadSettings) -> Iterator[Problem]:
    queue, mappings = known(workload.queue), known(workload.mappings)
    total = sum(known(mapping.batch_size) * (known(mapping.maximum_concurrency) or CEILING) for mapping in mappings)
    if total <= 120_000:
        return
    largest = max(mappings, key=lambda mapping: known(mapping.batch_size))
    batch = known(largest.batch_size)
    lower = max(1, min(batch - 1, ceil(batch * 100_000 / total)))
    text = (
        f"batches of {formatting.count(batch)} on up to {formatting.count(total / batch)} concurrent invocations are "
        f"{formatting.count(total)} messages in flight"
    )
    change = changes.mapping(largest.origin, f"--batch-size {lower}", "BatchSize", lower)
    yield Problem(text, largest.origin if largest.origin.line else queue.origin, "BatchSize", change)


RULES = (
    visibility_timeout,
    retries_outlast_retention,
    short_retention,
    retention_headroom,
    fifo_retry_time,
    in_flight_quota,
)
