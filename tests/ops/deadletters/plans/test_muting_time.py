"""For how long a plan mutes: also while its alarms are still in ALARM for what the redrive did."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ops.aws import Aws
from ops.deadletters.plans.muted_alarms import MARGIN_S, plan_muting
from ops.target import Target
from tests.fakes.alarm_account import ACCOUNT, REGION, AlarmAccount, alarm, composite
from tests.fakes.aws import FakeAws, start

ERRORS = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "FunctionName", "Value": "worker"}],
    "EvaluationPeriods": 30,
}


@pytest.fixture
def fake() -> Iterator[FakeAws]:
    account = AlarmAccount(alarms=[alarm("errors", [], **ERRORS)], composites=[composite("page", "ALARM(errors)")])
    with start(account.answer) as started:
        yield started


def test_a_plan_mutes_until_the_windows_have_passed(fake: FakeAws) -> None:
    aws = Aws(Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION))
    queue = SimpleNamespace(name="orders-dlq", arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders-dlq")
    function = SimpleNamespace(name="worker")
    workload = SimpleNamespace(alarms=("errors",), queue=SimpleNamespace(name="orders"), readers=(), function=function)
    source: Any = SimpleNamespace(aws=aws, queue=queue, workload=workload)
    estimate: Any = SimpleNamespace(seconds=60.0)
    steps: Any = SimpleNamespace(watch=False)
    planned = plan_muting(source, (), estimate, steps)
    assert planned.alarms == ("page",)
    assert planned.seconds >= 60 + MARGIN_S + 30 * 60
    assert "cloudwatch:DescribeAlarms on *" in planned.permissions
