"""``ops alarms export``: the recommended alarms as CloudFormation or Terraform, to be kept with the workload."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ops.alarms.rendering import cloudformation, terraform
from ops.cli import options
from ops.cli.alarms import recommended
from ops.cli.alarms.recommended import NotifyOptions, SettingOptions
from ops.cli.commands_base.option_groups import with_groups
from ops.cli.options import WorkloadOptions
from ops.cli.output.sanitize import safe
from ops.errors import AwsError, UsageError


class AlarmFormat(StrEnum):
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


@with_groups
def export(
    workload: WorkloadOptions,
    settings: SettingOptions,
    notify: NotifyOptions,
    form: Annotated[
        AlarmFormat, typer.Option("--format", help="cloudformation: YAML; terraform: a file ….tf.json.")
    ] = AlarmFormat.CLOUDFORMATION,
    template: recommended.Template = None,
    parameter: options.Parameter = None,
    forget: recommended.Forget = False,
) -> None:
    """Print the recommended alarms as CloudFormation (YAML) or Terraform (JSON).

    Without --topic, those of an account notify whom the alarms that ops alarms apply created notify, and others no one.
    What is not recommended, and why, is on stderr. Exits with 3 when AWS refused to show a part.
    """
    chosen = settings.choices(notify.topic, notify.pager)
    found = recommended.read(template, parameter, workload, chosen, forget)
    if len(found) > 1:
        names = ", ".join(one.workload for one in found)
        raise UsageError(
            f"The template has several workloads: {names}.", "Name the queue of one of them: --queue NAME."
        )
    alarms = found[0].recommendation.alarms
    typer.echo(cloudformation(alarms) if form is AlarmFormat.CLOUDFORMATION else terraform(alarms), nl=False)
    lines = [f"{skipped.id} is left out: {skipped.why}" for skipped in found[0].recommendation.skipped]
    lines += [*found[0].notes, *([found[0].remembered] if found[0].remembered else [])]
    if not any(one.definition.get("AlarmActions") for one in alarms):
        lines.append("These alarms notify no one: add --topic ARN.")
    for line in lines:
        typer.echo(safe(line), err=True)
    if found[0].refused:
        raise typer.Exit(AwsError.exit_code)
