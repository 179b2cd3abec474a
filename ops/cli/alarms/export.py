"""``ops alarms export``: the recommended alarms as CloudFormation or Terraform, to be kept with the workload."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.alarms.rendering import cloudformation, terraform
from ops.alarms.rendering.log_alarm import as_json, log_alarm
from ops.cli import options
from ops.cli.alarms import recommended
from ops.cli.alarms.log_alarm_options import LogAlarmOptions
from ops.cli.alarms.recommended import NotifyOptions, SettingOptions
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.options import WorkloadOptions
from ops.cli.output.sanitize import safe
from ops.errors import AwsError, UsageError

LOG_ALARM_NOTE = (
    "The price of log alarms is not on record here. Neither the twin nor ops alarms rehearse evaluates them: keep the metric "
    "alarms. Put it with: ops alarms apply and the same options, or aws cloudwatch put-log-alarm --cli-input-json file://FILE"
)


class AlarmFormat(StrEnum):
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    LOG_ALARM = "log-alarm"


@with_groups
def export(
    workload: WorkloadOptions,
    settings: SettingOptions,
    notify: NotifyOptions,
    log: LogAlarmOptions,
    form: Annotated[
        AlarmFormat,
        typer.Option(
            "--format",
            help="cloudformation: YAML; terraform: a file ….tf.json; log-alarm: JSON for aws cloudwatch put-log-alarm.",
        ),
    ] = AlarmFormat.CLOUDFORMATION,
    template: recommended.Template = None,
    parameter: options.Parameter = None,
    forget: recommended.Forget = False,
) -> None:
    """Print the recommended alarms as CloudFormation (YAML) or Terraform (JSON).

    Or, with --format log-alarm, one on failed invocations that has their log lines in its notification.

    Without --topic, those of an account notify whom the alarms that ops alarms apply created notify, and others no one.
    What is not recommended, and why, is on stderr. Exits with 3 when AWS refused to show a part.
    """
    place = log.place()
    if (place is None) is (form is AlarmFormat.LOG_ALARM):
        raise UsageError(
            "--log-group, --query-role and --lines-role go with --format log-alarm, and it needs them.",
            "Name all of them, or none.",
        )
    chosen = settings.choices(notify.topic, notify.pager)
    found = recommended.read(template, parameter, workload, chosen, forget)
    if len(found) > 1:
        names = ", ".join(listed.workload for listed in found)
        raise UsageError(
            f"The template has several workloads: {names}.", "Name the queue of one of them: --queue NAME."
        )
    alarms = found[0].recommendation.alarms
    if place is not None:
        typer.echo(as_json(log_alarm(alarms, place)), nl=False)
        lines = [LOG_ALARM_NOTE]
    else:
        typer.echo(cloudformation(alarms) if form is AlarmFormat.CLOUDFORMATION else terraform(alarms), nl=False)
        lines = []
    lines += [f"{skipped.id} is left out: {skipped.why}" for skipped in found[0].recommendation.skipped]
    lines += [found[0].undelivered_unread] if found[0].undelivered_unread else []
    lines += [*found[0].notes, *([found[0].remembered] if found[0].remembered else [])]
    if not any(alarm.definition.get("AlarmActions") for alarm in alarms):
        lines.append("These alarms notify no one: add --topic ARN.")
    for line in lines:
        typer.echo(safe(line), err=True)
    if found[0].refused:
        raise typer.Exit(AwsError.exit_code)
