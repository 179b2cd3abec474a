"""A process that outlives the one that starts it, and reads its order from standard input."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

_HERE = Path(__file__).resolve().parents[1]
"""The folder from which ``ops`` can be imported, installed or not."""


def start_process(module: str, order: bytes, log: IO[str], name: str) -> None:
    """``python -m module``, whose output goes to ``log``; a lock on ``log`` stays with it. ``name``: in a thread's name.
    ``order`` is on no command line and in no file, since it may hold credentials."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=_HERE,
        start_new_session=True,  # the dashboard's Ctrl-C does not reach it
    )
    assert process.stdin is not None  # noqa: S101 (a pipe was requested)
    with suppress(BrokenPipeError), process.stdin as line:  # broken: it ended at once, see its log
        line.write(order)
    threading.Thread(target=process.wait, daemon=True, name=f"wait for {name}").start()
