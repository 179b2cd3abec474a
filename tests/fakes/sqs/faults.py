"""What goes wrong between a client and SQS, on request: refusals, cut connections, stalls, leases that end too soon."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

KINDS = (
    "refuse",  # answered with ``code``; nothing was done
    "refuse after",  # done, and yet answered with ``code``
    "entries",  # each entry of a batch fails with ``code`` by ``entry_share``
    "stall",  # ``seconds`` pass before it is done
    "stall after",  # done at once, answered ``seconds`` later
    "cut",  # the connection closes; nothing was done
    "cut after",  # done; the connection closes without an answer
    "cut within",  # done; half of the answer comes
    "forget",  # done; one of the entries that succeeded is left out of the answer
    "miscount",  # a queue is said to be empty
    "empty",  # a receive finds nothing, as SQS's short polls may
    "twice",  # a receive leaves its messages visible, so that they are delivered again
    "linger",  # a batch of deletes is answered as done, and its messages are visible again: copies of an absent server
    "end leases",  # done; then all leases of that queue end
    "vanish",  # one message of the queue is gone before it is done, as if another process had deleted it
)


@dataclass(frozen=True)
class Fault:
    """Hits calls of ``operation`` on ``queue`` (shell patterns): the first ``skip`` pass, then each by ``share``, until
    ``times`` were hit (None: no end)."""

    kind: str
    operation: str = "*"
    queue: str = "*"
    share: float = 1.0
    skip: int = 0
    times: int | None = None
    seconds: float = 0.0
    code: str = "InternalFailure"
    message: str = "We encountered an internal error. Please try again."
    query_code: str = ""
    status: int = 500
    entry_share: float = 0.5
    sender_fault: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is none of {KINDS}")


THROTTLED = Fault("refuse", code="RequestThrottled", message="Rate exceeded", status=400)
DENIED = Fault(
    "refuse",
    code="AccessDenied",
    message="User: arn:aws:iam::000000000000:user/operator is not authorized to perform: sqs:sendmessage on resource: "
    "arn:aws:sqs:eu-west-1:000000000000:jobs because no identity-based policy allows the sqs:sendmessage action",
    query_code="AccessDenied",
    status=403,
)
KMS_DENIED = Fault(
    "refuse",
    code="KmsAccessDenied",
    message="The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
    "are not allowed to access.",
    query_code="KMS.AccessDeniedException",
    status=400,
)


@dataclass
class Faults:
    """The faults that are on, and how often each kind hit."""

    seed: int = 0
    active: list[list[object]] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def set(self, faults: Sequence[Fault]) -> None:
        self.active = [[fault, 0, 0] for fault in faults]

    def of(self, operation: str, queue: str) -> list[Fault]:
        """The faults that hit this call."""
        found = []
        for entry in self.active:
            fault, calls, hit = entry
            assert isinstance(fault, Fault) and isinstance(calls, int) and isinstance(hit, int)
            if not fnmatchcase(operation, fault.operation) or not fnmatchcase(queue, fault.queue):
                continue
            entry[1] = calls + 1
            if calls < fault.skip or (fault.times is not None and hit >= fault.times):
                continue
            if fault.share >= 1 or self.random.random() < fault.share:
                entry[2] = hit + 1
                self.hits[fault.kind] += 1
                found.append(fault)
        return found
