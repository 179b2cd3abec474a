"""As many movers as are of use: more are added while that makes it faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

INITIAL_WORKERS = 16
"""A call to a region takes 15 ms or so, most of it waiting: fewer than these leave the processor idle."""
MAX_WORKERS = 32
"""As many as a client has connections (``ops.aws.clients.POOL``)."""
MEASUREMENT_S = 0.4
"""Over which speed is measured."""
MIN_SPEEDUP = 1.08
"""How much faster it must have become by the last ones that were added."""
MEASUREMENTS_UNTIL_RETRY = 25
"""Windows after which it is tried again whether more would help: conditions change."""


class WorkerPool:
    """``turn`` is one round of a mover; false when there is nothing left for it to do."""

    def __init__(
        self, turn: Callable[[], bool], moved: Callable[[], int], most: Callable[[], int], halt: Callable[[], None]
    ) -> None:
        """``moved``: letters so far, by which speed is measured; ``most``: movers that make sense now; ``halt``: makes
        every turn end soon and be the last."""
        self._turn = turn
        self._halt = halt
        self._moved = moved
        self._most = most
        self._wanted = 0
        self._going = 0
        self._lock = threading.Lock()
        self.speed = 0.0

    def run(self, tick: Callable[[float], None]) -> None:
        """Until the movers have found nothing left to do. ``tick(speed)`` is called about twice a second, on the
        caller's thread. Raises what a mover raised, after all have ended."""
        with ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="mover") as pool:
            try:
                ended = self._look_after(pool, tick)
            except BaseException:
                self._halt()
                raise
        for each in ended:
            each.result()

    def _look_after(self, pool: ThreadPoolExecutor, tick: Callable[[float], None]) -> set[Future[bool]]:
        """Until one has found nothing left to do, or failed; all that were not known to be well then."""
        going: set[Future[bool]] = set()
        ended: set[Future[bool]] = set()
        level, before, quiet = INITIAL_WORKERS, 0.0, 0
        count, at = self._moved(), time.monotonic()
        while not any(each.exception() or each.result() for each in ended):
            self._wanted = max(1, min(level, self._most()))
            while len(going) < self._wanted:
                going.add(pool.submit(self._go))
            ended, going = wait(going, MEASUREMENT_S, FIRST_COMPLETED)
            now = time.monotonic()
            if now - at < MEASUREMENT_S:
                continue
            moved = self._moved()
            self.speed, count, at = (moved - count) / (now - at), moved, now
            tick(self.speed)
            if quiet == 0 and self.speed > before * MIN_SPEEDUP:
                level, before = min(MAX_WORKERS, level + max(2, level // 2)), self.speed
            elif quiet == 0:
                quiet = MEASUREMENTS_UNTIL_RETRY
            else:
                quiet -= 1
                before = self.speed
        return ended | going

    def _go(self) -> bool:
        """True when nothing was left to do; false when there were more movers than wanted."""
        with self._lock:
            self._going += 1
        try:
            while self._going <= self._wanted:
                if not self._turn():
                    return True
            return False
        finally:
            with self._lock:
                self._going -= 1
