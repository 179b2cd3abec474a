"""A workload of an account: what the doctor reads of it, what it finds, and what it says when AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import pytest

from ops import workload
from ops.aws import cloudwatch
from ops.cli.app import run
from ops.doctor.examination import Examination, examine
from ops.doctor.live import described_settings, live_settings
from ops.doctor.settings import Unknown
from tests.cases.workloads.account_parts import DENIED, M, Queue, Reads, arn, url
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, aimed, serving
from tests.fakes.aws import Refusal, serve

TOPIC = arn("sns", "oncall")
HEALTHY_ALARM = {"Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0.0, "StateValue": "OK"}


def _alarm(name: str, metric: str, dimension: str, value: str, **more: Any) -> dict[str, Any]:
    space = "AWS/SQS" if dimension == "QueueName" else "AWS/Lambda"
    own = {"AlarmName": name, "Namespace": space, "MetricName": metric, "AlarmActions": [TOPIC]}
    at = {"Dimensions": [{"Name": dimension, "Value": value}], "ComparisonOperator": "GreaterThanThreshold"}
    return {**HEALTHY_ALARM, **own, **at, **more}


ALARMS = (
    _alarm("dead", "ApproximateNumberOfMessagesVisible", "QueueName", "orders-dlq"),
    _alarm("errors", "Errors", "FunctionName", "worker", AlarmActions=[]),
    _alarm("mute", "ApproximateAgeOfOldestMessage", "QueueName", url("orders"), ActionsEnabled=False),
    _alarm("stranger", "Errors", "FunctionName", "another", AlarmActions=[]),
)
ACCOUNT = Account(
    {"orders": Queue(dlq="orders-dlq"), "orders-dlq": Queue(), "mail": Queue()},
    {
        M[0]: Reads("orders", "worker:live", {"ScalingConfig": {"MaximumConcurrency": 8}, "BatchSize": 10}),
        M[1]: Reads("mail", "worker:live", {"ScalingConfig": {"MaximumConcurrency": 3}}),
        M[2]: Reads("orders-dlq", "replayer"),
    },
    per_minute={"Duration": 2_900.0, "ApproximateAgeOfOldestMessage": 60.0},
)


def _answers(
    account: Account, topic: Mapping[str, str], alarms: Any = ALARMS, log_alarms: Any = ()
) -> Callable[..., Any]:
    """The account with alarms, a topic, log groups and a reserved concurrency of 10."""

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in account.denied:
            raise DENIED
        if operation == "DescribeAlarms":
            if asked.get("AlarmTypes") == ["LogAlarm"]:
                return {"LogAlarms": list(log_alarms)}
            composites = asked.get("AlarmTypes") == ["CompositeAlarm"]
            return {"CompositeAlarms": []} if composites else {"MetricAlarms": list(alarms)}
        if operation == "GetTopicAttributes":
            entries = (f"<entry><key>{key}</key><value>{escape(value)}</value></entry>" for key, value in topic.items())
            return f"<Attributes>{''.join(entries)}</Attributes>"
        if operation == "DescribeLogGroups":
            return {"logGroups": [{"logGroupName": asked["logGroupNamePrefix"]}]}
        if service == "lambda" and operation.partition("?")[0].endswith("/concurrency"):
            return {"ReservedConcurrentExecutions": 10}
        return account.answer(service, operation, asked)

    return answer


POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SNS:Publish"}]})
OPEN_TOPIC = {"Policy": POLICY, "SubscriptionsConfirmed": "1", "SubscriptionsPending": "0"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as both:
        yield both


def _examined(served: Served, account: Account, topic: Mapping[str, str] = OPEN_TOPIC) -> tuple[Examination, bool]:
    fake, aws = served
    fake.answer = _answers(account, topic)
    there = aimed(aws, queue="orders")
    found = live_settings.read(there, workload.describe(there, there.target))
    return examine(found.workload), found.refused


def test_findings_of_an_account(served: Served) -> None:
    found, refused = _examined(served, ACCOUNT)
    assert not refused
    by_rule = {finding.rule: finding for finding in found.findings}
    assert by_rule["reserved-below-maximum"].text == "worker has 10 reserved, and its mappings may use 11"
    assert by_rule["alarm-dimension"].text == "mute names orders by its URL or ARN"
    assert by_rule["alarm-without-action"].text == "errors has no action"
    assert by_rule["alarm-actions-disabled"].text == "the actions of mute are disabled"
    assert by_rule["timeout-headroom"].severity == "warning"
    assert by_rule["dlq-alarm-received"].resource == "orders-dlq"
    assert {"log-retention", "visibility-timeout", "partial-batch-responses"} <= by_rule.keys() | set(found.fine)
    assert "log-retention" in by_rule
    assert f"--queue-url {url('orders-dlq')}" in by_rule["dlq-retention"].change.cli
    assert "stranger" not in str(found.findings)
    assert {"topic-key", "topic-policy", "topic-subscription"} <= set(found.fine)


def test_a_topic_that_swallows_notifications(served: Served) -> None:
    topic = {**OPEN_TOPIC, "KmsMasterKeyId": "alias/aws/sns", "Policy": "{}", "SubscriptionsConfirmed": "0"}
    rules = {finding.rule for finding in _examined(served, ACCOUNT, topic)[0].findings}
    assert {"topic-key", "topic-policy", "topic-subscription"} <= rules


def _key(service: str) -> str:
    actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}]})


@pytest.mark.parametrize(
    ("key", "policy", "answer"),
    [
        ("alias/aws/sqs", "", "found"),
        ("alias/orders", _key("sns.amazonaws.com"), "found"),
        ("alias/orders", _key("events.amazonaws.com"), "fine"),
        ("alias/orders", "", "not checked"),
    ],
)
def test_a_rule_that_sends_to_a_queue_whose_key_it_may_not_use(
    served: Served, key: str, policy: str, answer: str
) -> None:
    sends = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    orders = Queue(dlq="orders-dlq", policy=json.dumps({"Statement": [sends]}), key=key, key_policy=policy)
    found, refused = _examined(served, replace(ACCOUNT, queues={**ACCOUNT.queues, "orders": orders}))
    texts = [finding.text for finding in found.findings if finding.rule == "queue-key"]
    assert texts == ["the policy of orders lets EventBridge send, and its KMS key does not"] * (answer == "found")
    assert ("queue-key" in found.fine) == (answer == "fine")
    assert refused == (answer == "not checked")


@pytest.mark.parametrize(
    ("operation", "rules"),
    [
        ("DescribeAlarms", {"dlq-alarm", "alarm-without-action", "topic-key"}),
        ("GetTopicAttributes", {"topic-key", "topic-policy", "topic-subscription"}),
        ("DescribeLogGroups", {"log-retention"}),
        ("GetMetricData", {"timeout-headroom", "retention-headroom"}),
        ("queue orders-dlq", {"dlq-retention", "redrive-allow-policy"}),
        ("ListEventSourceMappings", {"partial-batch-responses", "visibility-timeout"}),
    ],
)
def test_what_aws_refuses_is_not_checked(served: Served, operation: str, rules: set[str]) -> None:
    found, refused = _examined(served, replace(ACCOUNT, denied=frozenset({operation})))
    assert refused
    assert rules <= {unchecked.rule for unchecked in found.not_checked}
    assert not rules & set(found.fine)
    assert all(len(unchecked.why) > 10 and not unchecked.why.endswith(".") for unchecked in found.not_checked)


def test_a_dead_letter_queue_that_is_gone(served: Served) -> None:
    account = replace(ACCOUNT, queues={name: queue for name, queue in ACCOUNT.queues.items() if name != "orders-dlq"})
    found, _ = _examined(served, account)
    missing = next(finding for finding in found.findings if finding.rule == "dlq-missing")
    assert missing.text == "the dead-letter queue that orders names, orders-dlq, does not exist"


def test_what_a_page_knows_already_is_checked_without_a_call(served: Served) -> None:
    fake, aws = served
    fake.answer = _answers(ACCOUNT, OPEN_TOPIC)
    there = aimed(aws, queue="orders")
    known = workload.describe(there, there.target)
    before = len(fake.calls)
    found = examine(described_settings.settings(known, Unknown("not read")))
    assert len(fake.calls) == before
    assert "dlq-retention" in {finding.rule for finding in found.findings}
    assert "log-retention" in {unchecked.rule for unchecked in found.not_checked}


def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(_answers(ACCOUNT, OPEN_TOPIC), monkeypatch):
        assert run(["doctor", "--queue", "orders"]) == 1
        text = " ".join(capsys.readouterr().out.split())
        assert "orders · orders · eu-west-1 · account 111122223333" in text
        assert "→ aws cloudwatch enable-alarm-actions --alarm-names mute" in text
        assert run(["doctor", "--queue", "orders", "--parameter", "A=1"]) == 2
    denied = replace(ACCOUNT, denied=frozenset({"DescribeLogGroups"}))
    with serve(_answers(denied, OPEN_TOPIC, alarms=()), monkeypatch):
        assert run(["doctor", "--queue", "mail", "--fail-on", "never"]) == 0


def test_refusals_have_an_exit_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "GetQueueUrl":
            raise Refusal("AccessDeniedException", "no", 403)
        return ACCOUNT.answer(service, operation, asked)

    with serve(answer, monkeypatch):
        assert run(["doctor", "--queue", "orders", "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["exit_code"] == 3


def test_a_promql_alarm_is_found_by_its_query(served: Served) -> None:
    def promql(name: str, queue: str) -> dict[str, Any]:
        criteria = {
            "Query": f'max({{"ApproximateNumberOfMessagesVisible", QueueName="{queue}"}}) > 0',
            "PendingPeriod": 60,
        }
        return {"AlarmName": name, "StateValue": "OK", "EvaluationCriteria": {"PromQLCriteria": criteria}}

    alarms = (promql("ours", "orders-dlq"), promql("theirs", "orders-dlq-2"))
    fake, aws = served
    fake.answer = _answers(ACCOUNT, {}, alarms)
    found = cloudwatch.find_alarms_on(aws, ["orders", "orders-dlq"])
    assert [(alarm.name, alarm.metrics, bool(alarm.promql)) for alarm in found] == [("ours", (), True)]


@pytest.mark.parametrize(
    ("targets", "denied", "name"),
    [
        ((arn("sqs", "failed"), arn("sqs", "failed")), "", "failed"),
        ((arn("sqs", "failed"), arn("sns", "failed")), "", "failed"),
        ((arn("sqs", "failed"), arn("sqs", "other")), "", "several queues"),
        (("arn:aws:sqs:eu-west-1:999999999999:failed",), "", "another account"),
        ((arn("sns", "failed"),), "", None),
        ((), "", None),
        ((), "ListFunctionEventInvokeConfigs", "ListFunctionEventInvokeConfigs"),
    ],
)
def test_the_queue_of_failed_asynchronous_invocations(
    served: Served, targets: tuple[str, ...], denied: str, name: str | None
) -> None:
    """What may not be read is not known, and is no reason to call the examination incomplete: no rule needs it."""
    fake, aws = served
    configs = [{"DestinationConfig": {"OnFailure": {"Destination": target}, "OnSuccess": {}}} for target in targets]
    fake.answer = _answers(replace(ACCOUNT, invoke_configs={"worker": configs}, denied=frozenset({denied})), OPEN_TOPIC)
    there = aimed(aws, queue="orders")
    found = live_settings.read(there, workload.describe(there, there.target))
    (mapping,) = found.workload.mappings if not isinstance(found.workload.mappings, Unknown) else ()
    assert not isinstance(mapping.function, Unknown)
    queue = mapping.function.undelivered
    assert name in queue.why if isinstance(queue, Unknown) and name else queue == name
    assert (found.refused, found.undelivered_gap is not None) == (False, bool(denied))


def test_a_log_alarm_on_the_functions_lines_is_named(served: Served) -> None:
    """It may be what a rule misses: the alarms on errors are left out of the account."""
    lines = {"LogGroupIdentifiers": ["/aws/lambda/worker"], "QueryString": "filter level = 'ERROR'"}
    log_alarm = {"AlarmName": "lines", "StateValue": "OK", "ScheduledQueryConfiguration": lines}
    fake, aws = served
    fake.answer = _answers(ACCOUNT, OPEN_TOPIC, ALARMS[:1], (log_alarm,))
    there = aimed(aws, queue="orders")
    found = examine(live_settings.read(there, workload.describe(there, there.target)).workload)
    why = {unchecked.rule: unchecked.why for unchecked in found.not_checked}
    assert why["errors-alarm"] == "lines is a log alarm, whose query is not evaluated here"
    assert "errors-alarm" not in {finding.rule for finding in found.findings}
