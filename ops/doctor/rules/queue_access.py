"""Rules about who may send to a queue, and who can read what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ops.doctor import changes, sources
from ops.doctor.rule import Check, Problem, RuleSeverity, each, rule
from ops.doctor.settings import KEY_USERS, SqsQueueSettings, Unknown, WorkloadSettings, known


def _each_queue(find: Callable[[SqsQueueSettings], Iterator[Problem]]) -> Check:
    """The queue, and its dead-letter queue where it has one."""

    def find_known(queue: SqsQueueSettings | Unknown) -> Iterator[Problem]:
        yield from find(known(queue))

    def check(workload: WorkloadSettings) -> Iterator[Problem]:
        yield from each([workload.queue, *([] if workload.dlq is None else [workload.dlq])], find_known)

    return check


@rule(
    "queue-encryption",
    RuleSeverity.WARNING,
    "the queue and its dead-letter queue are encrypted at rest",
    "Message bodies are stored in plain text.",
    sources.SQS_ENCRYPTION,
)
@_each_queue
def encryption(queue: SqsQueueSettings) -> Iterator[Problem]:
    if not known(queue.encrypted):
        change = changes.queue(queue.origin, "SqsManagedSseEnabled", True)
        yield Problem(f"{queue.origin.name} is not encrypted", queue.origin, "SqsManagedSseEnabled", change)


@rule(
    "public-queue",
    RuleSeverity.CRITICAL,
    "the policies of the queue and its dead-letter queue grant public access only under a condition",
    "Anyone with an AWS account can send messages to the queue, or read and delete them.",
    sources.SQS_POLICY,
)
@_each_queue
def public_queue(queue: SqsQueueSettings) -> Iterator[Problem]:
    if known(queue.public):
        change = changes.other(
            "aws sqs set-queue-attributes --queue-url QUEUE_URL --attributes file://policy.json",
            'AWS::SQS::QueuePolicy: name the Principal, or add Condition: {"ArnEquals": {"aws:SourceArn": SENDER_ARN}}',
        )
        text = f"the policy of {queue.origin.name} allows every principal, without a condition"
        yield Problem(text, queue.origin, "QueueName", change)


@rule(
    "queue-key",
    RuleSeverity.CRITICAL,
    "the KMS keys of the queue and its dead-letter queue admit the services that their policies let send",
    "What the service sends never arrives. Only that service's own metrics and logs show it.",
    sources.QUEUE_KEY,
)
@_each_queue
def queue_key(queue: SqsQueueSettings) -> Iterator[Problem]:
    for service in known(queue.shut_out):
        text = f"the policy of {queue.origin.name} lets {KEY_USERS[service]} send, and its KMS key does not"
        statement = (
            f'{{"Effect": "Allow", "Principal": {{"Service": "{service}.amazonaws.com"}}, '
            '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}'
        )
        change = changes.other(
            "aws kms put-key-policy --key-id KEY_ID --policy-name default --policy file://key-policy.json",
            f"AWS::KMS::Key KeyPolicy: add {statement}. The policy of alias/aws/sqs cannot be changed: "
            "use a key of your own, or SqsManagedSseEnabled: true",
        )
        yield Problem(text, queue.origin, "KmsMasterKeyId", change)


RULES = (encryption, public_queue, queue_key)
