"""Real drains on a twin against the forecast: the mapping is off, a backlog is sent, the forecast is made by what the metrics
show of the drains before (under other laws, too), and the mapping is switched on.

The function sleeps instead of calculating (``tests/bench/_sleeping_function.py``), since the speed of a machine with other
work changes from one drain to the next, and no forecast knows by how much. Everything else is the twin's own: pollers,
batches, INIT, throttles, metrics.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.aws import Aws
from ops.insight import time_window
from ops.insight.forecast.assumptions import Assumed
from ops.insight.reports import forecast
from ops.target import resolve
from ops.workload import describe
from tests.bench._sleeping_function import MEAN_S, SleepingFunction
from tests.twins import Twin, start, wait_for

PARAMETERS = {"FunctionTimeout": "30", "QueueVisibilityTimeout": "180"}
PUBLISHED_S = 32
"""After this time the metrics of now are published."""
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Setting:
    """``lasts_s``: about, with what arrives meanwhile left out. ``at_once``: invocations, to choose the backlog by."""

    law: str
    at_once: int
    batch: int = 10
    maximum: int | None = None
    reserved: int | None = None
    window_s: int = 0
    arrivals_per_min: float = 0.0
    cold: bool = False
    lasts_s: float = 45.0

    @property
    def backlog(self) -> int:
        free = 1 - self.arrivals_per_min / 60 * MEAN_S / self.at_once
        return round(self.at_once / MEAN_S * self.lasts_s * free) + 3

    @property
    def mapping(self) -> dict[str, Any]:
        maximum = {} if self.maximum is None else {"MaximumConcurrency": self.maximum}
        return {"BatchSize": self.batch, "MaximumBatchingWindowInSeconds": self.window_s, "ScalingConfig": maximum}


PROBES = (
    Setting("to observe: maximum concurrency 2", 2, maximum=2),
    Setting("to observe: maximum concurrency 4", 4, maximum=4),
    Setting("to observe: reserved concurrency 3, below the mapping's", 3, reserved=3, lasts_s=60.0),
)
SETTINGS = (
    Setting("maximum concurrency 3", 3, maximum=3),
    Setting("maximum concurrency 12, of the ramp from 5", 12, batch=5, maximum=12),
    Setting("reserved concurrency 4, below the mapping's", 4, reserved=4),
    Setting("batching window of 5 s", 4, maximum=4, window_s=5),
    Setting("arrivals at half of the capacity", 4, maximum=4, arrivals_per_min=300.0, lasts_s=60.0),
    Setting("new environments", 6, batch=5, maximum=6, cold=True),
)


@dataclass(frozen=True)
class RealDrain:
    """Seconds. ``foretold``: before the mapping was switched on. ``machine_load``: the load average of the last minute, at
    its end."""

    law: str
    backlog: int
    took: float
    foretold: float
    machine_load: float

    @property
    def error_pct(self) -> float:
        return 100 * abs(self.foretold - self.took) / self.took


def measure() -> list[RealDrain]:
    with tempfile.TemporaryDirectory() as folder, start(Path(folder) / "twin", PARAMETERS) as twin:
        return Drains(twin, SleepingFunction(twin, Path(folder) / "image")).run()


@dataclass
class Drains:
    twin: Twin
    function: SleepingFunction
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        os.environ |= {"OPS_TARGET": "twin", "OPS_TWIN_DIR": str(self.twin.folder)}
        self._target = resolve()
        self._aws = Aws(self._target)

    def run(self) -> list[RealDrain]:
        for setting in PROBES:
            self._pause(setting)
            self._drain(setting)
        found = []
        for setting in SETTINGS:
            self._pause(setting)
            foretold = self._forecast(setting)
            took, load = self._drain(setting)
            found.append(RealDrain(setting.law, setting.backlog, took, foretold, load))
            drain = found[-1]
            text = f"{drain.law}: {drain.backlog} messages took {drain.took:.1f} s, forecast {drain.foretold:.1f} s"
            print(f"{text} ({drain.error_pct:.1f}%), load {drain.machine_load:.0f}", file=sys.stderr, flush=True)
        return found

    def _pause(self, setting: Setting) -> None:
        self.function.set_mapping(False, **setting.mapping)
        self.function.reserve(setting.reserved)
        if setting.cold:
            self.function.renew()
        self.function.send(setting.backlog)

    def _drain(self, setting: Setting) -> tuple[float, float]:
        """Seconds from the resume until nothing waits for the first time (messages arrive until then) and nothing is in flight,
        and the machine's load; its metrics are published afterwards."""
        over = threading.Event()
        sender = threading.Thread(target=self._arrive, args=(setting.arrivals_per_min, over), daemon=True)
        self.function.set_mapping(True)
        began = time.monotonic()
        sender.start()
        try:
            wait_for(self.function.nothing_waits, TIMEOUT_S, "the backlog is not drained", pause=0.2)
        finally:
            over.set()
            sender.join()
        wait_for(self.function.is_idle, TIMEOUT_S, "the backlog is not drained", pause=0.2)
        took, load = time.monotonic() - began, os.getloadavg()[0]
        time.sleep(PUBLISHED_S)
        return took, load

    def _arrive(self, per_minute: float, over: threading.Event) -> None:
        began, sent = time.monotonic(), 0
        while per_minute and not over.wait(0.1):
            due = round((time.monotonic() - began) * per_minute / 60)
            self.function.send(due - sent)
            sent = due

    def _forecast(self, setting: Setting) -> float:
        """Of the backlog that was sent, by what was observed since the first drain began."""
        workload = describe(self._aws, self._target)
        window = time_window.last((time.monotonic() - self._began) / 60, self._target.finest_period)
        assumed = Assumed(backlog=float(setting.backlog), arrivals_per_min=setting.arrivals_per_min)
        made = forecast.report(self._aws, workload, window, assumed)
        assert made.now is not None
        assert made.now.forecast.drained_s is not None
        print("\n".join(made.basis), file=sys.stderr)
        return made.now.forecast.drained_s.mid
