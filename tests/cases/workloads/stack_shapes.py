"""Shapes of stacks as tools deploy them, what is asked for, and the workload that is expected."""

from __future__ import annotations

from dataclasses import dataclass

from tests.cases.workloads.account_parts import (
    ALIAS,
    FUNCTION,
    MAPPING,
    NESTED,
    QUEUE,
    M,
    Queue,
    Reads,
    arn,
    stack,
    url,
)
from tests.cases.workloads.accounts import Account


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
