"""The forecast of a drain: how long does it take to compute, and how far is it from a discrete-event simulation?

At least 60 random cases, the same in each run, nine of each law: a mapping with and without MaximumConcurrency, reserved
concurrency, the account's quota, provisioned pollers, message groups that are alike, message groups of which one is the
busiest, more groups than the mapping may serve at once, by far, by a few, and by a few at high load, where each has few
messages, and the in-flight quota, with steady arrivals or a day's shape.
Each is simulated message by message in SimPy (``tests/bench/_drain_simulation.py``), small ones many times, and forecast
by the model. Arrivals take up to 85% of the capacity, and a drain lasts for at least sixty batches of an environment.

With ``--twin``, six real drains on a twin under different laws are forecast, too, from the metrics before each of them, of a
function that sleeps (``tests/bench/_twin_drains.py``; ten minutes).

Prints JSON on its last line: ms (of CPU time), for 10,000,000 messages with the interval, the course with its band and the
concurrency that would drain sooner (median of 21), and fifo_ms, the same in 400 message groups; simpy_ms (CPU, too), of the largest
simulation, and its simpy_messages; cases; drain_error_pct and peak_error_pct, the largest error of the time to drain and of
the peak age; and their medians. With ``--twin``: twin_error_pct, the largest error of a real drain's forecast,
twin_error_median_pct, twin_drains, and twin_load, the machine's load average meanwhile.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.forecast import Forecast, Goals, band, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.load import Load
from ops.insight.forecast.observed_rates import SAMPLES
from ops.insight.forecast.scaling_laws import ScalingSettings
from tests.bench import _twin_drains
from tests.bench._drain_simulation import Case, Drain, Simulated

EACH = 9
RUNS = 21
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", action="store_true", help="forecast real drains on a twin, too")
    real = _twin_drains.measure() if parser.parse_args().twin else []
    drain_errors: list[float] = []
    peak_errors: list[float] = []
    largest = (0, 0.0)
    pool = ProcessPoolExecutor(os.cpu_count())
    checked = {law: [pool.submit(check, law, number) for number in range(EACH)] for law in LAWS}
    for law in LAWS:
        for one in (waited.result() for waited in checked[law]):
            largest = max(largest, (one.messages, one.simulation_s))
            drain_errors.append(one.drain_error_pct)
            peak_errors.append(one.peak_error_pct)
        print(
            f"{law}: drain {max(drain_errors[-EACH:]):.1f}%, peak {max(peak_errors[-EACH:]):.1f}% at most", flush=True
        )
    pool.shutdown()  # what follows is timed on a machine that does nothing else of this bench
    took_ms = [timed() for _ in range(RUNS)]
    fifo_ms = [timed(MessageGroups(400, 0.01, 0.2)) for _ in range(RUNS)]
    figures = {
        "ms": round(statistics.median(took_ms), 1),
        "fifo_ms": round(statistics.median(fifo_ms), 1),
        "simpy_ms": round(largest[1] * 1000),
        "simpy_messages": largest[0],
        "cases": len(drain_errors),
        "drain_error_pct": round(max(drain_errors), 2),
        "peak_error_pct": round(max(peak_errors), 2),
        "drain_error_median_pct": round(statistics.median(drain_errors), 2),
        "peak_error_median_pct": round(statistics.median(peak_errors), 2),
    }
    if real:
        figures |= {
            "twin_error_pct": round(max(one.error_pct for one in real), 1),
            "twin_error_median_pct": round(statistics.median(one.error_pct for one in real), 1),
            "twin_drains": len(real),
            "twin_load": round(max(one.machine_load for one in real), 1),
        }
    print(json.dumps(figures))


@dataclass(frozen=True)
class Checked:
    """``simulation_s``: of CPU, for one run."""

    messages: int
    simulation_s: float
    drain_error_pct: float
    peak_error_pct: float


def check(law: str, number: int) -> Checked:
    settings, case = random_case(law, random.Random(f"{law} {number}"))
    seen, took = simulated(case)
    found = forecast(load_of(case), settings.law(), Goals(14 * 86_400.0))
    assert found.drained_s is not None, case
    peak = statistics.fmean(one.peak_age_s for one in seen)
    return Checked(
        case.backlog,
        took,
        error_pct(found.drained_s.mid, statistics.fmean(one.drained_s for one in seen)),
        error_pct(peak_until(found, case), peak),
    )


MESSAGES, LEAST_RUNS, MOST_RUNS = 50_000, 3, 300
"""That the runs of one case add up to, and how many runs at least and at most."""
GROUP_RUNS = 5
"""Times as many with message groups: when the last of them is drained is more of chance."""


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
        per_minute=tuple(capacity * load * one / mean for one in shape),
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


def simulated(case: Case) -> tuple[list[Simulated], float]:
    """Runs with different random numbers, and the seconds of CPU that the first took. A small case is repeated: the model is of
    the mean, and what single arrivals do to it is not an error of the model."""
    began = time.process_time()
    first = Drain(case, 0).run()
    took = time.process_time() - began
    more = GROUP_RUNS if case.groups else 1
    repeats = min(MOST_RUNS, max(LEAST_RUNS, MESSAGES // case.backlog)) * more
    return [first, *(Drain(case, seed).run() for seed in range(1, repeats))], took


def load_of(case: Case) -> Load:
    return Load(
        backlog=float(case.backlog),
        oldest_s=case.oldest_s,
        arrivals=ArrivalProfile(case.per_minute, case.step_s),
        seconds_per_message=case.seconds,
        arrival_factors=np.empty(0),
        second_factors=np.empty(0),
        batch=float(case.batch),
        groups=MessageGroups(case.groups, case.busiest, case.spread) if case.groups else None,
    )


def peak_until(found: Forecast, case: Case) -> float:
    """The peak age until the backlog is drained; the course goes on after that."""
    assert found.drained_s is not None
    if case.groups:
        return found.peak_age_s
    return float(found.course.age_s[found.course.seconds <= found.drained_s.mid].max())


def error_pct(forecast_value: float, simulated: float) -> float:
    return 100 * abs(forecast_value - simulated) / simulated


def timed(groups: MessageGroups | None = None) -> float:
    """Ten million messages on the default law, or in so many groups, with an interval from 100 samples."""
    random_numbers = np.random.default_rng(1)
    load = Load(
        backlog=1e7,
        oldest_s=3_600.0,
        arrivals=ArrivalProfile((6_000.0,)),
        seconds_per_message=0.4,
        arrival_factors=random_numbers.normal(1, 0.05, SAMPLES),
        second_factors=random_numbers.normal(1, 0.05, SAMPLES),
        batch=10.0,
        groups=groups,
    )
    law = ConcurrencyLaw(5, 300, groups.number if groups else 1_250, "ESM maximum")
    began = time.process_time()
    band(load, forecast(load, law, Goals(345_600.0)))
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main()
