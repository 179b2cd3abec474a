"""Functions whose cold starts have known reasons, as the log lines that they leave.

Each scenario is a script: who runs when, and why an environment is new. It knows nothing of the rules that are checked.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from handler import contract

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass
class Function:
    """``form``: of its lines, the extension's ``record``, or without the extension a ``REPORT`` line or the ``platform.report``
    of JSON logging. ``rows``: as Logs Insights answers."""

    pick: random.Random
    form: str = "record"
    now: float = 0.0  # seconds since START
    version: int = 1
    rows: list[dict[str, str]] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    changes: list[datetime] = field(default_factory=list)
    environments: int = 0

    def environment(self) -> str:
        self.environments += 1
        return f"2026/11/20/[{self.version}]{self.pick.getrandbits(128):032x}"

    def run(
        self,
        stream: str,
        at: float,
        lasts: float,
        reason: str = "",
        *,
        status: str = "success",
        error_type: str = "",
        suppressed: bool = False,
    ) -> None:
        """One invocation. ``reason``: why its environment is new; empty for a warm one."""
        request_id = str(uuid.UUID(int=self.pick.getrandbits(128)))
        init = self.pick.uniform(150, 900) if reason else None
        if reason:
            self.truth[request_id] = reason
        started = START + timedelta(seconds=at)
        ended = started + timedelta(seconds=lasts, milliseconds=init or 0)
        if self.form == "record":
            message = self._record(request_id, started, lasts, init, status, error_type, suppressed)
        else:
            write = self._report if self.form == "REPORT" else self._platform_report
            message = write(request_id, lasts, None if suppressed else init, status, error_type)
        stamp = ended.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        self.rows.append({"@timestamp": stamp, "@message": message, "@logStream": stream})

    def _record(
        self,
        request_id: str,
        started: datetime,
        lasts: float,
        init: float | None,
        status: str,
        error_type: str,
        suppressed: bool,
    ) -> str:
        record: dict[str, object] = {
            "record": contract.INVOCATION_RECORD,
            contract.INV_REQUEST_ID: request_id,
            contract.INV_STARTED: started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            contract.INV_VERSION: str(self.version),
            contract.INV_STATUS: status,
            contract.INV_DURATION: round(lasts * 1000, 2),
            contract.INV_COLD: int(init is not None),
            contract.INV_MEMORY_SIZE: 512,
            contract.INV_INIT_TYPE: "on-demand",
        }
        if init is not None:
            record[contract.INV_INIT] = round(init, 2)
        if error_type:
            record[contract.INV_ERROR_TYPE] = error_type
        if suppressed:
            record[contract.INV_PHASE] = "invoke"
        return json.dumps(record)

    def _report(self, request_id: str, lasts: float, init: float | None, status: str, error_type: str) -> str:
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {lasts * 1000:.2f} ms",
            f"Billed Duration: {lasts * 1000 + (init or 0):.0f} ms",
            "Memory Size: 512 MB",
            "Max Memory Used: 100 MB",
        ]
        if init is not None:
            parts.append(f"Init Duration: {init:.2f} ms")
        if status != "success":
            parts += [f"Status: {status}", f"Error Type: {error_type}"]
        return "\t".join(parts) + "\t"

    def _platform_report(self, request_id: str, lasts: float, init: float | None, status: str, error_type: str) -> str:
        billed = lasts * 1000 + (init or 0)
        metrics = {"durationMs": lasts * 1000, "billedDurationMs": billed, "memorySizeMB": 512, "maxMemoryUsedMB": 100}
        if init is not None:
            metrics["initDurationMs"] = init
        record: dict[str, object] = {"requestId": request_id, "metrics": metrics, "status": status}
        if error_type:
            record["errorType"] = error_type
        time = (START + timedelta(seconds=self.now)).isoformat()
        return json.dumps({"time": time, "type": "platform.report", "record": record})

    def steady(self, environments: list[str], seconds: float, reason: str = "") -> None:
        """Each environment is busy, invocation after invocation. ``reason``: why each is new."""
        until = self.now + seconds
        for stream in environments:
            at, first = self.now + self.pick.uniform(0, 2), reason
            while at < until:
                lasts = self.pick.uniform(0.5, 5)
                self.run(stream, at, lasts, first)
                at += lasts + (1.0 if first else 0.0) + self.pick.uniform(0.01, 0.5)
                first = ""
        self.now = until + 10

    def fresh(self, number: int) -> list[str]:
        return [self.environment() for _ in range(number)]


def deploy(function: Function) -> None:
    """Environments at work are replaced, as many as there were, by a new version or by a change of $LATEST."""
    before = function.pick.randint(1, 8)
    function.steady(function.fresh(before), 120, "first")
    function.changes.append(START + timedelta(seconds=int(function.now)))
    if function.pick.random() < 0.5:
        function.version += 1
    function.now += function.pick.uniform(1, 20)
    function.steady(function.fresh(before), 120, "deploy or configuration change")


def scale_out(function: Function) -> None:
    """The load grows while all environments are busy."""
    few = function.fresh(function.pick.randint(1, 4))
    function.steady(few, 60, "first")
    since = function.now - 10
    many = function.fresh(function.pick.randint(2, 10))
    for stream in few:
        function.run(stream, since, 30)
    for stream in many:
        at, ends = since + function.pick.uniform(3, 12), since + function.pick.uniform(14, 30)
        function.run(stream, at, ends - at, "scale-out under load")  # none is free while another is started
    function.now = since + 60
    function.steady(few + many, 30)


def idle(function: Function) -> None:
    """One job now and then, each in a new environment."""
    function.run(function.environment(), function.now, 2, "first")
    for _ in range(function.pick.randint(3, 8)):
        function.now += function.pick.uniform(6 * 60, 3 * 3600)
        function.run(function.environment(), function.now, function.pick.uniform(0.2, 30), "after idle time")
    function.now += 60


def replaced(function: Function) -> None:
    """A job each half minute; now and then Lambda takes another environment though one is warm."""
    stream, reason = function.environment(), "first"
    for _ in range(60):
        function.run(stream, function.now, function.pick.uniform(0.5, 3), reason)
        reason = ""
        function.now += function.pick.uniform(10, 60)
        if function.pick.random() < 0.1:
            stream, reason = function.environment(), "replaced by Lambda"


def reset(function: Function) -> None:
    """A crash or a timeout; the next invocation of the environment runs INIT again."""
    stream = function.environment()
    function.run(stream, function.now, 1, "first")
    for _ in range(function.pick.randint(2, 5)):
        function.now += function.pick.uniform(5, 60)
        status, error = function.pick.choice((("error", "Runtime.ExitError"), ("timeout", "Sandbox.Timedout")))
        function.run(stream, function.now, 4, status=status, error_type=error)
        function.now += function.pick.uniform(10, 60)
        function.run(stream, function.now, 1, "after a crash or timeout", suppressed=True)
    function.now += 30


def failed_init(function: Function) -> None:
    """A version whose module cannot be imported."""
    function.steady(function.fresh(1), 30, "first")
    function.version += 1
    function.changes.append(START + timedelta(seconds=int(function.now)))
    for _ in range(function.pick.randint(1, 4)):
        function.now += function.pick.uniform(20, 60)
        function.run(
            function.environment(),
            function.now,
            0.1,
            "failed INIT",
            status="error",
            error_type="Runtime.ImportModuleError",
        )
    function.now += 60


def seeded(seed: int) -> Function:
    """Three scenarios one after the other, 20 minutes apart. A suppressed INIT stands in no report."""
    pick = random.Random(seed)
    function = Function(pick, form=pick.choice(("record", "REPORT", "platform.report")))
    for scenario in pick.sample(SCENARIOS, 3):
        scenario(function)
        function.now += 20 * 60
    return function


SCENARIOS: tuple[Callable[[Function], None], ...] = (deploy, scale_out, idle, replaced, reset, failed_init)
