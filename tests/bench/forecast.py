"""The forecast of a drain: how long does it take to compute, and how far is it from a discrete-event simulation?

At least 60 random cases, the same in each run, nine of each law: a mapping with and without MaximumConcurrency, reserved
concurrency, the account's quota, provisioned pollers, message groups that are alike, message groups of which one is the
busiest, more groups than the mapping may serve at once, by far, by a few, and by a few at high load, where each has few
messages, and the in-flight quota, with steady arrivals or a day's shape.
Each is simulated message by message in SimPy (``tests/bench/_drain_simulation.py``), small ones many times, and forecast
by the model. Arrivals take up to 85% of the capacity, and a drain lasts for at least sixty batches of an environment.

With ``--twin``, six real drains on a twin under different laws are forecast, too, from the metrics before each of them, of a
function that sleeps (``tests/bench/_twin_drains.py``; ten minutes).

More cases of each law vary: arrivals of a day, hour by hour, with bursts; a queue that nearly empties and fills again; and
arrivals near the capacity.

Every case is judged: the forecast's time, which is a median, by the median of the simulated drains, of which there are at least
nine, and up to 4,000 until it is certain whether the error is within 5%; the peak age by their mean; the interval by how many
of the drains it has, which is to be 80%. Set apart and named are only cases whose forecast says itself that its time is a rough
estimate: where there are two times at which the queue may be empty, about as likely as each other, a median between them can be
far from both.

Prints JSON on its last line: ms (of CPU time), for 10,000,000 messages with the interval, the course with its band and the
concurrency that would drain sooner (median of 21), and fifo_ms, the same in 400 message groups; simpy_ms (CPU, too), of the largest
simulation, and its simpy_messages; cases_judged; drain_error_pct and peak_error_pct, the largest error of the time to drain
and of the peak age of those; and their medians; cases_over_5_pct, whose time to drain is further off;
uncertain_pct, the largest standard error of a simulated median; cases_rough, rough_cases
(their names) and rough_error_pct; coverage_pct, of simulated drains in the interval, mean of all cases, rough or not, and
coverage_by_law. With ``--twin``: twin_error_pct, the largest error of a real drain's forecast,
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
from dataclasses import dataclass

import numpy as np

from ops.insight.forecast.chance import SAMPLES, Chance
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.forecast import Forecast, Goals, band, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.load import Load
from tests.bench import _twin_drains
from tests.bench._drain_cases import LAWS, SHAPED_LAWS, SHAPES, random_case, shaped
from tests.bench._drain_simulation import Case, Drain, Simulated

EACH = 9
EACH_SHAPE = 2
RUNS = 21


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", action="store_true", help="forecast real drains on a twin, too")
    parser.add_argument("--law", action="append", choices=LAWS, help="this one only; repeatable")
    asked = parser.parse_args()
    laws = asked.law or LAWS
    real = _twin_drains.measure() if asked.twin else []
    pool = ProcessPoolExecutor(os.cpu_count())
    checked = {law: [pool.submit(check, law, number) for number in range(EACH)] for law in laws}
    for law in set(laws) & set(SHAPED_LAWS):
        checked[law] += [pool.submit(check, law, number, shape) for shape in SHAPES for number in range(EACH_SHAPE)]
    found = []
    coverage_by_law = {}
    for law, waiting in checked.items():
        of_law = [waited.result() for waited in waiting]
        found += of_law
        coverage_by_law[law] = round(100 * statistics.fmean(drain.coverage for drain in of_law))
        drain, peak = (
            max(errors)
            for errors in zip(
                *((drain.drain_error_pct, drain.peak_error_pct) for drain in of_law if not drain.rough), strict=True
            )
        )
        print(
            f"{law}: drain {drain:.1f}%, peak {peak:.1f}% at most, {coverage_by_law[law]}% in the interval", flush=True
        )
        for measured in of_law:
            print(f"  {measured}", flush=True)
    pool.shutdown()  # what follows is timed on a machine that does nothing else of this bench
    took_ms = [timed() for _ in range(RUNS)]
    fifo_ms = [timed(MessageGroups(400, 0.01, 0.2)) for _ in range(RUNS)]
    judged, rough = [checked for checked in found if not checked.rough], [checked for checked in found if checked.rough]
    drain_errors, peak_errors = [drain.drain_error_pct for drain in judged], [drain.peak_error_pct for drain in judged]
    largest = max(found, key=lambda one: one.messages)
    figures = {
        "ms": round(statistics.median(took_ms), 1),
        "fifo_ms": round(statistics.median(fifo_ms), 1),
        "simpy_ms": round(largest.simulation_s * 1000),
        "simpy_messages": largest.messages,
        "cases_judged": len(judged),
        "drain_error_pct": round(max(drain_errors), 2),
        "peak_error_pct": round(max(peak_errors), 2),
        "drain_error_median_pct": round(statistics.median(drain_errors), 2),
        "peak_error_median_pct": round(statistics.median(peak_errors), 2),
        "cases_over_5_pct": sum(error > TARGET_PCT for error in drain_errors),
        "uncertain_pct": round(max(drain.uncertain_pct for drain in judged), 1),
        "cases_rough": len(rough),
        "rough_cases": [checked.name for checked in rough],
        "rough_error_pct": round(max((checked.drain_error_pct for checked in rough), default=0.0), 1),
        "coverage_pct": round(100 * statistics.fmean(one.coverage for one in found)),
        "coverage_by_law": coverage_by_law,
    }
    if real:
        figures |= {
            "twin_error_pct": round(max(drain.error_pct for drain in real), 1),
            "twin_error_median_pct": round(statistics.median(drain.error_pct for drain in real), 1),
            "twin_drains": len(real),
            "twin_load": round(max(drain.machine_load for drain in real), 1),
        }
    print(json.dumps(figures))


@dataclass(frozen=True)
class Checked:
    """``simulation_s``: of CPU, for one run. ``coverage``: share of the simulated drains in the forecast's interval.
    ``uncertain_pct``: standard error of their median. ``rough``: whether the forecast says that it is a rough estimate."""

    name: str
    messages: int
    simulation_s: float
    drain_error_pct: float
    peak_error_pct: float
    rough: bool
    coverage: float
    uncertain_pct: float


def check(law: str, number: int, shape: str = "") -> Checked:
    pick = random.Random(f"{law} {number} {shape}".strip())
    settings, case = random_case(law, pick)
    if shape:
        case = shaped(case, settings.law(), shape, pick)
    found = forecast(load_of(case), settings.law(), Goals(14 * 86_400.0))
    assert found.drained_s is not None, case
    seen, took = simulated(case, found.drained_s.mid)
    peak = statistics.fmean(drain.peak_age_s for drain in seen)
    return Checked(
        f"{law} {number} {shape}".strip(),
        case.backlog,
        took,
        error_pct(found.drained_s.mid, statistics.median(drain.drained_s for drain in seen)),
        error_pct(peak_until(found, case), peak),
        found.drained_s.either is not None,
        statistics.fmean(found.drained_s.low <= drain.drained_s <= found.drained_s.high for drain in seen),
        uncertain_pct(seen),
    )


TARGET_PCT = 5.0
"""Error of the time to drain that a case may have."""
MIN_RUNS, MAX_RUNS = 9, 4_000
MESSAGES, MAX_MESSAGES = 200_000, 3_000_000
"""Backlogs of all runs of one case, in messages: usually, and while it is undecided whether the case meets the target."""
SURE_PCT = 1.0
"""Standard error of the simulated median, at which no more runs are made."""


def simulated(case: Case, forecast_s: float) -> tuple[list[Simulated], float]:
    """Runs with different random numbers, and the CPU time of the first in seconds. They are repeated until the standard error
    of their median is small, or, where messages near the capacity scatter it, until the error of ``forecast_s`` is two standard
    errors away from the target, on either side: chance in the simulation is no error of the model."""
    began = time.process_time()
    runs = [Drain(case, 0).run()]
    took = time.process_time() - began
    while len(runs) < MIN_RUNS or (len(runs) < MAX_RUNS and not known(runs, case, forecast_s)):
        runs.append(Drain(case, len(runs)).run())
    return runs, took


def known(runs: list[Simulated], case: Case, forecast_s: float) -> bool:
    simulated_messages = len(runs) * case.backlog
    return (
        uncertain_pct(runs) <= SURE_PCT
        or simulated_messages >= MAX_MESSAGES
        or (simulated_messages >= MESSAGES and decided(runs, forecast_s))
    )


def decided(runs: list[Simulated], forecast_s: float) -> bool:
    """Whether the forecast's error is surely above or below the target."""
    error = error_pct(forecast_s, statistics.median(run.drained_s for run in runs))
    return abs(error - TARGET_PCT) > 2 * uncertain_pct(runs)


def uncertain_pct(runs: list[Simulated]) -> float:
    """The standard error of the median, as of a normal distribution."""
    drained = [run.drained_s for run in runs]
    return 125 * statistics.stdev(drained) / math.sqrt(len(drained)) / statistics.median(drained)


def load_of(case: Case) -> Load:
    return Load(
        backlog=float(case.backlog),
        oldest_s=case.oldest_s,
        arrivals=ArrivalProfile(case.per_minute, case.step_s),
        seconds_per_message=case.seconds,
        arrival_factors=np.ones(SAMPLES),
        second_factors=np.ones(SAMPLES),
        batch=float(case.batch),
        chance=Chance(1.0, case.spread**2 * case.batch),
        groups=MessageGroups(case.groups, case.busiest, case.spread) if case.groups else None,
        batch_variation=case.spread,
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
