"""A FIFO queue: each message group is drained by one invocation at a time, and the queue only with its last group.

The fluid model gives the mean of one group. Groups differ by their share of the messages and by chance: each is empty for the
first time when its random walk is at zero (``first_passage``), and the queue is drained with the last of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ops.errors import UsageError
from ops.insight.forecast.chance import Array, Chance
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.first_passage import Walk, last_seconds, normal


@dataclass(frozen=True)
class MessageGroups:
    """``number``: groups with messages. ``busiest``: share (0 to 1) of the messages in the largest group, the others alike;
    None: all alike. ``batch_variation``: standard deviation over mean of a batch's time."""

    number: int
    busiest: float | None = None
    batch_variation: float = 0.0

    def __post_init__(self) -> None:
        """Raises UsageError for groups that cannot be."""
        if self.number < 1:
            raise UsageError("A queue that is drained has at least one message group.", "Give a number from 1.")
        if self.busiest is not None and not 1 / self.number - 1e-9 <= self.busiest <= 1:
            least = 100 / self.number
            raise UsageError(
                f"The busiest of {self.number:,} message groups has {least:.2g}% to 100% of the messages.",
                "Give a share in that range.",
            )

    @property
    def largest(self) -> float:
        """The share of the messages that the busiest group has, or each where all are alike."""
        return 1 / self.number if self.busiest is None else self.busiest

    def parts(self, law: ConcurrencyLaw) -> tuple[tuple[int, float, ConcurrencyLaw], ...]:
        """Kinds of message groups, the busiest first: how many, their share of the messages and the concurrency of
        one."""
        if self.busiest is None or self.number == 1:
            return ((self.number, 1 / self.number, law.of_group(1 / self.number)),)
        others, left = self.number - 1, self.left_by_busiest(law)
        return (
            (1, self.busiest, law.of_group(max(self.busiest, 1 / self.number))),
            (others, (1 - self.busiest) / others, law.of_group(left / others)),
        )

    def left_by_busiest(self, law: ConcurrencyLaw) -> float:
        """The share of the concurrency that the other groups have: the busiest one has its share, and no more than one
        invocation."""
        if law.limit <= 0:
            return 1 - self.largest
        return 1 - min(1.0, law.limit * self.largest) / law.limit

    def variance(self, done: Array, batch: float) -> Array:
        """Variance of a group's waiting messages after a number of completions: both a message's group and a batch's
        time are random."""
        return done * (1 + self.batch_variation**2 * batch)

    def peak_age(
        self, least: float, mean: float, done: float, needed: float, seconds_per_message: float, batch: float
    ) -> float:
        """The expected age (s) of the oldest message of all groups, at its peak. ``least``: it is that old at some time in any
        case; ``mean``: in a mean group after so many are ``done``; ``needed``: invocations that arrivals keep busy."""
        variance = float(self.variance(np.array([done]), batch)[0]) * seconds_per_message**2
        share = min(0.999, needed * self.largest)
        # After that, each group is a queue of its own that now and then grows: the mean wait of M/G/1 (Pollaczek-Khinchine).
        further = seconds_per_message * share * (1 + self.batch_variation**2 * batch) / (2 * (1 - share))
        mean, variance = mean + further, variance + further**2
        return largest_above(least, mean, math.sqrt(variance), self.number if self.busiest is None else 1)


def drain_seconds(
    backlog: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    groups: MessageGroups,
    seconds_per_message: Array,
    arrival_factors: Array,
    batch: float,
    levels: Array,
) -> Array:
    """Seconds until the last group is drained, at the quantiles ``levels`` (one probability per sample). 0 where no
    group keeps an environment busy: environments then go to any waiting group, and the queue drains as one."""
    walks = []
    for number, share, own in groups.parts(law):
        waiting = backlog * share
        if own.limit <= 0 or waiting <= 0:
            continue
        own = own.scaled(max(1.0, 1 / own.limit))  # the group that is last has no other to wait for
        # Which group a message belongs to is chance, of those that wait and of those that arrive.
        chance = Chance(1.0, groups.batch_variation**2 * batch, waiting * (1 - share))
        part = arrivals.part(share)
        # Messages are whole: the batch that empties a group has (batch + 1) / 2 of them on average, and the walk counts batch / 2.
        start = max(waiting - 0.5, waiting / 2)
        walks.append(
            (number, Walk(start, part, own, seconds_per_message, arrival_factors, min(batch, waiting), chance))
        )
    if not walks:
        return np.zeros_like(seconds_per_message)
    last = min(batch, backlog * groups.largest) / 2
    return last_seconds(walks, levels) + last * seconds_per_message


def largest_above(least: float, mean: float, deviation: float, number: int) -> float:
    """The expected largest of ``least`` and so many normal values."""
    points = np.linspace(least, max(least, mean + 8 * deviation), 1_001)
    below = normal((points - mean) / max(deviation, 1e-9)) ** number
    return least + float(np.trapezoid(1 - below, points))
