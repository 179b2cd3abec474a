"""Rules about the way from an alarm to someone: topics, their keys, policies and subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ops.doctor import changes, sources
from ops.doctor.rule import Check, Problem, RuleSeverity, each, rule
from ops.doctor.rules.alarms import ensure_parts_known, own_alarms
from ops.doctor.settings import NotChecked, TopicSettings, WorkloadSettings, known

STATEMENT = (
    '{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, '
    '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}'
)
PUBLISH = '{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": "TOPIC_ARN"}'


def _each_topic(find: Callable[[TopicSettings], Iterator[Problem]]) -> Check:
    """Every topic that an alarm of the workload publishes to. Raises NotChecked when one is not known."""

    def check(workload: WorkloadSettings) -> Iterator[Problem]:
        used = {arn for alarm, _ in own_alarms(workload) for arn in known(alarm.actions)}
        composites = [alarm for alarm in known(workload.alarms) if alarm.rule]
        used |= {arn for alarm in composites for arn in known(alarm.actions)}
        topics = {topic.arn: topic for topic in known(workload.topics)}
        yield from each([topics[arn] for arn in sorted(used) if arn in topics], find)
        others = sorted(arn for arn in used - topics.keys() if _may_be_topic(arn))
        if others:
            raise NotChecked(f"alarms publish to {others[0]}, which is not part of {workload.scope}")
        ensure_parts_known(workload)

    return check


def _may_be_topic(action: str) -> bool:
    return not action.startswith("arn:") or ":sns:" in action


@rule(
    "topic-key",
    RuleSeverity.CRITICAL,
    "the key of an encrypted alarm topic admits CloudWatch",
    "Every notification is dropped. Only the alarm's history says so.",
    sources.TOPIC_KEY,
)
@_each_topic
def topic_key(topic: TopicSettings) -> Iterator[Problem]:
    if known(topic.key) is None or known(topic.key_admits):
        return
    managed = "alias/aws/" in str(known(topic.key))
    why = (
        "the AWS managed key, whose policy cannot be changed"
        if managed
        else "a key whose policy does not name CloudWatch"
    )
    change = changes.other(
        "aws kms put-key-policy --key-id KEY_ID --policy-name default --policy file://key-policy.json",
        f"AWS::KMS::Key KeyPolicy: add {STATEMENT}",
    )
    yield Problem(f"{topic.origin.name} is encrypted with {why}", topic.origin, "KmsMasterKeyId", change)


@rule(
    "topic-policy",
    RuleSeverity.CRITICAL,
    "the policy of an alarm topic admits CloudWatch",
    "Every notification is refused. Only the alarm's history says so.",
    sources.SNS_DELIVERY,
)
@_each_topic
def topic_policy(topic: TopicSettings) -> Iterator[Problem]:
    if not known(topic.policy_admits):
        change = changes.other(
            f"aws sns set-topic-attributes --topic-arn {changes.id_of(topic.origin, 'TOPIC_ARN')} --attribute-name Policy "
            "--attribute-value file://policy.json",
            f"AWS::SNS::TopicPolicy PolicyDocument: add {PUBLISH}",
        )
        yield Problem(f"the policy of {topic.origin.name} does not name CloudWatch", topic.origin, "TopicName", change)


@rule(
    "topic-subscription",
    RuleSeverity.WARNING,
    "the alarm topic has a subscription",
    "Notifications are published, and no one receives them.",
    sources.SNS_DELIVERY,
)
@_each_topic
def subscription(topic: TopicSettings) -> Iterator[Problem]:
    if known(topic.subscribed) > 0:
        return
    waiting = known(topic.pending)
    text = f"{topic.origin.name} has no {'confirmed ' if waiting else ''}subscription"
    change = changes.other(
        f"aws sns subscribe --topic-arn {changes.id_of(topic.origin, 'TOPIC_ARN')} --protocol email --notification-endpoint ADDRESS",
        'AWS::SNS::Subscription: {"TopicArn": TOPIC_ARN, "Protocol": "email", "Endpoint": ADDRESS}',
    )
    yield Problem(text, topic.origin, "Subscription", change)


RULES = (topic_key, topic_policy, subscription)
