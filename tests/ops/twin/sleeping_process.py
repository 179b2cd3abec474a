"""A process in the place of the twin's host, which only sleeps, and the state of a twin that has it."""

from __future__ import annotations

import os
import sys
import time

from ops.twin import processes
from ops.twin_state import TwinState

SLEEPER = "import time  # ops.twin.host\nprint('ready', flush=True)\ntime.sleep(60)"


def start_host(code: str) -> processes.Child:
    child = processes.start("host", [sys.executable, "-c", code], os.environ, bound=False)
    while not child.log.read_text() and child.popen.poll() is None:
        time.sleep(0.01)
    return child


def twin_with_host(pid: int) -> TwinState:
    nobody = "http://127.0.0.1:9"
    return TwinState(nobody, nobody, "us-east-1", "0" * 12, "a", "b", "scilearn", 10, "now", {"host": pid})
