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

from ops.insight.forecast import last_batches
from ops.insight.forecast.chance import Array, Chance, independent
from ops.insight.forecast.drain_model import HORIZON_S, POINTS, ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.first_passage import Distribution, Walk, quantiles
from ops.insight.forecast.group_drain import MessageGroups, largest_above

_DECAYS = np.linspace(0.0, 30.0, 1_001)
"""Of a group's delay, in multiples of its mean where there is one, at which its distribution is evaluated."""
_DELAYS = np.geomspace(0.05, 40.0, 60)
"""Multiples of the mean delay, at which it is looked for the last group after the fluid is drained."""
_LEFT = np.unique(np.concatenate(([0.0], np.geomspace(1e-6, 1.0, 200), np.linspace(0.0, 1.0, 201))))[::-1]
"""Of the time until the fluid is drained, at which it is looked at: closer together at its end, where groups are drained."""
_HELD, _REFILLED = 1.5, 3.0
"""Of the rate at which groups are drained by chance: they suit simulations of 50 drains."""
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


def drain_seconds(turns: Turns, seconds_per_message: Array, arrival_factors: Array, levels: Array) -> Array:
    """Seconds until the last group is drained, as in ``group_drain.drain_seconds``."""
    walk = Walk(
        turns.backlog, turns.arrivals, turns.law, seconds_per_message, arrival_factors, turns.batch, turns.chance
    )
    found = walk.level_path(quantiles(levels))
    known = np.isfinite(found)
    if not known.any():
        return found
    seconds, drained = _drained_in_turn(
        turns, found[known], seconds_per_message[known], arrival_factors[known], levels[known]
    )
    last = _with_delays(turns, seconds, drained, seconds_per_message[known], arrival_factors[known])
    # Chance in the whole queue is one number, and which group is the last another.
    until = last.quantile(independent(levels)[known])
    size = max(1.0, min(turns.batch, turns.backlog / turns.groups.number))
    mean_per_s = turns.arrivals.mean_per_minute / 60 * arrival_factors[known]
    at_work = np.minimum(turns.law.limit, mean_per_s * seconds_per_message[known])
    until += (
        size * last_batches.longest(at_work, turns.groups.batch_variation, levels[known]) * seconds_per_message[known]
    )
    found[known] = np.where(until < HORIZON_S, until, np.inf)
    return found


def _drained_in_turn(
    turns: Turns, fluid: Array, seconds_per_message: Array, arrival_factors: Array, levels: Array
) -> tuple[Array, Array]:
    """Times (samples, points) until the fluid is drained, and the chance that a group that is not behind is drained by then, before
    its last batch is done. ``levels``: of what waits in all groups together."""
    number, size, law = turns.groups.number, turns.size, turns.law
    seconds = np.multiply.outer(fluid, 1 - _LEFT)
    came = arrival_factors[:, None] * turns.arrivals.total(seconds)
    done = law.work(seconds) / seconds_per_message[:, None]
    more = quantiles(levels)[:, None] * np.sqrt(turns.chance.variance(came, done))
    arrived = (turns.backlog + came) / number
    taken = (done + law.at(seconds) * turns.batch / 2 - more) / number
    waiting = np.maximum(0.0, arrived - taken)
    behind_oldest = _behind_oldest(waiting, size)
    moved = np.diff(np.maximum(0.0, arrived - behind_oldest), axis=1)
    refilled = np.clip(np.diff(arrived, axis=1) / np.maximum(_EPSILON, np.diff(taken, axis=1)), 0.0, 1.0)
    rate = _drained_per_message((behind_oldest[:, 1:] + behind_oldest[:, :-1]) / 2, size)
    share = law.limit / number
    _, tail = _delay(share, turns.groups, size)
    further = tail * size / (1 + tail * size)
    # A group that is behind has more messages, and is not drained; where as many arrive as are taken, the chance in the whole
    # queue makes up for it.
    rate *= 1 - np.minimum(1.0, _HELD * share * further) * np.minimum(1.0, _REFILLED * (1 - refilled))
    by_chance = np.cumsum(np.maximum(0.0, refilled * rate * moved), axis=1)
    # If nothing arrived, a group would be drained with its last message: those that have some wait with half a batch.
    with_some = -np.expm1(-np.minimum.accumulate(waiting, axis=1) * 2 / (size + 1))
    some_left = with_some * np.exp(-np.concatenate((np.zeros((len(by_chance), 1)), by_chance), axis=1))
    return seconds, 1 - some_left


def _with_delays(
    turns: Turns, seconds: Array, drained: Array, seconds_per_message: Array, arrival_factors: Array
) -> Distribution:
    """Distribution of the time at which the last group is drained. Most groups have no delay, the others an
    exponentially distributed one."""
    number, law, groups = turns.groups.number, turns.law, turns.groups
    size = max(1.0, min(turns.batch, turns.backlog / number))
    share = law.limit / number
    ends = seconds[np.arange(len(seconds)), np.argmax(drained >= 0.5 ** (1 / number), axis=1)]
    done = law.work(ends) / (seconds_per_message * number)
    chance = np.sqrt(groups.variance(done, turns.batch)) * largest_above(0.0, 0.0, 1.0, number)
    longest, tail = _delay(share, groups, size)
    mean_s = tail * size * _so_far(longest * size, chance) / max(_EPSILON, longest * size) * seconds_per_message
    # It has an environment for itself, and more messages arrive meanwhile.
    soon = ends + longest * mean_s
    came = (
        arrival_factors * (turns.arrivals.total(soon) - turns.arrivals.total(ends)) / np.maximum(_EPSILON, soon - ends)
    )
    mean_s /= 1 - np.minimum(0.95, came * seconds_per_message / number)
    mean_s = np.maximum(_EPSILON, mean_s)
    later = seconds[:, -1:] + np.multiply.outer(mean_s, _DELAYS)
    times = np.concatenate((seconds, later), axis=1)
    chances = np.concatenate((drained, np.ones_like(later)), axis=1)
    place = np.clip((times - ends[:, None]) / mean_s[:, None], -600.0, 600.0)
    started = np.diff(chances, axis=1, prepend=0.0)
    behind = share * np.exp(-place) * np.cumsum(started * np.exp(place), axis=1)
    return Distribution(times.T, np.clip(chances - behind, 0.0, 1.0).T ** number)


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
    steady = _delay(law.limit / groups.number, groups, size)[0] * size
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


def _delay(share: float, groups: MessageGroups, size: float) -> tuple[float, float]:
    """Delay of the last group relative to the mean one, in batch times, because its previous batch still runs when its
    turn comes; and the mean of the exponential tail of delays. ``share``: fraction of the groups at work. Each is a
    GI/G/1 queue, its tail of a length between the mean delay where there is one (Kingman), and ``share`` of it, which
    a fluid with noise has."""
    tail = (1 / size + groups.batch_variation**2) / (2 * (1 - share)) * (1 + share) / 2
    longest = np.trapezoid(1 - (1 - share * np.exp(-_DECAYS)) ** groups.number, _DECAYS)
    return float(tail * (longest - share)), float(tail)


def _so_far(steady: float, chance: Array) -> Array:
    """A delay that takes its time to build up. Chance that grows with the root of time makes a group late, and the time that it
    has to spare, which grows with time, makes up for it: their difference is largest where ``chance`` is twice ``steady``."""
    built = np.minimum(1.0, chance / (2 * max(steady, _EPSILON)))
    return np.asarray(max(steady, _EPSILON) * built * (2 - built), dtype=np.float64)
