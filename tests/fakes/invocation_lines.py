"""Log lines of a busy function, seeded: records, REPORT lines in words and in JSON, of all years, and what goes wrong.

Each environment has one log stream and one form: REPORT lines in words or ``platform.report`` events, with or without the
extension's records, on demand, SnapStart, provisioned or managed. Among them are retries that keep their request ID,
timeouts, killed processes, lines that were read twice, cut lines, another function's, and text that poses as one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from handler import contract

Row = dict[str, str]

START = datetime(2026, 11, 24, tzinfo=UTC)
TYPES = ("on-demand", "on-demand", "on-demand", "snap-start", "provisioned-concurrency", "lambda-managed-instances")
ERRORS = ("Runtime.ExitError", "Runtime.OutOfMemory", "Function.Unhandled", "ValueError", "<b>Bad</b>\u202e")
FUNCTION = "worker"


class _Environment:
    def __init__(self, random_: random.Random, number: int) -> None:
        self.version = str(random_.randrange(1, 5))
        self.stream = f"2026/11/24/[{self.version}]{number:032x}"
        self.form = random_.choice(("words", "json"))
        self.records = random_.random() < 0.6
        self.kind = random_.choice(TYPES)
        self.memory = random_.choice((128, 512, 1024, 3538))
        self.left = random_.randrange(1, 40)
        self.cold = True


class LineMaker:
    """``environments``: at a time. ``odd``: share of invocations with lines out of the ordinary."""

    def __init__(self, seed: int = 1, environments: int = 50, odd: float = 0.02, step_ms: float = 40.0) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self._odd = odd
        self._step = timedelta(milliseconds=step_ms)
        self._now = START
        self._there = [self._environment() for _ in range(environments)]

    def chunks(self, rows: int, size: int = 10_000) -> Iterator[list[Row]]:
        """About ``rows`` rows, in the order in which they are written."""
        made: list[Row] = []
        total = 0
        while total + len(made) < rows:
            made += self._invocation()
            if len(made) >= size:
                total += len(made)
                yield made
                made = []
        if made:
            yield made

    def _environment(self) -> _Environment:
        self._made += 1
        return _Environment(self._random, self._made)

    def _invocation(self) -> list[Row]:
        pick = self._random
        place = pick.randrange(len(self._there))
        where = self._there[place]
        where.left -= 1
        if where.left < 0:
            where = self._there[place] = self._environment()
        self._now += self._step
        request_id = (
            f"{pick.getrandbits(32):08x}-{pick.getrandbits(16):04x}-4{pick.getrandbits(12):03x}-8000-{self._made:012x}"
        )
        odd = pick.random()
        status = "success" if odd > self._odd else pick.choice(("error", "timeout", "failure"))
        lines = self._attempt(where, request_id, self._now, status)
        if odd < self._odd / 5:
            lines += self._attempt(where, request_id, self._now + timedelta(minutes=1), "success")  # a retry
        elif odd < self._odd / 4:
            lines.append(pick.choice(lines))  # read twice
        elif odd < self._odd / 3:
            lines += self._noise(where)
        return lines

    def _attempt(self, where: _Environment, request_id: str, start: datetime, status: str) -> list[Row]:
        pick = self._random
        cold, where.cold = where.cold, False
        duration = round(pick.lognormvariate(5, 1), 2)
        init = round(pick.uniform(200, 2_000), 2) if cold else None
        restored = cold and where.kind == "snap-start"
        ahead = where.kind in ("provisioned-concurrency", "lambda-managed-instances")
        end = start + timedelta(milliseconds=duration + (0 if ahead else init or 0))
        used = where.memory if status == "error" and pick.random() < 0.5 else pick.randrange(40, where.memory)
        billed = int(duration + (init or 0)) + 1
        error = pick.choice(ERRORS) if status in ("error", "failure") and pick.random() < 0.7 else ""
        trace = f"1-{pick.getrandbits(32):08x}-{pick.getrandbits(96):024x}" if pick.random() < 0.05 else ""
        rows = []
        if cold and where.form == "json":
            about = {"initializationType": where.kind, "phase": "init", "functionName": FUNCTION}
            rows.append(self._row(where, _event(start, "initStart", about), start))
        if status == "timeout" and where.form == "words" and pick.random() < 0.8:
            words = f"{_time(end)} {request_id} Task timed out after {duration / 1000:.2f} seconds\n"
            rows.append(self._row(where, words, end))
        if status == "error" and where.form == "words" and pick.random() < 0.5:
            words = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
            rows.append(self._row(where, words, end))
        if where.form == "words":
            restore = f"\tRestore Duration: {init} ms\tBilled Restore Duration: 163 ms" if restored else ""
            started = f"\tInit Duration: {init} ms" if init is not None and not restored else ""
            ended = f"\tStatus: {status}" if status != "success" else ""
            named = f"\tError Type: {error}" if error and status == "error" else ""
            traced = f"\nXRAY TraceId: {trace}\tSegmentId: {trace[-16:]}\tSampled: true\t" if trace else ""
            report = (
                f"REPORT RequestId: {request_id}\tDuration: {duration} ms\tBilled Duration: {billed} ms\t"
                f"Memory Size: {where.memory} MB\tMax Memory Used: {used} MB{started}{restore}{ended}{named}\t{traced}\n"
            )
        else:
            metrics: dict[str, float] = {"durationMs": duration}
            if "managed" not in where.kind:
                metrics |= {"billedDurationMs": billed, "memorySizeMB": where.memory, "maxMemoryUsedMB": used}
            if init is not None:
                metrics |= {"restoreDurationMs" if restored else "initDurationMs": init}
            report_of: dict[str, object] = {"requestId": request_id, "metrics": metrics, "status": status}
            if where.records:
                report_of["spans"] = [{"name": "extensionOverhead", "start": _time(end), "durationMs": 3.5}]
            report_of |= {"tracing": {"type": "X-Amzn-Trace-Id", "value": f"Root={trace}"}} if trace else {}
            report_of |= {"tenantId": f"tenant-{pick.randrange(9)}"} if pick.random() < 0.1 else {}
            report = _event(end, "report", report_of)
        rows.append(self._row(where, report, end))
        if where.records:
            rows.append(self._row(where, self._record(where, locals()), end + timedelta(milliseconds=3)))
        return rows

    def _record(self, where: _Environment, made: dict[str, object]) -> str:
        pick = self._random
        known = {
            contract.INV_INIT: None if made["restored"] else made["init"],
            contract.INV_DURATION: made["duration"],
            contract.INV_BILLED: made["billed"] if pick.random() < 0.95 else None,
            contract.INV_MEMORY_USED: made["used"],
            contract.INV_COST: 0.0000033 if pick.random() < 0.9 else None,
            contract.INV_COLD: int(made["cold"] is True and not made["ahead"]),
            contract.INV_FAILED: int(made["status"] != "success"),
            contract.INV_REQUEST_ID: made["request_id"],
            contract.INV_VERSION: where.version,
            contract.INV_INIT_TYPE: where.kind,
            contract.INV_RESTORE: made["init"] if made["restored"] else None,
            contract.INV_MEMORY_SIZE: where.memory,
            contract.INV_RUNTIME_INIT: 93.0 if made["cold"] and not made["restored"] else None,
            contract.INV_PRODUCED: 312,
            contract.INV_RESPONSE_LATENCY: 12.5,
            contract.INV_RESPONSE_DURATION: 0.25,
            contract.INV_RUNTIME_OVERHEAD: 0.75,
            contract.INV_EXTENSION_OVERHEAD: 3.5,
            contract.INV_STATUS: made["status"],
            contract.INV_ERROR_TYPE: made["error"] or None,
            contract.INV_TRACE: made["trace"] or None,
            contract.INV_ARCHITECTURE: "arm64",
            contract.INV_STARTED: _time(made["start"]),  # type: ignore[arg-type]
        }
        units = [
            {"Name": name, "Unit": unit} for name, unit in contract.INVOCATION_UNITS.items() if known[name] is not None
        ]
        directive = {"Namespace": contract.INVOCATION_NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": units}
        stamp = round(made["start"].timestamp() * 1000)  # type: ignore[attr-defined]
        line = {
            "_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]},
            "FunctionName": FUNCTION,
            "record": "invocation",
        }
        return json.dumps(
            line | {name: value for name, value in known.items() if value is not None}, separators=(",", ":")
        )

    def _noise(self, where: _Environment) -> list[Row]:
        """What is not, or not quite, about an invocation of the function."""
        fake = f"0f0e0d0c-0b0a-4000-8000-{self._random.getrandbits(48):012x}"
        record = {"_aws": {}, "record": "invocation", "request_id": fake}
        lines: tuple[str, ...] = (
            '{"_aws":{"Timestamp":1},"record":"invocation","request_id":"',
            json.dumps(record | {"FunctionName": "another"}),
            json.dumps(record | {"FunctionName": FUNCTION, "status": "ok"}),
            json.dumps(record | {"InvokeDuration": "12", "ColdStarts": True}),
            json.dumps({"note": '"record":"invocation"', "text": "\u202e<script>"}),
        )
        if where.form == "words":  # in another form than its stream's, a report is taken for printed text
            printed = "\tDuration: 1.00 ms\tBilled Duration: 1 ms\t" + "x" * 2_000
            lines += (f"REPORT RequestId: {fake}\tDuration: 12", f"REPORT RequestId: {fake}{printed}")
        else:
            about = {"requestId": fake, "metrics": {"durationMs": "7"}}
            lines += (json.dumps({"time": "x", "type": "platform.report", "record": about}),)
        return [self._row(where, self._random.choice(lines), self._now)]

    def _row(self, where: _Environment, message: str, at: datetime) -> Row:
        written = at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return {"@timestamp": written, "@message": message, "@logStream": where.stream}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _event(at: datetime, kind: str, about: Mapping[str, object]) -> str:
    return json.dumps({"time": _time(at), "type": f"platform.{kind}", "record": about}, separators=(",", ":"))
