"""The options that every command shares, and the one place that turns them into a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from ops.cli import completion
from ops.cli.commands_base.option_groups import OptionGroup
from ops.cli.output.formats import OutputFormat
from ops.errors import UsageError
from ops.target import NOTHING_CHOSEN, Target, resolve

Stack = Annotated[
    str | None,
    typer.Option(
        "--stack", help="CloudFormation stack of the workload (or OPS_STACK).", autocompletion=completion.stacks
    ),
]
Queue = Annotated[
    str | None,
    typer.Option(
        "--queue", help="The workload by its queue: name, URL or ARN (or OPS_QUEUE).", autocompletion=completion.queues
    ),
]
Function = Annotated[
    str | None, typer.Option("--function", help="The workload by its function: name or ARN (or OPS_FUNCTION).")
]
Profile = Annotated[str | None, typer.Option("--profile", help="AWS profile (or AWS_PROFILE).")]
Region = Annotated[str | None, typer.Option("--region", help="AWS region (or AWS_REGION, or the profile's own).")]
MaxCost = Annotated[
    float, typer.Option("--max-cost", metavar="USD", min=0, help="The most that Logs Insights may bill.")
]
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes", min=1, max=655_200, help="Time range to query, in minutes (default: 60, or 15 on the twin)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text.")]


@dataclass(frozen=True)
class WorkloadOptions(OptionGroup):
    """The workload, and its profile and region."""

    stack: Stack = None
    queue: Queue = None
    function: Function = None
    profile: Profile = None
    region: Region = None

    def target(self) -> Target:
        """See ``target``."""
        return target(self.stack, self.queue, self.function, self.profile, self.region)


Parameter = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter of the template, in place of its default."),
]

Output = Annotated[OutputFormat, typer.Option("--output", help="How to print the answer; --json: --output json.")]


def parameters(given: list[str]) -> dict[str, str]:
    """The values of ``Parameter`` by name. Raises UsageError."""
    pairs = [text.partition("=") for text in given]
    wrong = next((name for name, equals, _ in pairs if not (name and equals)), None)
    if wrong is not None:
        raise UsageError(
            f"{wrong} is not a parameter with its value.", "Use a form like --parameter FunctionTimeout=60."
        )
    return {name: value for name, _, value in pairs}


def target(
    stack: str | None, queue: str | None, function: str | None, profile: str | None, region: str | None
) -> Target:
    """The target that the options, the environment or the running twin select. Raises UsageError or TwinError."""
    return resolve(stack=stack, queue=queue, function=function, profile=profile, region=region)


def target_or_here(*named: str | None) -> Target:
    """The twin while it runs, else this machine, whose records can be read with no workload chosen."""
    try:
        return target(*named)
    except UsageError as error:
        if error is not NOTHING_CHOSEN:
            raise
        return Target()
