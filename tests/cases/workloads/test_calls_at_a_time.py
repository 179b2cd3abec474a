"""A workload is described by several calls at a time, with the answer, gaps and errors of one after the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ops.errors import CredentialsError
from ops.workload import Part
from tests.cases.workloads.account_parts import M, Queue, Reads
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, described, described_by
from tests.fakes.aws import Refusal

TWO = {"orders": Queue(dlq="orders-dlq"), "orders-dlq": Queue()}
READ = {M[1]: Reads("orders", "worker")}


def test_what_does_not_depend_on_each_other_is_asked_at_a_time(served: Served) -> None:
    """Each of these answers only once the other has been asked."""
    account = Account(TWO, READ)
    both = threading.Barrier(2, timeout=60)
    waiting = {"account-settings", "orders-dlq"}

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        for what in tuple(waiting):
            if what in operation or asked.get("QueueName") == what:
                waiting.discard(what)
                both.wait()
        return account.answer(service, operation, asked)

    found = described_by(served, answer, queue="orders")
    assert found.dlq is not None and found.account_concurrency == 1_000 and not found.gaps


def test_gaps_keep_their_order(served: Served) -> None:
    account = Account(TWO, READ, {}, frozenset({"queue orders-dlq", "DescribeAlarms", "GetAccountSettings"}))
    found = described(served, account, queue="orders")
    parts = [gap.part for gap in found.gaps]
    assert [part for part in parts if part in (Part.DLQ, Part.ALARMS)] == [Part.DLQ, Part.ALARMS]
    assert (parts[-1], found.gaps[-1].name) == (Part.DETAIL, "account")


def test_expired_credentials_end_the_description(served: Served) -> None:
    account = Account(TWO, READ)

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if "account-settings" in operation:
            raise Refusal("ExpiredTokenException", "The security token included in the request is expired", 403)
        return account.answer(service, operation, asked)

    with pytest.raises(CredentialsError):
        described_by(served, answer, queue="orders")
