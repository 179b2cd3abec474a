"""Plans and purges where queues, keys and move tasks are real."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest

from ops import target, workload
from ops.aws import Aws
from ops.deadletters import plans
from ops.deadletters.archive import exports
from ops.deadletters.edits import edits
from ops.deadletters.plan_model import Action, Destination, Pace, Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import purge
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.errors import AwsError
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin
LETTERS = 24


@pytest.fixture(scope="module")
def names(twin: Twin) -> tuple[str, str]:
    """A queue whose messages have all died, and its dead-letter queue."""
    sqs, end = twin.client("sqs"), uuid.uuid4().hex[:8]
    dlq = sqs.create_queue(QueueName=f"buried-{end}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    settings = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    queue = sqs.create_queue(QueueName=f"alive-{end}", Attributes=settings)["QueueUrl"]
    for number in range(LETTERS):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"n": number}))

    def died() -> bool:
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        counted = sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["ApproximateNumberOfMessages"])
        return int(counted["Attributes"]["ApproximateNumberOfMessages"]) == LETTERS

    wait_for(died, 180, "the messages did not die", pause=0.02)
    return f"alive-{end}", f"buried-{end}"


@pytest.fixture
def source(names: tuple[str, str]) -> DeadLetterQueue:
    found = target.resolve()
    aws = Aws(found)
    return open_queue(aws, workload.describe(aws, replace(found, stack=None, queue=names[0])))


def test_the_engine_is_chosen_and_it_says_why(source: DeadLetterQueue) -> None:
    scan_queue(source)
    whole = plans.make_plan(source, Selection())
    assert len(whole.ids) == LETTERS
    assert (whole.engine, whole.engine_why) == (
        "move task",
        "the whole queue is redriven unchanged, and SQS can move it after the canary",
    )
    assert any("StartMessageMoveTask" in need for need in whole.permissions)
    assert any("takes every message that is in the queue by then" in warning for warning in whole.warnings)
    assert plans.make_plan(source, Selection(), engine="ledger").engine_why == "as requested"
    for selection, changes, why in (
        (Selection(where="body.n < `5`"), {}, "only some messages are selected"),
        (Selection(), {"edits": edits.parse_edits(["body.n=1"])}, "messages are edited"),
        (Selection(), {"action": Action.COPY}, "cannot copy"),
        (Selection(), {"pace": Pace(501.0)}, "at most 500 messages per second"),
    ):
        plan = plans.make_plan(source, selection, **changes)
        assert plan.engine == "ledger"
        assert why in plan.engine_why


def test_a_destination_whose_key_cannot_be_used(source: DeadLetterQueue, twin: Twin) -> None:
    scan_queue(source)
    kms, sqs = twin.client("kms"), twin.client("sqs")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = f"sealed-{uuid.uuid4().hex[:8]}"
    sqs.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})
    plan = plans.make_plan(source, Selection(), destination=Destination("queue", name))
    assert not any(key in warning for warning in plan.warnings)
    assert any(f"key/{key}" in need for need in plan.permissions)
    kms.disable_key(KeyId=key)
    with pytest.raises(AwsError, match=rf"{name} is encrypted with key {key}, which cannot be used") as caught:
        plans.make_plan(source, Selection(), destination=Destination("queue", name))
    assert caught.value.next_step


def test_a_purge_deletes_exactly_its_messages(source: DeadLetterQueue) -> None:
    scan_queue(source)
    plan = plans.make_plan(source, Selection(where="body.n < `10`"), action=Action.PURGE)
    kept = exports.export_messages(source, Selection(ids=plan.ids))
    asked = purge.confirmation_text(plan)
    assert asked == "purge 10 messages"
    done = purge.purge_messages(source, plan, export=kept.path, confirmation=asked, reason="cannot succeed")
    assert (done.deleted, done.missing, done.refused) == (10, 0, 0)
    again = scan_queue(source)
    assert (again.messages, again.missing, again.complete) == (LETTERS - 10, 0, True)
    with Snapshot.open(source) as snapshot:
        left = {json.loads(each.message.body)["n"] for each in snapshot.iterate(Selection())}
    assert left == set(range(10, LETTERS))
