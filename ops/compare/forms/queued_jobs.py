"""Measures a form that queues jobs: callers wait only until a job is accepted, and results come later.

A result's time is its object's LastModified, which the twin gives in milliseconds, by the same clock.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from handler import contract
from ops.compare.forms.callers import Callers, Post
from ops.compare.forms.held_jobs import HeldJobs
from ops.compare.forms.run_monitor import Killing, RunMonitor
from ops.compare.measured import FormMeasured, thinned
from ops.errors import OpsError
from ops.twin.workload.jobs import Job

POLL_S = 0.5


@dataclass(frozen=True)
class ResultWatch:
    """Where to see the jobs' outcomes: the twin's boto3 client of S3, its queues' messages, the results' bucket, the
    queues' URLs."""

    s3: Any
    held: HeldJobs
    bucket: str
    queue: str
    dlq: str

    def results(self, prefix: str) -> dict[str, float]:
        """Job ID → time (seconds since the epoch) of each result whose job's ID starts with ``prefix``."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{contract.RESULT_PREFIX}{prefix}"
        )
        found = (
            (item["Key"].removeprefix(contract.RESULT_PREFIX), item["LastModified"].timestamp())
            for page in pages
            for item in page.get("Contents", [])
        )
        # Artifacts of a job are in a folder of its name.
        return {name.removesuffix(".json"): at for name, at in found if "/" not in name}

    def others(self, prefix: str) -> int:
        """Messages in the queue that are not of jobs whose ID starts with ``prefix``."""
        return sum(count for job, count in self.held.of(self.queue).items() if not job.startswith(prefix))


def measure(
    form: str,
    post: Post,
    jobs: Sequence[Job],
    offsets: Sequence[float],
    seconds: float,
    observed: ResultWatch,
    running: Callable[[], int],
    most_at_once: int,
    killing: Killing | None,
    patience_s: float,
    stop: threading.Event,
) -> FormMeasured:
    """``patience_s``: how long results are waited for after the last job was posted. Job IDs begin alike. Raises OpsError when
    results can no longer be seen."""
    prefix = jobs[0].job_id.rpartition("-")[0]
    others = observed.others(prefix)
    callers = Callers(jobs, offsets, post)
    done: dict[str, float] = {}
    unseen: list[OpsError] = []

    def open_jobs(second: float) -> int:
        return callers.arrived(second) - len(done)

    monitor = RunMonitor(open_jobs, running, seconds, killing)
    watching = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(observed, prefix, done, unseen, watching), name="comparison results"
    )
    began = time.time()
    monitor.start()
    watcher.start()
    try:
        callers.run(stop)
        accepted = {call.job_id for call in callers.calls if not call.result.failure}
        end = time.monotonic() + patience_s
        while not (accepted <= done.keys() or unseen or time.monotonic() >= end or stop.wait(POLL_S)):
            pass
    finally:
        watching.set()
        watcher.join()
        monitor.stop()
    if unseen:
        raise unseen[0]
    others = max(others, observed.others(prefix))
    # In the direction in which a job moves, so that none is missed between two reads: queue, dead-letter queue, result.
    waiting = (accepted - done.keys()) & observed.held.of(observed.queue).keys()
    dead = (accepted - done.keys() - waiting) & observed.held.of(observed.dlq).keys()
    done.update(observed.results(prefix))
    missing = accepted - done.keys()
    due = {call.job_id: call.due for call in callers.calls}
    answered = [call for call in callers.calls if not call.result.failure]
    return FormMeasured(
        form,
        jobs=len(callers.calls),
        waits_ms=tuple(sorted(1000 * (call.ended - call.due) for call in answered)),
        results_ms=tuple(sorted(1000 * (done[job] - began - due[job]) for job in accepted & done.keys())),
        failures=dict(Counter(call.result.failure for call in callers.calls if call.result.failure)),
        lost=len(missing - waiting - dead),
        unfinished=len(missing & waiting),
        dead_lettered=len(missing & dead),
        other_messages=others,
        most_at_once=most_at_once,
        killed_at_s=killing.at_s if killing else None,
        replaced_at_s=killing.back_s if killing else None,
        course=thinned(monitor.samples),
    )


def _watch(
    observed: ResultWatch, prefix: str, done: dict[str, float], unseen: list[OpsError], stop: threading.Event
) -> None:
    ended = False
    while not ended and not unseen:
        ended = stop.wait(POLL_S)  # once more after the end
        try:
            done.update(observed.results(prefix))
        except OpsError as error:  # raised again where the form's measurement ends
            unseen.append(error)
