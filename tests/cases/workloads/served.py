"""An account behind a server, clients that talk to it, and a workload of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ops import workload
from ops.aws import Aws
from ops.target import Target
from ops.workload import Workload
from tests.cases.workloads.account_parts import REGION
from tests.cases.workloads.accounts import Account
from tests.fakes.aws import FakeAws, Respond, start

Served = tuple[FakeAws, Aws]


@contextmanager
def serving() -> Iterator[Served]:
    """A server for accounts, one after the other, and clients that talk to it."""

    def none_yet(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise AssertionError(f"no account is set, but something asks {operation}")

    with start(none_yet) as fake:
        target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
        yield fake, Aws(target, max_attempts=1)


def aimed(aws: Aws, **named: Any) -> Aws:
    """The same clients, with something named."""
    other = copy.copy(aws)
    other.target = replace(aws.target, **named)
    return other


def described(served: Served, account: Account, **named: str) -> Workload:
    return described_by(served, account.answer, **named)


def described_by(served: Served, answer: Respond, **named: str) -> Workload:
    """``answer``: in place of an account's own."""
    fake, aws = served
    fake.answer = answer
    there = aimed(aws, **named)
    return workload.describe(there, there.target)
