"""Tests of alarms, each in a thread of its own: it goes on, and removes what it made, when its page is left.

A server that ends in the middle leaves a queue and a subscription behind, which the next test removes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.alarms.live_test import AlarmTestPlan, AlarmTestResult

Work = Callable[[Callable[[str], None]], "AlarmTestResult"]
"""Runs the test; is given where to say what it does."""


class AlarmTestRun:
    """``result`` or ``error`` is set at its end."""

    def __init__(self, plan: AlarmTestPlan, work: Work) -> None:
        self.plan = plan
        self.began = datetime.now(UTC)
        self.progress = "Starting …"
        self.result: AlarmTestResult | None = None
        self.error: OpsError | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True, name="alarm test")
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> None:
        """Waits until the test is over."""
        self._thread.join()

    def _run(self, work: Work) -> None:
        try:
            self.result = work(self._say)
        except OpsError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - no one sees a thread's traceback
            self.error = OpsError(f"The test broke off: {error}", "Run it again: it removes what was left behind.")

    def _say(self, text: str) -> None:
        self.progress = text


_RUNS: dict[str, AlarmTestRun] = {}
_LOCK = threading.Lock()


def start(key: str, plan: AlarmTestPlan, work: Work) -> AlarmTestRun:
    """The test that runs for this alarm already, or a new one. ``key``: the alarm's ARN."""
    with _LOCK:
        run = _RUNS.get(key)
        if run is None or not run.running:
            run = _RUNS[key] = AlarmTestRun(plan, work)
        return run


def find(key: str) -> AlarmTestRun | None:
    """The latest test of this alarm, in this process."""
    return _RUNS.get(key)
