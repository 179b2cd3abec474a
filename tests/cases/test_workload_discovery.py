"""Which queue and which function a stack, a queue or a function stands for, in the shapes that tools deploy."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ops.errors import UsageError
from ops.workload import Workload
from tests.cases.accounts import (
    ALIAS,
    FUNCTION,
    MAPPING,
    NESTED,
    QUEUE,
    Account,
    M,
    Queue,
    Reads,
    Served,
    arn,
    described,
    stack,
    url,
)


@dataclass(frozen=True)
class Shape:
    """``found``: queue, dead-letter queue and function with its alias; "" where there is none."""

    name: str
    account: Account
    named: dict[str, str]
    found: tuple[str, str, str]
    note: str = ""


STACK = {"stack": "shop"}
TWO = {"orders": Queue(dlq="orders-dlq"), "orders-dlq": Queue()}
CDK = "ShopStack-OrdersQueue9F3C1B22-kX0aZb1qPq7T"
CDK_DLQ = "ShopStack-OrdersDlqA81D-77Yt"
CDK_FUNCTION = "ShopStack-WorkerB2CD41F0-Zq9hYw2"
MONITORED = {M[1]: Reads("orders-dlq", "monitor"), M[2]: Reads("orders", "worker")}


SHAPES = (
    Shape(
        "SAM: an event of the function",
        Account(
            TWO,
            {M[1]: Reads("orders", "shop-Worker-1A2B")},
            {"shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (FUNCTION, "shop-Worker-1A2B"), (MAPPING, M[1]))},
        ),
        STACK,
        ("orders", "orders-dlq", "shop-Worker-1A2B"),
    ),
    Shape(
        "CDK: hashed names",
        Account(
            {CDK: Queue(dlq=CDK_DLQ), CDK_DLQ: Queue()},
            {M[1]: Reads(CDK, CDK_FUNCTION)},
            {"ShopStack": stack((FUNCTION, CDK_FUNCTION), (MAPPING, M[1]), (QUEUE, CDK), (QUEUE, CDK_DLQ))},
        ),
        {"stack": "ShopStack"},
        (CDK, CDK_DLQ, CDK_FUNCTION),
    ),
    Shape(
        "Serverless Framework: the queue is made elsewhere",
        Account(
            {"shop-prod-orders": Queue()},
            {M[1]: Reads("shop-prod-orders", "shop-prod-worker")},
            {"shop-prod": stack((FUNCTION, "shop-prod-worker"), (MAPPING, M[1]))},
        ),
        {"stack": "shop-prod"},
        ("shop-prod-orders", "", "shop-prod-worker"),
    ),
    Shape(
        "the function is published: its mapping is on an alias",
        Account(
            TWO,
            {M[1]: Reads("orders", "worker:live")},
            {"shop": stack((FUNCTION, "worker"), (ALIAS, arn("lambda", "function:worker:live")), (MAPPING, M[1]))},
        ),
        STACK,
        ("orders", "orders-dlq", "worker:live"),
    ),
    Shape(
        "an alias, and the mapping is another stack's",
        Account(
            TWO,
            {M[1]: Reads("orders", "worker:live")},
            {"shop": stack((FUNCTION, "worker"), (ALIAS, arn("lambda", "function:worker:live")))},
        ),
        STACK,
        ("orders", "orders-dlq", "worker:live"),
    ),
    Shape(
        "nested stacks, three deep",
        Account(
            TWO,
            {M[1]: Reads("orders", "worker")},
            {
                "shop": stack((NESTED, "shop-Queues-1"), (NESTED, "shop-App-2")),
                "shop-Queues-1": stack((QUEUE, "orders"), (QUEUE, "orders-dlq")),
                "shop-App-2": stack((NESTED, "shop-App-2-Worker-3")),
                "shop-App-2-Worker-3": stack((FUNCTION, "worker"), (MAPPING, M[1])),
            },
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "nested stacks that name each other end",
        Account(
            TWO,
            {M[1]: Reads("orders", "worker")},
            {
                "shop": stack((NESTED, "inner"), (MAPPING, M[1])),
                "inner": stack((NESTED, "shop"), (NESTED, "inner")),
            },
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    *(
        Shape(
            f"three stacks: asked for the one with the {part}",
            Account(
                TWO,
                {M[1]: Reads("orders", "worker")},
                {
                    "shop-queue": stack((QUEUE, "orders"), (QUEUE, "orders-dlq")),
                    "shop-function": stack((FUNCTION, "worker")),
                    "shop-mapping": stack((MAPPING, M[1])),
                },
            ),
            {"stack": f"shop-{part}"},
            ("orders", "orders-dlq", "worker"),
        )
        for part in ("queue", "function", "mapping")
    ),
    Shape(
        "a monitor on the dead-letter queue, listed first",
        Account(
            TWO,
            MONITORED,
            {"shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]), (MAPPING, M[2]))},
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "the stack's only mapping is the monitor's; another stack reads the queue",
        Account(TWO, MONITORED, {"shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]))}),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "the stack's only mapping is the monitor's, and something else than Lambda reads the queue",
        Account(
            TWO,
            {M[1]: Reads("orders-dlq", "monitor")},
            {"shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]))},
        ),
        STACK,
        ("orders", "orders-dlq", ""),
        "No function reads orders",
    ),
    Shape(
        "a dead-letter queue that a monitor reads, by its name",
        Account(TWO, MONITORED),
        {"queue": "orders-dlq"},
        ("orders", "orders-dlq", "worker"),
        "orders-dlq is the dead-letter queue of orders",
    ),
    Shape(
        "an output called QueueUrl that is the results queue",
        Account(
            {**TWO, "results": Queue()},
            {M[1]: Reads("orders", "worker")},
            {
                "shop": stack(
                    (QUEUE, "orders"), (QUEUE, "results"), (MAPPING, M[1]), outputs={"QueueUrl": url("results")}
                )
            },
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "a results queue that another stack reads is no second workload",
        Account(
            {**TWO, "results": Queue()},
            {M[1]: Reads("orders", "worker"), M[2]: Reads("results", "mailer")},
            {"shop": stack((QUEUE, "orders"), (QUEUE, "results"), (MAPPING, M[1]))},
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "mappings of streams do not count",
        Account(
            TWO,
            {M[0]: Reads(arn("kinesis", "stream/clicks"), "clicks"), M[1]: Reads("orders", "worker")},
            {"shop": stack((MAPPING, M[0]), (MAPPING, M[1]))},
        ),
        STACK,
        ("orders", "orders-dlq", "worker"),
    ),
    Shape(
        "a queue and its dead-letter queue, read by a container",
        Account(TWO, stacks={"shop": stack((QUEUE, "orders-dlq"), (QUEUE, "orders"), ("AWS::ECS::Service", "worker"))}),
        STACK,
        ("orders", "orders-dlq", ""),
        "Something else may read it",
    ),
    Shape(
        "several queues without a mapping: the output tells",
        Account(
            {**TWO, "results": Queue()},
            stacks={
                "shop": stack(
                    (QUEUE, "orders"), (QUEUE, "orders-dlq"), (QUEUE, "results"), outputs={"QueueUrl": url("orders")}
                )
            },
        ),
        STACK,
        ("orders", "orders-dlq", ""),
    ),
    Shape(
        "a function by its alias",
        Account({**TWO, "audit": Queue()}, {M[1]: Reads("orders", "worker:live"), M[2]: Reads("audit", "worker:test")}),
        {"function": "worker:live"},
        ("orders", "orders-dlq", "worker:live"),
    ),
    Shape(
        "a function by its bare name, read by its alias",
        Account(TWO, {M[1]: Reads("orders", "worker:live")}),
        {"function": "worker"},
        ("orders", "orders-dlq", "worker:live"),
    ),
    Shape(
        "a function by its bare name, read by a version",
        Account(TWO, {M[1]: Reads("orders", "worker:7")}),
        {"function": "worker"},
        ("orders", "orders-dlq", "worker:7"),
    ),
    Shape(
        "a function that reads a queue and its dead-letter queue",
        Account(TWO, {M[1]: Reads("orders-dlq", "worker"), M[2]: Reads("orders", "worker")}),
        {"function": "worker"},
        ("orders", "orders-dlq", "worker"),
        "worker reads other queues, too (orders-dlq)",
    ),
    Shape(
        "one function for three queues, and one of them is named",
        Account(
            {"a": Queue(), "b": Queue(), "c": Queue()},
            {M[number]: Reads(queue, "worker") for number, queue in enumerate("abc")},
        ),
        {"function": "worker", "queue": "b"},
        ("b", "", "worker"),
        "worker reads other queues, too (a, c)",
    ),
    Shape(
        "several functions on one queue: the one that is on",
        Account(
            TWO,
            {M[1]: Reads("orders", "old", {"State": "Disabled"}), M[2]: Reads("orders", "new")},
        ),
        {"queue": "orders"},
        ("orders", "orders-dlq", "new"),
        "2 event source mappings read orders: new (Enabled), old (Disabled)",
    ),
    Shape(
        "several functions on one queue: the one that is named",
        Account(TWO, {M[1]: Reads("orders", "a"), M[2]: Reads("orders", "b")}),
        {"queue": "orders", "function": "b"},
        ("orders", "orders-dlq", "b"),
    ),
)


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
    assert "ops dlq look --queue orders-dlq" in caught.value.next_step
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
