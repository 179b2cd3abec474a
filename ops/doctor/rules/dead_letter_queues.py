"""Rules about the dead-letter queue: that there is one, and that messages in it live long enough to be seen."""

from __future__ import annotations

from collections.abc import Iterator

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, rule
from ops.doctor.rules.concurrency import CEILING, demand
from ops.doctor.rules.queues import MAX_RETENTION_S, no_dead_letter_queue_text
from ops.doctor.settings import MappingSettings, SqsQueueSettings, Unknown, WorkloadSettings, known

ENOUGH_RECEIVES = 5
"""AWS recommends at least five, so that throttling alone does not move messages (services-sqs-configure)."""


def _pair(workload: WorkloadSettings) -> tuple[SqsQueueSettings, SqsQueueSettings] | None:
    """The queue and its dead-letter queue; None when it has none."""
    queue = known(workload.queue)
    dlq = known(workload.dlq) if workload.dlq is not None else None
    return None if dlq is None else (queue, dlq)


@rule(
    "dlq-missing",
    RuleSeverity.CRITICAL,
    "a queue that a function reads has a dead-letter queue",
    "A poison message is retried until its retention ends, each time for the price of an invocation, and is then lost.",
    sources.LAMBDA_SQS_ERRORS,
)
def dlq_missing(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    if not workload.dlq_gone:  # one that is named and missing is wrong, whatever reads the queue
        known(workload.mappings)
    if workload.dlq is not None:
        known(workload.dlq)
        return
    text = no_dead_letter_queue_text(queue.origin.name, known(queue.retention_s))
    if workload.dlq_gone:
        text = f"the dead-letter queue that {queue.origin.name} names, {workload.dlq_gone}, does not exist"
    policy = {"deadLetterTargetArn": "DLQ_ARN", "maxReceiveCount": ENOUGH_RECEIVES}
    yield Problem(text, queue.origin, "RedrivePolicy", changes.queue(queue.origin, "RedrivePolicy", policy))


@rule(
    "dlq-on-function",
    RuleSeverity.WARNING,
    "messages that fail do not rely on the function's own dead-letter queue",
    "A function's dead-letter queue takes asynchronous invocations only. Messages of a queue never reach it.",
    sources.LAMBDA_SQS_ERRORS,
)
def dlq_on_function(workload: WorkloadSettings) -> Iterator[Problem]:
    if workload.dlq is not None:
        known(workload.dlq)
        return
    queue = known(workload.queue)
    for mapping in known(workload.mappings):
        function = known(mapping.function)
        if known(function.dead_letter_target):
            text = f"{function.origin.name} has a dead-letter queue, {queue.origin.name} has none"
            policy = {"deadLetterTargetArn": "DLQ_ARN", "maxReceiveCount": ENOUGH_RECEIVES}
            yield Problem(text, queue.origin, "RedrivePolicy", changes.queue(queue.origin, "RedrivePolicy", policy))


@rule(
    "dlq-retention",
    RuleSeverity.CRITICAL,
    "the dead-letter queue keeps messages longer than the queue does",
    "In a standard queue the retention counts from the first send: dead letters expire early, or on arrival.",
    sources.EXPIRED_ON_ARRIVAL,
)
def dlq_retention(workload: WorkloadSettings) -> Iterator[Problem]:
    pair = _pair(workload)
    if pair is None or known(pair[0].fifo):  # a FIFO dead-letter queue counts again from the move
        return
    source, dead = known(pair[0].retention_s), known(pair[1].retention_s)
    if dead > source or dead == MAX_RETENTION_S:
        return
    text = f"{pair[1].origin.name} keeps messages for {formatting.duration(dead)}, the queue for {formatting.duration(source)}"
    change = changes.queue(pair[1].origin, "MessageRetentionPeriod", MAX_RETENTION_S)
    yield Problem(
        text, pair[1].origin, "MessageRetentionPeriod", change, RuleSeverity.WARNING if dead == source else None
    )


@rule(
    "dlq-type",
    RuleSeverity.CRITICAL,
    "a FIFO queue has a FIFO dead-letter queue, a standard queue a standard one",
    "SQS rejects the redrive policy.",
    sources.SQS_DEAD_LETTER,
)
def dlq_type(workload: WorkloadSettings) -> Iterator[Problem]:
    pair = _pair(workload)
    if pair is None or known(pair[0].fifo) == known(pair[1].fifo):
        return
    kinds = [("FIFO" if known(member.fifo) else "standard") for member in pair]
    text = f"the queue is {kinds[0]}, its dead-letter queue {pair[1].origin.name} is {kinds[1]}"
    change = changes.other(
        f"aws sqs create-queue --queue-name NAME{'.fifo --attributes FifoQueue=true' if kinds[0] == 'FIFO' else ''}",
        f"{pair[1].origin.name} (AWS::SQS::Queue): FifoQueue: {str(kinds[0] == 'FIFO').lower()}",
    )
    yield Problem(text, pair[1].origin, "FifoQueue", change)


@rule(
    "max-receive-count",
    RuleSeverity.WARNING,
    "maxReceiveCount is at least 5 where mappings compete or are throttled, and never 1",
    "Receives that end in a throttle count too: messages reach the dead-letter queue without having run.",
    sources.THROTTLED_TO_DLQ,
)
def max_receive_count(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    count = known(queue.max_receive_count)
    if count is None or count >= ENOUGH_RECEIVES:
        return
    mappings = known(workload.mappings)
    why = ""
    if len(mappings) > 1:
        why = f"{len(mappings)} event source mappings share the queue"
    elif any(_may_be_throttled(mapping, workload) for mapping in mappings):
        why = "the function's reserved concurrency is less than what its mappings may use"
    elif count == 1:
        why = "one throttle or one failed batch is enough"
    if why:
        text = f"maxReceiveCount is {count}, and {why}"
        target = changes.arn(workload.dlq) if isinstance(workload.dlq, SqsQueueSettings) else "DLQ_ARN"
        policy = {"deadLetterTargetArn": target, "maxReceiveCount": ENOUGH_RECEIVES}
        yield Problem(text, queue.origin, "RedrivePolicy", changes.queue(queue.origin, "RedrivePolicy", policy))


def _may_be_throttled(mapping: MappingSettings, workload: WorkloadSettings) -> bool:
    reserved = known(known(mapping.function).reserved)
    if reserved is None:
        return False
    wanted = demand(workload, known(mapping.function))
    return reserved < (CEILING if wanted is None else wanted)


@rule(
    "redrive-allow-policy",
    RuleSeverity.ADVICE,
    "the dead-letter queue names the queues that may use it",
    "Any queue of the account can put its dead letters here, and a redrive sends them to the wrong consumer.",
    sources.SQS_DEAD_LETTER,
)
def redrive_allow_policy(workload: WorkloadSettings) -> Iterator[Problem]:
    pair = _pair(workload)
    if pair is not None and (known(pair[1].redrive_permission) or "allowAll") == "allowAll":
        policy = {"redrivePermission": "byQueue", "sourceQueueArns": [changes.arn(pair[0])]}
        text = f"{pair[1].origin.name} has no redrive allow policy"
        yield Problem(
            text, pair[1].origin, "RedriveAllowPolicy", changes.queue(pair[1].origin, "RedriveAllowPolicy", policy)
        )


@rule(
    "redrive-denied",
    RuleSeverity.CRITICAL,
    "the dead-letter queue's redrive allow policy lets the queue use it",
    "SQS rejects the redrive policy, or no longer moves dead letters.",
    sources.SQS_DEAD_LETTER,
)
def redrive_denied(workload: WorkloadSettings) -> Iterator[Problem]:
    pair = _pair(workload)
    permission = known(pair[1].redrive_permission) if pair else None
    if pair is None or permission in (None, "allowAll"):
        return
    queue, dlq = pair
    allowed = known(dlq.allowed_sources)
    if permission == "byQueue" and any(_stands_for(source, queue) for source in allowed):
        return
    text = f"{dlq.origin.name} does not allow {queue.origin.name} (redrivePermission {permission})"
    policy = {"redrivePermission": "byQueue", "sourceQueueArns": [changes.arn(queue)]}
    yield Problem(text, dlq.origin, "RedriveAllowPolicy", changes.queue(dlq.origin, "RedriveAllowPolicy", policy))


def _stands_for(source: str, queue: SqsQueueSettings) -> bool:
    return source in queue.no_metric_names or any(source.endswith(f":{name}") for name in queue.metric_names)


@rule(
    "dlq-consumer-shares-function",
    RuleSeverity.CRITICAL,
    "the dead-letter queue is not read by the function that failed",
    "Messages that cannot succeed go round in a circle and use up the concurrency that the queue needs.",
    sources.DLQ_LOOP,
)
def dlq_consumer(workload: WorkloadSettings) -> Iterator[Problem]:
    if workload.dlq is None:
        return
    mappings = {_function_name(mapping) for mapping in known(workload.mappings)} - {""}
    for mapping in known(workload.dlq_mappings):
        if _function_name(mapping) in mappings:
            text = f"{_function_name(mapping)} reads the queue and its dead-letter queue"
            change = changes.mapping(mapping.origin, "--no-enabled", "Enabled", False)
            yield Problem(text, mapping.origin, "FunctionName", change)


def _function_name(mapping: MappingSettings) -> str:
    return "" if isinstance(mapping.function, Unknown) else mapping.function.origin.name


RULES = (
    dlq_missing,
    dlq_on_function,
    dlq_retention,
    dlq_type,
    max_receive_count,
    redrive_allow_policy,
    redrive_denied,
    dlq_consumer,
)
