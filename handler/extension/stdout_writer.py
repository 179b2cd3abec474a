"""Lines to stdout, which Lambda ships to the function's log group, without ever waiting for their reader."""

from __future__ import annotations

import posix  # os itself would cost 1.5 ms at start
import time
from _thread import allocate_lock, start_new_thread

QUEUE_LIMIT = 512
"""Lines waiting for a slow reader: about 1 MB of records. More are dropped and counted."""
STDOUT = 1


class StdoutWriter:
    """A short queue and one thread that writes it out. A blocked or broken stdout stops only that thread."""

    def __init__(self, descriptor: int = STDOUT) -> None:
        self.lost = 0
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._wake = allocate_lock()
        self._wake.acquire()
        start_new_thread(self._run, ())

    def line(self, text: str) -> None:
        """Queue one line, or count it as lost when too many wait already."""
        if len(self._lines) >= QUEUE_LIMIT:
            self.lost += 1
            return
        self._lines.append(text.encode() + b"\n")
        if self._wake.locked():
            self._wake.release()

    @property
    def has_room(self) -> bool:
        """Whether more should be queued now."""
        return len(self._lines) < QUEUE_LIMIT // 2  # the other half is for lines that cannot wait

    def drain(self, seconds: float) -> None:
        """Wait until everything is written, at most so long."""
        end = time.monotonic() + seconds
        while self._lines and time.monotonic() < end:
            time.sleep(0.002)

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            while self._lines:
                self._write(self._lines[0])
                del self._lines[0]  # only now, so that an empty queue means that all is written

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[posix.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                self.lost += 1
                return
