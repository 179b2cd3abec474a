"""The lists of workloads, loaded in the background, so that no page waits for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.target import Target

if TYPE_CHECKING:
    from ops.insight.reports.workload_list import WorkloadListReport

MAX_PLACES = 16
"""Accounts and regions whose lists are kept."""

RELOAD_AFTER_S = 1.0
"""The box shows a newer list at its next check, up to a minute later; the page that was just drawn is still being sent."""

ListWorkloads = Callable[[Target], "WorkloadListReport"]


@dataclass(frozen=True)
class ListState:
    """The latest list, or why there is none; ``at`` (``time.time()``) is when it came, 0 before the first."""

    report: WorkloadListReport | None = None
    error: OpsError | None = None
    at: float = 0.0


@dataclass
class WorkloadLists:
    """Lists by place: a target without a workload. Safe to share between threads."""

    list_workloads: ListWorkloads
    _states: dict[Target, ListState] = field(default_factory=dict)
    _loading: set[Target] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def state(self, place: Target) -> ListState:
        with self._changed:
            return self._states.get(place, ListState())

    def load(self, place: Target, since: float) -> None:
        """Start to load the list again, unless the last one came after ``since``; where there is one, ``RELOAD_AFTER_S`` later."""
        with self._changed:
            known = self._states.get(place, ListState())
            if place in self._loading or known.at > since:
                return
            self._loading.add(place)
        timer = threading.Timer(RELOAD_AFTER_S if known.at else 0.0, self._load, (place,))
        timer.daemon = True  # no one waits for it when the program ends
        timer.start()

    def wait(self, place: Target, timeout: float) -> ListState:
        """The state once nothing is loading, or after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: place not in self._loading, timeout)
            return self._states.get(place, ListState())

    def _load(self, place: Target) -> None:
        state = ListState()
        try:
            state = ListState(self.list_workloads(place))
        except OpsError as error:
            state = ListState(error=error)
        except Exception as error:  # noqa: BLE001 - no one sees a thread's traceback; the page goes on without the list
            state = ListState(error=OpsError(f"Unexpected error: {type(error).__name__}: {error}"))
        with self._changed:
            self._states.pop(place, None)
            self._states[place] = replace(state, at=time.time())
            while len(self._states) > MAX_PLACES:
                self._states.pop(next(iter(self._states)))
            self._loading.discard(place)
            self._changed.notify_all()


def list_workloads(place: Target) -> WorkloadListReport:
    """The workloads of an account and region. Raises OpsError."""
    from ops.aws import Aws
    from ops.insight.reports import workload_list

    return workload_list.report(Aws(place))
