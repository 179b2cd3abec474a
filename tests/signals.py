"""Signals of the processes that tests and campaigns start."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Take SIGINT as a terminal's Ctrl-C, here and in what is started from here, also where it was ignored so far."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
