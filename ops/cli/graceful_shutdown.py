"""Graceful shutdown: the first Ctrl-C lets the work finish its current batch, the second stops it immediately."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.cli.output.stderr_console import StderrConsole

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, ``kill``, and a terminal that is closed or a connection that is lost."""


@contextmanager
def stopping(console: StderrConsole, message: str) -> Iterator[Callable[[], bool]]:
    """Yields ``stop()``, which is true after the first signal, when ``message`` is printed, and when the progress output
    can no longer be written, as after a closed terminal. A second signal raises KeyboardInterrupt."""
    requested = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        console.print(message)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # only there may Python set handlers
        # A signal that the caller ignores (nohup) stays ignored.
        before = {each: signal.getsignal(each) for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN}
        for each in before:
            signal.signal(each, on_signal)
    try:
        yield lambda: requested.is_set() or console.gone
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
