"""``ops coldstarts``: how often environments were cold and why, by the same report as the Cold starts page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting, workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.insight import cold_start_options_view
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.cli.output.styles import LEVEL_STYLES
from ops.insight import time_window

if TYPE_CHECKING:
    import pandas as pd

    from ops.insight.reports.cold_starts import ColdStartReport

REASON_COLUMNS = ("reason", "inferred", "cold", "waited_p50_ms", "waited_p95_ms", "usd")


def coldstarts(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    minutes: options.Minutes = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
    advice: Annotated[
        bool, typer.Option("--advice", help="Explain each option, with its conditions and the hours in which it pays.")
    ] = False,
) -> None:
    """Show how often environments were cold, why, what it cost, and whether a version starts slower.

    Lambda does not tell why an environment is new: except for resets and failed INITs, which are recorded, a reason is
    inferred from what the other environments did. Then: what would change it, with the wait and the dollars before and
    after. What the handler imports comes from ops imports.
    """
    from ops.insight.reports import cold_starts  # with pandas, for which the help is not to wait
    from ops.rightsize import results

    form = chosen_format(output, as_json)
    target = options.target(stack, queue, function, profile, region)
    minutes = minutes or time_window.usual_minutes(target.is_twin)
    aws = Aws(target)
    described = workload.describe(aws, target)
    window, sweep = time_window.last(minutes, target.finest_period), results.latest_by_memory(target, described)
    report = cold_starts.report(aws, described, window, sweep=sweep)
    answer = {
        "finding": report.finding,
        "share": report.share,
        "cold": report.cold,
        "invocations": report.recorded,
        "init_p50_ms": report.init_p50_ms,
        "init_p95_ms": report.init_p95_ms,
        "init_p99_ms": report.init_p99_ms,
        "init_cost_usd": report.init_cost_usd,
        "reasons": _records(report.reasons),
        "versions": _records(report.by_version),
        "changes": cold_start_options_view.plain(report.options),
        "unread": report.unread,
        "look": report.look,
    }
    if not print_as(form, answer, REASON_COLUMNS, _records(report.reasons)):
        where = f"{place(described, target)} · last {formatting.duration(minutes * 60)}"
        _show(Console(highlight=False), where, report, advice)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, unknown numbers as None."""
    return [
        {str(name): None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _show(console: Console, where: str, report: ColdStartReport, advice: bool) -> None:
    console.print(Text(safe(report.finding.text), style=LEVEL_STYLES[report.finding.level]))
    console.print(Text(where, style="dim"))
    if len(report.reasons):
        console.print()
        console.print(_reasons(report))
    if len(report.by_version):
        console.print()
        console.print(_versions(report))
    console.print()
    if report.reasons["inferred"].any():
        console.print(Text("* inferred from what the other environments did at that moment", style="dim"))
    if len(report.invocations):
        cold_start_options_view.show(console, report.options, advice)
    for note in report.look.partial:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _reasons(report: ColdStartReport) -> Table:
    table = _table("Reason", "Cold starts", "Init p50", "Init p95", "Init cost")
    for row in _records(report.reasons):
        table.add_row(
            f"{row['reason']}{' *' if row['inferred'] else ''}",
            formatting.count(row["cold"]),
            _latency(row["waited_p50_ms"]),
            _latency(row["waited_p95_ms"]),
            "" if row["usd"] is None else formatting.usd(row["usd"]),
        )
    return table


def _versions(report: ColdStartReport) -> Table:
    table = _table(
        "Version", "Invocations", "Cold", "Init p50", "95% of p50", "p95", "95% of p95", "p99", "95% of p99", "Slower"
    )
    for row in _records(report.by_version):
        table.add_row(
            Text(safe(row["version"])),
            formatting.count(row["invocations"]),
            formatting.percent(row["share"]),
            *(text for name in ("p50", "p95", "p99") for text in _percentile(row, name)),
            row["slower"],
        )
    return table


def _percentile(row: dict[str, Any], name: str) -> tuple[str, str]:
    """The percentile and its 95% confidence interval."""
    ms, low, high = row[f"init_{name}_ms"], row[f"init_{name}_low_ms"], row[f"init_{name}_high_ms"]
    if ms is None:
        return "", ""
    return _latency(ms), "too few" if low is None else f"{_latency(low)} to {_latency(high)}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _latency(ms: float | None) -> str:
    return "" if ms is None else formatting.latency(ms)
