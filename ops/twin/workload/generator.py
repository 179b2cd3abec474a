"""Real traffic for the twin: jobs from real data, posted to the API at the pace of a pattern by a few senders."""

from __future__ import annotations

import math
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ops import access
from ops.errors import UsageError
from ops.twin import deploy
from ops.twin.workload import arrivals, model
from ops.twin.workload.api_client import ApiClient
from ops.twin.workload.jobs import Job, JobMaker, Shares
from ops.twin_state import TwinState

SENDERS = 4


@dataclass(frozen=True)
class TrafficSettings:
    """``rate`` jobs a second on average, for ``minutes`` or until ``count`` jobs, whichever comes first."""

    rate: float = 5.0
    minutes: float = 5.0
    count: int | None = None
    pattern: str = "steady"
    shares: Shares = field(default_factory=Shares)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pattern not in arrivals.PATTERNS:
            raise UsageError(
                f"There is no pattern {self.pattern!r}.", f"Choose one of: {', '.join(arrivals.PATTERNS)}."
            )
        shares = (*vars(self.shares).values(),)
        if not all(share >= 0 for share in shares) or sum(shares) > 1:
            raise UsageError("Each share must be at least 0, and all of them together at most 1.")
        if not (0 < self.rate < math.inf and 0 < self.minutes < math.inf):
            raise UsageError("The rate and the minutes must be numbers above 0.")


@dataclass(frozen=True)
class TrafficReport:
    sent: int  # jobs posted
    accepted: int  # the API answered 202
    failed: int  # anything else
    seconds: float
    fates: dict[str, int]  # what was sent, by what it is meant to come to
    failures: dict[str, int]  # the API's other answers


def run(
    twin: TwinState,
    settings: TrafficSettings,
    progress: Callable[[str], None] = lambda _line: None,
    on_count: Callable[[int, int], None] = lambda _sent, _failed: None,
    stop: threading.Event | None = None,
    *,
    needs_model: bool = True,
    shares: Callable[[], Shares] | None = None,
) -> TrafficReport:
    """Post jobs until the time or the count is up, or ``stop`` is set; Ctrl-C ends it in order, with a report.

    ``needs_model``: raises NoModel where none can be trained; else the jobs that score are left out. ``shares``: asked
    before each job, in place of the settings'."""
    access.ensure_may("traffic")
    stop = stop or threading.Event()
    scores = True
    try:
        address = model.ensure(twin, progress, stop)
    except model.NoModel as error:
        if needs_model:
            raise
        address, scores = error.address, False
        progress(f"{error} The machine may be too busy. Jobs that score with a model are left out, the others follow.")
    if address is None:
        return TrafficReport(0, 0, 0, 0.0, {}, {})
    maker = JobMaker(address, settings.shares, settings.seed, f"t{int(time.time()):x}", scores=scores)
    sending = _Sending(twin, stop, on_count)
    began = time.monotonic()
    try:
        for count, offset in enumerate(
            arrivals.arrivals(
                arrivals.PATTERNS[settings.pattern],
                settings.rate,
                settings.minutes * 60,
                random.Random(settings.seed),
            )
        ):
            wait = began + offset - time.monotonic()
            if count == settings.count or (stop.wait(wait) if wait > 0 else stop.is_set()):
                break
            sending.put(maker.next(shares() if shares else None))
    except KeyboardInterrupt:
        stop.set()
    sending.finish()
    return sending.report(time.monotonic() - began)


class _Sending:
    """A few threads, each with a connection of its own, and the outcomes of their posts."""

    def __init__(self, twin: TwinState, stop: threading.Event, on_count: Callable[[int, int], None]) -> None:
        self._twin = twin
        self._stop = stop
        self._on_count = on_count
        self._outputs = deploy.outputs(twin)
        # Short: when the senders cannot keep up, the feeder waits here and the report's seconds say so.
        self._queue: queue.Queue[Job | None] = queue.Queue(maxsize=SENDERS * 4)
        self._lock = threading.Lock()
        self._fates: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._send, name=f"sender-{n}", daemon=True) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def put(self, job: Job) -> None:
        self._queue.put(job)

    def finish(self) -> None:
        for _thread in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def report(self, seconds: float) -> TrafficReport:
        sent, failed = self._fates.total(), self._failures.total()
        return TrafficReport(sent, sent - failed, failed, seconds, dict(self._fates), dict(self._failures))

    def _send(self) -> None:
        with ApiClient(self._twin, self._outputs) as poster:
            while (job := self._queue.get()) is not None:
                if self._stop.is_set():
                    continue  # not started: leave it unsent, and take the rest off the queue
                answer = poster.post(job.body)
                with self._lock:
                    self._fates[job.fate] += 1
                    if answer.status != 202:
                        self._failures[f"{answer.status} {answer.text}"[:120]] += 1
                    self._on_count(self._fates.total(), self._failures.total())
