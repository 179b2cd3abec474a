"""The command: which alarms against which incidents, how the result is printed, and its exit code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops.alarms.incidents import Incident, read, shipped
from ops.alarms.incidents.model import IncidentError
from ops.alarms.rehearsal import Rehearsal, suggest
from ops.alarms.rehearsal import rehearse as run
from ops.cli import options
from ops.cli.alarms import alarm_source
from ops.cli.alarms.alarm_source import AlarmSource
from ops.cli.alarms.rehearsal import export, view
from ops.cli.output.json_output import dumps
from ops.cli.output.sanitize import safe
from ops.errors import UsageError


class RehearsalFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"


def rehearse(
    template: Annotated[
        Path | None,
        typer.Option("--template", help="The alarms of a SAM or CloudFormation template; no account is asked."),
    ] = None,
    parameter: options.Parameter = None,
    alarms: Annotated[
        Path | None,
        typer.Option("--alarms", help="The alarms of a file: what `aws cloudwatch describe-alarms` prints."),
    ] = None,
    incident: Annotated[
        list[str] | None,
        typer.Option("--incident", metavar="NAME|FILE", help="Only this incident, or one of your own (default: all)."),
    ] = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    dlq: Annotated[str | None, typer.Option("--dlq", help="With --alarms: the name of the dead-letter queue.")] = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Show each incident over time, as with a single one.")
    ] = False,
    output: Annotated[
        RehearsalFormat, typer.Option("--output", help="How to print the answer; --json: --output json.")
    ] = RehearsalFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Rehearse alarms against published incidents: which would have paged, and when.

    Reads the alarms of a template, a file or an account. Exits with 1 when something that is required stays silent or is
    late, or when a quiet day pages.
    """
    if as_json and output not in (RehearsalFormat.TABLE, RehearsalFormat.JSON):
        raise UsageError(f"--json and --output {output} exclude each other.", "Omit one of them.")
    if template and alarms:
        raise UsageError("--template and --alarms exclude each other.", "Omit one of them.")
    try:
        incidents = _incidents(incident or [])
        if template:
            if stack or function or profile or region or dlq:
                raise UsageError(
                    "--template is read without an account: of the names only --queue applies.", "Omit the others."
                )
            source = alarm_source.of_template(template, options.parameters(parameter or []), queue)
        elif alarms:
            source = alarm_source.of_file(alarms, queue, dlq, function)
        else:
            source = alarm_source.of_account(options.target(stack, queue, function, profile, region))
        result = run(source.definitions, incidents, source.roles, source.unreadable, source.place_of)
    except IncidentError as error:
        for finding in error.findings:
            typer.echo(safe(str(finding)), err=True)
        raise UsageError(
            f"{len(error.findings)} finding{'s' * (len(error.findings) > 1)} in incident files.", error.next_step
        ) from None
    _print(result, source, RehearsalFormat.JSON if as_json else output, timeline or len(incidents) == 1)
    if not result.passed:
        raise typer.Exit(1)


def _incidents(names: list[str]) -> list[Incident]:
    if not names:
        return list(shipped())
    return [_incident(name) for name in names]


def _incident(name: str) -> Incident:
    known = {each.name: each for each in shipped()}
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read(path)
    raise UsageError(f"Unknown incident {name}. Available: {', '.join(known)}.", "Specify one of them, or a TOML file.")


def _print(result: Rehearsal, source: AlarmSource, form: RehearsalFormat, timeline: bool) -> None:
    if form is RehearsalFormat.JUNIT:
        typer.echo(export.junit(result, source.label))
        return
    suggestions = suggest(result, source.workload, source.roles, source.options) if source.workload else ()
    if form is RehearsalFormat.TABLE:
        view.show(result, suggestions, source.label, source.notes, timeline)
    elif form is RehearsalFormat.JSON:
        typer.echo(dumps(export.plain(result, suggestions, source.label, source.notes)))
    else:
        typer.echo(export.markdown(result, suggestions, source.label))
