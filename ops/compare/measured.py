"""What a comparison has measured, as it is saved and shown. Times of waiting are in milliseconds, others in seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

SYNCHRONOUS, EVENT_DRIVEN, WORKER = "synchronous", "event-driven", "worker"
TITLES = {
    SYNCHRONOUS: "Synchronous container",
    EVENT_DRIVEN: "Event-driven function",
    WORKER: "Elastic Beanstalk worker",
}
IN_SENTENCES = {
    SYNCHRONOUS: "the synchronous container",
    EVENT_DRIVEN: "the event-driven function",
    WORKER: "the Elastic Beanstalk worker",
}
MAX_SAMPLES = 240
"""The length of a run's course in its file."""


@dataclass(frozen=True)
class Percentiles:
    p50: float
    p95: float
    p99: float
    most: float


@dataclass(frozen=True)
class CourseSample:
    """``open``: jobs that have arrived and have no result; ``running``: those that are being worked on, and of the
    event-driven function the execution environments that are busy."""

    second: float
    open: int
    running: int


@dataclass(frozen=True)
class FormMeasured:
    """One form under the arrivals. ``waits_ms``: how long each answered caller waited; ``results_ms``: from a job's arrival
    to its result. Of the synchronous form both are the same. Both ascend."""

    form: str
    jobs: int
    waits_ms: tuple[float, ...]
    results_ms: tuple[float, ...]
    failures: Mapping[str, int]
    """What callers got in place of an answer, and have to handle: kind → calls."""
    lost: int
    """Jobs that a caller had handed over and that will never be answered: for the synchronous form calls that broke off
    while in flight, else accepted jobs that are in no result, no queue and no dead-letter queue."""
    unfinished: int
    """Accepted jobs that were still in the queue, waiting or in flight, at the end of the measurement."""
    most_at_once: int
    """The limit on what ``CourseSample.running`` counts."""
    killed_at_s: float | None = None
    replaced_at_s: float | None = None
    course: tuple[CourseSample, ...] = ()
    dead_lettered: int = 0
    """Accepted jobs that were in the dead-letter queue at the end, without a result."""
    other_messages: int = 0
    """Other messages in the queue before the first or after the last job, whichever is more: the jobs waited for them.
    """

    @property
    def wait(self) -> Percentiles | None:
        return percentiles(self.waits_ms)

    @property
    def to_result(self) -> Percentiles | None:
        return percentiles(self.results_ms)

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def peak_running(self) -> int:
        return max((sample.running for sample in self.course), default=0)

    @property
    def scaling_lag_s(self) -> float | None:
        """The time from when there was work for the peak concurrency until that concurrency was reached."""
        peak = self.peak_running
        wanted = next((sample.second for sample in self.course if sample.open >= peak), None)
        reached = next((sample.second for sample in self.course if sample.running >= peak), None)
        return None if not peak or wanted is None or reached is None else max(0.0, reached - wanted)

    @property
    def overloaded_s(self) -> float:
        """How long more jobs were open than running."""
        pairs = zip(self.course, self.course[1:], strict=False)
        return math.fsum(after.second - now.second for now, after in pairs if now.open > now.running)


@dataclass(frozen=True)
class Usage:
    """What the event-driven function used for the jobs, by its metrics of that time."""

    seconds_per_job: float
    jobs_per_invocation: float
    cold_share: float
    """The share of invocations with an INIT."""
    init_s: float
    memory_mb: int
    architecture: str
    message_bytes: float


@dataclass(frozen=True)
class ComparisonRun:
    at: datetime
    shape: str
    per_second: float
    seconds: float
    seed: int
    cores: int
    """Cores of the machine, which the forms use one after the other."""
    workers: int
    """Jobs that the container works on at once."""
    forms: tuple[FormMeasured, ...]
    service_s: float | None
    """Mean time of the container for one job, without the wait for a free worker."""
    usage: Usage | None
    notes: tuple[str, ...] = field(default=())

    def form(self, name: str) -> FormMeasured | None:
        return next((form for form in self.forms if form.form == name), None)


def percentiles(ascending: Sequence[float]) -> Percentiles | None:
    """Percentiles by nearest rank: each is a measured value. None without values."""
    if not ascending:
        return None
    p50, p95, p99 = (ascending[max(0, math.ceil(share * len(ascending)) - 1)] for share in (0.5, 0.95, 0.99))
    return Percentiles(p50, p95, p99, ascending[-1])


def thinned(course: Sequence[CourseSample]) -> tuple[CourseSample, ...]:
    """At most ``MAX_SAMPLES`` samples: of each group of neighbors, the one with the most running, so that peaks stay."""
    step = math.ceil(len(course) / MAX_SAMPLES) or 1
    groups = (course[start : start + step] for start in range(0, len(course), step))
    return tuple(max(group, key=lambda sample: (sample.running, sample.open)) for group in groups)
