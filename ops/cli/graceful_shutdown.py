"""Ctrl-C that stops in order: the first asks the work to end where nothing is half done, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.cli.stderr_console import StderrConsole

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, ``kill``, and the terminal that is closed or the connection that is lost."""


@contextmanager
def stopping(talk: StderrConsole, said: str) -> Iterator[Callable[[], bool]]:
    """Yields ``stop()``, true from the first signal on, which is answered by ``said``; and when nobody can be told any
    more how it goes, which is like a terminal that was closed. A second signal is KeyboardInterrupt."""
    asked = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        talk.print(said)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # only there may Python set handlers
        # What the caller had set to be ignored (nohup) stays ignored.
        before = {one: signal.getsignal(one) for one in SIGNALS if signal.getsignal(one) != signal.SIG_IGN}
        for one in before:
            signal.signal(one, on_signal)
    try:
        yield lambda: asked.is_set() or talk.gone
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
