"""Measures the synchronous form: each caller waits on its connection for the result of its job."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Sequence

from ops.compare.forms.callers import BROKEN, Callers, http_post
from ops.compare.forms.container import Container
from ops.compare.forms.run_monitor import Killing, RunMonitor
from ops.compare.measured import SYNCHRONOUS, FormMeasured, thinned
from ops.twin.workload.jobs import Job


def measure(
    container: Container,
    jobs: Sequence[Job],
    offsets: Sequence[float],
    seconds: float,
    workers: int,
    kill: bool,
    timeout_s: float,
    stop: threading.Event,
) -> tuple[FormMeasured, float | None]:
    """The measurement, and the container's mean seconds for one job. ``timeout_s``: how long a caller waits."""
    callers = Callers(jobs, offsets, http_post(container.address, timeout_s))
    killing = Killing(container.kill, container.replace) if kill else None
    monitor = RunMonitor(lambda second: callers.arrived(second) - callers.ended(), container.busy, seconds, killing)
    monitor.start()
    try:
        callers.run(stop)
    finally:
        monitor.stop()
    answered = [call for call in callers.calls if not call.result.failure]
    failures = Counter(call.result.failure for call in callers.calls if call.result.failure)
    waits = tuple(sorted(1000 * (call.ended - call.due) for call in answered))
    served = [call.result.service_s for call in answered if call.result.service_s is not None]
    measured = FormMeasured(
        SYNCHRONOUS,
        jobs=len(callers.calls),
        waits_ms=waits,
        results_ms=waits,
        failures=dict(failures),
        lost=failures[BROKEN],
        unfinished=0,
        most_at_once=workers,
        killed_at_s=killing.at_s if killing else None,
        replaced_at_s=killing.back_s if killing else None,
        course=thinned(monitor.samples),
    )
    return measured, math.fsum(served) / len(served) if served else None
