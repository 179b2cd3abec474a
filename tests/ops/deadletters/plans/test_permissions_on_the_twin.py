"""The permissions that a plan names are enough to follow it, and a missing one is named: held against IAM."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import replace

import pytest

from ops import target, workload
from ops.aws import Aws, sqs
from ops.deadletters import plans
from ops.deadletters.archive import exports
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Action, Destination, Pace, Plan, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import purge, redrive
from ops.deadletters.scan.scan import scan_queue
from ops.errors import AccessDenied, OpsError
from tests.ops.deadletters.redrive.test_redrive_on_the_twin import dies, fix
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin
LETTERS = 12
QUICK = {"pace": Pace(None, headroom=False), "steps": Steps(("100%",), watch=False), "engine": "ledger"}


@pytest.fixture
def source(twin: Twin) -> DeadLetterQueue:
    """A queue whose messages have all died, looked at by somebody who may do everything."""
    client, end = twin.client("sqs"), uuid.uuid4().hex[:8]
    dlq = client.create_queue(QueueName=f"buried-{end}")["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = client.create_queue(QueueName=f"alive-{end}", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for number in range(LETTERS):
        client.send_message(QueueUrl=queue, MessageBody=json.dumps({"n": number}))

    def died() -> bool:
        client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        counted = client.get_queue_attributes(QueueUrl=dlq, AttributeNames=["ApproximateNumberOfMessages"])
        return int(counted["Attributes"]["ApproximateNumberOfMessages"]) == LETTERS

    wait_for(died, 180, "the messages did not die", pause=0.02)
    found = target.resolve()
    aws = Aws(found)
    source = open_queue(aws, workload.describe(aws, replace(found, stack=None, queue=f"alive-{end}")))
    scan_queue(source)
    return source


def only(source: DeadLetterQueue, twin: Twin, permissions: Iterable[str]) -> DeadLetterQueue:
    """``source`` seen by a user who may do no more than this."""
    iam, name = twin.client("iam"), f"operator-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    pairs = [permission.split(" on ") for permission in permissions]
    rules = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in pairs]
    policy = json.dumps({"Version": "2012-10-17", "Statement": rules})
    iam.put_user_policy(UserName=name, PolicyName="redrive", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    found = replace(source.aws.target, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    return replace(source, aws=Aws(found))


def follow(source: DeadLetterQueue, plan: Plan) -> None:
    if plan.action is Action.PURGE:
        kept = exports.export_messages(source, Selection(ids=plan.ids))
        asked = purge.confirmation_text(plan)
        assert purge.purge_messages(source, plan, export=kept.path, confirmation=asked, reason="why").deleted == LETTERS
    else:
        run = redrive.start_redrive(source, plan, reason="why")
        assert (run.state, run.sent) == (RunState.DONE, LETTERS), run.status_text


@pytest.mark.parametrize("action", [Action.REDRIVE, Action.PURGE, Action.COPY], ids=lambda action: action.value)
def test_what_a_plan_names_is_enough(source: DeadLetterQueue, twin: Twin, action: Action) -> None:
    plan = plans.make_plan(source, Selection(), action=action, **QUICK)  # type: ignore[arg-type]
    follow(only(source, twin, plan.permissions), plan)


def test_to_another_queue(source: DeadLetterQueue, twin: Twin) -> None:
    name = f"other-{uuid.uuid4().hex[:8]}"
    twin.client("sqs").create_queue(QueueName=name)
    plan = plans.make_plan(source, Selection(), destination=Destination("queue", name), **QUICK)  # type: ignore[arg-type]
    follow(only(source, twin, plan.permissions), plan)


def test_with_a_canary_and_headroom(twin: Twin) -> None:
    twin.no_dead_letters()
    found = target.resolve()
    aws = Aws(found)
    source = open_queue(aws, workload.describe(aws, found))
    jobs = dies(twin, 3)
    wait_for(lambda: sqs.queue_depth(aws, source.queue).visible == len(jobs), 180, "the jobs did not die")
    scan_queue(source)
    fix(twin, jobs)
    plan = plans.make_plan(source, Selection(), steps=Steps(("2", "100%"), patience_s=600), engine="ledger")
    told: list[Run] = []
    run = redrive.start_redrive(only(source, twin, plan.permissions), plan, reason="why", progress=told.append)
    assert (run.state, run.succeeded) == (RunState.DONE, len(jobs)), run.status_text
    assert not any("not authorized" in run.status_text + run.rate_reason for run in told), (
        "outcomes and metrics could be read"
    )


@pytest.mark.parametrize("missing", ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"])
def test_without_one_of_them_it_is_refused_by_name(source: DeadLetterQueue, twin: Twin, missing: str) -> None:
    plan = plans.make_plan(source, Selection(), **QUICK)  # type: ignore[arg-type]
    limited = only(source, twin, [need for need in plan.permissions if not need.startswith(missing)])
    with pytest.raises((AccessDenied, OpsError), match="not authorized"):
        follow(limited, plan)
