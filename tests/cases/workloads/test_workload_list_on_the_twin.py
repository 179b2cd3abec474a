"""The workloads of a twin with further stacks, and with a queue that is read without a stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.insight.report_types import Level
from ops.insight.reports import workload_list
from ops.target import resolve, resolve_place
from tests.cases.workloads.test_workloads_on_the_twin import ROLE, att, deployed, function, mapping, queue
from tests.twins import Twin

pytestmark = pytest.mark.twin


@pytest.fixture
def further(twin: Twin) -> Iterator[None]:
    """A stack with two workloads, and a queue of no stack that one of its functions reads."""
    template: dict[str, Any] = {
        "Resources": {
            "Role": ROLE,
            "A": queue("list-a", "D"),
            "B": queue("list-b"),
            "D": queue("list-dlq"),
            "F": function("list-worker"),
            "MA": mapping(att("A"), att("F")),
            "MB": mapping(att("B"), att("F")),
        }
    }
    sqs, lambda_ = twin.client("sqs"), twin.client("lambda")
    with deployed(twin, {"further": template}):
        url = sqs.create_queue(QueueName="list-lonely")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        made = lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="list-worker", Enabled=False)
        dead = sqs.get_queue_url(QueueName="list-dlq")["QueueUrl"]
        for number in range(3):
            sqs.send_message(QueueUrl=dead, MessageBody=str(number))
        yield
        lambda_.delete_event_source_mapping(UUID=made["UUID"])
        sqs.delete_queue(QueueUrl=url)


def test_each_is_listed_with_its_stack_and_can_be_chosen(twin: Twin, further: None) -> None:
    found = workload_list.report(Aws(resolve_place(environ={})))
    assert (found.unread, found.limits) == ((), ())
    assert found.workloads[0].name == "scilearn", "the twin's own stack is first"
    told = {row.queue: (row.stack, row.level, row.why) for row in found.workloads[1:]}
    assert told == {
        "list-a": ("further", Level.CRITICAL, "3 dead letters"),
        "list-b": ("further", Level.WARNING, "no dead-letter queue"),
        "list-lonely": (None, Level.CRITICAL, "event source mapping disabled, no dead-letter queue"),
    }
    for row in found.workloads:
        target = resolve(stack=row.select_stack, queue=row.select_queue, environ={})
        assert target.is_twin
        assert workload.describe(Aws(target), target).queue.name == row.queue
