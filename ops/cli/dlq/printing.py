"""How answers about dead letters look on a terminal: the head with the shelf's age, facts, notes, the next step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.sanitize import safe
from ops.cli.stderr_console import StderrConsole
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import SnapshotInfo
from ops.errors import UsageError

SHORT_ID = 13
"""Characters of a message id in tables: of a UUID 48 bits, so that 100,000 letters have no two alike."""


def screen() -> Console:
    """Where answers go."""
    return Console(highlight=False)


def talk() -> StderrConsole:
    """Where progress goes."""
    return StderrConsole()


def where(source: DeadLetterQueue) -> str:
    """The queue that was looked at, and where it is. The twin's account number would say nothing."""
    target = "local twin" if source.aws.target.is_twin else f"account {source.queue.arn.split(':')[4]}"
    return safe(f"{source.queue.name} · {source.workload.region} · {target}")


def shelf_age(looked_at: datetime | None, letters: int, complete: bool = True) -> str:
    """What stands beside every number that was read from the shelf."""
    if looked_at is None:
        return f"{formatting.count(letters, 'letter')}, and no look has ended yet"
    now = datetime.now(UTC)
    ago = formatting.duration(max(0.0, round((now - looked_at).total_seconds())))
    part = "" if complete else ", not the whole queue"
    return f"{formatting.count(letters, 'letter')} at {formatting.clock(looked_at, now)}, {ago} ago{part}"


def head(console: Console, source: DeadLetterQueue, info: SnapshotInfo) -> None:
    console.print(Text(f"{where(source)} · {shelf_age(info.looked_at, info.letters, info.complete)}", style="dim"))


def facts(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    """Names and values below each other, a value's lines too; a value that is empty is left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text("\n".join(safe(line) for line in value.split("\n"))))
    console.print(table)


def notes(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"note: {safe(line)}", style="dim"))


def warnings(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"warning: {safe(line)}", style="yellow"))


def next_steps(console: Console, *commands: tuple[str, str]) -> None:
    """What to type next, each with what it is for; not wrapped, so that it can be copied whole."""
    for command, what in commands:
        console.print(Text(f"→ {safe(command)}").append(f"   {what}", style="dim"), soft_wrap=True)


def moment(at: Any, now: datetime) -> str:
    """A clock time, or a dash for one that is not known (NaT is unequal to itself)."""
    return "–" if at is None or at != at else formatting.clock(at, now)


def _somebody_answers() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None: the shell closed it (<&-)


def said_yes(question: str, yes: bool, otherwise: str, show: Callable[[], None]) -> None:
    """Shows what it is about and asks a person. ``--yes`` is for scripts, and must be given where there is no terminal.

    Raises UsageError without one, typer.Exit(1) on a no.
    """
    if yes:
        return
    if not _somebody_answers():
        raise UsageError("This must be confirmed, and nobody can answer here: this is no terminal.", otherwise)
    show()
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)


def typed(wanted: str, given: str | None) -> str:
    """The confirmation as somebody typed it, or as the option gave it. Raises UsageError without a terminal."""
    if given is not None:
        return given
    if not _somebody_answers():
        raise UsageError(
            "A purge must be confirmed, and nobody can answer here: this is no terminal.",
            f'Add --confirm "{wanted}".',
        )
    return str(typer.prompt(f'Type "{wanted}" to go on', default="", show_default=False, err=True))
