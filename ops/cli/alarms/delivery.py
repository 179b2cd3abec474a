"""``ops alarms delivery``: whether the alarms reach anyone, and which statement of which policy is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ops import workload
from ops.alarms import delivery as engine
from ops.aws import Aws
from ops.cli import options
from ops.cli.alarms import delivery_view
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import place, safe
from ops.errors import AwsError
from ops.target import resolve_place

COLUMNS = ("alarm", "state", "status", "text", "action", "action_status", "action_text", "last", "error", "subscribers")
"""Columns of the CSV, which has a row for each action."""

AlarmName = Annotated[str | None, typer.Option("--alarm", metavar="NAME", help="One alarm, instead of the workload's.")]


def delivery(
    alarm: AlarmName = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Show whether the workload's alarms reach anyone.

    Reads each alarm's history, its topics' policies and keys, and their subscriptions; sends nothing. Names the statement
    that a policy lacks. Exits with 1 when an alarm is known to reach no one, and with 3 when AWS refused to show a part.
    """
    form = chosen_format(output, as_json)
    if alarm:
        aws = Aws(resolve_place(profile=profile, region=region))
        report, where = engine.check_alarm(aws, alarm), safe(aws.region)
    else:
        target = options.target(stack, queue, function, profile, region)
        aws = Aws(target)
        described = workload.describe(aws, target)
        report, where = engine.check_workload(aws, described), place(described, target)
    if not print_as(form, report, COLUMNS, _rows(report)):
        delivery_view.show(report, where)
    if report.broken:
        raise typer.Exit(1)
    if report.refused:
        raise typer.Exit(AwsError.exit_code)


def _rows(report: engine.DeliveryReport) -> Iterator[dict[str, Any]]:
    for alarm in report.alarms:
        own = {"alarm": alarm.name, "state": alarm.state, "status": alarm.status, "text": alarm.text}
        for action in alarm.actions:
            yield {
                **own,
                "action": action.arn,
                "action_status": action.status,
                "action_text": action.publish.text,
                "last": action.publish.at,
                "error": action.publish.error,
                "subscribers": [
                    f"{subscription.protocol} {subscription.endpoint}: {subscription.leg.status}"
                    for subscription in action.subscriptions
                ],
            }
        if not alarm.actions:
            yield own
