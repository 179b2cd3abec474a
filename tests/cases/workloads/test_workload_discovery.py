"""Which queue and function a stack, a queue or a function means, in the shapes that tools deploy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import UsageError
from ops.workload import Workload
from tests.cases.workloads.account_parts import MAPPING, QUEUE, M, Queue, Reads, stack, url
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, described
from tests.cases.workloads.stack_shapes import SHAPES, TWO, Shape


def names(found: Workload) -> tuple[str, str, str]:
    reader = found.readers[0].name if found.mapping else ""
    assert (found.function.name if found.function else "") == reader.partition(":")[0]
    return found.queue.name, found.dlq.name if found.dlq else "", reader


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_workload_is_found(served: Served, shape: Shape) -> None:
    found = described(served, shape.account, **shape.named)
    assert names(found) == shape.found
    assert found.gaps == ()
    if shape.note:
        assert any(shape.note in note for note in found.notes), found.notes


SEVERAL = Account(
    {**TWO, "emails": Queue(), "audit": Queue()},
    {M[1]: Reads("orders", "worker"), M[2]: Reads("emails", "mailer:live"), M[3]: Reads("audit", "worker")},
    {
        "shop": stack((MAPPING, M[1]), (MAPPING, M[2]), outputs={"QueueUrl": url("emails")}),
        "lonely": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (QUEUE, "emails")),
        "topics": stack(("AWS::SNS::Topic", "news")),
    },
)


def test_several_pairs_are_listed_and_one_is_chosen_by_its_queue(served: Served) -> None:
    with pytest.raises(UsageError) as caught:
        described(served, SEVERAL, stack="shop")
    assert "orders → worker; emails → mailer:live" in str(caught.value)
    assert caught.value.next_step.endswith("such as: ops status --queue orders")
    chosen = described(served, SEVERAL, stack="shop", queue="emails")
    assert names(chosen) == ("emails", "", "mailer:live")


def test_a_function_of_several_queues_lists_them(served: Served) -> None:
    with pytest.raises(UsageError, match=r"worker has several queues .*: orders → worker; audit → worker"):
        described(served, SEVERAL, function="worker")


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"stack": "shop", "queue": "audit"}, "Queue audit is not part of stack shop"),
        ({"queue": "emails", "function": "worker"}, "Function worker does not read queue emails: mailer:live does"),
        ({"queue": "orders-dlq", "function": "mailer"}, "Function mailer does not read queue orders: worker does"),
    ],
)
def test_what_does_not_belong_together_is_refused(served: Served, named: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        described(served, SEVERAL, **named)


def test_a_stack_without_mapping_says_what_it_has(served: Served) -> None:
    account = replace(SEVERAL, mappings={})
    with pytest.raises(UsageError) as caught:
        described(served, account, stack="lonely")
    assert str(caught.value) == (
        "Stack lonely has no event source mapping from an SQS queue to a function. "
        "Its queues: orders (dead-letter queue orders-dlq), emails."
    )
    assert "ops status --queue orders" in caught.value.next_step
    assert "ops dlq scan --queue orders-dlq" in caught.value.next_step
    with pytest.raises(UsageError, match="no event source mapping"):
        described(served, account, stack="topics")


def test_a_dead_letter_queue_of_several_is_described_as_that(served: Served) -> None:
    account = Account(
        {"orders": Queue(dlq="dead"), "emails": Queue(dlq="dead"), "dead": Queue()}, {M[1]: Reads("orders", "worker")}
    )
    found = described(served, account, queue="dead")
    assert (found.queue.name, found.dlq, found.function) == ("dead", found.queue, None)
    assert found.serves == ("orders", "emails")
    assert found.notes == ("dead is the dead-letter queue of orders, emails.",)


MAPPED: dict[str, Any] = {
    "BatchSize": 50,
    "MaximumBatchingWindowInSeconds": 5,
    "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]},
    "ProvisionedPollerConfig": {"MinimumPollers": 5},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


def test_the_mapping_is_described(served: Served) -> None:
    found = described(served, Account(TWO, {M[1]: Reads("orders", "worker", MAPPED)}), queue="orders")
    assert found.mapping is not None
    assert (found.mapping.batch_size, found.mapping.window_s, found.mapping.partial_batches) == (50, 5, True)
    assert (found.mapping.minimum_pollers, found.mapping.maximum_pollers) == (5, 200)
    assert json.loads(found.mapping.filters[0]) == {"body": {"kind": ["a"]}}
    assert any("worker gets only messages that match 1 filter" in note for note in found.notes)
    assert any("5 to 200 provisioned pollers" in note for note in found.notes)
