"""``ops alarms list``: what the catalogue recommends, at which price, and what it cannot recommend and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.alarms.catalogue import RecommendedAlarm
from ops.cli import options
from ops.cli.alarms import notified_words, recommended
from ops.cli.alarms.recommended import SettingOptions, WorkloadRecommendation
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.options import WorkloadOptions
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.errors import AwsError

COLUMNS = (
    *("workload", "id", "name", "severity", "title", "to_alarm", "periods", "period_s", "comparison", "threshold"),
    *("monthly_usd", "runbook", "reason"),
)
"""Columns of the CSV, which has a row for each alarm."""
NOT_USED = (
    "Not in the list: log alarms, whose price is not on record (ops alarms apply with --log-group, --query-role and --lines-role "
    "puts one that has the log lines in its notification; ops alarms export --format log-alarm writes it), and warm-up, which "
    "these alarms do not need: without data they are OK."
)
SIGNS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<"}


@with_groups
def list_(
    workload: WorkloadOptions,
    settings: SettingOptions,
    template: recommended.Template = None,
    parameter: options.Parameter = None,
    forget: recommended.Forget = False,
    why: Annotated[bool, typer.Option("--why", help="Show the reason for each threshold.")] = False,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List the alarms that are recommended for a workload, with their prices.

    Thresholds follow from the workload's settings, and from the options of an earlier ops alarms apply. What needs a
    setting that is unknown is not recommended, and listed with the reason. Exits with 3 when AWS refused to show a part of the
    workload. The list is complete but for one alarm without lambda:ListFunctionEventInvokeConfigs: a note on stderr says so.
    """
    form = chosen_format(output, as_json)
    found = recommended.read(template, parameter, workload, settings.choices(), forget)
    rows = [row(listed.workload, each) for listed in found for each in listed.recommendation.alarms]
    if not print_as(form, found, COLUMNS, rows):
        for listed in found:
            _show(listed, why)
    for listed in found:
        if listed.undelivered_unread:
            typer.echo(f"note: {safe(listed.undelivered_unread)}", err=True)
    if any(listed.refused for listed in found):
        raise typer.Exit(AwsError.exit_code)


def row(workload: str, alarm: RecommendedAlarm) -> dict[str, Any]:
    definition = alarm.definition
    return {
        "workload": workload,
        **{
            name: getattr(alarm, name)
            for name in ("id", "name", "severity", "title", "monthly_usd", "runbook", "reason")
        },
        "to_alarm": definition.get("DatapointsToAlarm"),
        "periods": definition.get("EvaluationPeriods"),
        "period_s": _period(alarm),
        "comparison": definition.get("ComparisonOperator"),
        "threshold": definition.get("Threshold"),
    }


def _period(alarm: RecommendedAlarm) -> int | None:
    if alarm.composite:
        return None
    queries: Sequence[Any] = alarm.definition.get("Metrics") or [{"MetricStat": alarm.definition}]
    return int(queries[-1]["MetricStat"]["Period"])


def _show(found: WorkloadRecommendation, why: bool) -> None:
    console = Console(highlight=False)
    title = Text(safe(found.workload), style="bold")
    title.append(f" · {safe(found.label)}", style="dim")
    console.print(title, soft_wrap=True)
    alarms = found.recommendation.alarms
    total = formatting.usd(found.recommendation.monthly_usd)
    price = f"{total} a month at {found.recommendation.price_region} prices"
    console.print(Text(f"{formatting.count(len(alarms), 'alarm')} · {price}", style="dim"))
    if why:
        for alarm in alarms:
            _explain(console, alarm)
    else:
        console.print(_table(alarms))
    for line in (*notified_words.notified(found), *((found.remembered,) if found.remembered else ()), *found.omissions):
        console.print(Text(safe(line), style="dim"), soft_wrap=True)
    if why:
        console.print(Text(f"\n{NOT_USED} {_installed()}", style="dim"), soft_wrap=True)
    else:
        console.print(Text("Why these thresholds: --why. As a template: ops alarms export", style="dim"))


def _installed() -> str:
    """Whether the installed botocore has what is not in the list."""
    import botocore
    from botocore.session import get_session

    model = get_session().get_service_model("cloudwatch")
    warm_up = "WarmUpConfiguration" in model.operation_model("PutMetricAlarm").input_shape.members  # type: ignore[union-attr]  # it has one
    found = {"PutLogAlarm": "PutLogAlarm" in model.operation_names, "WarmUpConfiguration": warm_up}
    known = " and ".join(name for name, there in found.items() if there)
    absent = " and ".join(name for name, there in found.items() if not there)
    sentences = ((known, "has"), (absent, "does not have"))
    return " ".join(
        f"The installed botocore {botocore.__version__} {verb} {names}." for names, verb in sentences if names
    )


def _table(alarms: Sequence[RecommendedAlarm]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("ALARM", "IN ALARM WHEN", "SEVERITY", "$/MONTH"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "$/MONTH" else "left")
    for alarm in alarms:
        table.add_row(
            Text(alarm.id),
            Text(safe(_when(alarm))),
            Text(alarm.severity, style="yellow" if alarm.severity == "page" else "dim"),
            Text(f"{alarm.monthly_usd:.2f}"),
        )
    return table


def _when(alarm: RecommendedAlarm) -> str:
    """The alarm's condition in words, with its M of N periods."""
    if alarm.composite:
        return alarm.title
    found = alarm.definition
    periods = f"{found['DatapointsToAlarm']} of {found['EvaluationPeriods']}"
    return f"{alarm.title} ({periods} × {formatting.duration(_period(alarm) or 0)})"


def _rule(alarm: RecommendedAlarm) -> str:
    """The metric or expression, and the threshold."""
    found = alarm.definition
    if alarm.composite:
        return str(found["AlarmRule"])
    watched = found["Metrics"][0]["Expression"] if "Metrics" in found else found["MetricName"]
    return f"{watched} {SIGNS[str(found['ComparisonOperator'])]} {found['Threshold']:,}"


def _explain(console: Console, alarm: RecommendedAlarm) -> None:
    head = Text(f"\n{alarm.id}", style="bold")
    head.append(f"  {alarm.severity} · {formatting.usd(alarm.monthly_usd)} a month · {alarm.runbook}", style="dim")
    console.print(head)
    for text in (_when(alarm), _rule(alarm), alarm.reason):
        console.print(Padding(Text(safe(text)), (0, 0, 0, 2), expand=False))
