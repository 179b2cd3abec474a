"""Shares, waits and the moment at which most messages waited, from a sample of messages."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from ops.tenants.model import Peak, SampledMessage, TenantShare

Z = 1.959964
"""The quantile of the normal distribution for 95%."""


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's score interval (1927), 95%, of a share that a random sample of ``whole`` would have."""
    if whole <= 0:
        return 0.0, 1.0
    share, z2 = part / whole, Z * Z
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z / (1 + z2 / whole) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return (0.0 if part == 0 else low), (1.0 if part == whole else high)


def tenant_shares(messages: Sequence[SampledMessage], most: int) -> tuple[list[TenantShare], int, int]:
    """The ``most`` largest; how many others there are, and how many messages these have. Messages without a key count in
    the whole."""
    counts = Counter(message.key for message in messages if message.key)
    waits: dict[str, list[float]] = defaultdict(list)
    for message in messages:
        if (wait := message.wait_s) is not None:
            waits[message.key].append(wait)
    everything = sum(map(sum, waits.values()))
    highest = peak(messages)
    at_peak = Counter(message.key for message in _waiting(messages, highest.at)) if highest else Counter[str]()
    shares = []
    for key, count in counts.most_common(most):
        low, high = wilson(count, len(messages))
        own = sorted(waits.get(key, ()))
        rest = sorted(wait for other, some in waits.items() if other != key for wait in some)
        shares.append(
            TenantShare(
                key,
                count,
                count / len(messages),
                low,
                high,
                at_peak[key],
                sum(own) / everything if everything > 0 else None,
                _percentile(own, 0.5),
                _percentile(own, 0.95),
                _percentile(rest, 0.95),
            )
        )
    other = counts.most_common()[most:]
    return shares, len(other), sum(count for _, count in other)


def peak(messages: Sequence[SampledMessage]) -> Peak | None:
    """The moment at which most messages of the sample waited; None where no wait is known."""
    moments: list[tuple[datetime, int]] = []
    for message in messages:
        if message.sent is not None and message.received is not None and message.received > message.sent:
            moments += [(message.sent, 1), (message.received, -1)]
    if not moments:
        return None
    moments.sort()
    waiting = most = 0
    at = moments[0][0]
    for moment, change in moments:
        waiting += change
        if waiting > most:
            most, at = waiting, moment
    counts = Counter(message.key for message in _waiting(messages, at))
    key, largest = max(
        ((key, count) for key, count in counts.items() if key), key=lambda pair: pair[1], default=("", counts[""])
    )
    return Peak(at, most, key, largest, largest / most, *wilson(largest, most))


def _waiting(messages: Sequence[SampledMessage], at: datetime) -> list[SampledMessage]:
    return [
        message
        for message in messages
        if message.sent is not None and message.received is not None and message.sent <= at < message.received
    ]


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The percentile by rank, like CloudWatch's: the smallest value that at least ``share`` of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
