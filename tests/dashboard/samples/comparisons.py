"""A made-up comparison, as ``ops compare`` saves one."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, WORKER, ComparisonRun, CourseSample, FormMeasured, Usage

JOBS = 118
LOST, REFUSED = 4, 9


def comparison_run(killed: bool = True, lost: int = 0, worker: bool = False) -> ComparisonRun:
    """``killed``: with the hosts killed in the middle. ``lost``: event-driven jobs. ``worker``: with the third form."""
    rng = np.random.default_rng(5)
    failed = LOST + REFUSED if killed else 0
    failures = {"connection broken": LOST, "connection refused": REFUSED} if killed else {}
    waits = tuple(np.sort(rng.lognormal(5.2, 0.7, JOBS - failed)).tolist())
    results = tuple(np.sort(rng.lognormal(7.6, 0.9, JOBS - lost)).tolist())
    accepted = tuple(np.sort(rng.lognormal(3.1, 0.4, JOBS)).tolist())
    waited = tuple(np.sort(rng.lognormal(6.4, 0.8, JOBS)).tolist())
    at = 25.3 if killed else None
    back = 26.1 if killed else None
    third = FormMeasured(WORKER, JOBS, accepted, waited, {}, 0, 0, 2, at, back, _course(40, 2))
    return ComparisonRun(
        at=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        shape="burst",
        per_second=2.0,
        seconds=60.0,
        seed=1,
        cores=2,
        workers=2,
        forms=(
            FormMeasured(
                SYNCHRONOUS, JOBS, waits, waits, failures, LOST if killed else 0, 0, 2, at, back, _course(9, 2)
            ),
            FormMeasured(EVENT_DRIVEN, JOBS, accepted, results, {}, lost, 0, 3, at, at, _course(60, 3)),
            *((third,) if worker else ()),
        ),
        service_s=0.106,
        usage=Usage(0.31, 3.4, 0.08, 1.6, 1024, "arm64", 1_400.0),
    )


def _course(most: int, limit: int) -> tuple[CourseSample, ...]:
    """Twenty quiet seconds, ten of a burst, and what it leaves is worked off."""
    found = []
    for half_second in range(140):
        second = half_second / 2
        waiting = 0 if second < 20 else most * min(1.0, (second - 20) / 10) * max(0.0, 1 - max(0.0, second - 30) / 30)
        found.append(CourseSample(second, round(waiting), min(limit, round(waiting))))
    return tuple(found)
