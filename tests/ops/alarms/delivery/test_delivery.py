"""Whether an alarm reaches anyone: each way in which it does not, by what AWS answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ops.alarms.delivery import AlarmDelivery, DeliveryReport, DeliveryStatus, SubscriptionDelivery, check_alarm
from ops.aws import Aws
from ops.errors import NotFound
from ops.target import Target
from tests.fakes.alarm_account import (
    ACCOUNT,
    KEY,
    REGION,
    ROOT,
    TOPIC,
    AlarmAccount,
    Subscriber,
    action,
    alarm,
    alarm_arn,
    composite,
)
from tests.fakes.aws import FakeAws, start

DELIVERED, ALLOWED, UNKNOWN, BROKEN = DeliveryStatus
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:pages"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pager"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
KEY_ALLOWS = {
    "Effect": "Allow",
    "Principal": CLOUDWATCH,
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeAws]:
    with start(lambda *_: None) as started:
        yield started


@pytest.fixture
def report(fake: FakeAws) -> Any:
    def call(account: AlarmAccount, name: str = "dead") -> DeliveryReport:
        fake.answer = account.answer
        target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
        return check_alarm(Aws(target, max_attempts=1), name)

    return call


@pytest.fixture
def of(report: Any) -> Any:
    def call(account: AlarmAccount, name: str = "dead") -> AlarmDelivery:
        found: AlarmDelivery = report(account, name).alarms[0]
        return found

    return call


def _publish(**more: Any) -> dict[str, Any]:
    statement = {"Sid": "Mine", "Effect": "Allow", "Principal": CLOUDWATCH, "Action": "sns:Publish", "Resource": TOPIC}
    return {"Statement": [{**statement, **more}]}


def test_settings_that_allow_are_not_called_delivered(of: Any) -> None:
    found = of(AlarmAccount())
    assert found.status is ALLOWED
    assert "has not been published" in found.text
    assert found.actions[0].subscriptions[0].leg.text.startswith("Confirmed. Whether it is read")


def test_what_the_history_shows_is_delivered(of: Any) -> None:
    found = of(AlarmAccount(history=[action("dead", "Succeeded"), action("dead", "Failed", at=1_795_400_000)]))
    assert found.status is DELIVERED
    assert found.actions[0].publish.at is not None


KMS_ERROR = "null (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)"


def test_incident_7_the_key_does_not_admit_cloudwatch(of: Any) -> None:
    account = AlarmAccount(
        encrypted={TOPIC: KEY}, keys={KEY: {"Statement": [ROOT]}}, history=[action("dead", "Failed", KMS_ERROR)]
    )
    found = of(account)
    leg = found.actions[0].publish
    assert found.status is BROKEN
    assert leg.error == KMS_ERROR
    assert leg.policy_of == KEY
    assert leg.statement == {
        "Sid": "AllowCloudWatchAlarms",
        "Effect": "Allow",
        "Principal": CLOUDWATCH,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"},
        },
    }
    assert f"put-key-policy --key-id {KEY}" in leg.change
    fixed = replace(account, keys={KEY: {"Statement": [ROOT, leg.statement]}})
    assert of(replace(fixed, history=[])).status is ALLOWED
    assert of(fixed).status is UNKNOWN  # allowed now, but the last attempt failed
    assert "nothing has been published since" in of(fixed).actions[0].publish.text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"encrypted": {TOPIC: "alias/aws/sns"}}, "AWS managed key"),
        ({"encrypted": {TOPIC: KEY}}, "does not exist"),
        ({"encrypted": {TOPIC: KEY}, "keys": {KEY: {"Statement": [KEY_ALLOWS]}}, "key_state": "Disabled"}, "Disabled"),
        ({"topics": {TOPIC: {"Statement": []}}}, "no statement allows sns:Publish"),
        ({"topics": {TOPIC: _publish(Principal={"Service": "events.amazonaws.com"})}}, "no statement allows"),
        ({"topics": {TOPIC: _publish(Condition={"ArnLike": {"aws:SourceArn": alarm_arn("shop-*")}})}}, "statement Mine"),
        ({"topics": {TOPIC: _publish(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})}}, "statement Mine"),
        ({"topics": {TOPIC: {"Statement": [*_publish()["Statement"], {"Sid": "No", "Effect": "Deny",
          "Principal": "*", "Action": "sns:*", "Resource": TOPIC}]}}}, "statement No denies"),
        ({"topics": {}}, "does not exist"),
        ({"subscribers": ()}, "The topic has no subscription"),
        ({"alarms": [alarm("dead", ["arn:aws:sns:us-east-1:111122223333:oncall"])]}, "another region (us-east-1)"),
    ],
)  # fmt: skip
def test_a_topic_that_swallows_notifications(of: Any, change: dict[str, Any], text: str) -> None:
    found = of(replace(AlarmAccount(), **change))
    assert found.status is BROKEN
    assert text in found.actions[0].publish.text


@pytest.mark.parametrize(
    "topic",
    [
        _publish(Condition={"ArnLike": {"aws:SourceArn": alarm_arn("*")}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        _publish(Principal="*", Action="SNS:*", Resource="*"),
        {"Statement": [*_publish()["Statement"], {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
         "Resource": TOPIC, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]},
    ],
)  # fmt: skip
def test_policies_that_admit_cloudwatch(of: Any, topic: Any) -> None:
    assert of(AlarmAccount(topics={TOPIC: topic})).status is ALLOWED


def test_a_condition_that_is_not_evaluated_is_unknown(of: Any) -> None:
    topic = _publish(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}})
    found = of(AlarmAccount(topics={TOPIC: topic}))
    assert found.status is UNKNOWN
    assert "not evaluated here" in found.actions[0].publish.text


def test_a_success_speaks_against_a_setting_that_seems_to_refuse(of: Any) -> None:
    found = of(AlarmAccount(topics={TOPIC: {"Statement": []}}, history=[action("dead", "Succeeded")]))
    assert found.status is UNKNOWN
    assert found.actions[0].publish.statement is not None


def test_an_alarm_of_its_own_that_tells_no_one(of: Any) -> None:
    silent = of(AlarmAccount(alarms=[alarm("dead", [])]))
    assert (silent.status, silent.text) == (BROKEN, "It has no action: it turns red and notifies no one.")
    scaling = "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:autoScalingGroupName/a:policyName/b"
    assert of(AlarmAccount(alarms=[alarm("dead", [scaling])])).status is BROKEN
    disabled = of(AlarmAccount(alarms=[alarm("dead", ActionsEnabled=False)]))
    assert disabled.status is BROKEN
    assert disabled.change == "aws cloudwatch enable-alarm-actions --alarm-names dead"


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("ALARM(dead) OR ALARM(late)", ALLOWED),
        ('ALARM("dead") AND ALARM(late)', UNKNOWN),
        ("ALARM(late)", BROKEN),
        ("not a rule (", BROKEN),
    ],
)
def test_a_composite_alarm_speaks_for_it(of: Any, rule: str, status: DeliveryStatus) -> None:
    account = AlarmAccount(alarms=[alarm("dead", [])], composites=[composite("page-me", rule)])
    assert of(account).status is status
    assert of(account, "page-me").status is ALLOWED


def test_a_composite_alarm_without_an_action_is_as_good_as_the_alarms_below_it(of: Any) -> None:
    rule = "ALARM(dead) OR ALARM(late)"
    silent = composite("page-me", rule, AlarmActions=[])
    found = of(AlarmAccount(alarms=[alarm("dead"), alarm("late")], composites=[silent]), "page-me")
    assert (found.status, found.text) == (ALLOWED, "It has no action: each alarm below it notifies for itself.")
    found = of(AlarmAccount(alarms=[alarm("dead"), alarm("late", [])], composites=[silent]), "page-me")
    assert (found.status, found.text.endswith("1 of 2 alarms below it reach no one: late")) == (BROKEN, True)
    assert of(AlarmAccount(alarms=[], composites=[silent]), "page-me").status is BROKEN


def _leg(of: Any, subscriber: Subscriber, **more: Any) -> tuple[AlarmDelivery, SubscriptionDelivery]:
    found = of(AlarmAccount(subscribers=[subscriber], **more))
    return found, found.actions[0].subscriptions[0]


def test_subscriptions_that_get_nothing(of: Any) -> None:
    found, subscription = _leg(of, Subscriber(pending=True))
    assert (found.status, subscription.leg.status) == (BROKEN, BROKEN)
    assert "None of its 1 subscription takes it" in found.actions[0].publish.text
    found, subscription = _leg(of, Subscriber(attributes={"FilterPolicy": '{"severity": ["page"]}'}))
    assert found.status is BROKEN
    assert "message attributes" in subscription.leg.text
    found, subscription = _leg(of, Subscriber(attributes={"FilterPolicy": "{}"}))
    assert found.status is ALLOWED
    by_body = {"FilterPolicy": '{"AlarmName": ["x"]}', "FilterPolicyScope": "MessageBody"}
    assert _leg(of, Subscriber(attributes=by_body))[0].status is UNKNOWN


def test_a_subscriber_after_the_first_hundred_counts(of: Any) -> None:
    dead = [Subscriber(pending=True)] * 100
    assert of(AlarmAccount(subscribers=dead)).status is BROKEN
    found = of(AlarmAccount(subscribers=[*dead, Subscriber()]))
    assert (found.status, len(found.actions[0].subscriptions)) == (ALLOWED, 101)


def test_queues_that_take_nothing(of: Any) -> None:
    queue = Subscriber("sqs", QUEUE)
    found, subscription = _leg(of, queue)
    assert (found.status, subscription.leg.text) == (BROKEN, "Queue pages does not exist.")
    found, subscription = _leg(of, queue, queues={"pages": {"Statement": []}})
    assert found.status is BROKEN
    assert subscription.leg.statement is not None
    assert subscription.leg.statement["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}
    fixed = {"Statement": [subscription.leg.statement]}
    assert _leg(of, queue, queues={"pages": fixed})[0].status is ALLOWED
    _, subscription = _leg(of, queue, queues={"pages": fixed}, encrypted={QUEUE: "alias/aws/sqs"})
    assert "AWS managed key" in subscription.leg.text
    _, subscription = _leg(
        of, queue, queues={"pages": fixed}, encrypted={QUEUE: KEY}, keys={KEY: {"Statement": [ROOT]}}
    )
    assert subscription.leg.statement is not None
    key = {KEY: {"Statement": [subscription.leg.statement]}}
    assert _leg(of, queue, queues={"pages": fixed}, encrypted={QUEUE: KEY}, keys=key)[0].status is ALLOWED
    other = Subscriber("sqs", "arn:aws:sqs:eu-west-1:999999999999:pages")
    assert _leg(of, other)[0].status is UNKNOWN


def test_functions_that_may_not_be_invoked(of: Any) -> None:
    subscriber = Subscriber("lambda", FUNCTION)
    assert _leg(of, subscriber)[1].leg.text == "Function pager does not exist."
    _, refused = _leg(of, subscriber, functions={"pager": {"Statement": []}})
    assert "aws lambda add-permission" in refused.leg.change
    assert _leg(of, subscriber, functions={"pager": {"Statement": [refused.leg.statement]}})[0].status is ALLOWED


def test_one_subscriber_that_takes_it_is_enough_and_the_other_is_named(of: Any) -> None:
    found = of(AlarmAccount(subscribers=[Subscriber(pending=True), Subscriber("https", "https://pager.example.com")]))
    assert found.status is ALLOWED
    assert [subscription.leg.status for subscription in found.actions[0].subscriptions] == [BROKEN, ALLOWED]


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("GetTopicAttributes", {}),
        ("ListSubscriptionsByTopic", {}),
        ("GetSubscriptionAttributes", {}),
        ("DescribeKey", {"encrypted": {TOPIC: KEY}, "keys": {KEY: {"Statement": [KEY_ALLOWS]}}}),
    ],
)
def test_what_may_not_be_read_is_unknown_and_names_the_permission(
    report: Any, operation: str, change: dict[str, Any]
) -> None:
    found = report(replace(AlarmAccount(denied=frozenset({operation})), **change))
    assert found.alarms[0].status is UNKNOWN
    assert found.refused
    assert operation in str(found.alarms[0])


def test_a_history_that_may_not_be_read_is_said(report: Any) -> None:
    found = report(AlarmAccount(denied=frozenset({"DescribeAlarmHistory"})))
    assert found.refused
    assert "cloudwatch:DescribeAlarmHistory" in found.alarms[0].unread[0]


def test_mute_rules(report: Any) -> None:
    muted = report(AlarmAccount(mute_rules={"night": ["dead"]})).alarms[0]
    assert "Muted now by mute rule night" in muted.notes[0]
    assert report(AlarmAccount(mute_rules={"night": ["another"]})).alarms[0].notes == ()
    refused = report(AlarmAccount(mute_rules={}, denied=frozenset({"ListAlarmMuteRules"})))
    assert any("cloudwatch:ListAlarmMuteRules" in note for note in refused.notes)
    assert refused.refused


def test_an_alarm_that_does_not_exist(report: Any) -> None:
    with pytest.raises(NotFound, match="There is no alarm nope"):
        report(AlarmAccount(), "nope")
