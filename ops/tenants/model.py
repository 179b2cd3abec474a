"""What a sample shows about who sent the messages, and how long they waited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ops.insight.report_types import Finding, QueryCost


class Grouping(StrEnum):
    GROUP = "group"  # MessageGroupId, of FIFO and fair queues
    SENDER = "sender"  # SenderId: whose credentials sent it
    TENANT = "tenant"  # what the function logs of the body's field that TenantField names
    BODY = "body"  # a JMESPath expression over the body


class Source(StrEnum):
    LOGS = "logs"  # what the function logged of the messages that it received
    DEAD_LETTERS = "dead-letters"  # the snapshot of the dead-letter queue on this machine
    PEEK = "peek"  # messages received from the live queue, and released


@dataclass(frozen=True)
class SampledMessage:
    """``key``: whose it is; empty where the message does not say. ``received``: when it was first received; None where it
    was not, or where that is not known. Untrusted."""

    id: str
    key: str
    sent: datetime | None = None
    received: datetime | None = None

    @property
    def wait_s(self) -> float | None:
        if self.sent is None or self.received is None:
            return None
        return max(0.0, (self.received - self.sent).total_seconds())


@dataclass(frozen=True)
class TenantShare:
    """``share``: of the messages in the sample, with a 95% interval (Wilson). ``peak``: messages of it that waited when most
    did. ``backlog_share``: of all time that messages waited, which is its mean share of the backlog; None where no wait is
    known. ``wait_p95_others_s``: of everyone else's messages."""

    key: str
    messages: int
    share: float
    share_low: float
    share_high: float
    peak: int = 0
    backlog_share: float | None = None
    wait_p50_s: float | None = None
    wait_p95_s: float | None = None
    wait_p95_others_s: float | None = None


@dataclass(frozen=True)
class Peak:
    """When most messages of the sample waited, and how many; ``share``: of the largest key then, with its interval."""

    at: datetime
    waiting: int
    key: str
    messages: int
    share: float
    share_low: float
    share_high: float


@dataclass(frozen=True)
class FairQueueMetrics:
    """SQS's own view of a fair queue, the latest points. None: no point in the range."""

    noisy_groups: float | None = None
    visible: float | None = None
    visible_in_quiet_groups: float | None = None
    oldest_s: float | None = None
    oldest_in_quiet_groups_s: float | None = None

    @property
    def known(self) -> bool:
        return self.noisy_groups is not None


@dataclass(frozen=True)
class TenantReport:
    """``tenants``: largest first, at most ``MAX_TENANTS``; ``others``: how many more there are, with ``other_messages``.
    ``unnamed``: messages without a key. ``method``: how the sample was taken, and what it is of, in a sentence.
    ``whole``: it is all that the range has."""

    finding: Finding
    by: Grouping
    expression: str
    source: Source
    method: str
    sampled: int
    whole: bool
    unnamed: int = 0
    tenants: tuple[TenantShare, ...] = ()
    others: int = 0
    other_messages: int = 0
    peak: Peak | None = None
    fair_queue: FairQueueMetrics = field(default_factory=FairQueueMetrics)
    waiting: str = ""
    """What is known of the messages that wait now, none of which was received, in sentences."""
    look: QueryCost = field(default_factory=QueryCost)
