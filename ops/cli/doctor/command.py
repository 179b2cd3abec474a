"""The command: where the settings come from, how the findings are printed, and its exit code."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops import workload
from ops.aws import Aws
from ops.cli import options
from ops.cli.doctor import markdown, sarif, terminal
from ops.cli.output.formats import OutputFormat
from ops.cli.output.json_output import dumps
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place
from ops.doctor.examination import DoctorReport, examine
from ops.doctor.live import live_settings
from ops.doctor.rule import RuleSeverity
from ops.errors import AwsError, UsageError
from ops.target import Target
from ops.workload import notes

COLUMNS = ("workload", "severity", "rule", "resource", "setting", "line", "text", "cli", "cloudformation")
"""Columns of the CSV, which has a row for each finding."""


class DoctorFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"
    SARIF = "sarif"


class FailOn(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    NEVER = "never"


def doctor(
    template: Annotated[
        Path | None,
        typer.Option("--template", help="Check a SAM or CloudFormation template (YAML or JSON); no account is asked."),
    ] = None,
    parameter: options.Parameter = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    deadline: Annotated[
        float | None,
        typer.Option("--deadline", metavar="SECONDS", min=1, help="How long a message of a FIFO queue may take."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The severity from which the exit code is 1.")
    ] = FailOn.CRITICAL,
    output: Annotated[
        DoctorFormat, typer.Option("--output", help="How to print the answer; --json: --output json.")
    ] = DoctorFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Check a workload's settings: what will go wrong, and the exact change.

    Reads a template, or a workload of an account. Exits with 1 when there is a finding of --fail-on or worse, and with 3
    when AWS refused to show a part.
    """
    form = _chosen(output, as_json)
    if template is not None:
        report = _of_template(template, parameter or [], queue, (stack, function, profile, region), deadline)
    else:
        report = _of_account(parameter, options.target(stack, queue, function, profile, region), deadline)
    _print(report, form)
    if _fails(report, fail_on):
        raise typer.Exit(1)
    if report.refused and fail_on is not FailOn.NEVER:
        raise typer.Exit(AwsError.exit_code)


def _chosen(output: DoctorFormat, as_json: bool) -> DoctorFormat:
    if as_json and output not in (DoctorFormat.TABLE, DoctorFormat.JSON):
        raise UsageError(f"--json and --output {output} exclude each other.", "Omit one of them.")
    return DoctorFormat.JSON if as_json else output


def _of_template(
    path: Path, given: list[str], queue: str | None, others: tuple[str | None, ...], deadline: float | None
) -> DoctorReport:
    from ops.doctor.template import workloads  # it brings a parser, for which a live workload does not wait

    if any(others):
        raise UsageError(
            "--template is read without an account: --stack, --function, --profile and --region do not apply.",
            "Omit them, or --template.",
        )
    found = workloads.read(path, options.parameters(given), queue, int(deadline) if deadline else None)
    return DoctorReport(str(path), "", tuple(examine(workload) for workload in found.workloads), found.notes)


def _of_account(parameter: list[str] | None, target: Target, deadline: float | None) -> DoctorReport:
    if parameter:
        raise UsageError("--parameter is of a template.", "Name it: --template FILE.")
    aws = Aws(target)
    described = workload.describe(aws, target)
    notes.ensure_is_read(described)
    found = live_settings.read(aws, described)
    settings = replace(found.workload, deadline_s=int(deadline) if deadline else None)
    return DoctorReport("", place(described, target), (examine(settings),), refused=found.refused)


def _print(report: DoctorReport, form: DoctorFormat) -> None:
    if form is DoctorFormat.TABLE:
        terminal.show(report)
        return
    if form is DoctorFormat.MARKDOWN:
        typer.echo(markdown.text(report))
        return
    if form is DoctorFormat.SARIF:
        typer.echo(dumps(sarif.log(report)))
        return
    rows = (
        {"workload": examination.workload, **vars(finding), **vars(finding.change)}
        for examination in report.workloads
        for finding in examination.findings
    )
    print_as(OutputFormat(form.value), report, COLUMNS, rows)


def _fails(report: DoctorReport, fail_on: FailOn) -> bool:
    severities = {
        FailOn.CRITICAL: (RuleSeverity.CRITICAL,),
        FailOn.WARNING: (RuleSeverity.CRITICAL, RuleSeverity.WARNING),
        FailOn.NEVER: (),
    }
    return any(report.count(severity) for severity in severities[fail_on])
