"""``ops status``: the workload on one screen, by the same report as the dashboard's Overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ops import workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.errors import AwsError, UsageError
from ops.insight import time_window
from ops.insight.report_types import Level
from ops.insight.reports import overview
from ops.workload import Workload

if TYPE_CHECKING:
    from ops.insight.reports.overview import OverviewReport


COLUMNS = ("key", "title", "value", "unit", "level", "note")
"""Columns of the CSV, which has a row for each number."""
MIN_INTERVAL_S, INTERVAL_S, TWIN_INTERVAL_S = 5.0, 30.0, 5.0
"""Between refreshes of --watch. CloudWatch has a metric's new value once a minute."""


def status(
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    minutes: options.Minutes = None,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh the screen until Ctrl-C.")] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            metavar="SECONDS",
            min=MIN_INTERVAL_S,
            max=3_600,
            help="Time between refreshes (default: 30, or 5 on the twin).",
        ),
    ] = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show the workload on one screen.

    Exits with 1 when the workload needs attention, and with 3 when a part of it could not be read.
    """
    form = chosen_format(output, as_json)
    if watch and form is not OutputFormat.TABLE:
        raise UsageError("--watch is for a screen.", "Omit --output and --json, or --watch.")
    target = options.target(stack, queue, function, profile, region)
    minutes = minutes or time_window.usual_minutes(target.is_twin)
    aws = Aws(target)

    def read() -> tuple[Workload, OverviewReport]:
        described = workload.describe(aws, target)
        return described, overview.report(aws, described, time_window.last(minutes, target.finest_period))

    described, report = read()
    if form is not OutputFormat.TABLE:
        cards = ({name: getattr(card, name) for name in COLUMNS} for card in report.cards)
        print_as(form, {"workload": described, "minutes": minutes, **vars(report)}, COLUMNS, cards)
    else:
        from ops.cli.status import view  # it brings rich, for which a script's --json does not wait

        if watch:
            seconds = interval or (TWIN_INTERVAL_S if target.is_twin else INTERVAL_S)
            described, report = view.watch((described, report), read, target, minutes, seconds)
        else:
            view.show(described, report, target, minutes)
    if report.finding.level is Level.CRITICAL:
        raise typer.Exit(1)
    if described.unknown or report.alarms_missing:
        raise typer.Exit(AwsError.exit_code)
