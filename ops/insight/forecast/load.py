"""The load of a forecast: waiting messages, arrivals, and one environment's time per message."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ops.insight.forecast.chance import POISSON, Array, Chance
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.group_turns import Turns


@dataclass(frozen=True)
class Load:
    """``seconds_per_message``: one environment's time until a message is done, all its receives counted; ``gap_s`` of it
    pass before the next batch is there, ``throttled_gap_s`` where pollers are throttled (None: not observed). ``batch``:
    messages that it takes at once. ``window_s``: how long the mapping waits for the last batch to fill. The factors are samples
    of how far the truth may be off; ones for what is given; empty where nothing is known of that. ``chance``: of
    the whole queue. ``batch_variation``: standard deviation over mean of a batch's time. ``groups``: of a FIFO queue."""

    backlog: float
    oldest_s: float
    arrivals: ArrivalProfile
    seconds_per_message: float
    arrival_factors: Array
    second_factors: Array
    batch: float = 0.0
    groups: MessageGroups | None = None
    gap_s: float = 0.0
    window_s: float = 0.0
    throttled_gap_s: float | None = None
    chance: Chance = POISSON
    batch_variation: float = 0.0

    def under(self, law: ConcurrencyLaw) -> Load:
        """The load with the observed gap between batches of a throttled mapping, if the law throttles."""
        gap_s = self.throttled_gap_s
        if not law.throttles or gap_s is None:
            return self
        return replace(self, seconds_per_message=self.seconds_per_message - self.gap_s + gap_s, gap_s=gap_s)

    def with_faster_job(self, times: float) -> Load:
        """The load with a job ``times`` as fast. The gap between batches does not change."""
        return replace(self, seconds_per_message=self.gap_s + (self.seconds_per_message - self.gap_s) / times)

    @property
    def needed(self) -> float:
        """Concurrent invocations that arrivals alone keep busy."""
        return self.arrivals.mean_per_minute / 60 * self.seconds_per_message

    def overloads(self, law: ConcurrencyLaw) -> bool:
        """Whether arrivals alone are more than is ever done, of all groups or of the busiest."""
        return self.needed > law.limit or (self.groups is not None and self.needed * self.groups.largest > 1)

    def samples(self) -> tuple[Array, Array]:
        """Factors of arrivals and of seconds, as many of both; empty where nothing is known."""
        number = max(self.second_factors.size, self.arrival_factors.size)
        arrivals = self.arrival_factors if self.arrival_factors.size else np.ones(number)
        return arrivals, self.second_factors if self.second_factors.size else np.ones(number)

    def turns(self, law: ConcurrencyLaw) -> Turns | None:
        """The groups that are alike, where there are more than run at once: all, or those other than the busiest one, with the
        concurrency that it leaves. None where no group waits for its turn."""
        groups, batch = self.groups, self.batch or 1.0
        if groups is None or self.backlog <= 0 or not 0 < law.limit < groups.number:
            return None
        if groups.busiest is None:
            return Turns(self.backlog, self.oldest_s, self.arrivals, law, groups, batch, self.chance)
        left, alike = 1 - groups.busiest, replace(groups, number=groups.number - 1, busiest=None)
        if left <= 0:
            return None
        law = law.scaled(groups.left_by_busiest(law))
        return Turns(self.backlog * left, self.oldest_s, self.arrivals.part(left), law, alike, batch, self.chance)
