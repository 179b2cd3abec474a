"""The invocation table the naive way: ``json.loads`` and ``re`` line by line, into dicts and a DataFrame."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from ops.insight.invocation_table import COLUMNS
from ops.insight.invocation_table.joining.unreported_inits import INIT_ERRORS
from tests.fakes.invocation_lines import FUNCTION, Row

_REPORT = re.compile(r"^REPORT RequestId: (\S+)\t(.*)", re.DOTALL)
_FIELD = re.compile(r"([A-Z][A-Za-z ]+): ([\d.]+) (?:ms|MB)")
_TIMED_OUT = re.compile(r"^\S+ (\S+) Task timed out after ([\d.]+) seconds")
_KILLED = re.compile(r"^RequestId: (\S+) Error: Runtime exited with error: signal: killed")
_NAMES = {
    "Duration": "duration_ms",
    "Billed Duration": "billed_ms",
    "Memory Size": "memory_size_mb",
    "Max Memory Used": "memory_used_mb",
    "Init Duration": "init_ms",
    "Restore Duration": "restore_ms",
    "Billed Restore Duration": "billed_restore_ms",
}
_METRICS = {
    "durationMs": "duration_ms",
    "billedDurationMs": "billed_ms",
    "memorySizeMB": "memory_size_mb",
    "maxMemoryUsedMB": "memory_used_mb",
    "initDurationMs": "init_ms",
    "restoreDurationMs": "restore_ms",
    "billedRestoreDurationMs": "billed_restore_ms",
}
_RECORD = {
    "function_version": "version",
    "ColdStarts": "cold",
    "InitDuration": "init_ms",
    "InvokeDuration": "duration_ms",
    "BilledDuration": "billed_ms",
    "MaxMemoryUsed": "memory_used_mb",
    "memory_size_mb": "memory_size_mb",
    "status": "status",
    "error_type": "error_type",
    "initialization_type": "init_type",
    "restore_ms": "restore_ms",
    "billed_restore_ms": "billed_restore_ms",
    "phase": "phase",
    "architecture": "architecture",
    "runtime_init_ms": "runtime_init_ms",
    "response_latency_ms": "response_latency_ms",
    "response_duration_ms": "response_duration_ms",
    "runtime_overhead_ms": "runtime_overhead_ms",
    "extension_overhead_ms": "extension_overhead_ms",
    "EstimatedCost": "cost_usd",
    "xray_trace_id": "trace",
}
Line = tuple[datetime, str, dict[str, Any]]


def naive_table(chunks: Iterable[list[Row]]) -> pd.DataFrame:
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    types: dict[str, str] = {}
    reported: dict[str, datetime] = {}
    for chunk in chunks:
        for row in chunk:
            if (read := _line(row, types)) is not None:
                request_id, line = read
                lines[request_id, row["@logStream"]].append(line)
                if line[1] == "report" and line[2]["status"] == "success":
                    stream = row["@logStream"]
                    reported[stream] = max(line[0], reported.get(stream, line[0]))
    table = [attempt for key, found in lines.items() for attempt in _attempts(*key, found, types, reported)]
    _mark_inits(table)
    return pd.DataFrame(table, columns=list(COLUMNS)).sort_values("started", ignore_index=True)


def _mark_inits(table: list[dict[str, Any]]) -> None:
    """Those that no line tells of: after a timeout or a crash of the same environment."""
    before: dict[str, str] = {}
    for values in sorted(table, key=lambda values: values["started"]):
        broke = before.get(values["environment"]) in ("error", "timeout") or values["error_type"] in INIT_ERRORS
        if broke and not values["recorded"] and not values["cold"]:
            values |= {"cold": True, "phase": "invoke"}
        before[values["environment"]] = str(values.get("status") or "")


def _line(row: Row, types: dict[str, str]) -> tuple[str, Line] | None:
    message, stream = row["@message"], row["@logStream"]
    at = datetime.fromisoformat(row["@timestamp"] + "+00:00")
    if found := _REPORT.match(message):
        values: dict[str, Any] = {}
        for name, number in _FIELD.findall(found[2]):
            if name in _NAMES:
                values[_NAMES[name]] = float(number)
        for name, key in (("Status: ", "status"), ("Error Type: ", "error_type"), ("XRAY TraceId: ", "trace")):
            if name in found[2]:
                values[key] = found[2].split(name)[1].split("\t")[0].strip()
        if "duration_ms" not in values:  # the line is cut
            return None
        values.setdefault("status", "success" if "memory_used_mb" in values else "")
        return found[1], (at, "report", values)
    if found := _TIMED_OUT.match(message):
        seconds = float(found[2])
        return found[1], (at, "timeout", {"status": "timeout", "duration_ms": seconds * 1000})
    if found := _KILLED.match(message):
        return found[1], (at, "exit", {"status": "error", "error_type": "Runtime.OutOfMemory"})
    try:
        data = json.loads(message)
    except ValueError:
        return None
    if data.get("record") == "invocation":
        if data.get("FunctionName", FUNCTION) != FUNCTION:
            return None
        values = {ours: data[theirs] for theirs, ours in _RECORD.items() if theirs in data}
        values["started"] = datetime.fromisoformat(data["started_at"]) if "started_at" in data else at
        values.setdefault("cold", False)
        values["version"] = values.get("version", "")
        return data["request_id"], (at, "record", values)
    if data.get("type") == "platform.initStart":
        types[stream] = data["record"]["initializationType"]
    if data.get("type") == "platform.report":
        record = data["record"]
        values = {
            ours: float(record["metrics"][theirs]) for theirs, ours in _METRICS.items() if theirs in record["metrics"]
        }
        values["status"] = record.get("status", "success")
        values["trace"] = record.get("tracing", {}).get("value")
        values["tenant"] = record.get("tenantId", "")
        return record["requestId"], (at, "report", values)
    return None


def _attempts(
    request_id: str, stream: str, lines: list[Line], types: dict[str, str], reported: dict[str, datetime]
) -> Iterable[dict[str, Any]]:
    """Lines of one attempt are within half a minute: these retries come after one."""
    attempts: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line[0]):
        if not attempts or line[0] - attempts[-1][-1][0] > timedelta(seconds=30):
            attempts.append([])
        attempts[-1].append(line)
    for attempt in attempts:
        values: dict[str, Any] = {}
        kinds = {kind: read for _, kind, read in attempt}
        if kinds.keys() == {"record"} and stream in reported and kinds["record"]["started"] <= reported[stream]:
            continue
        for kind in ("record", "report", "timeout", "exit"):
            for name, value in kinds.get(kind, {}).items():
                if values.get(name) in (None, ""):
                    values[name] = value
        ended = kinds.get("timeout") or kinds.get("exit")
        if ended and values["status"] == "success":
            values["status"] = ended["status"]
        yield _finish(request_id, stream, values, kinds, attempt[0][0], types)


def _finish(
    request_id: str, stream: str, values: dict[str, Any], kinds: dict[str, Any], at: datetime, types: dict[str, str]
) -> dict[str, Any]:
    kind = values.get("init_type") or types.get(stream, "")
    if "restore_ms" in values and kind in ("", "on-demand"):
        kind = "snap-start"
    ahead = kind in ("provisioned-concurrency", "lambda-managed-instances")
    if "record" not in kinds:
        values["cold"] = not ahead and ("init_ms" in values or "restore_ms" in values)
    if ahead and not values["cold"]:
        values.pop("init_ms", None)
    error = values.get("error_type") or ""
    if "exit" in kinds and error in ("", "Runtime.ExitError"):
        error = "Runtime.OutOfMemory"
    status, used, size = values.get("status"), values.get("memory_used_mb", 0), values.get("memory_size_mb", 1)
    if error in ("", "Runtime.ExitError"):
        if status == "timeout":
            error = "Sandbox.Timedout"
        elif status in ("error", "failure") and used >= size:
            error = "Runtime.OutOfMemory"
    if "started" not in values:
        report = kinds.get("report") or kinds.get("timeout") or {}
        lasted = (report.get("duration_ms") or 0) + (report.get("init_ms") or report.get("restore_ms") or 0)
        values["started"] = at - timedelta(milliseconds=lasted)
    version = (
        values.get("version", "")
        if kinds.keys() == {"record"}
        else values.get("version") or stream.split("[")[1].split("]")[0]
    )
    return {
        **values,
        "request_id": request_id,
        "environment": stream,
        "version": version,
        "init_type": kind,
        "error_type": error,
        "recorded": "record" in kinds,
    }
