"""Signals of the processes that tests and campaigns start."""

from __future__ import annotations

import os
import signal


def heed_signals() -> None:
    """What is started from here hears SIGINT and SIGHUP, also where they were ignored so far: in a job in the background
    of a script, and after ``nohup``. SIGINT is a terminal's Ctrl-C here too; SIGHUP still ends nothing here."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN or "PYTEST_XDIST_WORKER" in os.environ:
        signal.signal(signal.SIGHUP, lambda *_: None)
