"""``ops alarms muted`` and ``unmute``: what redrives of this machine have muted, and the account's active mute rules."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import access, formatting
from ops.alarms import muting
from ops.aws import Aws, cloudwatch, sts
from ops.aws.cloudwatch.mute_rules import UNSUPPORTED
from ops.cli import options
from ops.cli.output import confirmation
from ops.cli.output.formats import OutputFormat, chosen_format
from ops.cli.output.rows import print_as
from ops.cli.output.sanitize import safe
from ops.errors import AwsError, OpsError
from ops.target import resolve_place, state_folder

COLUMNS = ("id", "how", "alarms", "began", "until", "who")


def muted(
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """List what is muted, and until when.

    What redrives of this machine have muted, by their IDs, and the active alarm mute rules of the account and region.
    """
    form = chosen_format(output, as_json)
    aws, home, account = _place(profile, region)
    records = muting.of_place(home, account, aws.region)
    try:
        rules = cloudwatch.active_mute_rules(aws)
    except AwsError as refused:
        if refused.code not in UNSUPPORTED:
            raise
        rules = ()
    if print_as(form, {"muted": records, "active_rules": rules}, COLUMNS, map(vars, records)):
        return
    for record in records:
        typer.echo(safe(_sentence(record)))
    for rule in rules:
        typer.echo(safe(f"Mute rule {rule} is active."))
    if not records and not rules:
        typer.echo("Nothing is muted.")


def unmute(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
    profile: options.Profile = None,
    region: options.Region = None,
    output: options.Output = OutputFormat.TABLE,
    as_json: options.Json = False,
) -> None:
    """Unmute what redrives of this machine have muted.

    Their mute rules are deleted, so that alarms that are still in ALARM notify at once; actions that were disabled, where
    there are no mute rules, are enabled. Exits with 1 unless all was done.
    """
    access.ensure_may("unmuting alarms")
    form = chosen_format(output, as_json)
    aws, home, account = _place(profile, region)
    records = muting.of_place(home, account, aws.region)

    def ask() -> None:
        for record in records:
            typer.echo(safe(_sentence(record)), err=True)

    if records:
        confirmation.confirm("Unmute them now?", yes, "Add --yes.", ask)
    done, failed = [], []
    rows: list[dict[str, Any]] = []
    for record in records:
        try:
            muting.lift(aws, home, record)
            done.append(record)
            rows.append({**vars(record), "result": "unmuted"})
        except OpsError as error:
            failed.append(f"{record.id}: {error}")
            rows.append({**vars(record), "result": "failed", "error": str(error)})
    if not print_as(form, {"unmuted": done, "failed": failed}, (*COLUMNS, "result", "error"), rows):
        for record in done:
            typer.echo(safe(f"Unmuted {', '.join(record.alarms)}."))
        for text in failed:
            typer.echo(safe(text), err=True)
        if not records:
            typer.echo("Nothing is muted by this machine.")
    if failed:
        raise typer.Exit(1)


def _place(profile: str | None, region: str | None) -> tuple[Aws, Path, str]:
    target = resolve_place(profile=profile, region=region)
    aws = Aws(target)
    return aws, state_folder(target), sts.caller_identity(aws).account


def _sentence(record: muting.MuteRecord) -> str:
    now = datetime.now(UTC)
    until = formatting.clock(record.until, now)
    over = record.until <= now
    by = "a mute rule" if record.how == muting.RULE else "disabled actions"
    state = f"should have ended at {until}" if over and record.how == muting.ACTIONS else (
        f"ended at {until}" if over else f"until {until}"
    )  # fmt: skip
    return f"{record.id}, by {by}, {state}: {', '.join(record.alarms)}"
