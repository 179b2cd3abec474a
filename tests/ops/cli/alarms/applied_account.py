"""An account with a queue of its own and its alarms, for the tests of ``ops alarms apply`` and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable

from tests.cases.workloads.account_parts import MAPPING, QUEUE, M, Queue, Reads, stack
from tests.cases.workloads.accounts import Account

ACCOUNT = Account(
    {"orders": Queue(dlq="orders-dlq"), "orders-dlq": Queue(), "bills": Queue(), "shop": Queue()},
    {M[0]: Reads("orders", "worker"), M[1]: Reads("bills", "biller"), M[2]: Reads("shop", "seller")},
    {
        "shop": stack((QUEUE, "orders"), (QUEUE, "bills"), (MAPPING, M[0]), (MAPPING, M[1])),
        "till": stack((QUEUE, "shop"), (MAPPING, M[2])),
    },
)
TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"
PAGER = "arn:aws:sns:eu-west-1:111122223333:pager"
CHOSEN = ("--queue", "orders", "--alarm", "dead-letters", "--alarm", "dlq-drained-unseen", "--alarm", "page-me")
Ops = Callable[..., tuple[int, str, str]]


AGE = ("--alarm", "oldest-message-age")
