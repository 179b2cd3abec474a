"""The options that every command shares, and the one place that turns them into a target."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli import completion
from ops.cli.output.formats import OutputFormat
from ops.target import Target, resolve

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
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes", min=1, max=655_200, help="Time range to query, in minutes (default: 60, or 15 on the twin)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text.")]

Output = Annotated[OutputFormat, typer.Option("--output", help="How to print the answer; --json: --output json.")]


def target(
    stack: str | None, queue: str | None, function: str | None, profile: str | None, region: str | None
) -> Target:
    """The target that the options, the environment or the running twin select. Raises UsageError or TwinError."""
    return resolve(stack=stack, queue=queue, function=function, profile=profile, region=region)
