"""As many workers as help: more are added while that raises the speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

INITIAL_WORKERS = 16
"""A call to a region takes some 15 ms, most of it waiting: fewer workers leave the processor idle."""
MAX_WORKERS = 32
"""The number of connections that a client has (``ops.aws.clients.MAX_CONNECTIONS``)."""
MEASUREMENT_S = 0.4
"""The time over which the speed is measured."""
MIN_SPEEDUP = 1.08
"""How much faster the workers added last must have made it before more are added."""
MEASUREMENTS_UNTIL_RETRY = 25
"""Measurements after which adding workers is tried again: conditions change."""


class WorkerPool:
    def __init__(
        self,
        work: Callable[[], bool],
        moved: Callable[[], int],
        max_workers: Callable[[], int],
        halt: Callable[[], None],
    ) -> None:
        """``work``: one round of a worker, false when nothing is left to do. ``moved``: messages moved so far, by which
        the speed is measured. ``max_workers``: as many as make sense now. ``halt``: makes every round end soon and be
        the last."""
        self._work = work
        self._moved = moved
        self._max_workers = max_workers
        self._halt = halt
        self._wanted = 0
        self._running = 0
        self._lock = threading.Lock()
        self.speed = 0.0

    def run(self, on_speed: Callable[[float], None]) -> None:
        """Until nothing is left to do. ``on_speed`` is called about twice a second with messages per second, on the
        caller's thread. Raises what a worker raised, after all have ended."""
        with ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="worker") as pool:
            try:
                ended = self._supervise(pool, on_speed)
            except BaseException:  # Ctrl-C too: leaving the pool waits for its workers
                self._halt()
                raise
        for worker in ended:
            worker.result()

    def _supervise(self, pool: ThreadPoolExecutor, on_speed: Callable[[float], None]) -> set[Future[bool]]:
        """Until a worker has found nothing left to do, or failed; the workers whose results are still to be read."""
        running: set[Future[bool]] = set()
        ended: set[Future[bool]] = set()
        target, speed_before, countdown = INITIAL_WORKERS, 0.0, 0
        count, measured_at = self._moved(), time.monotonic()
        while not any(worker.exception() or worker.result() for worker in ended):
            self._wanted = max(1, min(target, self._max_workers()))
            while len(running) < self._wanted:
                running.add(pool.submit(self._run_worker))
            ended, running = wait(running, MEASUREMENT_S, FIRST_COMPLETED)
            now = time.monotonic()
            if now - measured_at < MEASUREMENT_S:
                continue
            moved = self._moved()
            self.speed, count, measured_at = (moved - count) / (now - measured_at), moved, now
            on_speed(self.speed)
            if countdown == 0 and self.speed > speed_before * MIN_SPEEDUP:
                target, speed_before = min(MAX_WORKERS, target + max(2, target // 2)), self.speed
            elif countdown == 0:
                countdown = MEASUREMENTS_UNTIL_RETRY
            else:
                countdown -= 1
                speed_before = self.speed
        return ended | running

    def _run_worker(self) -> bool:
        """True when nothing was left to do; false when there were more workers than wanted."""
        with self._lock:
            self._running += 1
        try:
            while self._running <= self._wanted:
                if not self._work():
                    return True
            return False
        finally:
            with self._lock:
                self._running -= 1
