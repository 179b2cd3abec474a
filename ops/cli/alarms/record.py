"""The command that records metrics as an incident file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ops import formatting, workload
from ops.alarms.recording import incident_text
from ops.alarms.recording import record as read_metrics
from ops.aws import Aws
from ops.cli import options, time_args
from ops.cli.output.sanitize import place, safe
from ops.errors import UsageError
from ops.files.atomic_file import atomic_write, expand_user

TIMES = "2h (ago), 02:10 (UTC) or 2026-11-24T02:10 (UTC)"


def record(
    since: Annotated[str, typer.Option("--from", help=f"Start, such as {TIMES}.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; it must not exist.")],
    until: Annotated[str | None, typer.Option("--to", help="End (same formats; default: now).")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What happened, in a few words.")] = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    function: options.Function = None,
    profile: options.Profile = None,
    region: options.Region = None,
) -> None:
    """Record a stretch of the workload's metrics as an incident file.

    At most three days, for about $0.0005 a day. Write into the file what had to page, then rehearse it.
    """
    if out.suffix != ".toml":
        raise UsageError(f"{out} is not named like a TOML file.", "Use a name such as last-night.toml.")
    path = expand_user(out)
    if path.exists():
        raise UsageError(f"{path} exists already.", "Name another file, or delete it first.")
    now = datetime.now(UTC)
    start, end = time_args.time_range(since, until, now)
    target = options.target(stack, queue, function, profile, region)
    aws = Aws(target)
    described = workload.describe(aws, target)
    recorded = read_metrics(aws, described, start or now, end or now, now, title or path.stem)
    with atomic_write(path) as stream:
        stream.write(incident_text(recorded.incident).encode())
    length = formatting.duration(recorded.incident.length)
    typer.echo(f"{place(described, target)}: {length}, {len(recorded.incident.series)} metrics → {safe(str(path))}")
    for text in recorded.partial:
        typer.echo(f"note: CloudWatch: {safe(text)}", err=True)
    cost = "free on the twin" if target.is_twin else formatting.price(recorded.usd)
    typer.echo(f"Queried {recorded.requested} metrics ({cost}).", err=True)
    typer.echo(f"→ Write into it what had to page, then: ops alarms rehearse --incident {safe(str(path))}", err=True)
