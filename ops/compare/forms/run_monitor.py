"""Samples a run while it lasts, how many jobs are open and how many are running, and kills the host in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.compare.measured import CourseSample

SAMPLE_S = 0.2
KILL_AT = 0.42
"""When the host is killed, as a share of the run's time: within the burst. The kill then waits for work in progress."""


@dataclass
class Killing:
    """``kill`` and ``replace`` are called once each, from a separate thread."""

    kill: Callable[[], object]
    replace: Callable[[], None]
    at_s: float | None = None
    back_s: float | None = None
    error: Exception | None = None


@dataclass
class RunMonitor:
    """``open_jobs`` gets the seconds since the start."""

    open_jobs: Callable[[float], int]
    running: Callable[[], int]
    seconds: float
    killing: Killing | None = None
    samples: list[CourseSample] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _began: float = 0.0

    def start(self) -> None:
        self._began = time.monotonic()
        works = [self._watch, *([self._kill] if self.killing else [])]
        self._threads = [threading.Thread(target=work, name=f"comparison {work.__name__}") for work in works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Raises what the replacement of a killed host has raised."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.killing is not None and self.killing.error is not None:
            raise self.killing.error

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            running = self.running()
            second = time.monotonic() - self._began
            self.samples.append(CourseSample(round(second, 3), self.open_jobs(second), running))

    def _kill(self) -> None:
        assert self.killing is not None  # noqa: S101 (for the type checker)
        if self._stop.wait(self.seconds * KILL_AT):
            return
        while not self.running():
            if self._stop.wait(0.02):
                return
        try:
            self.killing.at_s = time.monotonic() - self._began
            self.killing.kill()
            self.killing.replace()
            self.killing.back_s = time.monotonic() - self._began
        except Exception as error:  # noqa: BLE001 - raised again where the run ends
            self.killing.error = error
        # What a thread has started with PR_SET_PDEATHSIG is ended with that thread, not with its process.
        self._stop.wait()
