"""More message groups than run at once: each is taken in turn, a batch at a time, the one with the oldest message first.

A batch reaches beyond the oldest message of the queue, into what its group was sent later; meanwhile the first messages of
the groups that are not at work wait. So the oldest message is older than where all groups are drained evenly.

Groups are drained one by one. What is behind a group's oldest message, in the stretch of the queue that still waits, is
chance: a batch that finds no more than fits into it drains its group, sooner the shorter that stretch is. What arrives there
afterwards is done while other groups wait for their turn. And a group that has had more messages than others, or slower
batches, is behind: they are done one batch after the other, while environments are idle.

The order is an assumption. SQS keeps it within a group and promises none between groups (SQS developer guide, FIFO queue
delivery logic, 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.insight.forecast.chance import Array, Chance
from ops.insight.forecast.drain_model import HORIZON_S, POINTS, ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.first_passage import Distribution, Walk, last_seconds
from ops.insight.forecast.group_drain import MessageGroups, largest_above

_DECAYS = np.linspace(0.0, 30.0, 1_001)
"""Of a group's delay, in multiples of its mean where there is one, at which its distribution is evaluated."""
_CATCH_UP = 60
"""Steps in which a group's catching up is solved."""
_LEFT = np.unique(np.concatenate(([0.0], np.geomspace(1e-6, 1.0, 300), np.linspace(0.0, 1.0, 301))))[::-1]
"""Of the time until the fluid is drained, at which it is looked at: closer together at its end, where groups are drained."""
_EPSILON = 1e-9
"""Messages, in place of none where they are a divisor."""


@dataclass(frozen=True)
class Turns:
    """Groups that are alike, of which fewer are at work than there are. ``backlog``, ``arrivals`` and ``law``: of all of them
    together; ``batch``: messages that an environment takes at once."""

    backlog: float
    oldest_s: float
    arrivals: ArrivalProfile
    law: ConcurrencyLaw
    groups: MessageGroups
    batch: float
    chance: Chance

    @property
    def size(self) -> int:
        """Messages of a full batch, or all of a group."""
        return max(1, round(min(self.batch, self.backlog / self.groups.number)))


def drain_seconds(
    turns: Turns, seconds_per_message: Array, arrival_factors: Array, levels: Array | None = None
) -> Array:
    """When the last group is drained, as ``group_drain.drain_seconds``."""
    backlog, arrivals, law, groups, batch = turns.backlog, turns.arrivals, turns.law, turns.groups, turns.batch
    walk = Walk(backlog, arrivals, law, seconds_per_message, arrival_factors, batch, turns.chance)
    fluid = walk.fluid()
    in_turn = _last_turn(turns, fluid, seconds_per_message, arrival_factors, levels)
    if levels is not None:
        in_turn *= _with_chance(walk, fluid, levels)
    size = min(batch, backlog / groups.number)
    finite = np.isfinite(in_turn)
    known = np.where(finite, in_turn, 1.0)
    done = law.work(known) / (seconds_per_message * groups.number)
    chance = np.sqrt(groups.variance(done, batch)) * largest_above(0.0, 0.0, 1.0, groups.number)
    steady = _delay(law.limit / groups.number, groups, max(1.0, size)) * max(1.0, size)
    behind = (_so_far(steady, chance) + size / 2) * seconds_per_message  # a batch that is at work is half done
    came = arrivals.total(known)
    until = known + behind
    for _ in range(_CATCH_UP):  # it has an environment for itself, and more messages arrive meanwhile
        later = np.minimum(HORIZON_S, until)
        until = known + behind + seconds_per_message * arrival_factors * (arrivals.total(later) - came) / groups.number
    until = np.maximum(until, known + max(1.0, min(batch, backlog / law.limit)) * seconds_per_message)  # the last batch
    return np.asarray(np.where(finite & (until < HORIZON_S), until, np.inf), dtype=np.float64)


def _with_chance(walk: Walk, fluid: Array, levels: Array) -> Array:
    """How many times as long as in the fluid model it is until nothing waits in all groups together, in the quantile of each
    sample."""
    took = last_seconds([(1, walk)], levels)
    return np.divide(took, fluid, out=np.ones_like(fluid), where=np.isfinite(fluid) & (fluid > 0))


def _last_turn(
    turns: Turns, fluid: Array, seconds_per_message: Array, arrival_factors: Array, levels: Array | None
) -> Array:
    """When the last group that is not behind is drained: expected, in seconds, before its last batch is done."""
    backlog, arrivals, law, batch = turns.backlog, turns.arrivals, turns.law, turns.batch
    found = np.array(fluid)
    finite = np.isfinite(fluid)
    if not finite.any():
        return found
    number, size = turns.groups.number, turns.size
    seconds = np.multiply.outer(fluid[finite], 1 - _LEFT)  # (samples, points)
    arrived = (backlog + arrival_factors[finite, None] * arrivals.total(seconds)) / number
    taken = (law.work(seconds) / seconds_per_message[finite, None] + law.at(seconds) * batch / 2) / number
    waiting = np.maximum(0.0, arrived - taken)
    behind_oldest = _behind_oldest(waiting, size)
    moved = np.diff(np.maximum(0.0, arrived - behind_oldest), axis=1)
    refilled = np.clip(np.diff(arrived, axis=1) / np.maximum(_EPSILON, np.diff(taken, axis=1)), 0.0, 1.0)
    rate = _drained_per_message((behind_oldest[:, 1:] + behind_oldest[:, :-1]) / 2, size)
    by_chance = np.cumsum(refilled * rate * moved, axis=1)
    # If nothing arrived, a group would be drained with its last message: those that have some wait with half a batch.
    with_some = -np.expm1(-np.minimum.accumulate(waiting, axis=1) * 2 / (size + 1))
    some_left = with_some * np.exp(-np.concatenate((np.zeros((len(by_chance), 1)), by_chance), axis=1))
    last = Distribution(seconds.T, (1 - some_left.T) ** number)
    found[finite] = last.mean_or_quantile(None if levels is None else levels[finite])
    return found


def _behind_oldest(waiting: Array, size: int) -> Array:
    """Messages of a group, expected, that were sent since the queue's oldest one. ``waiting``: those of them that are not
    taken yet. The others are in batches that began with an older message: half a batch but for one message, and no more than
    there are, where each batch takes all of its group."""
    full = waiting + (size - 1) / 2
    whole = waiting - 1 + np.sqrt(waiting**2 + 1)
    return np.asarray(np.maximum(_EPSILON, np.minimum(full, whole)), dtype=np.float64)


def _drained_per_message(behind_oldest: Array, size: int) -> Array:
    """The rate at which groups that were never drained are, per message by which the queue's oldest one moves on, where as many
    arrive as are taken. A batch drains its group where fewer than ``size`` messages (Poisson distributed) are behind its first
    one; otherwise, the group's next batch begins after as many (Gamma distributed, up to those that there are)."""
    term = np.exp(-behind_oldest)
    fewer = np.zeros_like(term)
    for count in range(size):
        fewer += term
        term = term * behind_oldest / (count + 1)
    chance = np.clip(fewer, 0.0, 1 - 1e-12)
    to_next = size * np.maximum(0.0, 1 - fewer - term) / (1 - chance)
    short = behind_oldest < 0.01  # of which the difference above is no more than rounding
    to_next = np.maximum(_EPSILON, np.where(short, behind_oldest * size / (size + 1), to_next))
    # Between evenly and one batch after the other: within 4% of the exact rate for batches of one message.
    return np.asarray((chance - 2 * np.log1p(-chance)) / 3 / to_next, dtype=np.float64)


def ages(turns: Turns, seconds_per_message: float, seconds: Array) -> Array:
    """The expected age (s) of the oldest message at the times of ``seconds``, which is taken then; 0 where nothing is."""
    backlog, arrivals, law, groups, size = turns.backlog, turns.arrivals, turns.law, turns.groups, turns.size
    arrived = backlog + arrivals.total(seconds)
    # A batch that is at work is half done on average.
    started = law.work(seconds) / (size * seconds_per_message) + law.at(seconds) / 2
    taken_before = np.linspace(0.0, arrived[-1], 4 * POINTS)  # messages, in the order in which they were sent
    of_a_group = taken_before / groups.number
    needed = groups.number * batches_taken(of_a_group, size)
    reached = needed <= started[-1]
    taken_at = np.interp(needed, started, seconds)
    sent_at = np.interp(taken_before, np.concatenate(([0.0], arrived)), np.concatenate(([-turns.oldest_s], seconds)))
    later_rounds = of_a_group > size  # in its first round a group does not wait for its own batch before
    steady = _delay(law.limit / groups.number, groups, size) * size
    chance = np.sqrt(groups.variance(of_a_group, size)) * largest_above(0.0, 0.0, 1.0, groups.number)
    late = later_rounds * _so_far(steady, chance) * seconds_per_message
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


def _so_far(steady: float, chance: Array) -> Array:
    """A delay that takes its time to build up: no more than ``steady``, nor than what ``chance`` has brought about so far, and
    less than both where these are about equal (the exponent suits simulations of 160 drains)."""
    return np.asarray((max(steady, _EPSILON) ** -4 + np.maximum(chance, _EPSILON) ** -4) ** -0.25, dtype=np.float64)
