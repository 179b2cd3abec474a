"""1,000,000 mixed log lines to the invocation table, beside the naive way: ``json.loads`` and ``re`` line by line, into
dicts and a DataFrame.

Each side runs in a process of its own on the same seeded lines (tests/fakes/invocation_lines.py), made chunk by chunk while
the clock stands. A fiftieth of the rows, picked by request ID, is compared value by value; the bench fails where they differ.

    .venv/bin/python -m tests.bench.telemetry [--lines 1000000]

Prints JSON on its last line: records_s and naive_records_s (lines per second of processor time), ratio, rss_mb (the peak of
the whole process) and naive_rss_mb, rows and checked_rows.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ops.insight.invocation_table import COLUMNS, build_table
from ops.insight.invocation_table.joining.unreported_inits import INIT_ERRORS
from ops.insight.invocation_table.model import NUMBERS, TEXTS
from tests.fakes.invocation_lines import FUNCTION, LineMaker, Row

LINES = 1_000_000
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


def ours(chunks: Iterable[list[Row]]) -> pd.DataFrame:
    return build_table(chunks, FUNCTION).frame


def naive(chunks: Iterable[list[Row]]) -> pd.DataFrame:
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
    table = [one for key, found in lines.items() for one in _attempts(*key, found, types, reported)]
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


SIDES: dict[str, Callable[[Iterable[list[Row]]], pd.DataFrame]] = {"ours": ours, "naive": naive}


def run(side: str, lines: int, sample: Path) -> dict[str, float]:
    made, count = 0.0, 0

    def chunks() -> Iterable[list[Row]]:
        nonlocal made, count
        maker = iter(LineMaker(seed=7).chunks(lines))
        while True:
            began = time.process_time()
            chunk = next(maker, None)
            made += time.process_time() - began
            if chunk is None:
                return
            count += len(chunk)
            yield chunk

    began = time.process_time()
    frame = SIDES[side](chunks())
    took = time.process_time() - began - made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    picked = frame.loc[frame["request_id"].astype("str").str.endswith(("00", "32", "64", "96", "c8")), list(COLUMNS)]
    picked.astype(dict.fromkeys(picked.select_dtypes("category"), "str")).to_pickle(sample)
    return {"lines": count, "rows": len(frame), "seconds": took, "rss_mb": peak}


def compare(folder: Path) -> int:
    """The number of rows compared; ends the bench where one differs."""
    frames = []
    for side in SIDES:
        frame: pd.DataFrame = pd.read_pickle(folder / side)  # noqa: S301 (this bench wrote it)
        frame["started"] = pd.to_datetime(frame["started"], utc=True).dt.as_unit("ms")
        frame["cold"] = frame["cold"].astype(bool)
        for name in TEXTS:
            frame[name] = frame[name].astype(object).fillna("")
        for name in NUMBERS:
            frame[name] = frame[name].astype(float)
        frames.append(frame.sort_values(["request_id", "started"], ignore_index=True))
    own, other = frames
    pd.testing.assert_frame_equal(own, other, check_dtype=False)
    return len(own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps(run(asked.side, asked.lines, asked.sample)))
        return
    with tempfile.TemporaryDirectory(prefix="telemetry-bench-") as scratch:
        found = {}
        for side in SIDES:
            command = [sys.executable, "-m", "tests.bench.telemetry", "--side", side, "--lines", str(asked.lines)]
            done = subprocess.run([*command, "--sample", f"{scratch}/{side}"], check=True, stdout=subprocess.PIPE)
            found[side] = json.loads(done.stdout)
            print(f"{side}: {found[side]}", file=sys.stderr)
        checked = compare(Path(scratch))
    own, other = found["ours"], found["naive"]
    if own["rows"] != other["rows"] or not checked:
        sys.exit(f"The tables have {own['rows']} and {other['rows']} rows; {checked} were compared.")
    figures = {
        "records_s": round(own["lines"] / own["seconds"]),
        "naive_records_s": round(other["lines"] / other["seconds"]),
        "ratio": round(other["seconds"] / own["seconds"], 2),
        "rss_mb": round(own["rss_mb"]),
        "naive_rss_mb": round(other["rss_mb"]),
        "rows": own["rows"],
        "checked_rows": checked,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
