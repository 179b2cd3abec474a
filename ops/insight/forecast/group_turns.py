"""More message groups than run at once: each is taken in turn, a batch at a time, the one with the oldest message first.

A batch reaches beyond the oldest message of the queue, into what its group was sent later; meanwhile the first messages of
the groups that are not at work wait. So the oldest message is older than where all groups are drained evenly. And a group
that has had more messages than others, or slower batches, may have some left when no other group has: they are done one batch
after the other, while environments are idle.

The order is an assumption. SQS keeps it within a group and promises none between groups (SQS developer guide, FIFO queue
delivery logic, 2026-11).
"""

from __future__ import annotations

import numpy as np

from ops.insight.forecast.drain_model import HORIZON_S, POINTS, Array, ArrivalProfile, ConcurrencyLaw, empty_seconds
from ops.insight.forecast.group_drain import MessageGroups, largest_above

_DECAYS = np.linspace(0.0, 30.0, 1_001)
"""Of a group's delay, in multiples of its mean where there is one, at which its distribution is evaluated."""
_CATCH_UP = 60
"""Steps in which a group's catching up is solved."""


def drain_seconds(
    backlog: float,
    waiting: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    groups: MessageGroups,
    seconds_per_message: Array,
    arrival_factors: Array,
    batch: float,
) -> Array:
    """When the last group is drained, as ``group_drain.drain_seconds``. ``waiting``: of the backlog, what is taken by the time
    at which all groups that are not behind are drained. For groups that are alike, and fewer of them at work than there are."""
    evenly = empty_seconds(waiting, arrivals, law, seconds_per_message, arrival_factors, HORIZON_S, batch)
    size = min(batch, backlog / groups.number)
    finite = np.isfinite(evenly)
    known = np.where(finite, evenly, 1.0)
    done = law.work(known) / (seconds_per_message * groups.number)
    chance = np.sqrt(groups.variance(done, batch)) * largest_above(0.0, 0.0, 1.0, groups.number)
    steady = _delay(law.limit / groups.number, groups, max(1.0, size)) * max(1.0, size)
    behind = (np.minimum(steady, chance) + size / 2) * seconds_per_message  # a batch that is at work is half done
    came = arrivals.total(known)
    until = known + behind
    for _ in range(_CATCH_UP):  # it has an environment for itself, and more messages arrive meanwhile
        later = np.minimum(HORIZON_S, until)
        until = known + behind + seconds_per_message * arrival_factors * (arrivals.total(later) - came) / groups.number
    return np.asarray(np.where(finite & (until < HORIZON_S), until, np.inf), dtype=np.float64)


def ages(
    backlog: float,
    oldest_s: float,
    arrivals: ArrivalProfile,
    law: ConcurrencyLaw,
    groups: MessageGroups,
    seconds_per_message: float,
    batch: float,
    seconds: Array,
) -> Array:
    """The expected age (s) of the oldest message at the times of ``seconds``, which is taken then; 0 where nothing is. For
    groups that are alike, and fewer of them at work than there are."""
    size = max(1, round(min(batch, backlog / groups.number)))
    arrived = backlog + arrivals.total(seconds)
    # A batch that is at work is half done on average.
    started = law.work(seconds) / (size * seconds_per_message) + law.at(seconds) / 2
    taken_before = np.linspace(0.0, arrived[-1], 4 * POINTS)  # messages, in the order in which they were sent
    of_a_group = taken_before / groups.number
    needed = groups.number * batches_taken(of_a_group, size)
    reached = needed <= started[-1]
    taken_at = np.interp(needed, started, seconds)
    sent_at = np.interp(taken_before, np.concatenate(([0.0], arrived)), np.concatenate(([-oldest_s], seconds)))
    later_rounds = of_a_group > size  # in its first round a group does not wait for its own batch before
    steady = _delay(law.limit / groups.number, groups, size) * size
    chance = np.sqrt(groups.variance(of_a_group, size)) * largest_above(0.0, 0.0, 1.0, groups.number)
    late = later_rounds * np.minimum(steady, chance) * seconds_per_message  # a delay takes its time to build up
    if not reached.any():
        return np.zeros_like(seconds)
    ages_then = (taken_at - sent_at + late)[reached]
    return np.asarray(np.interp(seconds, taken_at[reached], ages_then, right=0.0), dtype=np.float64)


def batches_taken(messages: Array, size: int) -> Array:
    """The expected number of batches of one group that have started when the queue is taken up to where the group has so many
    messages on average: the mean of ceil(n / size), n being Poisson distributed."""
    place = np.arange(size)
    turns = np.exp(2j * np.pi * place / size)
    # n modulo size, by its characteristic function at the roots of unity.
    weights = np.fft.fft((-place) % size) / size
    rounded_up = np.real((weights * np.exp(-np.multiply.outer(messages, 1 - turns))).sum(axis=1))
    return np.asarray((messages + rounded_up) / size, dtype=np.float64)


def _delay(share: float, groups: MessageGroups, size: float) -> float:
    """By how many batches' times the last of all groups is behind the mean one, because its batch before is at work while
    it is its turn. ``share``: of the groups that are at work. Each is a GI/G/1 queue, its tail exponential: of a length between
    the mean delay where there is one (Kingman), and ``share`` of it, which a fluid with noise has."""
    tail = (1 / size + groups.batch_variation**2) / (2 * (1 - share)) * (1 + share) / 2
    longest = np.trapezoid(1 - (1 - share * np.exp(-_DECAYS)) ** groups.number, _DECAYS)
    return float(tail * (longest - share))
