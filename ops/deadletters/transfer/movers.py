"""As many movers as are of use: more are added while that makes it faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

FIRST = 8
MOST = 32
"""As many as a client has connections (``ops.aws.door.POOL``)."""
WINDOW_S = 0.4
"""Over which speed is measured."""
WORTH = 1.08
"""How much faster it must have become by the last ones that were added."""
AGAIN = 25
"""Windows after which it is tried again whether more would help: conditions change."""


class Movers:
    """``turn`` is one round of a mover; false when there is nothing left for it to do."""

    def __init__(self, turn: Callable[[], bool], moved: Callable[[], int], most: Callable[[], int]) -> None:
        """``moved``: letters so far, by which speed is measured; ``most``: movers that make sense now."""
        self._turn = turn
        self._moved = moved
        self._most = most
        self._wanted = 0
        self._going = 0
        self._lock = threading.Lock()
        self.speed = 0.0

    def run(self, tick: Callable[[float], None]) -> None:
        """Until every mover has found nothing left to do. ``tick(speed)`` is called about three times a second, on the
        caller's thread. Raises what a mover raised, after all have ended."""
        with ThreadPoolExecutor(MOST, thread_name_prefix="mover") as pool:
            going: set[Future[None]] = set()
            level, before, quiet = min(FIRST, self._most()), 0.0, 0
            count, at = self._moved(), time.monotonic()
            error: BaseException | None = None
            while True:
                self._wanted = min(level, self._most())
                while len(going) < self._wanted and error is None:
                    going.add(pool.submit(self._go))
                done, going = wait(going, WINDOW_S, FIRST_COMPLETED)
                for each in done:
                    error = error or each.exception()
                if done and (error or not going):
                    wait(going)
                    for each in going:
                        error = error or each.exception()
                    break
                now = time.monotonic()
                if now - at < WINDOW_S:
                    continue
                moved = self._moved()
                self.speed, count, at = (moved - count) / (now - at), moved, now
                tick(self.speed)
                if quiet == 0 and self.speed > before * WORTH:
                    level, before = min(MOST, level + max(2, level // 2)), self.speed
                elif quiet == 0:
                    quiet = AGAIN
                else:
                    quiet -= 1
                    before = self.speed
        if error is not None:
            raise error

    def _go(self) -> None:
        with self._lock:
            self._going += 1
        try:
            while self._going <= max(self._wanted, 1) and self._turn():
                pass
        finally:
            with self._lock:
                self._going -= 1
