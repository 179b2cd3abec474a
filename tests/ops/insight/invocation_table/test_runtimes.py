"""REPORT lines as Lambda writes them for the runtimes, and over the years."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ops.insight.invocation_table import build_table
from ops.insight.sources.log_totals import LineForm, query_texts
from tests.cases.invocations.lambda_lines import ID, STREAM, row

USE = "Memory Size: 512 MB\tMax Memory Used: 96 MB\t"
LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "any, warm": (f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 13 ms\t{USE}\n", {}),
    "Python, rounded up to 100 ms until 2020": (
        f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 100 ms \t{USE}\n",
        {"billed_ms": 100.0},
    ),
    "Node.js, cold, traced": (
        f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 13 ms\t{USE}Init Duration: 151.20 ms\t\n"
        "XRAY TraceId: 1-65f0a0b1-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true\t\n",
        {"init_ms": 151.2, "cold": True, "trace": "1-65f0a0b1-0123456789abcdef01234567"},
    ),
    "Java, restored from a snapshot": (
        f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 200 ms\t{USE}"
        "Restore Duration: 622.10 ms\tBilled Restore Duration: 187 ms\t\n",
        {"restore_ms": 622.1, "billed_restore_ms": 187.0, "cold": True, "init_type": "snap-start"},
    ),
    ".NET, timed out, since 2025": (
        f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3400 ms\t{USE}"
        "Init Duration: 399.50 ms\tStatus: timeout\n",
        {"duration_ms": 3000.0, "status": "timeout", "error_type": "Sandbox.Timedout", "cold": True},
    ),
    "a custom runtime, exited, since 2025": (
        f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 13 ms\t{USE}"
        "Status: error\tError Type: Runtime.ExitError\n",
        {"status": "error", "error_type": "Runtime.ExitError"},
    ),
    "Ruby, with JSON logging": (
        json.dumps(
            {
                "time": "2026-11-23T19:00:00.000Z",
                "type": "platform.report",
                "record": {
                    "requestId": ID,
                    "metrics": {
                        "durationMs": 12.5,
                        "billedDurationMs": 13,
                        "memorySizeMB": 512,
                        "maxMemoryUsedMB": 96,
                        "initDurationMs": 151.2,
                    },
                    "status": "success",
                },
            }
        ),
        {"init_ms": 151.2, "cold": True},
    ),
    "Managed Instances, which report a duration alone": (
        json.dumps(
            {
                "time": "2026-11-23T19:00:00.000Z",
                "type": "platform.report",
                "record": {"requestId": ID, "metrics": {"durationMs": 12.5}, "status": "success"},
            }
        ),
        {"memory_used_mb": None, "billed_ms": None},
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_the_line_of_each_runtime_is_read(name: str) -> None:
    line, expected = LINES[name]
    table = build_table([[row(line)]])
    assert (len(table), table.unreadable) == (1, 0)
    usual = {"request_id": ID, "duration_ms": 12.5, "status": "success", "memory_used_mb": 96.0, "cold": False}
    read = vars(table.rows[0])
    assert {key: read[key] for key in usual | expected} == usual | expected


@pytest.mark.parametrize("name", [name for name, (line, _) in LINES.items() if line.startswith("REPORT")])
def test_the_aggregating_query_takes_the_same_from_the_line(name: str) -> None:
    """Its regular expressions are Logs Insights' own, which are those of Python but for the names of groups."""
    line, expected = LINES[name]
    query = query_texts.outcomes(LineForm.TEXT, "worker", 300).replace("(?<", "(?P<")
    found: dict[str, str | None] = {}
    for of, pattern in re.findall(r"parse (@\w+) /(.+?)/ \|", query):
        match = re.search(pattern, STREAM if of == "@logStream" else line)
        found |= match.groupdict() if match else {}
    assert found.get("outcome", "success") == expected.get("status", "success")
    assert found.get("restored") == (str(expected["restore_ms"]) + "0" if "restore_ms" in expected else None)
    assert found["version"]


def test_a_record_without_its_report_line_and_a_report_line_without_a_record_both_count() -> None:
    """Lines are late or lost; an environment's own record is not taken for forged before the platform reports."""
    record = json.dumps({"record": "invocation", "request_id": ID, "status": "success", "InvokeDuration": 5.0})
    other = f"{ID[:-1]}{'0' if ID[-1] != '0' else '1'}"
    report = LINES["any, warm"][0].replace(ID, other)
    rows = build_table([[row(record, 30), row(report, 10)]]).rows
    assert {invocation.request_id: invocation.duration_ms for invocation in rows} == {ID: 5.0, other: 12.5}
