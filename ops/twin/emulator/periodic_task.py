"""One background thread that does its work at fixed moments of the wall clock, and survives an error in it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class PeriodicTask:
    """Runs ``work(moment)`` at every multiple of ``seconds`` since the epoch; ``moment`` is that multiple."""

    def __init__(self, name: str, seconds: float, work: Callable[[float], None]) -> None:
        self._seconds = seconds
        self._work = work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            now = time.time()
            moment = (now // self._seconds + 1) * self._seconds
            if self._stopped.wait(moment - now):
                return
            try:
                self._work(moment)
            except Exception:  # its next turn may go well; without this thread the twin would be silently wrong
                log.exception("%s failed", self._thread.name)
