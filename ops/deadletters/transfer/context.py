"""What the parts of one transfer share, and how long they retry a call."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ops.aws import call_effect
from ops.aws.call_effect import CallEffect
from ops.clock import elapsed_s
from ops.deadletters.transfer.rate_limiter import STOP_CHECK_S
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.aws import Aws, sqs
    from ops.deadletters.ledger import Ledger
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.transfer.in_flight import InFlight

LEASE_S = 30
"""Visibility timeout of a received message: many times what sending takes, and short enough to wait for after a kill.
Read when a transfer starts, so that a process may set another one (the chaos bench does)."""
RETRY_TIMEOUT_S = 60.0
"""How long a call is retried before the run ends (and can be resumed)."""
MIN_BACKOFF_S, MAX_BACKOFF_S = 0.1, 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class TransferContext:
    """Safe to share between threads. ``aws`` makes every call once (``Aws.without_retries``), so that no send is
    repeated unseen. ``lease_s``: the visibility timeout of received messages. ``stopping``: whether to stop early."""

    aws: Aws
    queue: sqs.Queue
    plan: Plan
    ledger: Ledger
    in_flight: InFlight
    lease_s: int
    stopping: Callable[[], bool]

    def retry(self, call: Callable[[], T]) -> T | None:
        """The result of ``call``; None when the transfer is stopping. Raises AwsError when AWS rejects the call, or
        does not carry it out within ``RETRY_TIMEOUT_S``."""
        start, attempt = elapsed_s(), 0
        while True:
            try:
                return call()
            except AwsError as error:
                attempt += 1
                if call_effect.classify(error) is CallEffect.REJECTED or elapsed_s() - start > RETRY_TIMEOUT_S:
                    raise
                if self.back_off(attempt):
                    return None

    def back_off(self, attempt: int) -> bool:
        """Wait, longer after each attempt and with jitter; true when the transfer is stopping."""
        longest = min(MAX_BACKOFF_S, MIN_BACKOFF_S * 2**attempt)
        end = elapsed_s() + longest * (500 + secrets.randbelow(500)) / 1000
        while (remaining := end - elapsed_s()) > 0:
            if self.stopping():
                return True
            time.sleep(min(remaining, STOP_CHECK_S))
        return self.stopping()
