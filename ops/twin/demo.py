"""The demo: the twin, live traffic and the dashboard under one foreground process; Ctrl-C stops them all."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from ops import access, twin_state
from ops.errors import OpsError, TwinError
from ops.twin import lifecycle, processes
from ops.twin.workload import demo_causes, generator
from ops.twin.workload.jobs import Shares
from ops.twin_state import TwinState

DASHBOARD_HEALTH = "/_stcore/health"
SHARES = Shares(poison=0.04, slow=0.03, repeated=0.02, timeout=0.002, memory=0.001)
"""At four jobs per second: poison every six seconds, a timeout every two minutes, out of memory every four."""
SHARES_FIXED = replace(SHARES, poison=0.0, timeout=0.0, memory=0.0)
IDLE_LIMIT = 20
"""Seconds: shorter than the pause of the mixed pattern, so that cold starts come back."""
ROUND_MINUTES = 30.0
FURTHER_PORTS = 20
"""How many ports after the wanted one are tried, so that a second dashboard is where one looks for it."""
CAUSES_OPEN = "Jobs fail until their cause is fixed: ops twin fix (back: ops twin fix --undo)."
CAUSES_FIXED = "Jobs do not fail: their cause was fixed. Back: ops twin fix --undo."
AGAIN = "make demo (or ops twin demo)"


def run(progress: Callable[[str], None], port: int, rate: float) -> None:
    """Return after Ctrl-C (or TERM) once everything has stopped. Raises TwinError when a part of it ends by itself."""
    access.ensure_may("the demo")
    _round(rate)  # a rate that cannot be is refused before anything starts
    twin = lifecycle.up(
        progress, lifecycle.StartSettings(bound=True, idle_limit=IDLE_LIMIT)
    )  # Ctrl-C in here is up's own to clean up after
    mine = any(map(processes.started_here, twin.pids.values()))  # another start may have been first
    if not mine:
        progress(f"The demo adds about {rate:g} jobs per second to the running twin, and does not stop it at the end.")
    stop = threading.Event()
    with _stopped_by_signals(stop), demo_causes.demo_runs():
        try:
            _serve(twin, progress, port, rate, stop, "everything" if mine else "this dashboard and its traffic")
        finally:
            if mine:
                lifecycle.down()
    progress("Everything that the demo started has stopped.")


def _serve(
    twin: TwinState, progress: Callable[[str], None], port: int, rate: float, stop: threading.Event, ended: str
) -> None:
    free = processes.free_port(port, FURTHER_PORTS)
    if free != port:
        progress(f"Port {port} is in use; the dashboard takes {free}.")
    progress("Starting the dashboard …")
    dashboard = processes.start("dashboard", _dashboard(free), dict(os.environ) | {"OPS_TARGET": "twin"}, bound=True)
    trouble: list[str] = []
    sender = threading.Thread(target=_traffic, args=(twin, rate, progress, stop, trouble), name="traffic")
    sender.start()
    try:
        processes.wait_until_healthy(dashboard, f"http://127.0.0.1:{free}", DASHBOARD_HEALTH)
        progress(f"The dashboard: http://127.0.0.1:{free}   (Ctrl-C stops {ended})")
        progress(f"In another terminal: {_activation()}ops status, ops dlq scan, ops --help.")
        progress(CAUSES_FIXED if demo_causes.are_fixed() else CAUSES_OPEN)
        while not stop.wait(0.5):
            if dashboard.popen.poll() is not None:
                what = processes.ending(dashboard.popen.pid)
                raise processes.failure(dashboard.role, dashboard.log, what, AGAIN)
            for role, pid in twin.pids.items():
                if not twin_state.alive(pid):
                    raise processes.failure(role, twin_state.folder() / f"{role}.log", processes.ending(pid), AGAIN)
            if trouble:
                raise TwinError(trouble[0])
    finally:
        stop.set()
        progress("Stopping …")
        processes.stop(dashboard.popen.pid)  # by its ID: another demo beside the same twin has one, too
        sender.join()


def _activation() -> str:
    """How a new shell finds ``ops``, unless it does so already."""
    script = Path(sys.prefix, "bin", "activate")
    if shutil.which("ops") or not script.is_file():
        return ""
    return f"source {script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script}, then "


def _dashboard(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "streamlit", "run", "dashboard"),
        *("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"),
        *("--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"),
    ]


def _round(rate: float) -> generator.TrafficSettings:
    return generator.TrafficSettings(rate, ROUND_MINUTES, None, "mixed", SHARES, int(time.time()))


def _traffic(
    twin: TwinState, rate: float, progress: Callable[[str], None], stop: threading.Event, trouble: list[str]
) -> None:
    """Rounds of mixed traffic until stopped, each with a seed of its own."""
    progress(
        f"Sending about {rate:g} jobs per second, with bursts, pauses and failures: invalid jobs, timeouts, out of memory."
    )

    def shares() -> Shares:
        return SHARES_FIXED if demo_causes.are_fixed() else SHARES

    try:
        while not stop.is_set():
            generator.run(twin, _round(rate), progress, stop=stop, needs_model=False, shares=shares)
    except OpsError as error:
        trouble.append(f"The traffic ended: {error}")


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and TERM end the wait in order; a second Ctrl-C interrupts the stopping itself."""

    def once(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, once) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
