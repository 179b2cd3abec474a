"""``ops trace``: one job's path as a waterfall, from logs, X-Ray, the snapshot and redrives, or from a file of spans."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from ops import workload
from ops.aws import Aws
from ops.cli import options, time_args
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.insight import waterfall
from ops.cli.output import log_view
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place
from ops.cli.output.stderr_console import StderrConsole
from ops.insight.report_types import Level
from ops.traces import TraceRange, find_trace
from ops.traces.span_file import read_span_file

if TYPE_CHECKING:
    from ops.traces import JobTrace, PathSpan

COLUMNS = (
    "name",
    "kind",
    "start",
    "duration_s",
    "depth",
    "attempt",
    "basis",
    "source",
    "failure",
    "detail",
    "message_id",
    "request_id",
    "folded",
)


@with_groups
def trace(
    where: options.WorkloadOptions,
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="A job ID, a message ID, a request ID or a trace ID.")
    ],
    spans: Annotated[
        Path | None,
        typer.Option(
            "--spans",
            metavar="FILE",
            help="Read OpenTelemetry spans (OTLP/JSON, one request per line) instead; asks no AWS.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Search log lines from: 2h (ago), 02:10 (UTC), 2026-11-24T02:10. Default: the last day, or from when the "
            "message was sent.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Search log lines up to (same formats as --since).")
    ] = None,
    max_cost: options.MaxCost = 0.5,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show one job's path as a waterfall: queue wait, INIT, steps, retries, dead-letter queue and redrives.

    Each span says where it was read, and is marked ~ where an end of it is inferred. Exits with 1 when the job did not
    succeed or nothing has the ID.
    """
    form = chosen_format(output, as_json)
    now = datetime.now(UTC)
    start, end = time_args.time_range(since, until, now)
    progress = StderrConsole()
    if spans is not None:
        found, heading = read_span_file(spans, identifier), str(spans)
    else:
        target = where.target()
        aws = Aws(target)
        described = workload.describe(aws, target)
        found = find_trace(
            aws,
            described,
            identifier,
            TraceRange(start, end),
            max_usd=max_cost,
            say=lambda line: log_view.print_progress(progress, line),
        )
        heading = place(described, target)
    if not print_as(form, as_plain(found), COLUMNS, [row_of(span) for span in found.spans]):
        waterfall.show(Console(highlight=False), found, heading)
    if found.finding.level is not Level.OK:
        raise typer.Exit(1)


def as_plain(found: JobTrace) -> dict[str, Any]:
    """The trace for ``--json``."""
    return {
        **{name: getattr(found, name) for name in found.__dataclass_fields__ if name != "spans"},
        "spans": [row_of(span) for span in found.spans],
    }


def row_of(span: PathSpan) -> dict[str, Any]:
    return {**asdict(span), "kind": span.kind.value, "basis": span.basis.value}
