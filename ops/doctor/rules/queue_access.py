"""Rules about who may send to a queue, and who can read what it keeps."""

from __future__ import annotations

from collections.abc import Iterator

from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, rule
from ops.doctor.settings import KEY_USERS, NotChecked, SqsQueueSettings, Unknown, WorkloadSettings, known


def _queues(workload: WorkloadSettings) -> tuple[SqsQueueSettings | Unknown, ...]:
    """The queue, and its dead-letter queue where it has one."""
    return (workload.queue, *([workload.dlq] if workload.dlq is not None else []))


@rule(
    "queue-encryption",
    RuleSeverity.WARNING,
    "the queue and its dead-letter queue are encrypted at rest",
    "Message bodies are stored in plain text.",
    sources.SQS_ENCRYPTION,
)
def encryption(workload: WorkloadSettings) -> Iterator[Problem]:
    missed = next((one for one in _queues(workload) if isinstance(one, Unknown)), None)
    for queue in _queues(workload):
        if not isinstance(queue, Unknown) and not known(queue.encrypted):
            change = changes.queue(queue.origin, "SqsManagedSseEnabled", True)
            yield Problem(f"{queue.origin.name} is not encrypted", queue.origin, "SqsManagedSseEnabled", change)
    if missed is not None:
        raise NotChecked(missed.why)


@rule(
    "public-queue",
    RuleSeverity.CRITICAL,
    "the queue's policy grants public access only under a condition",
    "Anyone with an AWS account can send messages to the queue, or read and delete them.",
    sources.SQS_POLICY,
)
def public_queue(workload: WorkloadSettings) -> Iterator[Problem]:
    queue = known(workload.queue)
    if known(queue.public):
        change = changes.other(
            "aws sqs set-queue-attributes --queue-url QUEUE_URL --attributes file://policy.json",
            'AWS::SQS::QueuePolicy: name the Principal, or add Condition: {"ArnEquals": {"aws:SourceArn": SENDER_ARN}}',
        )
        yield Problem("the policy allows every principal, without a condition", queue.origin, "QueueName", change)


@rule(
    "queue-key",
    RuleSeverity.CRITICAL,
    "the KMS keys of the queue and its dead-letter queue admit the services that their policies let send",
    "What the service sends never arrives. Only that service's own metrics and logs show it.",
    sources.QUEUE_KEY,
)
def queue_key(workload: WorkloadSettings) -> Iterator[Problem]:
    missed = None
    for queue in _queues(workload):
        shut_out = queue if isinstance(queue, Unknown) else queue.shut_out
        if isinstance(shut_out, Unknown):
            missed = missed or shut_out
            continue
        for service in shut_out:
            origin = known(queue).origin
            text = f"the policy of {origin.name} lets {KEY_USERS[service]} send, and its KMS key does not"
            statement = (
                f'{{"Effect": "Allow", "Principal": {{"Service": "{service}.amazonaws.com"}}, '
                '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}'
            )
            change = changes.other(
                "aws kms put-key-policy --key-id KEY_ID --policy-name default --policy file://key-policy.json",
                f"AWS::KMS::Key KeyPolicy: add {statement}. The policy of alias/aws/sqs cannot be changed: "
                "use a key of your own, or SqsManagedSseEnabled: true",
            )
            yield Problem(text, origin, "KmsMasterKeyId", change)
    if missed is not None:
        raise NotChecked(missed.why)


RULES = (encryption, public_queue, queue_key)
