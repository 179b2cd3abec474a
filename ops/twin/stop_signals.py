"""Ctrl-C, TERM and HUP while processes are started and stopped: none of them is left running or forgotten."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """TERM and HUP interrupt the work as Ctrl-C does: by themselves they would end us, and leave what runs by now."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():  # only there may Python set handlers
        signals = (signal.SIGTERM, signal.SIGHUP)
        # What the caller had set to be ignored (nohup) stays ignored.
        before = {
            signal_number: signal.signal(signal_number, interrupt)
            for signal_number in signals
            if signal.getsignal(signal_number) != signal.SIG_IGN
        }
    try:
        yield
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """A signal takes effect at the end of the block. An exception in the middle of a start would lose the process: it
    runs already, and nothing knows its ID yet. Some are even swallowed there, in the functions that Python calls at a
    fork."""
    received: list[int] = []

    def raise_heard() -> None:
        for number in dict.fromkeys(received):
            signal.raise_signal(number)

    with contextlib.ExitStack() as at_end:  # which restores all, also where a signal interrupts it
        at_end.callback(raise_heard)
        if threading.current_thread() is threading.main_thread():
            for signal_number in STOP_SIGNALS:
                before = signal.getsignal(signal_number)
                if before not in (signal.SIG_IGN, None):
                    at_end.callback(signal.signal, signal_number, before)
                    signal.signal(signal_number, lambda number, _frame: received.append(number))
        yield
