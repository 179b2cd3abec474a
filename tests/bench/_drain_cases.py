"""Random cases of a drain, for the bench of the forecast: the same in each run."""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import replace

import numpy as np

from ops.insight.forecast.drain_model import ConcurrencyLaw
from ops.insight.forecast.scaling_laws import ScalingSettings
from tests.bench._drain_simulation import Case

BATCHES = 60
"""That each environment works through in the shortest of the drains, so that single batches do not decide."""
LAWS = (
    "standard",
    "maximum concurrency",
    "reserved",
    "account",
    "provisioned",
    "groups",
    "skewed groups",
    "more groups",
    "few more groups",
    "few messages per group",
    "in flight",
)
MORE_GROUPS = ("more groups", "few more groups", "few messages per group")
SHAPED_LAWS = ("maximum concurrency", "reserved", "account", "provisioned", "groups", "skewed groups", *MORE_GROUPS)
"""Without those whose cases are the largest, and end as the others do."""
SHAPES = ("day", "bursts", "nearly empty", "near capacity")


def random_case(law: str, pick: random.Random) -> tuple[ScalingSettings, Case]:
    batch = 2_500 if law == "in flight" else pick.choice((1, 5, 10))
    settings = ScalingSettings(
        batch_size=batch,
        maximum_concurrency=pick.randint(5, 60) if law in ("maximum concurrency", *MORE_GROUPS) else None,
        pollers=(2, pick.randint(4, 12)) if law == "provisioned" else None,
        reserved=pick.randint(5, 60) if law == "reserved" else None,
        account=pick.randint(20, 100) if law == "account" else None,
        groups=pick.randint(4, 40) if law in ("groups", "skewed groups") else None,
    )
    if law == "more groups" and settings.maximum_concurrency:
        settings = replace(settings, groups=settings.maximum_concurrency * pick.randint(2, 5))
    if law == "few more groups" and settings.maximum_concurrency:
        settings = replace(settings, groups=math.ceil(settings.maximum_concurrency * pick.uniform(1.03, 2)))
    busiest = pick.uniform(1.2, 3) / settings.groups if law == "skewed groups" and settings.groups else None
    known = settings.law()
    if law == "few messages per group" and settings.maximum_concurrency:
        settings = replace(settings, groups=math.ceil(settings.maximum_concurrency * pick.uniform(1.03, 3)))
    least = 0.7 if law == "few messages per group" else 0.1
    load = pick.uniform(least, 0.85) / (busiest * settings.groups if busiest and settings.groups else 1)
    shape = (1.0,) if pick.random() < 0.5 else tuple(pick.uniform(0.4, 1.6) for _ in range(6))
    ramp_s = (known.limit - known.start) / known.per_minute * 60
    lasts_s = ramp_s + pick.uniform(60, 600)
    seconds = lasts_s / (BATCHES * batch)
    capacity = known.limit / seconds * 60  # a minute
    backlog = batch + int(capacity / 60 * (1 - load) * lasts_s)
    mean = statistics.fmean(shape)
    case = Case(
        name=law,
        backlog=backlog,
        oldest_s=pick.uniform(0, 600),
        per_minute=tuple(capacity * load * factor / mean for factor in shape),
        step_s=lasts_s / 4,
        start=int(known.start),
        growth=known.per_minute,
        limit=int(known.limit),
        batch=batch,
        seconds=seconds,
        spread=0.2,
        groups=settings.groups,
        busiest=busiest,
    )
    return settings, case


def shaped(case: Case, law: ConcurrencyLaw, shape: str, pick: random.Random) -> Case:
    """The case with arrivals of that shape, as shares of what it can do at most a minute."""
    largest = (case.busiest or 1 / case.groups) if case.groups else 0.0
    capacity = min(case.limit, 1 / largest if largest else math.inf) / case.seconds * 60
    lasts_s = case.step_s * 4
    if shape == "near capacity":
        return replace(
            case, per_minute=(capacity * pick.uniform(0.88, 0.97),), backlog=max(case.batch, case.backlog // 3)
        )
    if shape == "nearly empty":
        low, high, last = pick.uniform(0.1, 0.6), pick.uniform(0.9, 1.4), pick.uniform(0.2, 0.6)
        done = (
            float(law.work(np.array([lasts_s]))[0]) * min(1.0, capacity * case.seconds / 60 / law.limit) / case.seconds
        )
        left = 1 + pick.uniform(0.0, 0.08)
        backlog = int((done - capacity * low / 60 * lasts_s) * left)
        return replace(
            case, per_minute=_times(capacity, (low, high, last, last)), step_s=lasts_s, backlog=max(case.batch, backlog)
        )
    if shape == "bursts":
        load, times, at = pick.uniform(0.3, 0.7), pick.uniform(1.5, 2.0), pick.randrange(1, 6)
        shares = tuple(load * (times if number == at else 1) for number in range(8))
        return replace(case, per_minute=_times(capacity, shares), step_s=lasts_s / 5)
    load, amplitude, begins = pick.uniform(0.3, 0.85), pick.uniform(0.3, 0.9), pick.uniform(0, 2 * math.pi)
    shares = tuple(load * (1 + amplitude * math.sin(begins + 2 * math.pi * hour / 24)) for hour in range(24))
    return replace(case, per_minute=_times(capacity, shares), step_s=lasts_s / 8)


def _times(capacity: float, shares: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(capacity * share for share in shares)
