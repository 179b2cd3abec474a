"""A workload is found from its stack, its queue, its dead-letter queue or its function, whatever of it is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.errors import AccessDenied, CredentialsError, NotFound, UsageError
from ops.target import Target, resolve
from tests.twins import Twin

pytestmark = pytest.mark.twin


def described(**named: Any) -> workload.Workload:
    target = resolve(**named, environ={})
    return workload.describe(Aws(target), target)


@pytest.fixture
def lonely(twin: Twin) -> Iterator[str]:
    """A queue with neither dead-letter queue nor reader."""
    sqs = twin.client("sqs")
    url = sqs.create_queue(QueueName="lonely", Attributes={"MessageRetentionPeriod": "86400"})["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def test_from_the_stack(twin: Twin) -> None:
    found = described()
    assert (found.name, found.stack, found.region) == ("scilearn", "scilearn", twin.state.region)
    assert found.account == twin.state.account_id
    assert found.queue.name == "scilearn-jobs"
    assert found.dlq is not None
    assert found.dlq.name == "scilearn-jobs-dead"
    assert found.function is not None
    assert (found.function.name, found.function.package, found.function.timeout_s) == ("scilearn-worker", "Image", 15)
    assert found.function.metrics == ("SciLearn", "scilearn")
    assert found.mapping is not None
    assert found.mapping.partial_batches
    assert found.mapping.batch_size == 10
    assert found.log_group == "/aws/lambda/scilearn-worker"
    assert "scilearn-dead-letters" in found.alarms
    assert found.api_url
    assert found.account_concurrency
    assert found.notes == ()


def test_from_queue_and_function(twin: Twin) -> None:
    stack = described()
    assert stack.dlq is not None
    for named in (stack.queue.name, stack.queue.url, stack.queue.arn):
        found = described(queue=named)
        assert (found.queue, found.dlq, found.mapping) == (stack.queue, stack.dlq, stack.mapping)
        assert found.stack is None
        assert "scilearn-dead-letters" in found.alarms, "alarms are found by the dimensions they watch"
    assert described(function="scilearn-worker").queue == stack.queue


def test_a_queue_without_dead_letter_queue_and_reader_is_described(twin: Twin, lonely: str) -> None:
    found = described(queue="lonely")
    assert (found.dlq, found.function, found.mapping, found.log_group) == (None, None, None, None)
    assert any("no dead-letter queue" in note and "(24 h)" in note for note in found.notes)
    assert any("No function reads lonely" in note for note in found.notes)


def test_a_dead_letter_queue_leads_to_the_queue_it_serves(twin: Twin) -> None:
    found = described(queue="scilearn-jobs-dead")
    assert found.queue.name == "scilearn-jobs"
    assert any("scilearn-jobs-dead is the dead-letter queue of scilearn-jobs" in note for note in found.notes)


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"queue": "nowhere"}, "There is no queue nowhere"),
        ({"function": "nobody"}, "There is no function nobody"),
    ],
)
def test_what_is_not_there(twin: Twin, named: dict[str, str], sentence: str) -> None:
    with pytest.raises(NotFound, match=sentence) as caught:
        described(**named)
    assert "running twin is the target" in caught.value.next_step


def twin_target(twin: Twin, **changes: Any) -> Target:
    keys = {"access_key_id": twin.state.access_key_id, "secret_access_key": twin.state.secret_access_key}
    return Target(**{"endpoint": twin.state.endpoint, "region": twin.state.region, **keys, **changes})


def test_a_stack_that_is_not_there_and_a_wrong_region(twin: Twin) -> None:
    for target in (twin_target(twin, stack="shop"), twin_target(twin, stack="scilearn", region="eu-west-1")):
        with pytest.raises(NotFound, match=f"There is no stack {target.stack} in"):
            workload.describe(Aws(target), target)


def test_nothing_named(twin: Twin) -> None:
    with pytest.raises(UsageError, match="No workload is chosen"):
        workload.describe(Aws(twin_target(twin)), twin_target(twin))


def test_a_stack_without_a_mapping(twin: Twin) -> None:
    cloudformation = twin.client("cloudformation")
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    cloudformation.create_stack(StackName="topics", TemplateBody=json.dumps(template))
    try:
        target = twin_target(twin, stack="topics")
        with pytest.raises(UsageError, match="no event source mapping") as caught:
            workload.describe(Aws(target), target)
        assert "--queue" in caught.value.next_step
    finally:
        cloudformation.delete_stack(StackName="topics")


def test_keys_that_no_one_knows(twin: Twin) -> None:
    target = twin_target(twin, stack="scilearn", access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="wrong")
    with pytest.raises(CredentialsError, match="does not accept these credentials"):
        workload.describe(Aws(target), target)


def test_missing_permissions(twin: Twin) -> None:
    """Details that may not be read become notes; the queue itself is not a detail."""
    iam = twin.client("iam")
    iam.create_user(UserName="reader")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    target = twin_target(
        twin, queue="scilearn-jobs", access_key_id=made["AccessKeyId"], secret_access_key=made["SecretAccessKey"]
    )
    try:
        with pytest.raises(
            AccessDenied, match=r"user/reader is not authorized to perform (?i:sqs:GetQueueUrl)"
        ) as caught:
            workload.describe(Aws(target), target)
        assert "IAM policy" in caught.value.next_step
        allowed = ["sqs:*", "lambda:ListEventSourceMappings", "lambda:GetFunctionConfiguration"]
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="some", PolicyDocument=policy)
        found = workload.describe(Aws(target), target)
        assert found.function is not None
        assert found.alarms == ()
        denied = " ".join(found.notes).lower()
        assert "cloudwatch:describealarms on alarms" in denied
        assert "reserved concurrency of scilearn-worker" in denied
    finally:
        for policy in iam.list_user_policies(UserName="reader")["PolicyNames"]:
            iam.delete_user_policy(UserName="reader", PolicyName=policy)
        iam.delete_access_key(UserName="reader", AccessKeyId=made["AccessKeyId"])
        iam.delete_user(UserName="reader")
