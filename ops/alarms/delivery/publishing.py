"""The first leg: from CloudWatch into a topic, past the policies of the topic and of its key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ops.alarms.delivery import statements
from ops.alarms.delivery.cached_reader import AlarmPlace, is_elsewhere
from ops.alarms.delivery.model import DeliveryLeg, DeliveryStatus
from ops.alarms.delivery.policy_verdict import PolicyAnswer, ServiceRequest, service_context, verdict
from ops.aws import kms
from ops.workload.gaps import Gap, Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.alarms.delivery.cached_reader import DeliveryReader
    from ops.aws.cloudwatch import AlarmActionRecord

USABLE_KEY_STATES = ("Enabled", "Creating", "Updating")


def publishing(
    reader: DeliveryReader,
    topic_arn: str,
    alarm_arn: str,
    place: AlarmPlace,
    history: Sequence[AlarmActionRecord] | Gap,
) -> DeliveryLeg:
    """Settings and history together: a setting that refuses counts unless CloudWatch has just succeeded, which shows
    that the setting is not what it seems or was changed since."""
    now = _by_settings(reader, topic_arn, alarm_arn, place)
    last = last_action(history, topic_arn)
    if last is None:
        return now
    if last.succeeded:
        if now.status is DeliveryStatus.BROKEN:
            text = (
                f"{now.text} CloudWatch published all the same at the last attempt; the policy may have changed since."
            )
            return _leg(DeliveryStatus.UNKNOWN, text, now, last)
        return DeliveryLeg(DeliveryStatus.DELIVERED, "CloudWatch published the last notification.", last.at)
    if now.status is DeliveryStatus.ALLOWED:
        text = "The last notification failed. The settings allow it now, and nothing has been published since."
        return _leg(DeliveryStatus.UNKNOWN, text, now, last)
    return _leg(DeliveryStatus.BROKEN, f"The last notification failed. {now.text}", now, last)


def last_action(history: Sequence[AlarmActionRecord] | Gap, target: str) -> AlarmActionRecord | None:
    """``history``: newest first."""
    return None if isinstance(history, Gap) else next((action for action in history if action.target == target), None)


def _leg(status: DeliveryStatus, text: str, now: DeliveryLeg, last: AlarmActionRecord) -> DeliveryLeg:
    return DeliveryLeg(status, text, last.at, last.error, now.policy_of, now.statement, now.change)


def _by_settings(reader: DeliveryReader, topic_arn: str, alarm_arn: str, place: AlarmPlace) -> DeliveryLeg:
    name = topic_arn.rpartition(":")[2]
    elsewhere = is_elsewhere(topic_arn, place)
    if elsewhere.startswith("another region"):
        text = f"Topic {name} is in {elsewhere}: CloudWatch publishes to topics of the alarm's own region only."
        return DeliveryLeg(DeliveryStatus.BROKEN, text)
    if elsewhere:
        text = f"Topic {name} is in {elsewhere}, whose policies cannot be read from here."
        return DeliveryLeg(DeliveryStatus.UNKNOWN, text)
    topic = reader.topic(topic_arn)
    if isinstance(topic, Gap):
        if topic.why is Why.GONE:
            return DeliveryLeg(DeliveryStatus.BROKEN, f"Topic {name} does not exist.")
        return DeliveryLeg(DeliveryStatus.UNKNOWN, topic.note)
    context = service_context(alarm_arn, place.account)
    answer = verdict(topic.policy, ServiceRequest(statements.CLOUDWATCH, ("sns:Publish",), topic_arn, context))
    if answer.answer is PolicyAnswer.REFUSED:
        change = (
            f"aws sns set-topic-attributes --topic-arn {topic_arn} --attribute-name Policy "
            "--attribute-value file://policy.json"
        )
        text = f"The policy of topic {name} does not let CloudWatch publish: {answer.reason}."
        return DeliveryLeg(
            DeliveryStatus.BROKEN,
            text,
            policy_of=topic_arn,
            statement=statements.topic_statement(topic_arn, alarm_arn),
            change=change,
        )
    key = _key(reader, topic.kms_key, name, alarm_arn, context) if topic.kms_key else None
    if key is not None:
        return key
    if answer.answer is PolicyAnswer.UNKNOWN:
        text = f"Whether the policy of topic {name} lets CloudWatch publish is unknown: {answer.reason}."
        return DeliveryLeg(DeliveryStatus.UNKNOWN, text)
    return DeliveryLeg(DeliveryStatus.ALLOWED, f"The policies of topic {name} let CloudWatch publish.")


def _key(reader: DeliveryReader, key: str, topic: str, alarm_arn: str, context: dict[str, str]) -> DeliveryLeg | None:
    """None: the key lets CloudWatch use it."""
    statement = statements.topic_key_statement(alarm_arn)
    if kms.AWS_MANAGED_PREFIX in key:
        text = (
            f"Topic {topic} is encrypted with the AWS managed key {key}, whose policy does not let CloudWatch use it "
            "and cannot be changed: assign a key of your own, whose policy has the statement."
        )
        return DeliveryLeg(DeliveryStatus.BROKEN, text, policy_of="a key of your own", statement=statement)
    details = reader.key(key)
    if isinstance(details, Gap):
        if details.why is Why.GONE:
            text = f"Topic {topic} is encrypted with key {key}, which does not exist."
            return DeliveryLeg(DeliveryStatus.BROKEN, text)
        text = f"Topic {topic} is encrypted with key {key}. Whether CloudWatch may use it is unknown: {details.note}"
        return DeliveryLeg(DeliveryStatus.UNKNOWN, text)
    if details.state not in USABLE_KEY_STATES:
        text = f"Topic {topic} is encrypted with key {key}, which is {details.state}."
        return DeliveryLeg(DeliveryStatus.BROKEN, text, change=f"aws kms enable-key --key-id {details.id}")
    answer = verdict(details.policy, ServiceRequest(statements.CLOUDWATCH, statements.KEY_ACTIONS, key, context))
    if answer.answer is PolicyAnswer.ALLOWED:
        return None
    if answer.answer is PolicyAnswer.UNKNOWN:
        text = f"Whether key {key} of topic {topic} lets CloudWatch use it is unknown: {answer.reason}."
        return DeliveryLeg(DeliveryStatus.UNKNOWN, text)
    text = f"The policy of key {key}, which encrypts topic {topic}, does not let CloudWatch use it: {answer.reason}."
    change = f"aws kms put-key-policy --key-id {details.id} --policy-name default --policy file://key-policy.json"
    return DeliveryLeg(DeliveryStatus.BROKEN, text, policy_of=details.id, statement=statement, change=change)


def filters_everything(policy: str, scope: str) -> bool | None:
    """Whether a subscription's filter policy drops every notification of CloudWatch, which has no message attributes;
    None: it depends on what a notification holds."""
    try:
        rules = json.loads(policy or "{}")
    except ValueError:
        return None
    if not rules:
        return False
    if scope != "MessageAttributes" or not isinstance(rules, dict):
        return None
    return not all(_takes_absent(rule) for rule in rules.values())


def _takes_absent(rule: object) -> bool:
    return isinstance(rule, list) and {"exists": False} in rule
