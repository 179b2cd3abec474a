"""The second leg: from a topic to its subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.alarms.delivery import statements
from ops.alarms.delivery.cached_reader import AlarmPlace, is_elsewhere
from ops.alarms.delivery.model import DeliveryLeg, DeliveryStatus, SubscriptionDelivery
from ops.alarms.delivery.policy_verdict import PolicyAnswer, PolicyVerdict, ServiceRequest, service_context, verdict
from ops.alarms.delivery.publishing import USABLE_KEY_STATES, filters_everything
from ops.aws import kms
from ops.workload.gaps import Gap, Why

if TYPE_CHECKING:
    from ops.alarms.delivery.cached_reader import DeliveryReader
    from ops.aws.sns import Subscription

DEFAULT_SCOPE = "MessageAttributes"


def subscribed(
    reader: DeliveryReader, topic_arn: str, subscription: Subscription, place: AlarmPlace
) -> SubscriptionDelivery:
    return SubscriptionDelivery(
        subscription.protocol, subscription.endpoint, _leg(reader, topic_arn, subscription, place)
    )


def _leg(reader: DeliveryReader, topic_arn: str, subscription: Subscription, place: AlarmPlace) -> DeliveryLeg:
    if subscription.pending:
        text = "Not confirmed yet: its owner must follow the link that SNS sent, and it gets nothing until then."
        return DeliveryLeg(DeliveryStatus.BROKEN, text)
    attributes = reader.subscription(subscription.arn)
    if isinstance(attributes, Gap):
        unclear = f"Whether it filters notifications is unknown: {attributes.note}"
    else:
        policy, scope = attributes.get("FilterPolicy", ""), attributes.get("FilterPolicyScope") or DEFAULT_SCOPE
        drops = filters_everything(policy, scope)
        if drops:
            text = (
                "Its filter policy asks for message attributes, which notifications of CloudWatch do not have, so that it "
                "drops them all."
            )
            change = (
                f"aws sns set-subscription-attributes --subscription-arn {subscription.arn} --attribute-name FilterPolicy "
                "--attribute-value '{}'"
            )
            return DeliveryLeg(DeliveryStatus.BROKEN, text, change=change)
        unclear = "Its filter policy decides by what a notification holds." if drops is None else ""
    end = _endpoint(reader, topic_arn, subscription, place)
    if unclear and end.status is not DeliveryStatus.BROKEN:
        return DeliveryLeg(DeliveryStatus.UNKNOWN, unclear)
    return end


def _endpoint(reader: DeliveryReader, topic_arn: str, subscription: Subscription, place: AlarmPlace) -> DeliveryLeg:
    if subscription.protocol not in ("sqs", "lambda"):
        return DeliveryLeg(
            DeliveryStatus.ALLOWED, "Confirmed. Whether it is read, or answered, cannot be seen from AWS."
        )
    if elsewhere := is_elsewhere(subscription.endpoint, place):
        return DeliveryLeg(DeliveryStatus.UNKNOWN, f"It is in {elsewhere}, and cannot be read from here.")
    return _queue(reader, topic_arn, subscription.endpoint, place) if subscription.protocol == "sqs" else _function(
        reader, topic_arn, subscription.endpoint, place
    )  # fmt: skip


def _queue(reader: DeliveryReader, topic_arn: str, arn: str, place: AlarmPlace) -> DeliveryLeg:
    name = arn.rpartition(":")[2]
    queue = reader.queue(arn)
    if isinstance(queue, Gap):
        return _missing(queue, f"Queue {name} does not exist.")
    context = service_context(topic_arn, place.account)
    answer = verdict(queue.policy, ServiceRequest(statements.SNS, ("sqs:SendMessage",), arn, context))
    change = f"aws sqs set-queue-attributes --queue-url {queue.url} --attributes file://attributes.json"
    if answer.answer is not PolicyAnswer.ALLOWED:
        return _refused(answer, f"queue {name}", arn, statements.queue_statement(arn, topic_arn), change)
    if not queue.kms_key:
        return DeliveryLeg(DeliveryStatus.ALLOWED, f"The policy of queue {name} admits the topic.")
    statement = statements.queue_key_statement(topic_arn)
    if kms.AWS_MANAGED_PREFIX in queue.kms_key:
        text = f"Queue {name} is encrypted with the AWS managed key {queue.kms_key}, which SNS may not use."
        return DeliveryLeg(DeliveryStatus.BROKEN, text, policy_of="a key of your own", statement=statement)
    key = reader.key(queue.kms_key)
    if isinstance(key, Gap):
        return _missing(key, f"Key {queue.kms_key} of queue {name} does not exist.")
    if key.state not in USABLE_KEY_STATES:
        return DeliveryLeg(DeliveryStatus.BROKEN, f"Key {queue.kms_key} of queue {name} is {key.state}.")
    answer = verdict(key.policy, ServiceRequest(statements.SNS, statements.KEY_ACTIONS, queue.kms_key, context))
    if answer.answer is PolicyAnswer.ALLOWED:
        return DeliveryLeg(DeliveryStatus.ALLOWED, f"The policies of queue {name} and of its key admit the topic.")
    change = f"aws kms put-key-policy --key-id {key.id} --policy-name default --policy file://key-policy.json"
    return _refused(answer, f"key {queue.kms_key} of queue {name}", key.id, statement, change)


def _function(reader: DeliveryReader, topic_arn: str, arn: str, place: AlarmPlace) -> DeliveryLeg:
    name = arn.partition(":function:")[2]
    function = reader.function(arn)
    if isinstance(function, Gap) and function.why is Why.GONE:
        return _missing(function, f"Function {name} does not exist.")
    policy = reader.function_policy(arn)
    if isinstance(policy, Gap):
        return _missing(policy, "")
    bare = ":".join(arn.split(":")[:7])
    context = service_context(topic_arn, place.account)
    request = ServiceRequest(statements.SNS, ("lambda:InvokeFunction",), arn, context)
    answer = verdict(policy, request)
    if answer.answer is PolicyAnswer.ALLOWED:
        return DeliveryLeg(DeliveryStatus.ALLOWED, f"The policy of function {name} admits the topic.")
    change = (
        f"aws lambda add-permission --function-name {arn} --statement-id AllowAlarmTopic --action lambda:InvokeFunction "
        f"--principal {statements.SNS} --source-arn {topic_arn}"
    )
    return _refused(answer, f"function {name}", bare, statements.function_statement(arn, topic_arn), change)


def _missing(gap: Gap, gone: str) -> DeliveryLeg:
    if gap.why is Why.GONE and gone:
        return DeliveryLeg(DeliveryStatus.BROKEN, gone)
    return DeliveryLeg(DeliveryStatus.UNKNOWN, gap.note)


def _refused(
    answer: PolicyVerdict, what: str, policy_of: str, statement: dict[str, object], change: str
) -> DeliveryLeg:
    if answer.answer is PolicyAnswer.UNKNOWN:
        text = f"Whether the policy of {what} admits the topic is unknown: {answer.reason}."
        return DeliveryLeg(DeliveryStatus.UNKNOWN, text)
    text = f"The policy of {what} does not admit the topic: {answer.reason}."
    return DeliveryLeg(DeliveryStatus.BROKEN, text, policy_of=policy_of, statement=statement, change=change)
