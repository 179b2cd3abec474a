"""Numbers of the commands beside those of ``shown_numbers``: cold starts, the ramp, the snapshot, the audit log."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ops import formatting
from ops.insight.report_types import Level
from tests.dashboard.page_text import squeezed
from tests.dashboard.shown_numbers import Shown, answered, run

_CELLS = re.compile(r" {2,}")


def read_command_details(shown: Shown, minutes: int) -> None:
    _read_cold_starts(shown, minutes)
    _read_ramp(shown, minutes)
    _read_costs(shown, minutes)
    _read_snapshot(shown)
    _read_audit(shown)


def _read_cold_starts(shown: Shown, minutes: int) -> None:
    arguments = ("coldstarts", "--minutes", str(minutes))
    found, text = json.loads(run(*arguments, "--json")), run(*arguments)
    for number, key, write in (
        ("cold share", "share", formatting.percent),
        ("cold starts", "cold", formatting.count),
        ("recorded invocations", "invocations", formatting.count),
        ("init p50", "init_p50_ms", formatting.latency),
        ("init p95", "init_p95_ms", formatting.latency),
        ("init p99", "init_p99_ms", formatting.latency),
        ("init cost", "init_cost_usd", formatting.usd),
    ):
        shown.add(number, "coldstarts --json", _written(found[key], write))
    _read_finding(shown, "cold_starts", "coldstarts", found["finding"], text)
    for row in found["reasons"]:
        name = f"cold starts by {row['reason']}"
        cells = {
            "": _written(row["cold"], formatting.count),
            " p50": _written(row["waited_p50_ms"], formatting.latency),
            " p95": _written(row["waited_p95_ms"], formatting.latency),
            " cost": _written(row["usd"], formatting.usd),
        }
        for what, cell in cells.items():
            shown.add(f"{name}{what}", "coldstarts --json", cell)
        if line := re.search(rf"^ *{re.escape(row['reason'])}(?: \*)?  +(.*)$", text, re.M):
            shown.add(f"{name} as a row", "coldstarts", squeezed(line[1]))
            shown.add(f"{name} as a row", "coldstarts --json", squeezed(" ".join(filter(None, cells.values()))))
    for row in found["versions"]:
        name = f"cold starts of version {row['version']}"
        shown.add(f"{name} invocations", "coldstarts --json", formatting.count(row["invocations"]))
        shown.add(f"{name} share", "coldstarts --json", formatting.percent(row["share"]))
        for what in ("p50", "p95", "p99"):
            ms, low, high = (row[f"init_{what}{end}_ms"] for end in ("", "_low", "_high"))
            ends = "" if low is None else f" ({formatting.latency(low)} to {formatting.latency(high)})"
            shown.add(f"{name} init_{what}", "coldstarts --json", ms and f"{formatting.latency(ms)}{ends}")


def _read_ramp(shown: Shown, minutes: int) -> None:
    arguments = ("ramp", "--minutes", str(minutes))
    found, text = json.loads(run(*arguments, "--json")), run(*arguments)
    shown.add("concurrency", "ramp --json", _written(found["running"], formatting.count))
    lowest = min((line["value"] for line in found["limits"]), default=None)
    shown.add("lowest limit", "ramp --json", _written(lowest, formatting.count))
    _read_finding(shown, "concurrency", "ramp", found["finding"], text)


def _read_costs(shown: Shown, minutes: int) -> None:
    """By component."""
    arguments = ("costs", "--minutes", str(minutes))
    found, text = json.loads(run(*arguments, "--json")), run(*arguments)
    _read_finding(shown, "cost", "costs", found["finding"], text)
    for line in text.split("\n"):
        cells = _CELLS.split(line.strip())
        if len(cells) == 3 and re.fullmatch(r"\$[\d.,]+", cells[1]) and cells[1] != "$0.00":
            number = "failed share of the cost" if cells[0] == "of which failed jobs" else f"cost of {cells[0]}"
            shown.add(number, "costs", cells[2] if "share" in number else f"{cells[1]} · {cells[2]}")


def _read_snapshot(shown: Shown) -> None:
    """Its causes; nothing before the first scan."""
    code, out = answered("dlq", "causes", "--json")
    if code > 1:
        return
    report = json.loads(out)
    shown.add("dead letters", "dlq causes --json", formatting.count(report["messages_now"]))
    groups = report["causes"]["groups"]
    if not groups:
        return
    shown.add("causes", "dlq causes --json", formatting.count(len(groups)))
    shown.add("scanned messages", "dlq causes --json", formatting.count(report["causes"]["letters"]))
    listed = json.loads(run("dlq", "list", "--json"))
    shown.add("scanned messages", "dlq list --json", formatting.count(listed["count"]))
    for number, row in enumerate(groups):
        named = {"guess": "Similar payloads", "none": "No cause found"}.get(
            row["source"], row["error_type"] or "unknown"
        )
        text = f"{named}: {formatting.count(row['letters'])}, {formatting.percent(row['share'])}"
        shown.add(f"cause {number}", "dlq causes --json", ("likely " if row["likely"] else "") + text)


def _read_audit(shown: Shown) -> None:
    verified = json.loads(run("audit", "--verify", "--json"))
    shown.add("audit records", "audit --verify --json", formatting.count(verified["lines"]))
    shown.add(
        "audit records", "audit --json", formatting.count(len(json.loads(run("audit", "--limit", "1000", "--json"))))
    )


def _read_finding(shown: Shown, page: str, command: str, found: Mapping[str, Any], text: str) -> None:
    """The page has the headline and chips, the command the whole sentence in its first line."""
    label = f"{Level(found['level']).label}: "
    parts = [(found["headline"] or found["text"]).removeprefix(label).removesuffix("."), *found["chips"]]
    shown.add(f"level of {page}", f"{command} --json", label.removesuffix(": "))
    shown.add(f"finding of {page}", f"{command} --json", squeezed("; ".join(parts) + "."))
    shown.add(f"sentence of {page}", f"{command} --json", squeezed(found["text"]))
    shown.add(f"sentence of {page}", command, squeezed(text.partition("\n")[0]))


def _written(value: Any, write: Callable[[float], str]) -> str | None:
    return None if value is None or math.isnan(value) else write(value)
