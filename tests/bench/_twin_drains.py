"""Real drains on a twin against the forecast: the mapping is off, a backlog is sent, the forecast is made by the rates of the
drain before, and the mapping is switched on.

A machine with other work does not keep its speed from one drain to the next. So the forecast is made once more, afterwards, by
the rates of the drain itself: what is left then is the error of the model.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ops.aws import Aws
from ops.insight import time_window
from ops.insight.forecast.assumptions import Assumed
from ops.insight.reports import forecast
from ops.target import resolve
from ops.workload import describe
from tests.bench._agreement_states import PARAMETERS, PUBLISHED_S, States
from tests.twins import Twin, start, wait_for

DRAINS = 5
LEAST_S = 40.0
"""Of a drain: the metrics' periods and the poll that ends one are small beside it."""
PROBES = (60, 200)
"""Messages of the drains that come first: with cold starts, and then without, to choose the backlog of the others by."""
MOST_S = 600.0


@dataclass(frozen=True)
class RealDrain:
    """Seconds. ``foretold``: at the resume; ``explained``: by the rates of the drain itself."""

    took: float
    foretold: float
    explained: float

    @property
    def error_pct(self) -> float:
        return 100 * abs(self.foretold - self.took) / self.took

    @property
    def model_error_pct(self) -> float:
        return 100 * abs(self.explained - self.took) / self.took


def measure(drains: int = DRAINS) -> list[RealDrain]:
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), PARAMETERS | {"MaximumConcurrency": "2"}) as twin:
        return Drains(twin).run(drains)


class Drains:
    def __init__(self, twin: Twin) -> None:
        os.environ |= {"OPS_TARGET": "twin", "OPS_TWIN_DIR": str(twin.folder)}
        self._states, self._target = States(twin), resolve()
        self._aws = Aws(self._target)
        self._last_s = 0.0

    def run(self, drains: int) -> list[RealDrain]:
        for probe in PROBES:
            self._pause(probe)
            self._drain()
        backlog = round(PROBES[-1] * max(1.0, LEAST_S / self._last_s))
        found = []
        for number in range(drains):
            self._pause(backlog)
            foretold = self._forecast(backlog, self._last_s + 2 * PUBLISHED_S)
            took = self._drain()
            found.append(RealDrain(took, foretold, self._forecast(backlog, took + PUBLISHED_S)))
            text = f"drain {number + 1}: {backlog} messages took {took:.1f} s, forecast {foretold:.1f} s"
            text += f" ({found[-1].error_pct:.1f}%), by its own rates {found[-1].explained:.1f} s"
            print(f"{text} ({found[-1].model_error_pct:.1f}%)", file=sys.stderr, flush=True)
        return found

    def _pause(self, backlog: int) -> None:
        self._states.set_mapping(False)
        self._states.send(backlog)

    def _drain(self) -> float:
        """Seconds from the resume until nothing waits or is in flight; its metrics are published afterwards."""
        self._states.set_mapping(True)
        began = time.monotonic()
        wait_for(self._states.is_idle, MOST_S, "the backlog is not drained", pause=0.5)
        self._last_s = time.monotonic() - began
        time.sleep(PUBLISHED_S)
        return self._last_s

    def _forecast(self, backlog: int, over_s: float) -> float:
        """Of that backlog, by the rates of the last seconds; nothing arrives meanwhile."""
        workload = describe(self._aws, self._target)
        window = time_window.last(over_s / 60, self._target.finest_period)
        made = forecast.report(self._aws, workload, window, Assumed(backlog=float(backlog), arrivals_per_min=0.0))
        assert made.now is not None
        assert made.now.forecast.drained_s is not None
        return made.now.forecast.drained_s.mid
